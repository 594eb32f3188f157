"""Several workers, many runs; people who stop, answer late, and click at once."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from bot.engine.publishing import Publisher
from bot.engine.turn import Turn
from bot.journal import Journal
from bot.journal.memory import MemoryJournal
from bot.model import event as e
from bot.model.command import RunPlaybook
from bot.model.errors import Refused, UsageError
from bot.model.event import Origin
from bot.model.permission import Rules
from bot.model.playbook import Playbook
from bot.model.run import Run, Status
from tests.engine.stage import ALICE, BOB, GUIDED, Stage, World, playbook, step

HERE = Origin(surface="cli")
WIDE = playbook(*(step(f"s{n}") for n in range(6)), step("last", refers=("s0",), when="steps.s0.outputs.name == 's0'"))


@dataclass
class Screen:
    """A surface that remembers what it was shown."""

    shown: list[tuple[str, int]] = field(default_factory=list)
    later: float = 0.0
    name: str = "screen"

    async def publish(self, run_id: str, run: Run) -> float:
        self.shown.append((run_id, run.version))
        return self.later


@asynccontextmanager
async def working(*stages: Stage) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(stage.worker.run()) for stage in stages]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(stage: Stage, run_id: str, wanted: str) -> Run:
    """Wait for a status of any step, or for `closed`."""
    async with asyncio.timeout(30):
        while True:
            run = await stage.run(run_id)
            if (run.closed and wanted == "closed") or any(s.status == wanted for s in run.steps.values()):
                return run
            await asyncio.sleep(0.01)


def stages(journal: Journal, world: World, plan: Playbook = WIDE, count: int = 1) -> Sequence[Stage]:
    return [Stage(journal, world, plan, clock=time.time) for _ in range(count)]


async def test_several_workers_over_many_runs_double_nothing(journal: Journal) -> None:
    world = World()
    team = stages(journal, world, count=3)
    async with working(*team):
        asked = [team[n % 3].desk.start(RunPlaybook("stage"), ALICE, HERE) for n in range(30)]
        ids = [started.run for started in await asyncio.gather(*asked)]
        runs = [await until(team[0], run_id, "closed") for run_id in ids]
    assert len(set(ids)) == 30
    assert world.gathered == Counter({f"s{n}": 30 for n in range(6)} | {"last": 30})
    for run_id, run in zip(ids, runs, strict=True):
        events = [entry.event for entry in await journal.read(run_id)]
        kinds = Counter(type(event).__name__ for event in events)
        assert kinds == {"RunStarted": 1, "StepStarted": 8, "StepFinished": 8, "RunConcluded": 1, "RunClosed": 1}
        assert run.closed


async def test_looks_that_do_not_refer_to_each_other_run_side_by_side() -> None:
    world, together = World(), asyncio.Barrier(6)

    async def meet(name: str) -> None:
        if name != "last":
            await together.wait()

    world.before_gather = meet
    (stage,) = stages(MemoryJournal(), world)
    async with working(stage):
        started = await stage.desk.start(RunPlaybook("stage"), ALICE, HERE)
        await until(stage, started.run, "closed")


async def test_a_run_can_be_stopped_while_a_look_is_in_flight(journal: Journal) -> None:
    world, begun = World(), asyncio.Event()

    async def hang(name: str) -> None:
        begun.set()
        await asyncio.sleep(3600)

    world.before_gather = hang
    working_one, other = stages(journal, world, count=2)
    async with working(working_one):
        started = await working_one.desk.start(RunPlaybook("stage"), ALICE, HERE)
        await begun.wait()
        await other.desk.cancel(started.run, BOB, "enough")
        run = await until(other, started.run, "closed")
    assert run.closed
    assert run.closed.reason == "cancelled"


async def test_a_look_that_hangs_is_unknown_and_says_what_was_waited_for() -> None:
    world = World()

    async def hang(name: str) -> None:
        await asyncio.sleep(3600 if name == "slow" else 0)

    world.before_gather = hang
    (stage,) = stages(MemoryJournal(), world, playbook(step("slow", timeout=0.05), step("quick")))
    async with working(stage):
        started = await stage.desk.start(RunPlaybook("stage"), ALICE, HERE)
        run = await until(stage, started.run, "closed")
    (finding,) = run.state("slow").findings
    assert finding.verdict == "unknown"
    assert "0.05 s" in finding.summary
    assert run.state("quick").findings[0].verdict == "pass"


async def test_a_look_that_raises_is_a_finding_and_the_run_goes_on() -> None:
    world = World()

    async def fail(name: str) -> None:
        if name == "bad":
            raise ZeroDivisionError

    world.before_gather = fail
    (stage,) = stages(MemoryJournal(), world, playbook(step("bad"), step("good")))
    async with working(stage):
        started = await stage.desk.start(RunPlaybook("stage"), ALICE, HERE)
        run = await until(stage, started.run, "closed")
    assert run.state("bad").findings[0].verdict == "unknown"
    assert run.state("good").findings[0].verdict == "pass"


async def test_the_first_click_wins_and_the_second_person_is_told_who_was_first(journal: Journal) -> None:
    world = World()
    one, two = stages(journal, world, GUIDED, count=2)
    async with working(one):
        started = await one.desk.start(RunPlaybook("stage"), ALICE, HERE)
        await until(one, started.run, Status.APPROVAL)
        clicks = [d.approve(started.run, "mend", 1, who) for d, who in ((one.desk, ALICE), (two.desk, BOB)) * 3]
        outcomes = await asyncio.gather(*clicks, return_exceptions=True)
        await until(one, started.run, Status.ASKING)
    refusals = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    events = [entry.event for entry in await journal.read(started.run)]
    (granted,) = (event for event in events if isinstance(event, e.ApprovalGranted))
    assert len(refusals) == 5
    assert all(granted.by in str(refusal) for refusal in refusals)
    assert world.applied == ["mend"]


async def test_a_refused_change_changes_nothing_and_what_depends_on_it_is_skipped() -> None:
    world = World()
    (stage,) = stages(MemoryJournal(), world, GUIDED)
    async with working(stage):
        started = await stage.desk.start(RunPlaybook("stage"), ALICE, HERE)
        await until(stage, started.run, Status.APPROVAL)
        await stage.desk.refuse(started.run, "mend", 1, BOB, "not now")
        run = await until(stage, started.run, Status.ASKING)
        assert run.state("again").status is Status.SKIPPED
        await stage.desk.answer(started.run, "ask", "no", BOB)
        run = await until(stage, started.run, "closed")
    assert world.applied == []
    assert run.conclusion is not None
    assert run.conclusion.answer == "broken"


async def test_who_is_not_named_may_not_approve() -> None:
    stage = Stage(MemoryJournal(), World(), GUIDED, clock=time.time, rules=Rules(change=("test:bob",)))
    async with working(stage):
        started = await stage.desk.start(RunPlaybook("stage"), ALICE, HERE)
        await until(stage, started.run, Status.APPROVAL)
        with pytest.raises(Refused, match="You may not change anything on prod: that is for test:bob"):
            await stage.desk.approve(started.run, "mend", 1, ALICE)


async def test_a_delivery_that_comes_twice_starts_one_run(journal: Journal) -> None:
    (stage,) = stages(journal, World())
    origin = Origin(surface="slack", channel="C1", delivery="trigger-1")
    first, second = [await stage.desk.start(RunPlaybook("stage"), ALICE, origin) for _ in range(2)]
    assert first.run == second.run
    assert (first.again, second.again) == (False, True)
    assert await journal.version(first.run) == 1


async def test_an_answer_that_was_not_offered_is_not_taken() -> None:
    (stage,) = stages(MemoryJournal(), World(), playbook(step("q", "t.ask", with_={"text": "?", "choices": ["a"]})))
    async with working(stage):
        started = await stage.desk.start(RunPlaybook("stage"), ALICE, HERE)
        await until(stage, started.run, Status.ASKING)
        with pytest.raises(UsageError, match="not one of the answers"):
            await stage.desk.answer(started.run, "q", "b", ALICE)


async def test_waiting_for_a_person_holds_no_lease_and_no_flag(journal: Journal) -> None:
    (stage,) = stages(journal, World(), GUIDED)
    async with working(stage):
        started = await stage.desk.start(RunPlaybook("stage"), ALICE, HERE)
        await until(stage, started.run, Status.APPROVAL)
        async with asyncio.timeout(10):
            while stage.worker.busy:  # noqa: ASYNC110 - the worker has no event for being idle, and needs none
                await asyncio.sleep(0.01)
        assert await journal.lease(started.run, "somebody else", 1)
        assert started.run not in await journal.due(time.time() + 3600)


async def test_a_closed_run_stays_due_until_every_surface_has_shown_its_last_event(journal: Journal) -> None:
    screen = Screen(later=3600)
    stage = Stage(journal, World(), WIDE, surfaces=[screen], clock=time.time)
    started = await stage.desk.start(RunPlaybook("stage"), ALICE, HERE)
    await stage.worker.turn(started.run)
    assert (await stage.run(started.run)).closed
    assert started.run in await journal.due(time.time() + 3601)
    screen.later = 0.0
    await stage.worker.turn(started.run)
    assert started.run not in await journal.due(time.time() + 7200)
    assert screen.shown[-1] == (started.run, await journal.version(started.run))


class ClickedBeforePostpone:
    """A journal into which another replica writes an approval just before the flag goes down."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.clicked = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    async def postpone(self, id: str, until: float | None) -> None:
        if not self.clicked:
            self.clicked = True
            version, at = await self._journal.version(id), time.time()
            granted = e.ApprovalGranted(at=at, by=ALICE.id, step="mend", attempt=1)
            await self._journal.append(id, version + 1, granted, nonce="other replica", now=at)
        await self._journal.postpone(id, until)


