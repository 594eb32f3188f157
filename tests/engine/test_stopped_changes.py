"""Stop, pressed while a change is being made: what is told is what was seen."""

import asyncio
import time

from bot.journal import Journal
from bot.journal.memory import MemoryJournal
from bot.model.command import RunPlaybook
from bot.model.event import Origin
from bot.model.run import Run, Status
from bot.slack.view import thread
from bot.views import terminal
from tests.engine.stage import ALICE, BOB, GUIDED, Stage, World
from tests.journal.awaiting import until

HERE = Origin(surface="slack", channel="C1")


async def stopped(journal: Journal, answered: asyncio.Event, *, late: bool = False) -> tuple[World, Run]:
    """A run that Bob stops while what Alice approved is on its way; the API server answers when `answered`."""
    applying = asyncio.Event()

    async def slow(_: str) -> None:
        applying.set()
        await answered.wait()

    world = World(before_apply=slow)
    stage = Stage(journal, world, GUIDED, clock=time.time)
    started = await stage.desk.start(RunPlaybook("stage"), ALICE, HERE)
    await stage.worker.turn(started.run)
    await stage.desk.approve(started.run, "mend", 1, ALICE)
    turn = asyncio.create_task(stage.worker.turn(started.run))
    await applying.wait()
    await stage.desk.cancel(started.run, BOB)
    if late:
        answered.set()
    await turn
    await until(lambda: closed(stage, started.run))
    return world, await stage.run(started.run)


async def closed(stage: Stage, run_id: str) -> bool:
    return bool((await stage.run(run_id)).closed)


def told(run: Run) -> str:
    return next(post.text for post in thread("stage-1", run) if post.key == "ask:mend:1")


async def test_a_change_whose_answer_still_comes_is_told_as_made(journal: Journal) -> None:
    world, run = await stopped(journal, asyncio.Event(), late=True)
    assert world.applied == ["mend"]
    assert run.closed
    assert run.closed.reason == "cancelled"
    assert run.state("mend").status is Status.DONE
    assert "carried out" in told(run)
    assert "mended it" in terminal.tell("stage-1", run)


async def test_a_change_whose_answer_does_not_come_is_told_as_not_seen(journal: Journal) -> None:
    _, run = await stopped(journal, asyncio.Event())
    assert run.closed
    assert "being made when test:bob stopped the run: its outcome was not seen" in told(run)
    assert "Step mend: it was being made when the run was stopped" in terminal.tell("stage-1", run, 200)


async def test_a_change_that_was_approved_and_not_begun_is_told_as_such() -> None:
    stage = Stage(MemoryJournal(), World(), GUIDED, clock=time.time)
    started = await stage.desk.start(RunPlaybook("stage"), ALICE, HERE)
    await stage.worker.turn(started.run)
    await stage.desk.approve(started.run, "mend", 1, ALICE)
    await stage.desk.cancel(started.run, BOB)
    await stage.worker.turn(started.run)
    run = await stage.run(started.run)
    assert "stopped by test:bob before it began: nothing was changed" in told(run)
    assert stage.world.applied == []


async def test_a_change_that_was_not_decided_is_told_as_such() -> None:
    stage = Stage(MemoryJournal(), World(), GUIDED, clock=time.time)
    started = await stage.desk.start(RunPlaybook("stage"), ALICE, HERE)
    await stage.worker.turn(started.run)
    await stage.desk.cancel(started.run, BOB)
    await stage.worker.turn(started.run)
    assert "stopped by test:bob before this was decided" in told(await stage.run(started.run))
