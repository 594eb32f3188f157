"""The service proxy on evidence alone: where it runs, whether it writes its rules, what it logs."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.diagnosis.causes import find
from bot.diagnosis.conclusion import conclude
from bot.model.finding import Verdict
from bot.playground.scenarios import load_scenario
from bot.steps.daemons import why_not_there
from bot.steps.proxy.coverage import COVERAGE, ProxyArgs
from bot.steps.proxy.klog import keep_telling
from bot.steps.proxy.live import LIVE
from bot.steps.proxy.log_rules import PATTERNS
from bot.steps.proxy.logs import LOGS
from bot.steps.proxy.metrics import read_metrics
from bot.steps.proxy.second import OFF
from bot.steps.wording import tell_time
from tests.steps.boxed import open_box
from tests.steps.dns_evidence import JUST_NOW, LONG_AGO, NOW, causes, judge, node, nodes, only, roots

PROXY = "DaemonSet kube-system/kube-proxy"


def daemon(**changes: Any) -> dict[str, Any]:
    return {"name": PROXY, "namespace": "kube-system", "plain": "kube-proxy", "desired": 2, "current": 2, "ready": 2,
            "created": LONG_AGO, "rolling": False, "labels": {}, "account": "kube-proxy", "selector": {}, "terms": [],
            "tolerations": [{"operator": "Exists"}], "config_maps": [], **changes}


def container(**changes: Any) -> dict[str, Any]:
    return {"name": "kube-proxy", "init": False, "ready": True, "started": LONG_AGO, "waiting": "", "message": "",
            "restarts": 0, "ended": {}, **changes}


def pod(on: str = "n1", **changes: Any) -> dict[str, Any]:
    state = container(**changes.pop("container", {}))
    return {"name": f"kube-proxy-{on}", "uid": on, "node": on, "created": LONG_AGO, "deleting": False,
            "phase": "Running", "reason": "", "ready": True, "host": True, "containers": [state], **changes}


# --- where it runs ----------------------------------------------------------------------------------------------


def coverage(found: bool = True, networks: tuple[str, ...] = (), kubeadm: bool = True, **facts: Any) -> dict[str, Any]:
    own = [key for key in ("pods", "places", "static", "version", "replacement") if key in facts]
    more: dict[str, Any] = {key: facts.pop(key) for key in own}
    return {"read_at": NOW, "known": True, "kubeadm": kubeadm, "nodes": nodes(), "networks": list(networks),
            "found": found, "proxy": daemon(**facts) if found else None, "skipped": [], "pods": None, "places": {},
            "static": [], "version": "v1.34.4", "replacement": None, **more}


@pytest.mark.parametrize(("evidence", "expected"), [
    (coverage(), []), (coverage(found=False), ["proxy.missing"]),
    (coverage(found=False, kubeadm=False), []), (coverage(found=False, networks=("Cilium",)), []),
    (coverage(found=False, networks=("Cilium",), replacement="true"), []),
    (coverage(found=False, networks=("Cilium",), replacement="false"), ["proxy.missing"]),
    (coverage(found=False, networks=("Calico",)), []),                    # eBPF may do its work
    (coverage(found=False, networks=("Calico",), replacement="false"), ["proxy.missing"]),
    (coverage(found=False, networks=("OVN-Kubernetes",)), []),
    (coverage(found=False, networks=("Flannel",)), ["proxy.missing"]),
    (coverage(found=False, version="v1.31.2+k3s1"), []),                  # built in
    (coverage(found=False, static=[pod("n1"), pod("n2")]), []),           # static pods
    (coverage(networks=("Cilium",), replacement="true"), ["proxy.two"]),
    (coverage(networks=("Cilium",), replacement="false"), []),
    (coverage(ready=1, pods=[pod()]), ["proxy.not-covering"]), (coverage(ready=0, desired=0, pods=[]),
                                                               ["proxy.not-covering"]),
    (coverage(ready=0, desired=0, pods=[], networks=("Calico",)), []),    # left so where eBPF does its work
    (coverage(ready=0, desired=0, pods=[], networks=("Calico",), replacement="false"), ["proxy.not-covering"]),
    (coverage(ready=0, desired=0, pods=[], networks=("Cilium",), replacement="true"), []),
    (coverage(ready=0, desired=0, pods=[], networks=("Cilium",), replacement="false"), ["proxy.not-covering"]),
    (coverage(ready=0, desired=0, pods=[], networks=("Flannel",)), ["proxy.not-covering"]),
    ({**coverage(ready=0, desired=3), "nodes": {**nodes(), "read": {}}}, ["proxy.not-covering"]),
])
def test_a_service_proxy_is_missed_only_where_it_is_needed(evidence: Any, expected: list[str]) -> None:
    assert causes(COVERAGE, evidence) == expected


@pytest.mark.parametrize(("spec", "variable", "said"), [
    ({}, None, "false"), ({"bpfEnabled": False}, None, "false"), ({"bpfEnabled": True}, None, None),
    ({}, "true", None), ({}, "false", "false"),
])
async def test_calico_is_asked_whether_its_ebpf_does_the_work_of_a_missing_kube_proxy(
    spec: dict[str, Any], variable: str | None, said: str | None, tmp_path: Path
) -> None:
    bundle = load_scenario("calico-block-limit")
    objects = deepcopy([o for o in bundle.objects if (o["kind"], o["metadata"]["name"]) != ("DaemonSet", "kube-proxy")])
    for item in objects:
        if item["kind"] == "FelixConfiguration":
            item["spec"] |= spec
        elif item["kind"] == "DaemonSet" and variable:
            item["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "FELIX_BPFENABLED", "value": variable}]
    async with open_box(replace(bundle, objects=tuple(objects)), tmp_path) as cluster:
        assert (await COVERAGE.gather(cluster, ProxyArgs()))["replacement"] == said


@pytest.mark.parametrize("third", [
    node(created=JUST_NOW), node(linux=False), node(virtual=True), node(False),
])
def test_new_nodes_dead_nodes_windows_and_virtual_nodes_do_not_miss_it(third: dict[str, Any]) -> None:
    told = {**coverage(pods=[pod("n1"), pod("n2")]), "nodes": nodes(n1=node(), n2=node(), n3=third)}
    assert causes(COVERAGE, told) == []


def test_a_pod_that_crashes_counts_on_a_node_however_new_it_is_and_not_on_one_that_is_down() -> None:
    told = coverage(ready=1, pods=[pod("n1"), *crashing_pods("n2")], created=JUST_NOW)
    assert only(COVERAGE, {**told, "nodes": nodes(n1=node(), n2=node(created=JUST_NOW))}).node == "n2"
    assert causes(COVERAGE, {**told, "nodes": nodes(n1=node(), n2=node(False))}) == []


def test_a_selector_that_fits_no_node_counts_however_new_all_of_it_is() -> None:
    place = {"taints": [], "labels": {"os": "linux"}}
    told = coverage(ready=0, desired=0, selector={"os": "linuxx"}, pods=[], places={"n1": place, "n2": place},
                    created=JUST_NOW)
    young = {**told, "nodes": nodes(n1=node(created=JUST_NOW), n2=node(created=JUST_NOW))}
    assert causes(COVERAGE, young) == ["proxy.not-covering"]
    assert causes(COVERAGE, {**young, "places": {}}) == []


def test_a_node_without_a_pod_is_named_with_the_selector_that_keeps_it_away() -> None:
    place = {"taints": [], "labels": {"os": "linux"}}
    told = coverage(ready=1, desired=1, selector={"os": "linuxx"}, pods=[pod()], places={"n2": place})
    finding = only(COVERAGE, told)
    assert finding.node == "n2"
    assert "nodeSelector os=linuxx" in finding.summary


def test_a_taint_that_is_not_tolerated_is_the_reason_and_one_that_kubernetes_tolerates_by_itself_is_none() -> None:
    few = daemon(tolerations=[{"key": "a", "operator": "Equal", "value": "1"}])
    taint = {"key": "dedicated", "value": "db", "effect": "NoSchedule"}
    assert "dedicated=db:NoSchedule" in why_not_there(few, {"taints": [taint], "labels": {}})
    assert why_not_there(daemon(), {"taints": [taint], "labels": {}}) == ""
    cordoned = {"key": "node.kubernetes.io/unschedulable", "value": "", "effect": "NoSchedule"}
    assert why_not_there(few, {"taints": [cordoned], "labels": {}}) == ""


def crash_loop(**changes: Any) -> dict[str, Any]:
    return {"ready": False, "started": "", "waiting": "CrashLoopBackOff", "restarts": 4,
            "ended": {"reason": "Error", "code": 1, "at": LONG_AGO, "message": ""}, **changes}


def crashing_pods(*names: str, **changes: Any) -> list[dict[str, Any]]:
    return [pod(name, ready=False, container=crash_loop(**changes)) for name in names]


def beside(name: str = "kube-proxy-two", **facts: Any) -> dict[str, Any]:
    return {"name": f"DaemonSet kube-system/{name}", "plain": name, "namespace": "kube-system", "desired": 2,
            "ready": 2, "created": LONG_AGO, "rolling": False, "shared": ["n1", "n2"], "alone": [], **facts}


def test_a_second_proxy_on_the_same_nodes_is_a_warning_that_names_it() -> None:
    finding, = (f for f in judge(COVERAGE, {**coverage(), "others": [beside()]}).findings if f.cause)
    assert (finding.cause, finding.verdict, finding.object) == (
        "proxy.two", Verdict.WARN, "DaemonSet kube-system/kube-proxy-two")


@pytest.mark.parametrize(("expected", "other"), [
    ([], beside(shared=[], alone=["n2"], desired=1, ready=1)),                    # of another architecture
    ([], beside(shared=["w1"], alone=[])),                                        # Windows
    ([], beside(desired=0, ready=0)), (["proxy.not-covering"], beside(shared=[], alone=["n2"], desired=1, ready=0)),
    ([], beside(shared=[], alone=["n2"], desired=1, ready=0, rolling=True)),
])
def test_proxies_on_different_nodes_belong_together(expected: list[str], other: dict[str, Any]) -> None:
    split = coverage(ready=1, desired=1, pods=[pod("n1")], places={"n2": {"taints": [], "labels": {}}},
                     selector={"kubernetes.io/arch": "amd64"})
    whole = coverage()
    assert causes(COVERAGE, {**(split if other["alone"] else whole), "others": [other]}) == expected


def of_set(name: str, **pod_spec: Any) -> dict[str, Any]:
    meta = {"name": name, "namespace": "kube-system", "labels": {"k8s-app": name}, "uid": name}
    spec = {"containers": [{"name": "main", "image": "registry.example.org/kube-proxy:v1.34.4"}], **pod_spec}
    return {"kind": "DaemonSet", "apiVersion": "apps/v1", "metadata": meta,
            "spec": {"template": {"spec": spec}}, "status": {"desiredNumberScheduled": 2, "numberReady": 2}}


ROUTER = [{"name": "kube-router", "image": "docker.io/cloudnativelabs/kube-router:v2"}]
ARM: dict[str, Any] = {"nodeSelector": {"kubernetes.io/arch": "arm64"}}


@pytest.mark.parametrize(("item", "told"), [
    (of_set("kube-proxy-two"), [(["n1", "n2"], [])]),
    (of_set("kube-proxy-arm64", **ARM), [([], [])]),                              # on none of these nodes
    (of_set("kube-router", containers=ROUTER), [(["n1", "n2"], [])]),
    (of_set("kube-router", containers=[{**ROUTER[0], "args": [OFF]}]), []),
    (of_set("kube-router", containers=[{**ROUTER[0], "command": ["sh", "-c", f"kube-router {OFF}"]}]), []),
    (of_set("kube-proxy-exporter", containers=[{"name": "main", "image": "exporter:1"}]), []),
    (of_set("web"), []),                                                          # not looked into
])
async def test_what_stands_beside_kube_proxy_is_known_by_what_it_runs_and_where(
    item: dict[str, Any], told: list[Any], tmp_path: Path
) -> None:
    bundle = load_scenario("proxy-healthy")
    async with open_box(replace(bundle, objects=(*bundle.objects, item)), tmp_path) as cluster:
        evidence = await COVERAGE.gather(cluster, ProxyArgs())
    assert [(other["shared"], other["alone"]) for other in evidence["others"]] == told


def test_pods_that_crash_on_every_node_are_one_root_cause_also_where_only_some_of_them_are_asked() -> None:
    three = nodes(n1=node(), n2=node(), n3=node())
    seen = {**coverage(ready=0, desired=3, pods=crashing_pods("n1", "n2", "n3")), "nodes": three}
    asked = judge(LIVE, live(name="kube-proxy-n1", **crash_loop())).findings
    concluded = conclude([*judge(COVERAGE, seen).findings, *asked])
    assert [(root.finding.cause, root.finding.verdict) for root in concluded.root_causes] == [
        ("proxy.crashing", Verdict.FAIL)]
    assert "exit code 1" in concluded.root_causes[0].finding.summary


def test_a_pod_that_crashes_and_a_node_without_any_are_two_faults() -> None:
    told = {**coverage(ready=1, desired=3, pods=[pod("n1"), *crashing_pods("n2")]),
            "nodes": nodes(n1=node(), n2=node(), n3=node())}
    assert [(f.cause, f.node) for f in judge(COVERAGE, told).findings] == [
        ("proxy.crashing", "n2"), ("proxy.not-covering", "n3")]


def test_a_pod_whose_image_does_not_come_misses_and_does_not_crash() -> None:
    told = coverage(ready=0, pods=crashing_pods("n1", "n2", waiting="ImagePullBackOff", restarts=0, ended={}))
    assert causes(COVERAGE, told) == ["proxy.not-covering"]


# --- whether it writes its rules --------------------------------------------------------------------------------


def live(metrics: Any = None, others: int = 1, **changes: Any) -> dict[str, Any]:
    page = {"metrics": metrics} if metrics else {}
    facts = {"name": "kube-proxy-n1", "node": "n1", "ready": True, "started": LONG_AGO, "restarts": 0, "waiting": "",
             "ended": {}, **page, **{k: v for k, v in changes.items() if k not in ("families", "changed")}}
    return {"read_at": NOW, "proxy": PROXY, "families": changes.get("families", ["IPv4"]),
            "changed": changes.get("changed", NOW - 9000), "slice": "EndpointSlice kube-system/kube-dns-x",
            "hosts": ["n1"], "others": others, "skipped": [], "pods": [facts]}


def times(queued: dict[str, float], synced: dict[str, float], **codes: float) -> dict[str, Any]:
    return {"queued": queued, "synced": synced, "failures": 0.0, "codes": codes or {"200": 8.0}}


OLD, LATE = NOW - 3000, NOW - 2000
REFUSED: dict[str, Any] = {"metrics_error": "refused", "refused": True, "health": {
    "status": 0, "body": "", "error": "", "refused": True}}
LEAVING: dict[str, Any] = {"metrics_error": "refused", "refused": True, "health": {
    "status": 503, "body": '{"nodeEligible":false,"healthy":true}', "error": "", "refused": False}}


@pytest.mark.parametrize(("evidence", "expected"), [
    (live(times({"IPv4": OLD, "IPv6": OLD}, {"IPv4": LATE, "IPv6": LATE})), []),
    (live(times({"IPv4": OLD}, {})), ["proxy.unsynced"]),                       # /healthz says 200 of it
    (live(times({"": OLD}, {"": 0.0})), ["proxy.unsynced"]),                    # as older versions tell it
    (live(times({"IPv4": OLD}, {}, **{"403": 5.0, "401": 2.0})), ["proxy.api"]),
    (live(times({"IPv4": OLD, "IPv6": OLD}, {"IPv6": LATE})), ["proxy.rules"]),
    (live(times({"IPv4": LATE}, {"IPv4": OLD})), ["proxy.rules"]),              # stuck since
    (live(times({"IPv4": OLD, "IPv6": OLD}, {"IPv4": LATE})), []),              # no Service of the cluster is IPv6
    (live(times({"IPv4": NOW - 5}, {"IPv4": OLD})), []),                        # just queued
    (live(times({"IPv4": OLD}, {"IPv4": NOW - 30}), changed=NOW - 1000), ["proxy.stale"]),
    (live(times({"IPv4": NOW - 30}, {}), started=tell_time(NOW - 30).replace(" ", "T")), []),
    (live(**REFUSED), []), (live(**LEAVING), []),
    (live(started="", waiting="CrashLoopBackOff", restarts=3, ready=False,
          ended={"reason": "Error", "code": 1, "at": LONG_AGO}), ["proxy.crashing"]),
])
def test_what_kube_proxy_tells_of_its_rules(evidence: Any, expected: list[str]) -> None:
    assert causes(LIVE, evidence) == expected


def test_a_proxy_that_opens_neither_port_is_unknown_and_a_suspect_and_never_passes() -> None:
    judged = judge(LIVE, live(**REFUSED))
    assert [f.verdict for f in judged.findings] == [Verdict.UNKNOWN]
    assert judged.outputs["suspects"] == ["n1"]


SILENT: dict[str, Any] = {"metrics_error": "no answer within 7 s", "refused": False, "silent": True, "health": {
    "status": 0, "body": "", "error": "no answer within 4 s", "refused": False}}


def test_a_proxy_that_answers_on_neither_port_hangs_where_another_one_answers() -> None:
    alone = live(**SILENT)
    both = {**alone, "pods": [*alone["pods"], {**live(times({"": OLD}, {"": LATE}))["pods"][0], "node": "n2"}]}
    assert causes(LIVE, alone) == []
    for told in (both, {**both, "read_at": NOW, "pods": [{**both["pods"][0], "started": JUST_NOW}, both["pods"][1]]}):
        found = [f for f in judge(LIVE, told).findings if f.cause]
        assert [(f.cause, f.verdict, f.node) for f in found] == [("proxy.hangs", Verdict.WARN, "n1")]


def test_one_that_is_only_slow_with_its_metrics_does_not_hang() -> None:
    slow = live(**{**SILENT, "silent": False, "health": {**SILENT["health"], "status": 200, "error": ""}})
    both = {**slow, "pods": [*slow["pods"], {**live(times({"": OLD}, {"": LATE}))["pods"][0], "node": "n2"}]}
    assert causes(LIVE, both) == []


@pytest.mark.parametrize(("facts", "verdict", "words"), [
    ({**REFUSED, "started": JUST_NOW}, Verdict.INFO, "started a moment ago"),
    ({**REFUSED, "health": {"status": 200, "body": "{}", "error": "", "refused": False}}, Verdict.UNKNOWN,
     "answers /healthz with 200 and does not serve its metrics"),
    ({**LEAVING, "health": {**LEAVING["health"], "body": '{"nodeEligible":true}'}}, Verdict.UNKNOWN, "with 503"),
    ({**REFUSED, "refused": False, "metrics_error": "no answer within 5 s"}, Verdict.UNKNOWN, "no answer within 5 s"),
    ({"started": "", "waiting": "ErrImagePull", "ready": False}, Verdict.UNKNOWN, "does not run (ErrImagePull)"),
    ({"started": "", "waiting": "", "ready": False}, Verdict.UNKNOWN, "does not run (no container)"),
])
def test_a_proxy_without_its_pages_is_told_by_what_it_does_answer_and_is_no_fault(
    facts: dict[str, Any], verdict: Verdict, words: str
) -> None:
    found = only(LIVE, live(**facts))
    assert (found.verdict, found.cause, words in found.summary) == (verdict, "", True)


def test_errors_of_the_api_server_are_the_cause_only_where_nothing_else_came_back() -> None:
    mixed = only(LIVE, live(times({"IPv4": OLD}, {}, **{"200": 8.0, "403": 5.0})))
    assert mixed.cause == "proxy.unsynced"
    assert "answers of the API server: 403 5 times" in mixed.evidence
    assert only(LIVE, live(times({"IPv4": OLD}, {}, **{"302": 5.0, "500": 2.0}))).evidence[1] == (
        "rest_client_requests_total: 500 2 times")


@pytest.mark.parametrize(("error", "expected"), [
    ("create pods/portforward x: connected but gave no answer within 5 s. For this it asks the kubelet on the pod's "
     "node (port 10250).", ["node.kubelet-way"]),
    ("failed with status 500: error dialing backend: dial tcp 10.0.0.2:10250: connect: connection refused",
     ["node.kubelet-way"]),
    ("no answer within 7 s", []), ("failed with status 500: rpc error: code = Unavailable", []),
])
def test_a_proxy_that_was_not_asked_since_nobody_gets_to_its_kubelet_tells_of_that(
    error: str, expected: list[str]
) -> None:
    found = only(LIVE, live(metrics_error=error))
    assert ([found.cause] if found.cause else []) == expected
    assert found.verdict is (Verdict.WARN if expected else Verdict.UNKNOWN)
    assert found.object == ("Node n1" if expected else PROXY)


def test_a_node_that_the_autoscaler_takes_away_has_a_proxy_that_works() -> None:
    assert [f.verdict for f in judge(LIVE, live(**LEAVING)).findings] == [Verdict.INFO]


def test_where_it_could_not_be_asked_nothing_is_concluded() -> None:
    told = {**live(), "pods": [], "skipped": ["create pods/portforward in kube-system"]}
    assert {f.verdict for f in judge(LIVE, told).findings} == {Verdict.UNKNOWN, Verdict.SKIPPED}


def test_the_metrics_page_is_read_in_its_newer_and_its_older_form() -> None:
    page = ('# HELP x\nkubeproxy_sync_proxy_rules_last_timestamp_seconds{ip_family="IPv4"} 1.7956306652729962e+09\n'
            "kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds 5\n"
            "kubeproxy_sync_proxy_rules_iptables_restore_failures_total 3\n"
            'rest_client_requests_total{code="403",host="10.0.0.1:6443",method="GET"} 5\n')
    assert read_metrics(page) == {"queued": {"": 5.0}, "synced": {"IPv4": 1795630665.2729962}, "failures": 3.0,
                                  "codes": {"403": 5.0}}


# --- what it logs -----------------------------------------------------------------------------------------------


def klog(text: str, ago: float = 30, letter: str = "E") -> str:
    stamp = tell_time(NOW - ago)  # 2027-01-15 07:59:30Z
    return f"{letter}{stamp[5:7]}{stamp[8:10]} {stamp[11:19]}.000000       1 server.go:1] {text}"


SYNCED = klog('"Caches are synced" controller="endpoint slice config"', 20, "I")
NOTICE = klog('"Kube-proxy configuration may be incomplete or incorrect" err="nodePortAddresses is unset; NodePort"')
API = klog('"Failed to watch" err="failed to list *v1.Node: Get \\"https://192.0.2.10:6443/api/v1/nodes\\": dial tcp '
           '192.0.2.10:6443: i/o timeout"')
FORBIDDEN = klog('"Failed to watch" err="endpointslices.discovery.k8s.io is forbidden: User '
                 '\\"system:serviceaccount:kube-system:kube-proxy\\" cannot list resource"')


OF_ONE_NODE = klog('"Failed to watch" err="failed to list *v1.Node: nodes \\"n2\\" is forbidden: User '
                   '\\"system:serviceaccount:kube-system:kube-proxy\\" cannot list resource \\"nodes\\""')
UNKNOWN_FLAG = "Error: unknown flag: --no-such-flag"
NO_CA = klog('"command failed" err="invalid configuration: unable to read certificate-authority /var/run/ca-old.crt '
             'for default due to open /var/run/ca-old.crt: no such file or directory"')


def logs(*lines: str, before: tuple[str, ...] = (), **changes: Any) -> dict[str, Any]:
    facts = {"name": "kube-proxy-n2", "node": "n2", "ready": True, "started": LONG_AGO, "restarts": 0, "ended": {},
             "now": {"lines": keep_telling(PATTERNS, "\n".join(lines), NOW), "whole": True},
             "before": {"lines": keep_telling(PATTERNS, "\n".join(before), NOW), "whole": True} if before else None,
             "addresses": [], **changes}
    return {"read_at": NOW, "proxy": PROXY, "account": "ServiceAccount kube-system/kube-proxy", "pods": [facts],
            "others": 1, "skipped": []}


@pytest.mark.parametrize(("evidence", "expected"), [
    (logs(NOTICE, SYNCED), []),
    (logs(API), ["proxy.api"]), (logs(API, SYNCED), []),                       # overcome
    (logs(klog("dial tcp 192.0.2.10:6443: i/o timeout", ago=9000), SYNCED), []),
    (logs(SYNCED, klog("dial tcp 10.0.0.5:6443: i/o timeout", ago=90)), ["proxy.api"]),     # cut off later
    (logs(SYNCED, klog("dial tcp 10.0.0.5:6443: i/o timeout", ago=400)), []),               # and through again
    (logs(OF_ONE_NODE), ["proxy.access"]), (logs(NO_CA, ready=False), ["proxy.credentials"]),
    (logs(FORBIDDEN), ["proxy.access"]), (logs(FORBIDDEN, SYNCED), []),
    (logs(klog('"Sync failed" ipFamily="IPv4" retryingTime="30s"'), SYNCED), ["proxy.rules"]),
    (logs(klog("x509: certificate signed by unknown authority")), ["proxy.credentials"]),
    (logs(klog("can't use the IPVS proxier: Ipvs not supported"), ready=False), ["proxy.mode"]),
    (logs(before=(klog('failed validate: Mode: Invalid value: \\"ipvss\\"'),), ready=False), ["proxy.config"]),
    (logs(before=(UNKNOWN_FLAG,), ready=False), ["proxy.command"]),
    (logs(klog('"Waiting for caches to sync"'), NOTICE), ["proxy.unsynced"]),
    (logs(klog('"Failed to retrieve node info" err="nodes \\"n9\\" not found"'), ready=False), ["proxy.node-name"]),
    (logs(klog("Can't determine this node's IP, assuming loopback"), ready=False), ["proxy.node-address"]),
    (logs(klog("failed to start proxy healthz on 0.0.0.0:10256: bind: address already in use"), ready=False),
     ["proxy.port"]),
    (logs(SYNCED, before=(klog("NodeIPs changed for the node", letter="F"),), restarts=1), []),
    (logs(SYNCED, before=(klog("NodeIPs changed for the node", letter="F"),), restarts=5), ["proxy.node-flaps"]),
])
def test_a_line_counts_while_nothing_after_it_says_that_it_was_overcome(evidence: Any, expected: list[str]) -> None:
    assert causes(LOGS, evidence) == expected


def crashed_logs(*lines: str, **changes: Any) -> dict[str, Any]:
    """Those of n1 and n2, each with its own last line."""
    pods = [logs(before=(line,), ready=False, name=f"kube-proxy-n{at}", node=f"n{at}")["pods"][0]
            for at, line in enumerate(lines, 1)]
    return {**logs(), "pods": pods, "others": 2, **changes}


NO_MODULES = klog("can't use the IPVS proxier: Ipvs not supported")


def test_where_no_proxy_is_ready_and_those_that_were_read_crash_for_one_reason_it_is_that_of_all() -> None:
    found = judge(LOGS, crashed_logs(NO_MODULES, NO_MODULES, whole=True)).findings
    assert {(f.cause, f.node, f.verdict) for f in found} == {("proxy.mode", "", Verdict.FAIL)}
    assert all("No kube-proxy of this cluster is ready" in f.summary for f in found)


@pytest.mark.parametrize(("second", "nodes"), [(NO_MODULES, {"n1", "n2", "n3"}), (UNKNOWN_FLAG, {"n1", "n2"})])
def test_crashed_proxies_whose_log_was_not_read_crash_for_what_all_others_tell(second: str, nodes: set[str]) -> None:
    found = judge(LOGS, crashed_logs(NO_MODULES, second, unread=["n3"])).findings
    assert {f.node for f in found} == nodes
    assert {f.verdict for f in found if f.node == "n3"} <= {Verdict.WARN}


def test_one_crashed_proxy_speaks_for_itself_alone() -> None:
    assert {f.node for f in judge(LOGS, crashed_logs(NO_MODULES, unread=["n3"], whole=True)).findings} == {"n1"}


BEGAN = klog('"Successfully retrieved NodeIPs" NodeIPs=["172.31.0.12"]')
WENT = klog('"NodeIPs changed for the node" node="n2" newNodeIPs=["172.31.0.99"] oldNodeIPs=["172.31.0.12"]')
NFTABLES, IPTABLES = klog('"Using nftables Proxier"'), klog('"Using iptables Proxier"')


@pytest.mark.parametrize(("evidence", "expected"), [
    (logs(BEGAN, NFTABLES, SYNCED, addresses=["172.31.0.99"]), ["proxy.node-moved"]),
    (logs(NFTABLES, SYNCED, WENT, addresses=["172.31.0.99"]), ["proxy.node-moved"]),
    (logs(BEGAN, NFTABLES, SYNCED, WENT, addresses=["172.31.0.12"]), []),                # it went, and came back
    (logs(BEGAN, NFTABLES, SYNCED, addresses=["10.0.0.1", "172.31.0.12"]), []),          # one more is no other
    (logs(BEGAN, NFTABLES, SYNCED), []),                                                 # the Node was not read
    (logs(BEGAN, IPTABLES, SYNCED, WENT, addresses=["172.31.0.99"]), []),                # serves all addresses
])
def test_an_address_that_the_node_no_longer_has_is_a_fault_where_rules_are_bound_to_it(
    evidence: Any, expected: list[str]
) -> None:
    assert causes(LOGS, evidence) == expected


def test_in_mode_iptables_the_old_address_is_told_and_is_no_fault() -> None:
    found = judge(LOGS, logs(BEGAN, IPTABLES, SYNCED, WENT, addresses=["172.31.0.99"])).findings
    assert {f.verdict for f in found} == {Verdict.INFO}
    assert any("172.31.0.12" in f.summary and "172.31.0.99" in f.summary for f in found)


def test_a_log_that_could_not_be_read_is_unknown_and_not_called_free_of_faults() -> None:
    unread = logs()
    unread["pods"][0]["now"] = {"lines": [], "whole": False, "error": "the node does not answer"}
    finding = only(LOGS, unread)
    assert (finding.verdict, "the node does not answer" in finding.summary) == (Verdict.UNKNOWN, True)


def test_a_field_that_kube_proxy_passed_over_at_its_start_is_named_and_no_fault_by_itself() -> None:
    line = klog('"Using lenient decoding as strict decoding failed" err="strict decoding error: unknown field '
                '\\"clusterCidr\\""', letter="I")
    told = [f for f in judge(LOGS, logs(line, SYNCED)).findings if "passes over" in f.summary]
    assert [(f.verdict, f.cause) for f in told] == [(Verdict.INFO, "")]
    assert "unknown field 'clusterCidr'" in told[0].summary


def test_a_proxy_that_is_behind_by_some_seconds_is_a_suspect_and_has_not_written_its_rules() -> None:
    told = judge(LIVE, live(times({"IPv4": NOW - 20}, {"IPv4": OLD})))
    assert [(f.verdict, "not written yet" in f.summary) for f in told.findings] == [(Verdict.INFO, True)]
    assert (told.outputs["suspects"], told.outputs["synced"]) == (["n1"], [])


def test_a_reason_that_klog_writes_over_several_lines_is_told_whole() -> None:
    why = "line 78: CHAIN_DEL failed (Device or resource busy): chain KUBE-SEP-ZXMNUKOKXUTL2MK2"
    log = (klog('"Failed to execute iptables-restore" err=<'), "\texit status 4: iptables-restore v1.8.9 (nf_tables):",
           f"\t{why}", " >", klog('"Sync failed" ipFamily="IPv4" retryingTime="30s"'))
    told = [f for f in judge(LOGS, logs(SYNCED, *log)).findings if f.cause == "proxy.rules"]
    assert [why in f.summary and why in f.evidence[0] for f in told] == [True]


def test_a_proxy_in_order_shows_that_it_listens_and_that_the_api_server_answers_it() -> None:
    told = only(LIVE, live(times({"IPv4": OLD}, {"IPv4": LATE}, **{"200": 12.0, "201": 1.0, "403": 2.0})))
    assert any("port 10249 answers" in line and "13 requests" in line for line in told.evidence)


def test_the_address_that_does_not_answer_is_in_the_summary() -> None:
    assert "192.0.2.10:6443: i/o timeout" in only(LOGS, logs(API)).summary


# --- what follows from what -------------------------------------------------------------------------------------


def test_a_broken_proxy_explains_waiting_dns_pods_on_its_own_node_and_on_no_other() -> None:
    broken = find("proxy.api", "x", node="n2", object=PROXY)
    here = find("dns.pods.unsynced", "waits", node="n2", object="Deployment kube-system/coredns")
    there = find("dns.pods.api-path", "waits", node="n1", object="Deployment kube-system/coredns")
    concluded = conclude([broken, here, there]).root_causes
    assert [(r.finding.cause, [f.cause for f in r.consequences]) for r in concluded] == [
        ("proxy.api", ["dns.pods.unsynced"]), ("dns.pods.api-path", [])]


def test_no_service_proxy_at_all_explains_a_network_agent_that_needs_the_service_address() -> None:
    assert roots(find("proxy.missing", "x"), find("cni.agent.api", "y", node="n1"),
                 find("cni.sandbox.agent", "z", node="n1")) == ["proxy.missing"]
    assert roots(find("proxy.missing", "x"), find("cni.agent.api-address", "y", node="n1")) == [
        "cni.agent.api-address", "proxy.missing"]
