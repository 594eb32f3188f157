"""What netcheck's own pod reaches: on evidence alone, and with connections of a recording over the wire of the box."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.model.finding import Finding, Verdict
from bot.playground.bundle import Connection, Object, Read
from bot.playground.cluster_box.roles import EVERYTHING, Rule
from bot.playground.connections import RecordedSockets
from bot.steps import Evidence
from bot.steps.dns.path import PATH
from bot.steps.path.matrix import MATRIX
from bot.steps.path.probe import API, OUTSIDE, SERVICE
from tests.playground.cluster_box.town import make_object, make_town, with_reads
from tests.steps.boxed import open_box
from tests.steps.dns_evidence import causes, judge
from tests.steps.test_path_matrix import rows as all_rows
from tests.steps.test_path_matrix import tried
from tests.steps.test_path_probe import SILENT
from tests.steps.test_path_probe import evidence as probed
from tests.steps.test_path_probe import rows as dns_rows

OWN = {"pod": "ops/netcheck-1", "node": "n1", "namespace": "ops", "labels": {}}
Lost = dict[tuple[str, str], Any]


def dns_tried(lost: Lost | None = None, **changes: Any) -> Evidence:
    """`dns.path` of a netcheck that runs on n1, without probe pods."""
    found = {**probed(), "own": OWN, "own_rows": dns_rows(lost or {}, ("n1",)), "own_policies": []}
    for name in ("probed", "unprobed", "probe_rows", "probe_failures", "probe_namespace", "probe_policies"):
        del found[name]
    return {**found, **changes}


def own_tried(lost: dict[tuple[str, str], str] | None = None, **changes: Any) -> Evidence:
    """`path.matrix` of the same. Long requests and the nodes' resolvers are left to probe pods."""
    own = [row for row in all_rows(lost or {}, ("n1",)) if not row["large"] and row["to"] != OUTSIDE]
    return tried(**{"probed": (), "own": OWN, "own_rows": own, "own_held": [], **changes})


def last(evidence: Evidence) -> Finding:
    return judge(PATH, evidence).findings[-1]


def of_matrix(evidence: Evidence) -> Finding:
    return judge(MATRIX, evidence).findings[-1]


# --- dns.path ---------------------------------------------------------------------------------------------------------


def test_a_way_that_is_open_passes_for_its_own_node_and_the_rest_is_called_not_tested() -> None:
    told = last(dns_tried())
    assert told.verdict is Verdict.PASS
    assert "From pods on n1 the DNS Service and each DNS pod answer by UDP and TCP" in told.summary
    assert told.summary.endswith("other nodes were not tested.")
    assert any("from its own Pod ops/netcheck-1 on n1" in f.summary for f in judge(PATH, dns_tried()).findings)


def test_udp_that_is_dropped_on_the_way_to_a_node_is_told_without_any_probe_pod() -> None:
    told = last(dns_tried({("n1", "n2"): {"UDP": "timeout"}}))
    assert (told.verdict, told.cause, told.object) == (Verdict.FAIL, "node.dns-port", "Node n2")


def test_a_service_address_that_does_not_answer_alone_may_be_the_services_own_fault() -> None:
    assert causes(PATH, dns_tried({("n1", SERVICE): {"UDP": "timeout", "TCP": "timeout"}})) == []
    dead = {("n1", SERVICE): {"UDP": "timeout", "TCP": "timeout"}, ("n1", API): {"TCP": "timeout"}}
    assert causes(PATH, dns_tried(dead)) == ["proxy.path"]


@pytest.mark.parametrize("policies", [["NetworkPolicy deny"], None])
def test_a_policy_on_netchecks_own_pod_may_be_why_and_is_no_fault_of_the_network(policies: list[str] | None) -> None:
    held = dns_tried({("n1", "n2"): SILENT}, own_policies=policies)
    assert causes(PATH, held) == []
    assert (last(held).verdict, "may be why" in last(held).summary) == (Verdict.UNKNOWN, True)


def test_a_policy_on_netchecks_own_pod_does_not_hide_what_probe_pods_found() -> None:
    lost = {("n1", "n2"): SILENT, ("n2", "n1"): SILENT}
    found = probed(lost, own=OWN, own_rows=dns_rows(lost, ("n1",)), own_policies=["NetworkPolicy deny"])
    assert causes(PATH, found) == ["cni.path"]


# --- path.matrix ------------------------------------------------------------------------------------------------------


