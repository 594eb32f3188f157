"""What a run asks of a big cluster does not grow with it: 500 nodes, 5,000 pods, 2,000 Services."""

from pathlib import Path

import pytest

from bot.playground.cluster_box.box import ClusterBox
from bot.playground.scenarios import SCENARIOS, load_scenario
from tests.playground.metropolis import grow
from tests.playground.test_scenarios import run_dns

BUDGETS = {"dns": (40, 200_000), "network": (60, 1_000_000)}
"""Requests and bytes, whatever is broken and however large the cluster is."""


@pytest.mark.parametrize("scenario", ["healthy-calico", "dns-selector"])
async def test_in_a_big_cluster_a_run_finds_what_is_broken_and_stays_within_its_budget(
    scenario: str, tmp_path: Path
) -> None:
    async with ClusterBox(grow(load_scenario(scenario))) as box:
        for playbook, (requests, size) in BUDGETS.items():
            run = await run_dns(box, tmp_path, playbook)
            found = tuple((root["cause"], root["object"]) for root in run["root_causes"])
            assert found == SCENARIOS[scenario].roots
            assert run["requests"] <= requests
            assert run["bytes"] <= size
            assert not [finding for finding in run["findings"] if "not recorded" in finding["summary"]]
