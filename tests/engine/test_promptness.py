"""What people say takes effect at once, whatever else is slow or away: a surface, a step, the store, other runs."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from bot.journal import Entry
from bot.journal.memory import MemoryJournal
from bot.model.command import RunPlaybook
from bot.model.errors import JournalUnavailable, Refused
from bot.model.event import Event, Origin
from bot.model.moves import APPROVAL_LASTS
from bot.model.run import Run, Status
from tests.engine.stage import ALICE, BOB, GUIDED, Stage, World, playbook, step
from tests.journal.awaiting import until

HERE = Origin(surface="cli")
RUN = RunPlaybook("stage")


@asynccontextmanager
async def working(stage: Stage) -> AsyncIterator[None]:
    task = asyncio.create_task(stage.worker.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def reached(stage: Stage, run_id: str, wanted: Status | None) -> Run:
    """The run, once a step has that status; None: once it is closed."""

    async def there() -> bool:
        run = await stage.run(run_id)
        return bool(run.closed) if wanted is None else any(s.status is wanted for s in run.steps.values())

    await until(there)
    return await stage.run(run_id)


@dataclass
class Stuck:
    """A surface that takes what it is given and does not come back."""

    released: asyncio.Event = field(default_factory=asyncio.Event)
    name: str = "stuck"

    async def publish(self, run_id: str, run: Run) -> float:
        await self.released.wait()
        return 0.0


async def test_an_approval_does_not_wait_for_a_surface_that_is_stuck() -> None:
    surface = Stuck()
    stage = Stage(MemoryJournal(), World(), GUIDED, [surface], clock=time.time)
    async with working(stage):
        started = await stage.desk.start(RUN, ALICE, HERE)
        await reached(stage, started.run, Status.APPROVAL)
        await stage.desk.approve(started.run, "mend", 1, ALICE)
        await reached(stage, started.run, Status.ASKING)
        assert not surface.released.is_set()
        surface.released.set()
    assert stage.world.applied == ["mend"]


async def test_a_step_that_is_slow_to_clear_up_does_not_keep_a_run_from_being_stopped() -> None:
    begun, cleared = asyncio.Event(), asyncio.Event()

    async def slow(_: str) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await cleared.wait()

    stage = Stage(MemoryJournal(), World(before_gather=slow), playbook(step("one")), clock=time.time)
    async with working(stage):
        started = await stage.desk.start(RUN, ALICE, HERE)
        await begun.wait()
        await stage.desk.cancel(started.run, BOB)
        run = await reached(stage, started.run, None)
        cleared.set()
    assert run.state("one").findings == ()


class Away(MemoryJournal):
    """A store that does not answer while `away`; `renewals`: how often a lease was asked for meanwhile."""

    away = False
    renewals = 0

    async def read(self, id: str, after: int = 0) -> Sequence[Entry]:
        self._answer()
        return await super().read(id, after)

    async def append(self, id: str, number: int, event: Event, *, nonce: str, now: float | None) -> None:
        self._answer()
        await super().append(id, number, event, nonce=nonce, now=now)

    async def lease(self, id: str, owner: str, ttl: float) -> bool:
        self.renewals += self.away
        self._answer()
        return await super().lease(id, owner, ttl)

    def _answer(self) -> None:
        if self.away:
            raise JournalUnavailable("away")


async def test_what_became_of_a_change_is_written_once_the_store_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.engine.worker.RENEW", 0.02)
    journal, applying, answer = Away(), asyncio.Event(), asyncio.Event()

    async def slow(_: str) -> None:
        applying.set()
        await answer.wait()

    world = World(before_apply=slow)
    stage = Stage(journal, world, GUIDED, clock=time.time)
    async with working(stage):
        started = await stage.desk.start(RUN, ALICE, HERE)
        await reached(stage, started.run, Status.APPROVAL)
        await stage.desk.approve(started.run, "mend", 1, ALICE)
        await applying.wait()
        journal.away = True
        answer.set()
        await until(lambda: missed(journal, world))
        journal.away = False
        run = await reached(stage, started.run, Status.ASKING)
    assert run.state("mend").status is Status.DONE
    assert run.state("mend").attempt == 1
    assert run.state("mend").findings[0].summary == "mended it"


async def missed(journal: Away, world: World) -> bool:
    """The change was made, and the lease could not be renewed."""
    return bool(world.applied) and journal.renewals > 1


async def test_runs_in_progress_do_not_hide_another_that_is_due() -> None:
    journal, release = MemoryJournal(), asyncio.Event()

    async def wait(_: str) -> None:
        await release.wait()

    world, plan = World(before_gather=wait), playbook(step("one", timeout=600))
    here, elsewhere = (Stage(journal, world, plan, clock=time.time) for _ in range(2))
    async with working(here):
        for _ in range(64):
            await here.desk.start(RUN, ALICE, HERE)
        await until(lambda: begun(world, 64))
        await elsewhere.desk.start(RUN, ALICE, HERE)
        await until(lambda: begun(world, 65))
        release.set()


async def begun(world: World, number: int) -> bool:
    return world.gathered["one"] == number


async def test_an_approval_that_comes_too_late_is_refused_also_while_no_worker_has_looked() -> None:
    now = [1_700_000_000.0]
    stage = Stage(MemoryJournal(), World(), GUIDED, clock=lambda: now[0])
    started = await stage.desk.start(RUN, ALICE, HERE)
    await stage.worker.turn(started.run)
    now[0] += APPROVAL_LASTS
    with pytest.raises(Refused, match="Too late: nobody approved it within 24 h"):
        await stage.desk.approve(started.run, "mend", 1, ALICE)
