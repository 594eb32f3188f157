"""What Calico is told for single nodes, and what is read of it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.model.finding import Verdict
from bot.playground.scenarios import load_scenario
from bot.steps.cni.calico_nodes import CALICO_NODES, CalicoArgs, gather_calico_nodes
from tests.steps.boxed import open_box

READ_AT = 1_790_000_000.0
VXLAN = {"name": "a", "cidr": "10.244.0.0/16", "disabled": False, "uses": ["Workload"], "vxlan": "Always",
         "ipip": "Never", "nodes": "all()"}


def told(**changes: Any) -> dict[str, Any]:
    return {"read_at": READ_AT, "nodes": {"n1": ["10.0.0.1"], "n2": ["10.0.0.2"]}, "variables": [], "pools": [VXLAN],
            "felix": {"default": {}}, "endpoints": [], "selectors": [], "skipped": [], **changes}


def felix(own: dict[str, Any], usual: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return told(felix={"default": usual or {}, "node.n2": own}, **changes)


def point(**changes: Any) -> dict[str, Any]:
    return {"name": "n2-eth0", "labels": {"role": "worker"}, "node": "n2", "interface": "*", "addresses": [],
            "profiles": [], **changes}


def judged(evidence: dict[str, Any]) -> list[tuple[Verdict, str, str]]:
    return [(f.verdict, f.cause or "", f.object) for f in CALICO_NODES.judge(evidence, CalicoArgs()).findings]


TUNNEL = (Verdict.FAIL, "cni.agent.tunnel", "FelixConfiguration node.n2")
SHUT = (Verdict.FAIL, "policy.host-endpoint", "HostEndpoint n2-eth0")
WELL = (Verdict.PASS, "", "")


@pytest.mark.parametrize(("evidence", "expected"), [
    (told(), [WELL]), (felix({}), [WELL]),
    (felix({"vxlanPort": 4790}), [TUNNEL]), (felix({"vxlanVNI": 7}), [TUNNEL]),
    (felix({"vxlanPort": 4789}), [WELL]),                                # what it is anyhow
    (felix({"vxlanPort": 4790}, {"vxlanPort": 4790}), [WELL]),           # as all others
    (told(felix={"node.n1": {"vxlanPort": 4790}, "node.n2": {"vxlanPort": 4790}}), [WELL]),
    (felix({"vxlanPort": 4790}, variables=["vxlanPort"]), [WELL]),       # a variable of the agents decides
    (felix({"vxlanPort": 4790}, pools=[{**VXLAN, "vxlan": "Never", "ipip": "Always"}]), [WELL]),
    (felix({"vxlanEnabled": False}), [TUNNEL]), (felix({"vxlanEnabled": True}), [WELL]),
    (told(felix={"default": {"vxlanEnabled": False}}),
     [(Verdict.FAIL, "cni.agent.tunnel", "FelixConfiguration default")]),
    (told(felix={"default": {"vxlanEnabled": False}}, pools=[{**VXLAN, "disabled": True}]), [WELL]),
])
def test_nodes_must_have_one_tunnel(evidence: dict[str, Any], expected: Any) -> None:
    assert judged(evidence) == expected


@pytest.mark.parametrize(("evidence", "expected"), [
    (told(endpoints=[point()]), [SHUT]),
    (told(endpoints=[point(interface="eth0", addresses=["10.0.0.2"])]), [SHUT]),
    (told(endpoints=[point(profiles=["projectcalico-default-allow"])]), [WELL]),
    (told(endpoints=[point()], selectors=["role == 'worker'"]), [WELL]),  # what that allows is not judged
    (told(endpoints=[point()], selectors=["role is 'worker'"]), [WELL]),  # not understood, so nothing is said
    (told(endpoints=[point()], selectors=["role == 'db'"]), [SHUT]),
    (told(endpoints=[point()], selectors=None), [WELL]),                  # the policies could not be read
    (told(endpoints=[point(interface="eth1", addresses=["192.168.7.2"])]),
     [(Verdict.INFO, "", "HostEndpoint n2-eth0")]),
    (told(endpoints=[point(interface="eth1")]), [(Verdict.WARN, *SHUT[1:])]),  # which one it is it does not say
    (told(endpoints=[point(node="n9")]), [(Verdict.INFO, "", "")]),            # of many nodes not all are read
    (told(endpoints=[point(node="db1")], nodes={"db1": None}), [WELL]),        # a machine that is no node
])
def test_an_endpoint_that_nothing_speaks_for_shuts_its_node_off(evidence: dict[str, Any], expected: Any) -> None:
    assert judged(evidence) == expected


def test_what_may_not_be_read_is_neither_well_nor_wrong() -> None:
    evidence = told(felix=None, skipped=["list felixconfigurations.crd.projectcalico.org"])
    assert [verdict for verdict, _, _ in judged(evidence)] == [Verdict.SKIPPED]
    unknown = told(endpoints=[point()], selectors=None, skipped=["list globalnetworkpolicies.crd.projectcalico.org"])
    assert [verdict for verdict, _, _ in judged(unknown)] == [Verdict.SKIPPED]


def test_without_calico_there_is_nothing_to_say() -> None:
    assert judged({"read_at": READ_AT, "felix": None, "endpoints": None, "skipped": []}) == []


@pytest.mark.parametrize(("node", "expected"), [("n2", "policy.host-endpoint"), ("database-1", "")])
async def test_a_machine_that_is_no_node_is_none_of_the_clusters_business(
    node: str, expected: str, tmp_path: Path
) -> None:
    bundle = load_scenario("calico-node-settings")
    shut = {"node": node, "interfaceName": "*", "profiles": []}
    objects = tuple({**item, "spec": shut} if item["kind"] == "HostEndpoint" else item for item in bundle.objects)
    async with open_box(replace(bundle, objects=objects), tmp_path) as cluster:
        told = await gather_calico_nodes(cluster, CalicoArgs())
    assert told["endpoints"]
    assert {cause for _, cause, _ in judged(told) if cause} == {expected} - {""}
