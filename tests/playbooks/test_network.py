"""The overview over the recorded clusters: it names the layer that is broken, and raises no alarm where none is."""

from pathlib import Path
from typing import Any

import pytest

from bot.diagnosis.causes import CAUSES, brings_about
from bot.engine.library import load_file, shipped_folder
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.scenarios import SCENARIOS, load_scenario
from tests.playground.answers import ask_box, is_meant

MOST_REQUESTS, MOST_BYTES = 60, 1_000_000


@pytest.mark.hurried
@pytest.mark.parametrize("name", SCENARIOS)
async def test_the_overview_finds_what_was_broken_or_what_comes_of_it_and_nothing_else(
    name: str, tmp_path: Path
) -> None:
    meant = SCENARIOS[name].roots
    async with ClusterBox(load_scenario(name)) as box:
        run = await ask_box(box, tmp_path, "network")
    assert [root for root in run["root_causes"] if not any(is_due(wanted, root) for wanted in meant)] == []
    assert (run["requests"] <= MOST_REQUESTS, run["bytes"] <= MOST_BYTES) == (True, True)


def is_due(wanted: tuple[str, str], root: Any) -> bool:
    """The overview reads no logs and no Corefile, so it may name what the true cause brings about."""
    cause = CAUSES.get(wanted[0])
    return is_meant(wanted, (root["cause"], root["object"])) or bool(cause and brings_about(cause, root["cause"]))


def test_the_overview_looks_at_every_layer_from_the_ground_up() -> None:
    looks = [step.uses for step in load_file(shipped_folder() / "network.yaml").steps]
    order = ["api.answers", "platform.fingerprint", "node.network", "cni.agents", "proxy.coverage", "dns.service",
             "dns.pods", "dns.endpoints", "dns.query_pods"]
    assert [uses for uses in looks if uses in order] == order
