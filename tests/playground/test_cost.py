"""What a run asks of a big cluster does not grow with it: 500 nodes, 5,000 pods, 2,000 Services."""

from pathlib import Path
from typing import Any

import pytest

from bot.playground.bundle import Bundle
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.scenarios import SCENARIOS, load_scenario
from tests.platforms.edits import change, edits, not_ready
from tests.playground.answers import ask_box
from tests.playground.metropolis import NODES, PODS, SERVICES, grow

BUDGETS = {"dns": (40, 200_000), "network": (60, 1_000_000)}
"""Requests and bytes, whatever is broken and however large the cluster is."""


@pytest.mark.parametrize("scenario", ["healthy-calico", "dns-selector"])
async def test_in_a_big_cluster_a_run_finds_what_is_broken_and_stays_within_its_budget(
    scenario: str, tmp_path: Path
) -> None:
    async with ClusterBox(grow(load_scenario(scenario))) as box:
        for playbook, (requests, size) in BUDGETS.items():
            run = await ask_box(box, tmp_path, playbook)
            found = tuple((root["cause"], root["object"]) for root in run["root_causes"])
            assert found == SCENARIOS[scenario].roots
            assert run["requests"] <= requests
            assert run["bytes"] <= size
            assert not [finding for finding in run["findings"] if "not recorded" in finding["summary"]]


def test_the_big_cluster_is_as_big_as_it_says() -> None:
    objects = grow(load_scenario("healthy-calico")).objects
    have = {kind: sum(item["kind"] == kind for item in objects) for kind in ("Node", "Pod", "Service")}
    assert have == {"Node": NODES, "Pod": PODS, "Service": SERVICES}
    assert (NODES, PODS, SERVICES) == (500, 5000, 2000)


def without(bundle: Bundle, *nodes: str) -> Bundle:
    """With so many nodes whose kubelets are silent, and the pods of the DaemonSets on them."""
    def fewer(item: dict[str, Any]) -> None:
        item["status"] |= {"desiredNumberScheduled": NODES, "currentNumberScheduled": NODES,
                           "updatedNumberScheduled": NODES, "numberReady": NODES - len(nodes)}

    silent = [change("Node", name, not_ready("Kubelet stopped posting node status.")) for name in nodes]
    return edits(*silent, change("DaemonSet", "calico-node", fewer), change("DaemonSet", "kube-proxy", fewer))(bundle)


@pytest.mark.parametrize("nodes", [("more-321",), tuple(f"more-{number}" for number in range(300, 309))])
async def test_nodes_that_are_not_ready_are_named_wherever_they_are(nodes: tuple[str, ...], tmp_path: Path) -> None:
    async with ClusterBox(without(grow(load_scenario("healthy-calico")), *nodes)) as box:
        for playbook in ("network", "node"):
            run = await ask_box(box, tmp_path, playbook)
            found = [(root["cause"], root["object"]) for root in run["root_causes"]]
            assert found == [("node.not-ready", f"Node {name}") for name in nodes[:3]], playbook
            assert run["bytes"] <= BUDGETS["network"][1]
            assert len(nodes) <= 3 or [f for f in run["findings"] if "6 more nodes are not ready" in f["summary"]]
