"""The worker is stopped after each of its operations in turn; a fresh one must finish, and double nothing."""

from collections import Counter
from contextlib import suppress
from typing import cast

import pytest

from bot.journal import Journal
from bot.model import event as e
from bot.model.command import RunPlaybook
from bot.model.event import Origin
from bot.model.finding import Answer
from bot.model.run import Run, Status
from tests.engine.stage import ALICE, GUIDED, Stage, World
from tests.engine.stopping import Stopped, StoppingJournal


async def decide(stage: Stage, run_id: str, run: Run) -> None:
    """What a person does who approves everything and answers yes."""
    for step in run.waiting_for_person:
        state = run.state(step.id)
        if state.status is Status.APPROVAL:
            await stage.desk.approve(run_id, step.id, state.attempt, ALICE)
        else:
            await stage.desk.answer(run_id, step.id, "yes", ALICE)


async def finish(stage: Stage, run_id: str) -> Run:
    for _ in range(30):
        await stage.worker.turn(run_id)
        run = await stage.run(run_id)
        if run.closed:
            return run
        await decide(stage, run_id, run)
    raise AssertionError("the run does not come to its end")


async def test_a_guided_run_goes_from_fault_to_mended(journal: Journal) -> None:
    world = World()
    stage = Stage(journal, world, GUIDED)
    run_id = (await stage.desk.start(RunPlaybook("stage"), ALICE, Origin(surface="cli"))).run
    run = await finish(stage, run_id)
    assert run.conclusion is not None
    assert run.conclusion.answer is Answer.OK
    assert world.applied == ["mend"]
    assert run.state("ask").outputs["answer"] == "yes"
    told = [entry.event for entry in await journal.read(run_id)]
    first = next(event for event in told if isinstance(event, e.RunConcluded))
    assert first.conclusion.root_causes[0].finding.cause == "dns.service.selector"


@pytest.mark.parametrize("late", [False, True], ids=["before-the-store", "after-the-store"])
async def test_a_worker_that_dies_at_any_operation_leaves_a_run_that_another_finishes(
    journal: Journal, late: bool
) -> None:
    stops = 0
    for operations in range(200):
        world = World()
        healthy = Stage(journal, world, GUIDED)
        run_id = (await healthy.desk.start(RunPlaybook("stage"), ALICE, Origin(surface="cli"))).run
        dying_journal = StoppingJournal(journal, operations, late=late)
        dying = Stage(cast(Journal, dying_journal), world, GUIDED)
        with suppress(Stopped):
            for _ in range(10):
                await dying.worker.turn(run_id)
                await decide(healthy, run_id, await healthy.run(run_id))
        run = await finish(healthy, run_id)
        await _check(journal, run_id, run, world)
        if not dying_journal.stopped:
            break
        stops += 1
    else:
        raise AssertionError("a run takes more than 200 operations")
    assert stops > 20


async def _check(journal: Journal, run_id: str, run: Run, world: World) -> None:
    events = [entry.event for entry in await journal.read(run_id)]
    granted = [event for event in events if isinstance(event, e.ApprovalGranted)]
    assert len(world.applied) <= len(granted), "a change runs at most once per approval"
    assert world.mended
    finished = Counter((event.step, event.attempt) for event in events if isinstance(event, e.StepFinished))
    assert set(finished.values()) == {1}, "no result is written twice"
    assert sum(isinstance(event, e.RunClosed) for event in events) == 1
    assert run.conclusion is not None
    assert run.conclusion.answer is Answer.OK
