"""path.matrix on evidence alone: a pod that asks its own Service, and node ports."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.cluster import ProbePlace
from bot.model.finding import Finding, Verdict
from bot.playground.bundle import Object
from bot.playground.scenarios import load_scenario
from bot.steps import Evidence
from bot.steps.path.matrix import MATRIX
from bot.steps.path.peers import API, NODE_PORT, node_ways
from tests.playground.cluster_box.town import make_node
from tests.steps.boxed import open_box
from tests.steps.dns_evidence import causes, judge
from tests.steps.test_path_matrix import NODES, row, tried

SERVICE = "Service shop/web"
ME, OTHER = "shop/web-1", "shop/web-2"


def said(evidence: Evidence, words: str) -> Finding:
    return next(f for f in judge(MATRIX, evidence).findings if words in f.summary)


# --- a pod that asks its own Service ----------------------------------------------------------------------------------


def by_itself(*outcomes: str, api: str = "ok", ends: tuple[str, ...] = (ME,), **changes: Any) -> Evidence:
    """`outcomes` of its own Service, from within the pod on n2."""
    to = [{"to": SERVICE, "to_node": "", "kind": "service", "port": 80} for _ in outcomes]
    inside = [row("", way, outcome) for way, outcome in zip(to, outcomes, strict=True)]
    inside.append(row("", {"to": API, "to_node": "", "kind": "service", "port": 443}, api))
    found: Evidence = {"from": ME, "from_node": "n2", "target": SERVICE, "ends": list(ends), "inside_rows": inside,
                       "inside_held": [], **changes}
    probes = [row(node, to[0], "ok") for node in NODES]
    return tried(**{**found, "probe_rows": [*tried()["probe_rows"], *probes]})


def test_a_pod_that_reaches_other_services_and_not_itself_by_its_own_is_not_sent_back_to() -> None:
    (told,) = [f for f in judge(MATRIX, by_itself("timeout", "timeout")).findings if f.cause]
    assert (told.verdict, told.cause, told.object, told.node) == (Verdict.FAIL, "cni.hairpin", "Node n2", "n2")
    assert "hairpinMode" in told.advice


def test_of_several_pods_it_is_by_turns_that_one_is_led_to_itself() -> None:
    told = by_itself("ok", "timeout", "ok", ends=(ME, OTHER))
    assert causes(MATRIX, told) == ["cni.hairpin"]
    assert "by turns" in said(told, "its own Service").summary


@pytest.mark.parametrize("evidence", [
    by_itself("ok", "ok"),
    by_itself("refused", "refused"),
    by_itself("timeout", "timeout", api="timeout"),
    by_itself("ok", "timeout"),
], ids=["reached", "refused", "no Service is reached", "by turns, though it stands alone"])
def test_what_is_not_the_way_back_to_itself_is_not_called_so(evidence: Evidence) -> None:
    assert "cni.hairpin" not in causes(MATRIX, evidence)


@pytest.mark.parametrize("policies", [{"inside_held": ["NetworkPolicy deny"]}, {"hindered": {ME: ["a policy"]}}])
def test_a_policy_on_the_pod_may_be_why(policies: dict[str, Any]) -> None:
    told = by_itself("timeout", **policies)
    assert causes(MATRIX, told) == []
    assert said(told, "to itself by Service shop/web").verdict is Verdict.UNKNOWN


def test_another_pods_service_that_is_not_reached_is_as_ever_the_pods_own_trouble() -> None:
    assert causes(MATRIX, by_itself("timeout", ends=(OTHER,))) == ["path.pod"]


# --- node ports -------------------------------------------------------------------------------------------------------


def at_ports(lost: dict[tuple[str, str], str] | None = None, *, homes: tuple[str, ...] = NODES, local: bool = False,
             service: str = "ok", **changes: Any) -> Evidence:
    """`lost`: from pods of a node to the node port of another."""
    ports = [row(source, {"to": f"port 30077 of {node}", "to_node": node, "kind": NODE_PORT, "port": 30077},
                 (lost or {}).get((source, node), "ok")) for source in NODES for node in NODES]
    own = [row(source, {"to": SERVICE, "to_node": "", "kind": "service", "port": 80}, service) for source in NODES]
    served = {"port": 30077, "protocol": "TCP", "local": local, "homes": list(homes)}
    return tried(**{"target": SERVICE, "ends": [ME], "node_port": served,
                    "probe_rows": [*tried()["probe_rows"], *ports, *own], **changes})


def to_port(node: str, outcome: str, *sources: str) -> dict[tuple[str, str], str]:
    return {(source, node): outcome for source in sources or NODES}


def test_node_ports_that_answer_are_told_with_what_nobody_can_see_from_inside() -> None:
    told = said(at_ports(), "answers pods on n1, n2 and n3")
    assert told.verdict is Verdict.INFO
    assert "is not seen from inside" in told.summary
    grid = {line[0]: line[1:] for line in judge(MATRIX, at_ports()).findings[0].grid}
    assert grid["port 30077 of n2"] == ("ok", "ok", "ok")


@pytest.mark.parametrize("outcome", ["timeout", "refused"])
def test_a_node_port_that_is_closed_on_one_node_is_that_nodes_fault(outcome: str) -> None:
    (told,) = [f for f in judge(MATRIX, at_ports(to_port("n2", outcome, "n1", "n3"))).findings if f.cause]
    assert (told.verdict, told.cause, told.object) == (Verdict.FAIL, "node.node-port", "Node n2")


def test_a_node_without_a_pod_of_a_local_service_need_not_answer() -> None:
    told = at_ports(to_port("n2", "timeout"), homes=("n1", "n3"), local=True)
    assert causes(MATRIX, told) == []
    assert "n2 has no endpoint and need not answer" in said(told, "answers pods on n1 and n3").summary
    grid = {line[0]: line[1:] for line in judge(MATRIX, told).findings[0].grid}
    assert set(grid["port 30077 of n2"]) == {"no endpoint"}
    assert causes(MATRIX, at_ports(to_port("n1", "timeout"), homes=("n1", "n3"), local=True)) == ["node.node-port"]


def test_node_ports_that_are_refused_everywhere_may_be_meant_for_other_addresses() -> None:
    nowhere = {pair: "refused" for node in NODES for pair in to_port(node, "refused")}
    assert causes(MATRIX, at_ports(nowhere)) == []
    assert said(at_ports(nowhere), "nodePortAddresses").verdict is Verdict.UNKNOWN


def test_a_service_that_does_not_answer_at_its_own_address_says_nothing_of_its_node_port() -> None:
    assert "node.node-port" not in causes(MATRIX, at_ports(to_port("n2", "timeout"), service="timeout"))


def test_a_policy_on_the_pods_behind_it_may_be_why() -> None:
    told = at_ports(to_port("n2", "timeout"), hindered={ME: ["NetworkPolicy deny"]})
    assert causes(MATRIX, told) == []


def test_the_port_is_tried_at_the_address_of_each_node_and_udp_is_not() -> None:
    nodes, served = [make_node(1), make_node(2)], {"port": 30077, "protocol": "TCP", "local": False, "homes": []}
    ways = [way for way in node_ways(nodes, {"node_port": served}) if way["kind"] == NODE_PORT]
    assert [(way["address"], way["port"], way["to_node"]) for way in ways] == [
        ("192.0.2.1", 30077, "node-1"), ("192.0.2.2", 30077, "node-2")]
    assert {way["kind"] for way in node_ways(nodes, {"node_port": {**served, "protocol": "UDP"}})} == {"node"}


async def test_probe_pods_are_told_to_try_the_node_port_and_where_its_pods_are_is_read(tmp_path: Path) -> None:
    bundle, made = load_scenario("conn-open-pair"), list[Object]()
    objects = [deepcopy(item) for item in bundle.objects]
    (shop,) = [item for item in objects if (item["kind"], item["metadata"]["name"]) == ("Service", "web")]
    shop["spec"] |= {"type": "NodePort", "externalTrafficPolicy": "Local"}
    shop["spec"]["ports"][0]["nodePort"] = 30077

    def start(pod: Object) -> tuple[Object, str]:
        made.append(pod)
        return {"phase": "Succeeded"}, "".join(f"netcheck {number} 0 0s\n" for number in range(60))

    async with open_box(replace(bundle, objects=tuple(objects)), tmp_path, start=start) as cluster:
        place = ProbePlace(namespace=bundle.runs[0].namespace, image="busybox:1")
        evidence = await MATRIX.gather(cluster.scoped(probe=place), MATRIX.args(to="netcheck-shop/web"))
    home = next(item["spec"]["nodeName"] for item in objects
                if (item["kind"], item["metadata"]["name"]) == ("Pod", "web"))
    assert evidence["node_port"] == {"port": 30077, "protocol": "TCP", "local": True, "homes": [home]}
    assert evidence["ends"] == ["netcheck-shop/web"]
    assert len(made) == 2
    assert all(pod["spec"]["containers"][0]["command"][-1].count(" 30077 &") == 2 for pod in made)
    assert causes(MATRIX, evidence) == []
