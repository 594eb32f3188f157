"""The shipped guided runbook over the shipped scenarios: the one change, approved, and everything looked at again."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.engine.library import load_file, shipped_folder
from bot.model.command import RunPlaybook
from bot.model.event import ApprovalRequested, Origin
from bot.model.finding import Answer
from bot.model.playbook import Kind, Step
from bot.model.run import Run
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.scenarios import load_scenario
from bot.wiring import Netcheck
from tests.playbooks.working import ALICE, until, working


async def approve_all(net: Netcheck, states: "asyncio.Queue[Run]") -> tuple[Run, list[str]]:
    """The closed run, and what was asked for on the way."""
    asked: list[str] = []
    started = await net.desk.start(RunPlaybook("dns-guided"), ALICE, Origin(surface="cli"))
    while True:
        run = await until(states, lambda run: run.closed or set(waiting(run)) - set(asked), 60.0)
        if run.closed:
            return run, asked
        (step,) = set(waiting(run)) - set(asked)
        asked.append(step)
        await net.desk.approve(started.run, step, run.state(step).attempt, ALICE)


def waiting(run: Run) -> list[str]:
    return [step.id for step in run.waiting_for_person if isinstance(run.state(step.id).prompt, ApprovalRequested)]


@pytest.mark.parametrize(("scenario", "changes"), [
    ("dns-selector", ["select"]),
    ("dns-scaled-to-zero", ["scale"]),
    ("corefile-proxy", ["configure", "restart"]),
])  # fmt: skip
async def test_what_is_approved_mends_the_cluster_and_is_seen_to_have_mended_it(
    scenario: str, changes: list[str], tmp_path: Path
) -> None:
    async with ClusterBox(load_scenario(scenario), lag=0.0) as box, working(box, tmp_path) as (net, states):
        run, asked = await approve_all(net, states)
    assert asked == changes
    assert run.conclusion is not None
    assert run.conclusion.answer is Answer.OK, run.conclusion


@pytest.mark.parametrize("scenario", ["healthy", "upstream-stopped", "no-network-plugin"])
async def test_nothing_is_offered_that_would_not_mend_what_was_found(scenario: str, tmp_path: Path) -> None:
    async with ClusterBox(load_scenario(scenario), lag=0.0) as box, working(box, tmp_path) as (net, states):
        _, asked = await approve_all(net, states)
    assert asked == []


def described(step: Step) -> tuple[object, ...]:
    return step.id, step.uses, step.title, step.with_, step.when, step.timeout, step.fresh


def test_it_looks_at_all_that_dns_looks_at_before_it_offers_a_change() -> None:
    plain, guided = (load_file(shipped_folder() / f"{name}.yaml").steps for name in ("dns", "dns-guided"))
    first = next(index for index, step in enumerate(guided) if step.kind is Kind.CHANGE)
    looks = [described(step) for step in plain if step.kind is Kind.LOOK and not step.fresh]
    assert [described(step) for step in guided[:first]] == looks


def test_every_look_that_is_made_again_is_made_as_it_was_the_first_time() -> None:
    steps = {step.id: step for step in load_file(shipped_folder() / "dns-guided.yaml").steps}
    again = {name.removesuffix("_again"): step for name, step in steps.items() if name.endswith("_again")}
    assert again
    for name, step in again.items():
        assert described(replace(steps[name], id=step.id, when=step.when, fresh=True)) == described(step)
