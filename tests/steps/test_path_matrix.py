"""path.matrix on evidence alone: which ways are open, and what it means that others are not."""

from typing import Any

import pytest

from bot.model.finding import Finding, Verdict
from bot.steps import Evidence
from bot.steps.path.matrix import MATRIX
from bot.steps.path.probe import API, OUTSIDE, SERVICE
from tests.steps.dns_evidence import NOW, causes, judge
from tests.steps.policy_evidence import enforcers

NODES = ("n1", "n2", "n3")
PODS = {node: f"kube-system/dns-{node}" for node in NODES}
Lost = dict[tuple[str, str], str]
"""From a node, to pods of a node (`n2`), to a node (`node n2`), `large n2`, or to a Service: what became of it."""


def rows(lost: Lost, nodes: tuple[str, ...]) -> list[dict[str, Any]]:
    found = []
    for source in nodes:
        for node in NODES:
            pod = {"to": PODS[node], "to_node": node, "kind": "pod", "port": 8181, "path": "/ready"}
            small = lost.get((source, node), "ok")
            found.append(row(source, pod, small, large=False))
            found.append(row(source, pod, lost.get((source, f"large {node}"), small), large=True))
            name = f"node {node}"
            kubelet = {"to": name, "to_node": node, "kind": "node", "port": 10250}
            found.append(row(source, kubelet, lost.get((source, name), "ok")))
        for to, kind in ((SERVICE, "service"), (API, "service"), (OUTSIDE, "outside")):
            way = {"to": to, "to_node": "", "kind": kind, "port": 53}
            found += [row(source, way, outcome) for outcome in lost.get((source, to), "ok").split()]
    return found


def row(source: str, way: dict[str, Any], outcome: str, large: bool = False) -> dict[str, Any]:
    return {"from": source, "protocol": "TCP", "address": "", "large": large, "outcome": outcome, "said": outcome,
            "seconds": 0, **way}


def tried(lost: Lost | None = None, probed: tuple[str, ...] = NODES, **changes: Any) -> Evidence:
    return {
        "read_at": NOW, "from": "", "from_node": "", "target": "", "nodes": list(NODES), "peers": list(PODS.values()),
        "rows": [], "probed": list(probed), "probe_namespace": "probes", "probe_failures": {}, "unprobed": 0,
        "probe_rows": rows(lost or {}, probed), "homes": ["n1", "n2"], "api_nodes": ["n1"], "networks": ["Flannel"],
        "hindered": {}, "held": [], "enforcement": None, "skipped": [], **changes,
    }


def by_server(*outcomes: str, **changes: Any) -> Evidence:
    """What the API server found alone: `n1 ok`, `n2 timeout`, `large n2 timeout`."""
    said = dict(text.rsplit(" ", 1) for text in outcomes)
    found = [row("", {"to": PODS[where.split()[-1]], "to_node": where.split()[-1], "kind": "pod", "port": 8181,
                      "path": "/ready"}, outcome, large=where.startswith("large")) for where, outcome in said.items()]
    return tried(probed=(), rows=found, probe_rows=[], **changes)


def told(evidence: Evidence) -> list[Finding]:
    """Beside the grid."""
    first, *rest = judge(MATRIX, evidence).findings
    assert first.grid
    return rest


def one(evidence: Evidence) -> Finding:
    (finding,) = told(evidence)
    return finding


def between(node: str, outcome: str = "timeout") -> Lost:
    others = [other for other in NODES if other != node]
    return {pair: outcome for other in others for pair in ((node, other), (other, node))}


def test_all_ways_open_pass_and_the_grid_shows_each() -> None:
    finding = one(tried())
    assert finding.verdict is Verdict.PASS
    grid = judge(MATRIX, tried()).findings[0].grid
    assert [line[0] for line in grid[:4]] == ["to \\ from", "pods on n1", "pods on n2", "pods on n3"]
    assert grid[0][1:] == ("pod on n1", "pod on n2", "pod on n3")
    assert {cell for line in grid[1:] for cell in line[1:]} == {"ok"}


def test_a_node_whose_pods_are_cut_off_is_named_with_the_port_of_the_network_plugin() -> None:
    finding = one(tried(between("n2")))
    assert (finding.verdict, finding.cause, finding.object) == (Verdict.FAIL, "cni.path", "Node n2")
    assert "udp 8472" in finding.advice
    assert "the nodes themselves do and pods of the same node do" in finding.summary


