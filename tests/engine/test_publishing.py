"""How runs reach their surfaces: late where a surface asks for it, to the end when a worker stops."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.journal.memory import MemoryJournal
from bot.model.command import RunPlaybook
from bot.model.event import Origin
from bot.model.run import Run
from tests.engine.stage import ALICE, Stage, World, playbook, step

HERE = Origin(surface="cli")


@dataclass
class Board:
    """A surface that takes as long as it is told, and as long as a run goes on asks to be called again (`later`)."""

    later: float = 0.0
    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    begun: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    name: str = "board"

    async def publish(self, run_id: str, run: Run) -> float:
        self.begun.append(run.version)
        await self.may_end.wait()
        self.ended.append(run.version)
        return 0.0 if run.closed else self.later


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - a surface has nothing to await
            await asyncio.sleep(0.005)


async def test_a_message_under_way_arrives_before_a_worker_that_is_stopped_gives_the_run_away() -> None:
    board = Board()
    stage = Stage(MemoryJournal(), World(), playbook(step("one")), surfaces=[board], clock=time.time)
    started = await stage.desk.start(RunPlaybook("stage"), ALICE, HERE)
    working = asyncio.create_task(stage.worker.run())
    await until(lambda: bool(board.begun))
    working.cancel()
    await asyncio.wait({working}, timeout=0.1)
    assert not await stage.journal.lease(started.run, "another", 10)
    board.may_end.set()
    await asyncio.wait({working})
    assert board.ended == board.begun
    assert await stage.journal.lease(started.run, "another", 10)


async def test_a_surface_that_could_not_show_all_is_called_again_while_a_look_goes_on() -> None:
    board = Board(later=0.01)
    board.may_end.set()

    async def until_called_again(_: str) -> None:
        await until(lambda: len(set(board.ended)) < len(board.ended))

    world = World(before_gather=until_called_again)
    stage = Stage(MemoryJournal(), world, playbook(step("one", timeout=60)), surfaces=[board], clock=time.time)
    started = await stage.desk.start(RunPlaybook("stage"), ALICE, HERE)
    await stage.worker.turn(started.run)
    run = await stage.run(started.run)
    assert run.state("one").findings[0].summary == "one is well"
    assert run.closed