def test_what_it_reaches_is_a_line_of_the_grid_and_other_nodes_are_called_not_tried() -> None:
    grid = judge(MATRIX, own_tried()).findings[0].grid
    assert grid[0][1:] == ("netcheck on n1",)
    told = of_matrix(own_tried())
    assert told.verdict is Verdict.PASS
    assert "from other nodes nothing was tried" in told.summary


def test_a_node_that_it_does_not_reach_is_cut_off() -> None:
    told = of_matrix(own_tried({("n1", "n3"): "timeout"}))
    assert (told.verdict, told.cause, told.object) == (Verdict.FAIL, "cni.path", "Node n3")
    assert told.evidence[0].startswith("netcheck on n1 → kube-system/dns-n3 on n3: TCP 8181 no answer")


def test_what_a_policy_may_keep_from_it_is_not_tested() -> None:
    told = of_matrix(own_tried({("n1", "n3"): "timeout"}, own_held=["NetworkPolicy deny"]))
    assert (told.verdict, told.cause) == (Verdict.UNKNOWN, "")
    assert "NetworkPolicy deny may be why" in told.summary


# --- gathered over the wire -------------------------------------------------------------------------------------------

POD = make_object("v1", "Pod", "netcheck-1", "ops", spec={"nodeName": "node-1", "containers": []})
API_SERVICE = make_object("v1", "Service", "kubernetes", "default",
                          spec={"clusterIP": "10.2.0.1", "ports": [{"port": 443}]})


async def gathered(folder: Path, *pods: Object, permissions: Sequence[Rule] = EVERYTHING) -> Evidence:
    town = with_reads(make_town(), Read(verb="list", kind="Service", api="v1"), Read(verb="list", kind="Pod", api="v1"))
    addresses = [item["status"]["podIP"] for item in town.objects if item["kind"] == "Pod"]
    recorded = replace(
        town, objects=(*town.objects, API_SERVICE, *pods), own_pod="ops/netcheck-1",
        connections=(*(Connection(protocol=p, address=a, port=53, outcome="ok") for p in ("UDP", "TCP")
                       for a in addresses),
                     Connection(protocol="UDP", address="10.2.0.10", port=53, outcome="timeout"),
                     Connection(protocol="UDP", address="10.2.0.10", port=53, outcome="ok")))
    async with open_box(recorded, folder, permissions) as cluster:
        return await PATH.gather(cluster.scoped(sockets=RecordedSockets(recorded)), PATH.args())


async def test_its_tries_come_from_its_node_and_a_recording_tells_them_in_their_order(tmp_path: Path) -> None:
    evidence = await gathered(tmp_path, POD)
    assert evidence["own"]["node"] == "node-1"
    rows = evidence["own_rows"]
    assert {row["from"] for row in rows} == {"node-1"}
    by_udp = [row["outcome"] for row in rows if row["to"] == SERVICE and row["protocol"] == "UDP"]
    assert by_udp == ["timeout", "ok", "timeout", "ok", "timeout"]
    assert {row["outcome"] for row in rows if row["to"] == API} == {"untold"}  # which was not recorded


async def test_where_it_runs_is_read_and_where_that_is_not_permitted_nothing_is_tried(tmp_path: Path) -> None:
    rule: Rule = {"apiGroups": ["*"], "resources": ["services", "endpointslices", "nodes", "deployments", "daemonsets"],
                  "verbs": ["get", "list"]}
    own: Rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}
    evidence = await gathered(tmp_path, POD, permissions=(rule, own))
    assert "own_rows" not in evidence
    assert "get pods in ops" in evidence["skipped"]


async def test_a_hostname_that_is_no_pods_name_is_said_and_a_pod_on_its_nodes_network_is_no_pods_way(
    tmp_path: Path,
) -> None:
    evidence = await gathered(tmp_path)
    assert "own_rows" not in evidence
    assert any("its hostname is not its name" in line for line in evidence["skipped"])
    shared = {**POD, "spec": {**POD["spec"], "hostNetwork": True}}
    assert "own_rows" not in await gathered(tmp_path, shared)


async def test_a_netcheck_outside_the_cluster_tries_nothing_by_itself(tmp_path: Path) -> None:
    town = with_reads(make_town(), Read(verb="list", kind="Service", api="v1"))
    async with open_box(town, tmp_path) as cluster:
        assert "own" not in await PATH.gather(cluster, PATH.args())