def test_a_node_that_forwards_nothing_is_told_from_one_whose_overlay_is_blocked() -> None:
    lost = {**between("n2"), ("n2", "node n1"): "timeout", ("n2", "node n3"): "timeout", ("n2", API): "timeout",
            ("n2", SERVICE): "ok timeout", ("n2", OUTSIDE): "timeout"}
    finding = one(tried(lost))
    assert (finding.cause, finding.object) == ("node.path", "Node n2")
    apart = one(tried({**lost, ("n2", "n2"): "timeout", ("n2", "node n2"): "timeout"}))
    assert (apart.cause, apart.object) == ("cni.own-pods", "Node n2"), "its pods do not even reach their own node"


def test_large_packets_alone_lost_are_the_mtu() -> None:
    finding = one(tried({(a, f"large {b}"): "timeout" for a, b in between("n2")}))
    assert (finding.verdict, finding.cause, finding.object) == (Verdict.FAIL, "cni.path-large", "Node n2")
    assert "small only" in {cell for line in judge(MATRIX, tried({("n1", "large n2"): "timeout"})).findings[0].grid
                            for cell in line}


@pytest.mark.parametrize(("lost", "cause"), [
    ({("n2", SERVICE): "timeout", ("n2", API): "timeout"}, "proxy.path"),
    ({("n2", SERVICE): "ok timeout"}, "cni.bridge-filter"),
    ({("n3", SERVICE): "ok timeout"}, "proxy.path"),
    ({("n2", OUTSIDE): "timeout"}, "node.egress"),
], ids=["no Service", "by turns where a DNS pod is", "by turns elsewhere", "outside"])
def test_what_alone_is_not_reached_from_one_node_tells_the_part_that_is_broken(lost: Lost, cause: str) -> None:
    finding = one(tried(lost))
    assert (finding.verdict, finding.cause) == (Verdict.FAIL, cause)
    assert finding.object in ("Node n2", "Node n3")


def test_a_service_that_answers_by_turns_from_every_node_is_not_told() -> None:
    finding = one(tried({(node, SERVICE): "ok timeout" for node in NODES}))
    assert (finding.verdict, finding.cause) == (Verdict.UNKNOWN, "")


def test_a_resolver_that_answers_pods_nowhere_is_no_nodes_fault() -> None:
    finding = one(tried({(node, OUTSIDE): "timeout" for node in NODES}))
    assert (finding.verdict, finding.cause) == (Verdict.UNKNOWN, "")


def test_a_pod_that_refuses_has_been_reached() -> None:
    refused = tried({(node, "n2"): "refused" for node in NODES} | {(n, "large n2"): "refused" for n in NODES})
    for way in refused["probe_rows"]:
        way["path"] = ""  # of a pod that nobody probes
    finding = one(refused)
    assert (finding.cause, finding.object) == ("path.refused", f"Pod {PODS['n2']}")


def test_a_pod_that_refuses_where_its_kubelet_finds_it_ready_has_not_been_reached() -> None:
    finding = one(by_server("n1 ok", "n2 refused"))
    assert (finding.cause, finding.object) == ("cni.path", "Node n2")
    assert "something on the way" in finding.summary


def test_kubelets_that_pods_may_not_reach_are_no_fault_while_pods_are_reached() -> None:
    lost = {(a, f"node {b}"): "timeout" for a in NODES for b in NODES}
    assert causes(MATRIX, tried(lost)) == []


def another(outcomes: dict[str, str]) -> Evidence:
    """A second pod on n2, beside the one that is reached."""
    way = {"to": "shop/web", "to_node": "n2", "kind": "pod", "port": 8080, "path": ""}
    return tried(probe_rows=[*rows({}, NODES), *(row(at, way, outcome) for at, outcome in outcomes.items())])


def test_a_pod_that_nobody_reaches_while_its_neighbour_is_reached_is_named_and_not_its_node() -> None:
    finding = one(another(dict.fromkeys(NODES, "timeout")))
    assert (finding.verdict, finding.cause, finding.object) == (Verdict.FAIL, "path.single", "Pod shop/web")
    assert finding.node == "n2"
    assert causes(MATRIX, another({"n1": "timeout", "n2": "ok", "n3": "timeout"})) == []


# --- the API server alone ---------------------------------------------------------------------------------------------


def test_without_probe_pods_the_api_server_tells_of_its_own_node_and_what_was_not_tried_is_said() -> None:
    finding = one(by_server("n1 ok", "large n1 ok", "n2 ok", "large n2 ok"))
    assert finding.verdict is Verdict.PASS
    assert "that takes probe pods" in finding.summary
    assert "no pod to try was found on n3" in finding.summary
    assert one(by_server("n1 ok", "large n1 ok", "n2 timeout")).object == "Node n2"
    assert one(by_server("n1 ok", "large n1 ok", "n2 ok", "large n2 timeout")).cause == "cni.path-large"


