"""Which findings of a run are in force."""

import pytest

from bot.model import event as e
from bot.model.finding import Finding, Verdict
from bot.model.playbook import Kind, Playbook, Step
from bot.model.run import findings, fold

PLAN = Playbook(
    name="p",
    title="P",
    summary="",
    steps=(
        Step(id="look", uses="t.look", kind=Kind.LOOK, title="Look"),
        Step(id="again", uses="t.look", kind=Kind.LOOK, title="Look again", fresh=True),
        Step(id="other", uses="t.look", kind=Kind.LOOK, title="Look elsewhere", with_={"at": "x"}, fresh=True),
    ),
)


def finished(step: str, verdict: Verdict, **args: str) -> list[e.Event]:
    found = Finding(verdict=verdict, summary=f"{step} says {verdict}", cause="c" if verdict is Verdict.FAIL else "")
    return [
        e.StepStarted(at=2.0, step=step, attempt=1, args=args),
        e.StepFinished(at=3.0, step=step, attempt=1, findings=(found,)),
    ]


def in_force(*events: e.Event) -> list[str]:
    return [f.step for f in findings(fold([e.RunStarted(at=1.0, by="a", playbook=PLAN, target="t"), *events]))]


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.INFO])
def test_a_look_made_again_takes_the_place_of_the_first(verdict: Verdict) -> None:
    assert in_force(*finished("look", Verdict.FAIL), *finished("again", verdict)) == ["again"]


@pytest.mark.parametrize("verdict", [Verdict.UNKNOWN, Verdict.SKIPPED])
def test_a_look_made_again_that_could_not_tell_leaves_the_first_in_force(verdict: Verdict) -> None:
    assert in_force(*finished("look", Verdict.FAIL), *finished("again", verdict)) == ["look", "again"]


def test_a_look_with_other_arguments_replaces_nothing() -> None:
    assert in_force(*finished("look", Verdict.FAIL), *finished("other", Verdict.PASS, at="x")) == ["look", "other"]


@pytest.mark.parametrize("why", ["person", "expired"])
def test_the_time_a_person_took_does_not_count_against_the_looks_that_follow(why: e.SkipReason) -> None:
    skipped = e.StepSkipped(at=500.0, step="look", why=why, reason="late")
    run = fold([e.RunStarted(at=1.0, by="a", playbook=PLAN, target="t"), skipped])
    assert run.looking_since == 500.0
