"""NodeLocal DNSCache: on evidence alone, and in the cluster box."""

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.model.finding import Finding, Verdict
from bot.playground.bundle import Bundle, Object
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.scenarios import load_scenario
from bot.steps import Evidence
from bot.steps.dns.local_cache_rules import judge_cache
from bot.steps.dns.objects import DnsArgs
from bot.steps.wording import tell_time
from tests.playground.answers import ask_box
from tests.steps.dns_evidence import LONG_AGO

LOCAL, SERVICE = "169.254.20.10", "10.96.0.10"
NOW = 1_800_000_000.0
CONFIG = f".:53 {{\n  bind {LOCAL} {SERVICE}\n  forward . __PILLAR__CLUSTER__DNS__ {{\n    force_tcp\n  }}\n}}\n"


def cache_pod(name: str, node: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "node": node, "ready": True, "waiting": "", "waiting_message": "", "last_ended": {},
            "created": LONG_AGO, "deleting": False, **more}


def gathered(handed: str = LOCAL, **changed: Any) -> Evidence:
    cache = {
        "name": "DaemonSet kube-system/node-local-dns", "namespace": "kube-system", "wanted": 2, "ready": 2,
        "rolling": False, "created": LONG_AGO, "pods": [cache_pod("a", "n1"), cache_pod("b", "n2")],
        "config": {"name": "ConfigMap kube-system/node-local-dns", "bind": [LOCAL, SERVICE], "unfilled": [],
                   "tcp": True},
        "upstream": {"missing": False, "selector": {"k8s-app": "kube-dns"}, "ports": [[53, "UDP"], [53, "TCP"]],
                     "servers": 2, "selected": 2, "labels": {"k8s-app": "kube-dns"}},
    }
    return {"known": True, "handed": [handed], "source": "ConfigMap kube-system/kubelet-config", "skipped": [],
            "service": [SERVICE], "read_at": NOW, "cache": {**cache, **changed}}


def judged(handed: str = LOCAL, **changed: Any) -> tuple[Finding, ...]:
    return judge_cache(gathered(handed, **changed), DnsArgs()).findings


def test_a_cache_that_runs_everywhere_is_well_whatever_address_kubelets_hand_out() -> None:
    for handed in (LOCAL, SERVICE):
        assert [(f.verdict, f.cause) for f in judged(handed)] == [(Verdict.PASS, "")]


def test_a_cache_that_is_down_on_a_node_whose_pods_ask_only_it_is_a_fault_of_that_node() -> None:
    down = cache_pod("b", "n2", ready=False, waiting="ImagePullBackOff")
    (found,) = judged(ready=1, pods=[cache_pod("a", "n1"), down])
    assert (found.cause, found.node, found.verdict) == ("dns.local-cache.down", "n2", Verdict.FAIL)
    (milder,) = judged(SERVICE, ready=1, pods=[cache_pod("a", "n1"), down])
    assert milder.verdict is Verdict.WARN


def test_an_upstream_service_that_selects_nothing_is_named_with_the_labels_it_wants() -> None:
    upstream = {"missing": False, "selector": {"k8s-app": "gone"}, "ports": [[53, "TCP"]], "servers": 2, "selected": 0,
                "labels": {"k8s-app": "kube-dns"}}
    (found,) = judged(upstream=upstream)
    assert (found.cause, found.object) == ("dns.local-cache.upstream", "Service kube-system/kube-dns-upstream")
    assert "k8s-app=kube-dns" in found.evidence[0]


def test_kubelets_that_hand_out_an_address_at_which_it_does_not_listen_leave_pods_without_dns() -> None:
    config = {"name": "ConfigMap kube-system/node-local-dns", "bind": ["169.254.25.10"], "tcp": True, "unfilled": []}
    (found,) = judged(config=config)
    assert (found.cause, found.verdict) == ("dns.local-cache.address", Verdict.FAIL)
    assert "169.254.20.10" in found.summary
    (unused,) = judged(SERVICE, config=config)
    assert (unused.verdict, "so pods do not ask it" in unused.summary) == (Verdict.INFO, True)