@pytest.mark.parametrize("homes", [[], None, ["n1", "n2"]], ids=["apart", "not known", "on several nodes"])
def test_from_where_it_is_not_known_silence_says_nothing_about_nodes(homes: list[str] | None) -> None:
    finding = one(by_server("n1 ok", "n2 timeout", api_nodes=homes))
    assert (finding.verdict, finding.cause) == (Verdict.UNKNOWN, "")


# --- what it may not say ----------------------------------------------------------------------------------------------


def test_where_a_policy_may_be_why_nothing_is_called_broken_but_where_none_is_enforced_it_is() -> None:
    lost = {(node, "n2"): "timeout" for node in NODES}
    hindered = {PODS["n2"]: ["NetworkPolicy deny"]}
    finding = one(tried(lost, hindered=hindered, enforcement=enforcers("calico-node")))
    assert (finding.verdict, finding.cause) == (Verdict.UNKNOWN, "")
    assert "NetworkPolicy deny" in finding.summary
    assert causes(MATRIX, tried(lost, hindered=hindered, enforcement=enforcers())) == ["cni.path"]


def test_policies_on_the_probe_pods_themselves_leave_what_they_do_not_reach_open() -> None:
    evidence = tried(between("n2"), held=["NetworkPolicy quiet"], enforcement=enforcers("calico-node"))
    assert causes(MATRIX, evidence) == []


def test_a_probe_pod_that_could_not_start_is_unknown_with_the_reason() -> None:
    evidence = tried(probed=(), probe_rows=[], probe_failures={"n2": "ErrImagePull: no such image"})
    (finding,) = judge(MATRIX, evidence).findings
    assert finding.verdict is Verdict.UNKNOWN
    assert "ErrImagePull" in finding.summary


def test_where_nothing_was_tried_nothing_passes() -> None:
    (finding,) = judge(MATRIX, tried(probed=(), probe_rows=[])).findings
    assert finding.verdict is Verdict.UNKNOWN
    (finding,) = judge(MATRIX, tried(probed=(), probe_rows=[], skipped=["get pods/proxy in kube-system"])).findings
    assert finding.verdict is Verdict.SKIPPED
    assert "get pods/proxy" in finding.summary


def test_answers_that_took_long_are_shown_as_slow() -> None:
    evidence = tried()
    for line in evidence["probe_rows"]:
        line["seconds"] = 3 if (line["from"], line["to_node"], line["kind"]) == ("n1", "n2", "pod") else 0
    first, finding = judge(MATRIX, evidence).findings
    assert first.grid[2][1] == "slow"
    assert finding.verdict is Verdict.PASS


# --- from within the pod itself ---------------------------------------------------------------------------------------


def inside(outcome: str, **changes: Any) -> Evidence:
    way = {"to": PODS["n2"], "to_node": "n2", "kind": "pod", "port": 8181, "path": "/ready"}
    return tried(**{"from": "shop/web", "from_node": "n1", "inside_rows": [row("", way, outcome)], **changes})


def test_a_pod_that_alone_does_not_get_through_is_told_apart_from_its_node() -> None:
    finding = one(inside("timeout"))
    assert (finding.cause, finding.object) == ("path.pod", "Pod shop/web")
    assert one(inside("ok")).verdict is Verdict.PASS


def test_without_others_to_compare_with_it_is_no_fault_of_the_node() -> None:
    evidence = inside("timeout", probed=(), probe_rows=[], rows=by_server("n1 ok", "large n1 ok")["rows"])
    assert causes(MATRIX, evidence) == []
    assert one(evidence).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(("kernel", "networks", "suspected"), [
    ("4.19.0-27-amd64", ["Flannel"], True), ("5.7.1", ["Flannel"], False), ("5.4.0", ["Weave Net"], False),
    ("", ["Flannel"], False),
])
def test_an_old_kernel_is_suspected_to_spoil_checksums_only_where_the_network_is_vxlan(
    kernel: str, networks: list[str], suspected: bool
) -> None:
    lost = {("n1", "n2"): "timeout", ("n2", "n1"): "timeout", ("n3", "n2"): "timeout", ("n2", "n3"): "timeout"}
    found = next(f for f in told(tried(lost, networks=networks, kernels={"n2": kernel})) if f.cause == "cni.path")
    assert ("ethtool" in found.advice) is suspected
