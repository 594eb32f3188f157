"""By the settings as they are now: a run never goes on on another cluster, and nobody is asked what nobody may say."""

import time
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.engine.publishing import Publisher
from bot.engine.rulebook import Rulebook
from bot.engine.targets import Target
from bot.engine.turn import Turn
from bot.journal.memory import MemoryJournal
from bot.model import event as e
from bot.model.command import RunPlaybook
from bot.model.errors import Refused, UsageError
from bot.model.moves import APPROVAL_LASTS
from bot.model.permission import Rules
from bot.model.playbook import Param, Playbook
from bot.model.run import Status, findings
from bot.views import report, terminal
from tests.engine.stage import ALICE, BOB, GUIDED, OnePlaybook, OneTarget, Stage, World, playbook, step

HERE = e.Origin(surface="cli")
EU = Target(name="prod", context="eu", server="https://eu", identity="https://eu ca:1", rules=Rules(change=("*",)))
US = replace(EU, context="us", server="https://us", identity="https://us ca:2")
ELSEWHERE = r"This run is about context eu .*prod means another cluster by now: context us \(https://us\)"
ASKING = playbook(step("ask", "t.ask", with_={"text": "Well?", "choices": ["yes"]}), step("later"))


class Only(OneTarget):
    """A single target; pointed elsewhere by a change of the settings and a new start."""

    def __init__(self, target: Target) -> None:
        self._target = target


def stage(journal: MemoryJournal, world: World, target: Target, plan: Playbook = GUIDED) -> Stage:
    return Stage(journal, world, plan, clock=time.time, clusters=Only(target))


# --- the same cluster -----------------------------------------------------------------------------------------------


async def test_a_change_that_waited_is_not_approved_once_its_target_means_another_cluster() -> None:
    journal, world = MemoryJournal(), World()
    before, after = stage(journal, world, EU), stage(journal, world, US)
    started = await before.desk.start(RunPlaybook("stage"), ALICE, HERE)
    await before.worker.turn(started.run)
    with pytest.raises(Refused, match=ELSEWHERE):
        await after.desk.approve(started.run, "mend", 1, ALICE)
    await after.desk.cancel(started.run, ALICE)
    await after.worker.turn(started.run)
    assert (await after.run(started.run)).closed
    assert world.applied == []


async def test_a_change_approved_in_time_is_not_made_by_a_replica_that_means_another_cluster() -> None:
    journal, world = MemoryJournal(), World()
    before, after = stage(journal, world, EU), stage(journal, world, US)
    started = await before.desk.start(RunPlaybook("stage"), ALICE, HERE)
    await before.worker.turn(started.run)
    await before.desk.approve(started.run, "mend", 1, ALICE)
    await after.worker.turn(started.run)
    assert world.applied == []
    (finding,) = (await after.run(started.run)).state("mend").findings
    assert finding.verdict == "unknown"
    assert "means another cluster by now: context us" in finding.summary


async def test_a_question_that_waited_does_not_lead_on_to_another_cluster() -> None:
    journal, world = MemoryJournal(), World()
    before, after = stage(journal, world, EU, ASKING), stage(journal, world, US, ASKING)
    started = await before.desk.start(RunPlaybook("stage"), ALICE, HERE)
    await before.worker.turn(started.run)
    with pytest.raises(Refused, match=ELSEWHERE):
        await after.desk.answer(started.run, "ask", "yes", ALICE)
    with pytest.raises(Refused, match=ELSEWHERE):
        await after.desk.rerun(started.run, ALICE, HERE)
    assert (await before.desk.answer(started.run, "ask", "yes", ALICE)).state("ask").status is Status.DONE
    assert world.gathered["later"] == 0


@pytest.mark.parametrize(("told", "target", "goes_on"), [
    ("context eu (https://eu)", EU, True), ("context eu (https://eu)", US, False), ("", US, True),
], ids=["the same words", "other words", "nothing told"])
def test_a_run_of_an_earlier_release_is_known_by_what_people_were_told(
    told: str, target: Target, goes_on: bool
) -> None:
    began = e.RunStarted(at=1.0, by="a", playbook=GUIDED, target="prod", cluster=told)
    rulebook = Rulebook(Only(target), lambda name: Rules())
    if goes_on:
        assert rulebook.target(began) is target
    else:
        with pytest.raises(Refused, match="means another cluster"):
            rulebook.target(began)


# --- nobody may approve ---------------------------------------------------------------------------------------------


async def test_a_change_that_nobody_may_approve_is_not_asked_and_the_run_says_what_would_allow_it() -> None:
    world = World()
    made = stage(MemoryJournal(), world, replace(EU, rules=Rules()), playbook(*GUIDED.steps[:-1]))
    started = await made.desk.start(RunPlaybook("stage"), ALICE, HERE)
    await made.worker.turn(started.run)
    run = await made.run(started.run)
    assert run.closed
    assert run.state("mend").prompt is None
    assert world.applied == []
    assert run.conclusion is not None
    assert run.conclusion.answer == "broken"
    assert run.conclusion.root_causes[0].finding.advice == "mend it"
    (line,) = run.conclusion.not_looked_at
    assert "not offered: nobody may change anything on prod" in line
    assert "`targets.prod.change`" in line
    assert "`targets.prod.change`" in terminal.tell(started.run, run, 500)