@pytest.mark.parametrize(("changes", "words"), [
    ({"missing": True}, "does not exist"), ({"ports": [[53, "UDP"]]}, "has no port 53/TCP"),
])
def test_an_upstream_service_that_is_not_there_or_lacks_tcp_is_told(changes: dict[str, Any], words: str) -> None:
    upstream = {"missing": False, "selector": {}, "ports": [[53, "UDP"], [53, "TCP"]], "servers": 2, "selected": 2,
                "labels": {}, **changes}
    (found,) = judged(upstream=upstream)
    assert (found.cause, words in found.summary) == ("dns.local-cache.upstream", True)


def test_a_pod_of_it_that_is_on_its_way_is_no_fault_and_where_no_pod_was_read_its_numbers_tell() -> None:
    new = {"ready": False, "waiting": "ContainerCreating"}
    starting = cache_pod("b", "n2", **new, created=tell_time(NOW - 20).replace(" ", "T"))
    assert [f.verdict for f in judged(ready=1, pods=[cache_pod("a", "n1"), starting])] == [Verdict.PASS]
    leaving = cache_pod("b", "n2", ready=False, deleting=True)
    assert [f.verdict for f in judged(ready=1, pods=[cache_pod("a", "n1"), leaving])] == [Verdict.PASS]
    (found,) = judged(ready=1, pods=[])
    assert (found.cause, "1 of 2 pods ready" in found.summary) == ("dns.local-cache.down", True)


def test_kubelets_that_hand_out_the_address_of_a_cache_that_is_gone_leave_pods_without_dns() -> None:
    gone = {**gathered(), "cache": None, "others": [], "left": True}
    (found,) = judge_cache(gone, DnsArgs()).findings
    assert (found.cause, found.verdict) == ("dns.local-cache.missing", Verdict.FAIL)
    (milder,) = judge_cache({**gone, "handed": [LOCAL, SERVICE]}, DnsArgs()).findings
    assert milder.verdict is Verdict.WARN
    for unsure in ({"left": False}, {"others": ["dns-cache-of-ours"]}):
        (told,) = judge_cache({**gone, **unsure}, DnsArgs()).findings
        assert (told.cause, told.verdict) == ("", Verdict.UNKNOWN)
    (fine,) = judge_cache({**gone, "handed": [SERVICE]}, DnsArgs()).findings
    assert fine.verdict is Verdict.INFO


def test_a_template_that_was_not_filled_in_is_named() -> None:
    config = {"name": "ConfigMap kube-system/node-local-dns", "bind": [], "tcp": True,
              "unfilled": ["__PILLAR__DNS__SERVER__"]}
    (found,) = judged(config=config)
    assert found.cause == "dns.local-cache.template"


def with_cache(bundle: Bundle, selector: dict[str, str]) -> Bundle:
    """The cache beside the recorded cluster, which hands out the Service's address."""
    name, labels = {"name": "node-local-dns", "namespace": "kube-system"}, {"k8s-app": "node-local-dns"}
    spec = {"containers": [{"name": "node-cache", "image": "node-cache:1"}], "hostNetwork": True,
            "volumes": [{"name": "config", "configMap": {"name": "node-local-dns"}}]}
    daemon: Object = {
        "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {**name, "uid": "cache"},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}},
        "status": {"desiredNumberScheduled": 2, "numberReady": 2, "updatedNumberScheduled": 2},
    }
    service = next(x for x in bundle.objects if x["kind"] == "Service" and x["metadata"]["name"] == "kube-dns")
    upstream = copy.deepcopy(service)
    upstream["metadata"] = {"name": "kube-dns-upstream", "namespace": "kube-system", "uid": "upstream"}
    upstream["spec"] |= {"clusterIP": "10.96.0.99", "clusterIPs": ["10.96.0.99"], "selector": selector}
    config: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {**name, "uid": "config"},
                      "data": {"Corefile": CONFIG}}
    return replace(bundle, objects=(*bundle.objects, daemon, config, upstream))


async def test_in_a_cluster_with_a_cache_its_placeholders_are_no_fault_and_a_wrong_upstream_is(tmp_path: Path) -> None:
    async with ClusterBox(with_cache(load_scenario("healthy"), {"k8s-app": "kube-dns"})) as box:
        well = await ask_box(box, tmp_path)
    async with ClusterBox(with_cache(load_scenario("healthy"), {"k8s-app": "gone"})) as box:
        ill = await ask_box(box, tmp_path)
    assert (well["answer"], well["root_causes"]) == ("ok", [])
    assert [root["cause"] for root in ill["root_causes"]] == ["dns.local-cache.upstream"]
