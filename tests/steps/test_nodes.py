"""Nodes on evidence alone: conditions, addresses, agents, events, the way to the kubelet, versions."""

from typing import Any

import pytest

from bot.diagnosis.causes import find
from bot.model.finding import Verdict
from bot.steps.nodes.addresses import ADDRESSES
from bot.steps.nodes.agents import REQUIRED
from bot.steps.nodes.conditions import CONDITIONS, read_facts
from bot.steps.nodes.events import EVENTS
from bot.steps.nodes.kubelet import WAY
from bot.steps.nodes.ranges import RANGES
from bot.steps.nodes.versions import VERSIONS
from tests.steps.dns_evidence import JUST_NOW, LONG_AGO, NOW, causes, judge, node, nodes, only, roots
from tests.steps.test_proxy import PROXY, daemon, pod

# --- conditions -------------------------------------------------------------------------------------------------

RENEWED = "2027-01-15T07:59:55Z"


def facts(**changes: Any) -> dict[str, Any]:
    return {"ready": "True", "lease": {"renewed": RENEWED, "seconds": 40}, "pressure": [], "cordoned": False,
            "taints": [], **changes}


def conditions(second: Any = None, whole: Any = None, **more: Any) -> dict[str, Any]:
    network = {"read_at": NOW, "nodes": whole or nodes(), "networks": ["Flannel"], "pod_range": ""}
    return {"read_at": NOW, "network": network, "absent": False, "newest": NOW - 5, "skipped": [],
            "nodes": {"n1": facts(), "n2": second or facts()}, **more}


FULL = [{"type": "DiskPressure", "since": LONG_AGO, "why": "kubelet has disk pressure"}]


@pytest.mark.parametrize(("evidence", "expected"), [
    (conditions(), []), (conditions(facts(pressure=FULL)), ["node.pressure"]),
    (conditions(facts(lease={"renewed": JUST_NOW, "seconds": 40})), []),                     # 30 s ago
    (conditions(facts(lease={"renewed": "2027-01-15T07:59:00Z", "seconds": 40})), ["node.silent"]),
    (conditions(facts(lease={"renewed": "2027-01-15T07:59:00Z", "seconds": 40}), newest=NOW - 50), []),  # as all others
    (conditions(facts(lease={"renewed": "2027-01-15T07:56:00Z", "seconds": 40}), newest=NOW - 240), ["node.silent"]),
    (conditions(facts(lease=None)), []), (conditions(facts(cordoned=True)), []),
    (conditions(facts(taints=["dedicated=db:NoSchedule"])), []),
    (conditions(whole=nodes(n1=node(), n2=node(False))), ["node.not-ready"]),
    (conditions(whole={"read": {}, "total": 0, "unread": 0}, nodes={}, skipped=["list nodes"]), []),
])
def test_a_node_is_at_fault_by_its_conditions_and_its_lease(evidence: Any, expected: list[str]) -> None:
    assert causes(CONDITIONS, evidence) == expected


def test_of_a_named_node_nothing_is_told_about_others() -> None:
    other = conditions(whole=nodes(n1=node(), n2=node(False)), nodes={"n1": facts()})
    assert causes(CONDITIONS, other, node="n1") == []


def test_a_node_that_does_not_exist_is_unknown_and_one_that_is_closed_is_no_fault() -> None:
    assert only(CONDITIONS, conditions(absent=True, nodes={}), node="n9").verdict is Verdict.UNKNOWN
    closed = judge(CONDITIONS, conditions(facts(cordoned=True))).findings[-1]
    assert (closed.verdict, "no fault" in closed.summary) == (Verdict.INFO, True)


def test_since_when_a_node_is_under_pressure_is_told_where_it_is_known() -> None:
    for since, told in ((LONG_AGO, f"DiskPressure since {LONG_AGO}: pods"), (None, "DiskPressure: pods")):
        full = {"type": "DiskPressure", "status": "True", "lastTransitionTime": since}
        item = {"metadata": {"name": "n2"}, "spec": {}, "status": {"conditions": [full]}}
        found = [f for f in judge(CONDITIONS, conditions(read_facts(item, {}))).findings if f.cause == "node.pressure"]
        assert told in found[0].summary


