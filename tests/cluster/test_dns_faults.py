"""The dns playbook against a real cluster that is broken on purpose: the exact root causes, no more and no fewer, and
nothing found any longer once the fault is gone."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from tests.cluster.cluster_dns import (
    CONFIG_MAP,
    DEPLOYMENT,
    ROLE,
    SERVICE,
    SYSTEM,
    ask,
    condition,
    have_crashed,
    is_healthy,
    patch,
    pods,
    read,
    restart,
    roots,
    until,
)
from tests.cluster.rig import Cluster

pytestmark = pytest.mark.cluster


@dataclass(frozen=True, slots=True)
class Fault:
    """`breaks` gives a context in which the fault stands; `roots`: (cause, object) of every root cause."""

    name: str
    breaks: Callable[[Cluster], AbstractContextManager[None]]
    answer: str
    roots: frozenset[tuple[str, str]]
    mentions: str = ""
    consequences: frozenset[str] = field(default_factory=frozenset)


# --- faults -----------------------------------------------------------------------------------------------------


@contextmanager
def nothing(cluster: Cluster) -> Iterator[None]:
    yield


@contextmanager
def wrong_selector(cluster: Cluster) -> Iterator[None]:
    patch(cluster, "service", "kube-dns", {"spec": {"selector": {"k8s-app": "kube-dnss"}}})
    yield
    patch(cluster, "service", "kube-dns", {"spec": {"selector": {"k8s-app": "kube-dns"}}})


@contextmanager
def scaled_to_zero(cluster: Cluster) -> Iterator[None]:
    cluster.kubectl(*SYSTEM, "scale", "deployment", "coredns", "--replicas=0")
    until("no pods", lambda: not pods(cluster))
    yield
    cluster.kubectl(*SYSTEM, "scale", "deployment", "coredns", "--replicas=2")


def corefile(old: str, new: str, then: Callable[[Cluster], bool]) -> Callable[[Cluster], AbstractContextManager[None]]:
    @contextmanager
    def edited(cluster: Cluster) -> Iterator[None]:
        before = read(cluster, "configmap", "coredns")["data"]["Corefile"]
        assert old in before
        patch(cluster, "configmap", "coredns", {"data": {"Corefile": before.replace(old, new)}})
        restart(cluster)
        until("the Corefile has its effect", lambda: then(cluster))
        yield
        patch(cluster, "configmap", "coredns", {"data": {"Corefile": before}})
        restart(cluster)

    return edited


@contextmanager
def role_without_slices(cluster: Cluster) -> Iterator[None]:
    before = read(cluster, "clusterrole", "system:coredns")["rules"]
    kept = [rule for rule in before if "endpointslices" not in rule["resources"]]
    patch(cluster, "clusterrole", "system:coredns", {"rules": kept})
    restart(cluster)
    until("pods run", lambda: sum(bool(pod["status"].get("podIP")) for pod in pods(cluster)) == 2)
    yield
    patch(cluster, "clusterrole", "system:coredns", {"rules": before})


@contextmanager
def config_map_gone(cluster: Cluster) -> Iterator[None]:
    before = read(cluster, "configmap", "coredns")
    cluster.kubectl(*SYSTEM, "delete", "configmap", "coredns")
    yield
    before["metadata"] = {"name": "coredns", "namespace": "kube-system"}
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(before))


@contextmanager
def upstream_dead(cluster: Cluster) -> Iterator[None]:
    cluster.rig("upstream", "stop")
    yield
    cluster.rig("upstream", "start")


@contextmanager
def selector_and_upstream(cluster: Cluster) -> Iterator[None]:
    with wrong_selector(cluster), upstream_dead(cluster):
        yield


NODE_FORWARD = "forward . /etc/resolv.conf"
FAULTS = (
    Fault("healthy", nothing, "ok", frozenset()),
    Fault("the selector of kube-dns is wrong", wrong_selector, "broken",
          frozenset({("dns.service.selector", SERVICE)}), "set selector service kube-dns k8s-app=kube-dns"),
    Fault("CoreDNS is scaled to zero", scaled_to_zero, "broken",
          frozenset({("dns.pods.scaled-to-zero", DEPLOYMENT)}), "--replicas=2", frozenset({"dns.endpoints.empty"})),
    Fault("an unknown directive", corefile("    errors\n", "    errors\n    netcheckfoo\n", have_crashed), "broken",
          frozenset({("dns.corefile.directive-unknown", CONFIG_MAP)}), "netcheckfoo", frozenset({"dns.pods.crashing"})),
    Fault("the notes' own proxy line", corefile(NODE_FORWARD, "proxy . /etc/resolv.conf", have_crashed), "broken",
          frozenset({("dns.corefile.directive-removed", CONFIG_MAP)}), f"`{NODE_FORWARD}`",
          frozenset({"dns.pods.crashing"})),
    Fault("a forwarding loop", corefile(NODE_FORWARD, "forward . 127.0.0.1", have_crashed), "broken",
          frozenset({("dns.corefile.loop", CONFIG_MAP)}), NODE_FORWARD,
          frozenset({"dns.pods.crashing", "dns.upstream.loop"})),
    Fault("the role lacks endpointslices", role_without_slices, "broken",
          frozenset({("dns.access.denied", ROLE)}), "endpointslices.discovery.k8s.io"),
    Fault("the ConfigMap is deleted while the pods run", config_map_gone, "degraded",
          frozenset({("dns.corefile.missing", CONFIG_MAP)}), "before any DNS pod restarts"),
    Fault("the upstream resolver is dead", upstream_dead, "broken",
          frozenset({("dns.upstream.unreachable", DEPLOYMENT)}), "53"),
    Fault("selector and upstream at once", selector_and_upstream, "broken",
          frozenset({("dns.service.selector", SERVICE), ("dns.upstream.unreachable", DEPLOYMENT)})),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_fault_is_named_exactly_and_gone_when_it_is_healed(cluster: Cluster, fault: Fault) -> None:
    until("the cluster is healthy", lambda: is_healthy(cluster))
    with fault.breaks(cluster):
        report = ask(cluster)
    assert (report["answer"], roots(report)) == (fault.answer, fault.roots)
    assert any(fault.mentions in finding["advice"] for finding in report["root_causes"]) or not fault.roots
    found = {finding["cause"] for finding in report["findings"] if finding["verdict"] in ("FAIL", "WARN")}
    assert fault.consequences <= found
    until("the cluster is healthy again", lambda: is_healthy(cluster))
    healed = ask(cluster)
    assert (healed["answer"], roots(healed)) == ("ok", frozenset())


def test_without_a_network_plugin_the_plugin_is_the_answer_and_coredns_the_consequence(
    another_cluster: Callable[..., AbstractContextManager[Cluster]],
) -> None:
    with another_cluster("--cni", "none") as bare:
        until("CoreDNS is Pending", lambda: [condition(pod, "PodScheduled") for pod in pods(bare)] == ["False"] * 2)
        report = ask(bare)
    assert report["answer"] == "broken"
    assert [(finding["cause"], finding["layer"]) for finding in report["root_causes"]] == [("cni.missing", "cni")]
    found = {finding["cause"] for finding in report["findings"] if finding["verdict"] == "FAIL"}
    assert found == {"cni.missing", "dns.pods.pending.no-network", "dns.endpoints.none-ready"} or found == {
        "cni.missing", "dns.pods.pending.no-network"}


def test_an_api_server_that_cannot_be_reached_is_one_finding(cluster: Cluster, tmp_path: Path) -> None:
    config = yaml.safe_load(cluster.kubectl("config", "view", "--raw", "--minify", "--flatten"))
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:9"
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    report = ask(cluster, kubeconfig=path)
    assert report["answer"] == "broken"
    assert [finding["cause"] for finding in report["root_causes"]] == ["api.unreachable"]
    told = [finding["cause"] for finding in report["findings"] if finding["verdict"] in ("FAIL", "WARN", "UNKNOWN")]
    assert told == ["api.unreachable"]


def test_the_answer_costs_no_more_than_forty_requests_and_200_kb(cluster: Cluster) -> None:
    until("the cluster is healthy", lambda: is_healthy(cluster))
    report = ask(cluster)
    assert report["requests"] <= 40
    assert report["bytes"] <= 200_000


@pytest.mark.parametrize(("name", "cause"), [
    ("kubernetes.default", ""), ("kubernetes.default.svc.cluster.local", ""), ("no-such.default", "dns.name.not-found"),
])
def test_a_name_that_a_person_asks_about_is_looked_up_as_a_pod_would(cluster: Cluster, name: str, cause: str) -> None:
    until("the cluster is healthy", lambda: is_healthy(cluster))
    report = ask(cluster, f"name={name}")
    assert [finding["cause"] for finding in report["root_causes"]] == ([cause] if cause else [])