async def test_a_click_between_the_last_read_and_putting_the_flag_down_is_not_lost(journal: Journal) -> None:
    world = World()
    stage = Stage(journal, world, GUIDED, clock=time.time)
    clicked = ClickedBeforePostpone(journal)
    other = Stage(cast(Journal, clicked), world, GUIDED, clock=time.time)
    started = await stage.desk.start(RunPlaybook("stage"), ALICE, HERE)
    await other.worker.turn(started.run)
    assert clicked.clicked
    assert world.applied == []
    assert started.run in await journal.due(time.time() + 1)
    await stage.worker.turn(started.run)
    assert world.applied == ["mend"]


async def test_a_change_that_was_being_applied_when_the_worker_died_is_asked_again() -> None:
    world = World()
    (stage,) = stages(MemoryJournal(), world, GUIDED)
    started = await stage.desk.start(RunPlaybook("stage"), ALICE, HERE)
    await stage.worker.turn(started.run)
    run = await stage.desk.approve(started.run, "mend", 1, ALICE)
    begun = e.StepStarted(at=time.time(), step="mend", attempt=1, args={"name": "mend"})
    await stage.desk.journal.append(started.run, run.version + 1, begun, nonce="dead", now=time.time())
    await stage.worker.turn(started.run)
    run = await stage.run(started.run)
    assert world.applied == []
    assert run.state("mend").status is Status.APPROVAL
    assert run.state("mend").attempt == 2