def test_what_a_program_beside_the_kubelet_has_seen_is_told_by_its_words_and_is_no_fault_by_itself() -> None:
    item = {"metadata": {"name": "n2"}, "spec": {}, "status": {"conditions": [
        {"type": kind, "status": status, "reason": "Seen", "message": "as it is"} for kind, status in (
            ("Ready", "True"), ("KernelDeadlock", "True"), ("ReadonlyFilesystem", "False"),
            ("NetworkingReady", "False"), ("StorageReady", "True"), ("EtcdIsVoter", "True"))]}}
    told = [f for f in judge(CONDITIONS, conditions(read_facts(item, {}))).findings if "reports" in f.summary]
    assert [(f.verdict, f.summary.split(" reports ")[1].split(" ")[0]) for f in told] == [
        (Verdict.INFO, "KernelDeadlock"), (Verdict.INFO, "NetworkingReady")]


# --- addresses --------------------------------------------------------------------------------------------------


def addresses(*second: str, host: str = "n2", created: str = LONG_AGO, virtual: bool = False) -> dict[str, Any]:
    def row(inside: tuple[str, ...], name: str, **more: Any) -> dict[str, Any]:
        return {"inside": list(inside), "host": name, "virtual": False, "created": LONG_AGO, **more}
    told = {"n1": row(("10.0.0.1",), "n1"), "n2": row(second, host, created=created, virtual=virtual)}
    return {"read_at": NOW, "nodes": told, "skipped": []}


@pytest.mark.parametrize(("evidence", "expected"), [
    (addresses("10.0.0.2"), []), (addresses("10.0.0.2", "fd00::2"), []),
    (addresses("10.0.0.1"), ["node.address.shared"]), (addresses("10.0.0.1", virtual=True), []),
    (addresses(), ["node.address.missing"]), (addresses(created=JUST_NOW), []),
    (addresses("10.0.0.2", host="ip-10-0-0-2.internal"), []),
])
def test_each_node_has_an_address_of_its_own(evidence: Any, expected: list[str]) -> None:
    assert causes(ADDRESSES, evidence) == expected


def test_a_shared_address_is_told_with_both_nodes() -> None:
    finding = only(ADDRESSES, addresses("10.0.0.1"), node="n2")
    assert (finding.object, "n1 and n2" in finding.summary) == ("Nodes", True)
    assert len([line for line in finding.evidence if "InternalIP 10.0.0.1" in line]) == 2


# --- pod ranges -------------------------------------------------------------------------------------------------


def ranges(*second: str, networks: Any = ("Flannel",), created: str = LONG_AGO) -> dict[str, Any]:
    told = {"n1": {"ranges": ["10.244.0.0/24"], "created": LONG_AGO},
            "n2": {"ranges": list(second), "created": created}}
    return {"read_at": NOW, "nodes": told, "networks": networks and list(networks), "events": [], "skipped": []}


@pytest.mark.parametrize(("evidence", "expected"), [
    (ranges("10.244.1.0/24"), []), (ranges(), ["cni.agent.pod-range"]), (ranges(created=JUST_NOW), []),
    (ranges("10.244.0.0/24"), ["cni.plan.duplicate"]),
    (ranges(networks=("Calico",)), []), (ranges(networks=("Amazon VPC CNI",)), []), (ranges(networks=()), []),
    (ranges("10.244.0.0/24", networks=("Calico",)), []), (ranges(networks=None), []),
])
def test_a_pod_range_is_missed_only_where_pods_get_addresses_out_of_it(evidence: Any, expected: list[str]) -> None:
    assert causes(RANGES, evidence) == expected


def test_where_ranges_mean_nothing_or_the_network_is_not_known_none_is_called_right() -> None:
    assert only(RANGES, ranges(networks=("Calico",))).verdict is Verdict.INFO
    assert only(RANGES, ranges(networks=None)).verdict is Verdict.INFO


# --- agents -----------------------------------------------------------------------------------------------------


def required(*second: dict[str, Any], of: Any = None, place: Any = None, **more: Any) -> dict[str, Any]:
    agent = {"daemon": of or daemon(), "pods": [pod("n1"), *second], "places": {"n2": place} if place else {}}
    return {"read_at": NOW, "nodes": {"n1": node(), "n2": node(), **more}, "known": True, "agents": [agent],
            "skipped": []}


