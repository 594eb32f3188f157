"""Each read of the looks at the network plugin refused, or failing, in turn: never a fault, never a pass of what it
would have told, and what could not be read is named."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.cluster.reads import RunReads
from bot.engine import execution
from bot.engine.library import load_file, shipped_folder
from bot.model.finding import Finding, Verdict
from bot.playground.scenarios import load_scenario
from bot.steps.library import STEP_TYPES
from tests.steps.boxed import Boxed, open_boxed
from tests.steps.failing import BROKEN, REFUSED, each_failing

STEPS = {step.uses: step for step in load_file(shipped_folder() / "cni.yaml").steps}
LOOKS = ("cni.plugin", "cni.runtime", "cni.plan", "cni.files")
SCENARIOS = ("cni-healthy-weave", "cni-healthy-calico")
STAND_WITHOUT = {
    "cni.runtime": {"daemonsets"},      # the versions stand by themselves; which network runs decides only on a fault
    "cni.plugin": {"version", "apis", "deployments", "daemonsets"},  # what is not known of the agents is called so
    "cni.files": {"version", "exec"},   # of platforms that keep the folders elsewhere; the other nodes were seen
}


async def look(boxed: Boxed, uses: str) -> tuple[Finding, ...]:
    return (await execution.look(STEP_TYPES[uses], RunReads(boxed.cluster), STEPS[uses], {})).findings


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("uses", LOOKS)
@pytest.mark.parametrize("how", [REFUSED, BROKEN], ids=["refused", "broken"])
async def test_what_could_not_be_read_is_named_and_is_neither_fault_nor_pass(
    name: str, uses: str, how: dict[str, Any], tmp_path: Path
) -> None:
    blind = Verdict.SKIPPED if how is REFUSED else Verdict.UNKNOWN
    async with open_boxed(load_scenario(name), tmp_path) as boxed:
        async for missed, found in each_failing(boxed.box, how, partial(look, boxed, uses)):
            told = {f.verdict for f in found}
            goes_without = missed in STAND_WITHOUT.get(uses, ())
            assert not told & {Verdict.FAIL, Verdict.WARN}, (missed, found)
            assert told & {blind, Verdict.SKIPPED} or goes_without, (missed, found)
            assert Verdict.PASS not in told or goes_without, (missed, found)