async def test_a_turn_goes_on_from_what_is_there_when_the_store_lost_its_last_writes() -> None:
    journal = MemoryJournal()
    (stage,) = stages(journal, World(), GUIDED)
    started = await stage.desk.start(RunPlaybook("stage"), ALICE, HERE)
    turn = Turn(started.run, stage.worker._tools, Publisher(started.run, []))
    asked = await turn.take()
    assert asked.state("mend").status is Status.APPROVAL
    del journal._entries[started.run][-1]
    again = await turn.take()
    assert again.version == await journal.version(started.run)
    assert again.state("mend").status is Status.APPROVAL


async def test_a_mistake_of_our_own_ends_a_strict_worker_and_is_not_tried_for_ever() -> None:
    (stage,) = stages(MemoryJournal(), World())
    stage.worker.strict = True

    def mistake(run_id: str) -> None:
        raise ZeroDivisionError(run_id)

    stage.worker.turn = mistake  # type: ignore[method-assign,assignment]
    await stage.desk.start(RunPlaybook("stage"), ALICE, HERE)
    with pytest.raises(ZeroDivisionError):
        async with asyncio.timeout(20):
            await stage.worker.run()


async def test_a_change_is_not_made_when_its_object_was_altered_since_it_was_approved() -> None:
    world = World()
    (stage,) = stages(MemoryJournal(), world, GUIDED)
    started = await stage.desk.start(RunPlaybook("stage"), ALICE, HERE)
    await stage.worker.turn(started.run)
    await stage.desk.approve(started.run, "mend", 1, ALICE)
    world.mended = True
    await stage.worker.turn(started.run)
    run = await stage.run(started.run)
    assert world.applied == []
    (finding,) = run.state("mend").findings
    assert finding.verdict == "unknown"
    assert "nothing was changed" in finding.summary