def test_a_node_whose_agent_is_still_to_come_is_not_counted_among_those_that_have_it() -> None:
    found = judge(REQUIRED, required(n2=node(created=JUST_NOW))).findings
    assert [(f.verdict, "on n1." in f.summary) for f in found] == [(Verdict.PASS, True), (Verdict.INFO, False)]
    nowhere = required(n1=node(created=JUST_NOW), n2=node(created=JUST_NOW))
    nowhere["agents"][0]["pods"] = []
    assert {f.verdict for f in judge(REQUIRED, nowhere).findings} == {Verdict.INFO}


def waiting(reason: str, **changes: Any) -> dict[str, Any]:
    return pod("n2", ready=False, container={"ready": False, "started": "", "waiting": reason}, **changes)


ILL_TAINT = {"taints": [{"key": "gpu", "value": "", "effect": "NoSchedule"}], "labels": {}}


@pytest.mark.parametrize(("evidence", "expected"), [
    (required(pod("n2")), []), (required(), ["node.agent"]),
    (required(of=daemon(created=JUST_NOW)), []), (required(of=daemon(rolling=True)), []),
    (required(of=daemon(created=JUST_NOW, tolerations=[]), place=ILL_TAINT), ["node.agent"]),
    (required(waiting("ContainerCreating", created=JUST_NOW)), []),
    (required(waiting(""), of=daemon(rolling=True)), ["node.agent"]),  # the rollout is stuck there
    (required(waiting("ImagePullBackOff", created=JUST_NOW)), ["node.agent"]),
    (required(pod("n2", phase="Failed", reason="Evicted", ready=False, created=JUST_NOW)), ["node.agent"]),
    (required(n2=node(False)), []), (required(n2=node(linux=False)), []), (required(n2=node(virtual=True)), []),
    (required(n2=node(created=JUST_NOW)), []),
])
def test_an_agent_is_missed_where_it_belongs_and_nothing_excuses_it(evidence: Any, expected: list[str]) -> None:
    assert causes(REQUIRED, evidence) == expected


def test_a_node_that_another_kube_proxy_serves_is_in_order() -> None:
    shared = required()
    shared["agents"][0]["others"] = [{"alone": ["n2"]}]
    assert [f.verdict for f in judge(REQUIRED, shared).findings] == [Verdict.PASS]


def test_a_kube_proxy_that_is_for_no_node_is_missed_on_none() -> None:
    idle = required(of=daemon(desired=0, ready=0))
    idle["agents"][0]["pods"] = []
    found = judge(REQUIRED, idle).findings
    assert ({f.verdict for f in found}, "meant for no node" in found[-1].summary) == ({Verdict.INFO}, True)


def test_an_evicted_pod_is_called_so() -> None:
    gone = pod("n2", phase="Failed", reason="Evicted", ready=False)
    assert "was evicted" in only(REQUIRED, required(gone)).summary


def test_a_restart_that_was_overcome_is_no_fault() -> None:
    lately = {"reason": "Error", "code": 1, "at": "2027-01-15T07:58:30Z", "message": ""}
    judged = judge(REQUIRED, required(pod("n2", container={"restarts": 1, "ended": lately})))
    assert [f.verdict for f in judged.findings] == [Verdict.PASS, Verdict.INFO]


@pytest.mark.parametrize("agents", [[], [{"daemon": daemon(), "pods": None, "places": {}}]])
def test_where_agents_are_built_in_or_may_not_be_listed_none_is_missed(agents: list[Any]) -> None:
    built_in = {**required(), "agents": agents}
    assert causes(REQUIRED, built_in) == []
    assert all(f.verdict is not Verdict.PASS for f in judge(REQUIRED, built_in).findings)


def test_a_node_under_pressure_explains_the_agent_that_is_missing_on_it() -> None:
    pressure, agent = find("node.pressure", "x", node="n2"), find("node.agent", "y", node="n2", object=PROXY)
    assert roots(pressure, agent) == ["node.pressure"]
    assert roots(pressure, find("node.agent", "y", node="n1", object=PROXY)) == ["node.agent", "node.pressure"]