# --- an end to waiting ----------------------------------------------------------------------------------------------


async def test_an_approval_that_nobody_gives_ends_by_itself_and_nothing_is_changed() -> None:
    world, now = World(), [1_700_000_000.0]
    plan = playbook(*GUIDED.steps[:-1])
    made = Stage(MemoryJournal(), world, plan, clock=lambda: now[0])
    started = await made.desk.start(RunPlaybook("stage"), ALICE, HERE)
    await made.worker.turn(started.run)
    assert await made.journal.due(now[0] + APPROVAL_LASTS - 1) == []
    assert await made.journal.due(now[0] + APPROVAL_LASTS) == [started.run]
    now[0] += APPROVAL_LASTS
    await made.worker.turn(started.run)
    run = await made.run(started.run)
    assert run.closed
    assert world.applied == []
    with pytest.raises(Refused, match="finished"):
        await made.desk.approve(started.run, "mend", 1, ALICE)
    said = "Step mend: nobody approved it within 24 h, and nothing is approved by the clock"
    assert said in report.report(started.run, run)["skipped"]


async def test_a_time_that_came_while_the_turn_was_ending_is_not_slept_through() -> None:
    now = [1_700_000_000.0]
    made = Stage(MemoryJournal(), World(), GUIDED, clock=lambda: now[0])
    started = await made.desk.start(RunPlaybook("stage"), ALICE, HERE)
    turn = Turn(started.run, made.worker._tools, Publisher(started.run, []))
    await turn.take()
    assert turn.wants_attention_at == now[0] + APPROVAL_LASTS
    now[0] += APPROVAL_LASTS
    assert turn.wants_attention_at == now[0]


# --- parameters -----------------------------------------------------------------------------------------------------

ASKED = (Param(name="pod", type="pod"), Param(name="count", type="int", default=3), Param(name="deep", type="bool"))


async def test_a_pod_without_a_namespace_is_in_that_of_the_target() -> None:
    plan = playbook(step("one"), params=(*ASKED, Param(name="in", type="namespace", required=True)))
    made = stage(MemoryJournal(), World(), replace(EU, namespace="shop"), plan)
    started = await made.desk.start(RunPlaybook("stage", (), {"pod": "web-0"}), ALICE, HERE)
    assert (await made.run(started.run)).begun.params == {"pod": "shop/web-0", "count": 3, "deep": None, "in": "shop"}
    started = await made.desk.start(RunPlaybook("stage", (), {"pod": "a/web-0", "in": "b"}), ALICE, HERE)
    assert (await made.run(started.run)).begun.params == {"pod": "a/web-0", "count": 3, "deep": None, "in": "b"}
    nowhere = stage(MemoryJournal(), World(), EU, plan)
    with pytest.raises(UsageError, match="namespace/name of a pod"):
        await nowhere.desk.start(RunPlaybook("stage", (), {"pod": "web-0", "in": "b"}), ALICE, HERE)


@pytest.mark.parametrize(("today", "said"), [
    ((Param(name="pod", type="int"), *ASKED[1:]), "`pod=shop/web-0` cannot be used: it takes a whole number"),
    (ASKED[1:], "has no parameter `pod`"),
    ((*ASKED, Param(name="new", required=True)), "needs `new`"),
], ids=["another type", "gone", "a new one"])
async def test_a_rerun_checks_its_parameters_against_the_playbook_of_today(
    today: Sequence[Param], said: str
) -> None:
    made = stage(MemoryJournal(), World(), EU, playbook(step("one"), params=ASKED))
    started = await made.desk.start(RunPlaybook("stage", (), {"pod": "shop/web-0"}), ALICE, HERE)
    made.desk = replace(made.desk, library=OnePlaybook(playbook(step("one"), params=tuple(today))))
    with pytest.raises(UsageError, match=said):
        await made.desk.rerun(started.run, BOB, HERE)


async def test_a_rerun_keeps_what_was_given_and_takes_the_defaults_of_today() -> None:
    made = stage(MemoryJournal(), World(), EU, playbook(step("one"), params=ASKED))
    started = await made.desk.start(RunPlaybook("stage", (), {"pod": "shop/web-0", "deep": "yes"}), ALICE, HERE)
    today = (*ASKED[:1], replace(ASKED[1], default=4), ASKED[2])
    made.desk = replace(made.desk, library=OnePlaybook(playbook(step("one"), params=today)))
    again = await made.desk.rerun(started.run, BOB, HERE)
    assert (await made.run(again.run)).begun.params == {"pod": "shop/web-0", "count": 4, "deep": True}
    assert findings(await made.run(again.run)) == ()