# --- events -----------------------------------------------------------------------------------------------------


def events(reason: str, times: int = 1) -> dict[str, Any]:
    row = {"node": "n2", "reason": reason, "times": times, "last": NOW - 60, "warning": True, "message": "x"}
    return {"read_at": NOW, "events": [row], "more": 0, "skipped": []}


@pytest.mark.parametrize(("evidence", "expected"), [
    (events("NodeNotReady"), []), (events("NodeNotReady", 3), ["node.flaps"]), (events("Rebooted", 5), []),
    (events("SomethingElse", 9), []), ({**events("x"), "events": None, "skipped": ["list events"]}, []),
])
def test_only_a_series_of_events_is_a_fault_by_itself(evidence: Any, expected: list[str]) -> None:
    assert causes(EVENTS, evidence) == expected


def test_no_event_is_not_called_health() -> None:
    assert only(EVENTS, {**events("x"), "events": []}).verdict is Verdict.INFO


# --- the way to the kubelet -------------------------------------------------------------------------------------


def way(error: str = "", pod_name: str = "kube-proxy-x", **more: Any) -> dict[str, Any]:
    tried = {"node": "n2", "pod": pod_name, "error": error}
    return {"read_at": NOW, "tries": [tried], "others": 0, "skipped": [], **more}


@pytest.mark.parametrize(("error", "expected", "words"), [
    ("get pods/log: Get \"https://10.0.0.2:10250/x\": dial tcp 10.0.0.2:10250: i/o timeout", 1, "10.0.0.2:10250 i/o"),
    ("dial tcp 10.0.0.2:10250: connect: connection refused", 1, "connection refused"),
    ("tls: failed to verify certificate: x509: certificate is valid for 10.0.0.9", 1, "certificate is not accepted"),
    ("no preferred addresses found; known addresses: []", 1, "knows no address"),
    ("container \"x\" in pod is waiting to start", 0, ""), ("", 0, ""),
])
def test_only_words_of_a_connection_speak_against_the_way_to_the_kubelet(error: str, expected: int, words: str) -> None:
    assert causes(WAY, way(error)) == ["node.kubelet-way"] * expected
    assert words in judge(WAY, way(error)).findings[0].summary


def test_another_error_is_unknown_and_a_missing_permission_is_skipped() -> None:
    assert only(WAY, way("the log is gone")).verdict is Verdict.UNKNOWN
    denied = way(tries=[], skipped=["get pods/log in kube-system"])
    assert only(WAY, denied).verdict is Verdict.SKIPPED
    assert only(WAY, way(pod_name="")).verdict is Verdict.INFO


# --- versions ---------------------------------------------------------------------------------------------------


def versions(server: str = "v1.34.4", networks: tuple[str, ...] = (), **changes: str) -> dict[str, Any]:
    told = {"kubelet": "v1.34.4", "runtime": "containerd://1.7.1", "kernel": "6.1.0-1", "system": "linux", **changes}
    return {"read_at": NOW, "server": server, "networks": list(networks), "nodes": {"n1": told}, "skipped": []}


@pytest.mark.parametrize(("evidence", "expected"), [
    (versions(), []), (versions(kubelet="v1.31.9+k3s1"), []), (versions(kubelet="v1.30.1"), ["node.version"]),
    (versions(kubelet="v1.35.0"), ["node.version"]), (versions(server=""), []), (versions(kubelet=""), []),
    (versions(runtime="containerd://1.6.2"), []),
    (versions(runtime="containerd://1.6.2", networks=("Weave Net",)), ["node.runtime"]),
    (versions(runtime="containerd://1.6.20", networks=("Weave Net",)), []),
    (versions(runtime="cri-o://1.6.2", networks=("Weave Net",)), []),
    (versions(kernel="5.4.0-100"), ["node.kernel"]), (versions(kernel="5.13.0"), []),
    (versions(kernel="5.4", system="windows"), []),
])
def test_versions_are_at_fault_only_where_they_do_not_work_together(evidence: Any, expected: list[str]) -> None:
    assert causes(VERSIONS, evidence, mode="nftables") == expected


def test_an_old_kernel_matters_in_mode_nftables_only() -> None:
    assert causes(VERSIONS, versions(kernel="5.4.0")) == []
