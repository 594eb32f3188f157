"""Legal histories of runs, made by letting chance play the worker and the people against `next_moves`."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from bot.model import event as e
from bot.model import moves as m
from bot.model.finding import Answer, Conclusion, Finding, RootCause, Verdict
from bot.model.playbook import Kind, Playbook, Step
from bot.model.run import Run, Status, findings, fold

USES = {Kind.LOOK: "t.look", Kind.CHANGE: "t.mend", Kind.GUIDE: "t.ask"}


@st.composite
def playbooks(draw: st.DrawFn) -> Playbook:
    """Up to seven steps of all kinds, which refer to earlier ones, have conditions, stop, or are made again."""
    steps: list[Step] = []
    for index in range(draw(st.integers(1, 7))):
        kind = draw(st.sampled_from([Kind.LOOK, Kind.LOOK, Kind.LOOK, Kind.CHANGE, Kind.GUIDE]))
        earlier = [step.id for step in steps]
        refers = tuple(draw(st.lists(st.sampled_from(earlier), max_size=2, unique=True))) if earlier else ()
        run_ref = draw(st.booleans()) and kind is not Kind.LOOK
        conditions = [f"steps.{other}.outputs.value == 1" for other in refers] + ["", "false"]
        when = "run.answer != 'ok'" if run_ref else draw(st.sampled_from(conditions))
        steps.append(
            Step(
                id=f"s{index}", uses=USES[kind], kind=kind, title=f"Step {index}", when=when, refers=refers,
                refers_run=run_ref, needs=refers[:1] if draw(st.booleans()) else (), fresh=draw(st.booleans()),
                on_fail=draw(st.sampled_from(["continue", "continue", "stop"])),
                expires_after=draw(st.sampled_from([0.0, 30.0])), remind_after=draw(st.sampled_from([0.0, 10.0])),
                escalate_to=draw(st.sampled_from(["", "group:boss"])),
            )
        )
    return Playbook(name="p", title="P", summary="Made by chance.", steps=tuple(steps), timeout=60)


@dataclass
class Play:
    """A run being played; `now` goes on by a second with each event."""

    playbook: Playbook
    draw: Any
    now: float = 1_700_000_000.0
    events: list[e.Event] = field(default_factory=list)
    in_flight: set[str] = field(default_factory=set)
    run: Run = field(default_factory=Run)

    def write(self, event: e.Event) -> None:
        self.now += 1
        self.events.append(event)
        self.run = fold([event], self.run)

    def chance(self, *choices: str) -> str:
        return str(self.draw(st.sampled_from(choices)))


@st.composite
def histories(draw: st.DrawFn) -> list[e.Event]:
    """Every event of a run from RunStarted to RunClosed."""
    play = Play(draw(playbooks()), draw)
    play.write(e.RunStarted(at=play.now, by="test:alice", playbook=play.playbook, target="prod", params={"a": 1}))
    for _ in range(400):
        if play.run.closed:
            return play.events
        _act(play)
    raise AssertionError(f"no end to it: {play.events[-6:]}")


def _act(play: Play) -> None:
    """A worker's move, a step in flight that ends or is lost, a person, or time going by."""
    if play.in_flight and play.chance("end", "move") == "end":
        return _end(play)
    moves = m.next_moves(play.run, play.now, frozenset(play.in_flight))
    assert moves, "a run that is not closed has a next move"
    for move in moves:
        if isinstance(move, m.Wait):
            return _end(play) if play.in_flight else _person(play)
        _make(play, move)
    return None


def _make(play: Play, move: m.Move) -> None:
    now, run = play.now, play.run
    match move:
        case m.Record(event):
            play.write(event)
        case m.Conclude(over):
            bad = [f for f in findings(run) if f.verdict is Verdict.FAIL]
            answer = Answer.BROKEN if bad else Answer.OK
            told = Conclusion(answer, tuple(RootCause(finding) for finding in bad))
            play.write(e.RunConcluded(at=now, conclusion=told, over=over))
        case m.Look(step, attempt, args) | m.Apply(step, attempt, args):
            play.write(e.StepStarted(at=now, step=step, attempt=attempt, args=args))
            play.in_flight.add(step)
        case m.Preview(step, attempt, args):
            play.write(e.ApprovalRequested(at=now, step=step, attempt=attempt, args=args, description="it"))
        case m.Ask(step, _):
            play.write(e.QuestionAsked(at=now, step=step, text="well?", choices=("yes", "no")))
        case m.Wait():
            raise AssertionError("waiting is nothing to make")


def _end(play: Play) -> None:
    step = play.chance(*sorted(play.in_flight))
    play.in_flight.discard(step)
    if play.chance("end", "end", "lost") == "lost":
        return
    state = play.run.state(step)
    verdict = Verdict(play.chance(*Verdict))
    outputs = {} if verdict in (Verdict.UNKNOWN, Verdict.SKIPPED) else {"value": int(play.chance("1", "2"))}
    found = (Finding(verdict=verdict, summary=f"{step} says {verdict}", cause="c" if verdict is Verdict.FAIL else ""),)
    done = e.StepFinished(at=play.now, step=step, attempt=state.attempt, findings=found, outputs=outputs)
    play.write(done)


def _person(play: Play) -> None:
    run, now = play.run, play.now
    act = play.chance("decide", "decide", "decide", "note", "cancel", "hand over", "later")
    if act == "later":
        play.now += 20
    elif act == "note":
        play.write(e.NoteAdded(at=now, by="test:bob", text="hm"))
    elif act == "hand over":
        play.write(e.HandedOver(at=now, by="test:bob", to="test:carol"))
    elif act == "cancel":
        play.write(e.RunCancelled(at=now, by="test:bob"))
    else:
        step = run.waiting_for_person[0]
        state = run.state(step.id)
        if state.status is Status.ASKING:
            play.write(e.QuestionAnswered(at=now, by="test:bob", step=step.id, answer="yes"))
        elif play.chance("grant", "refuse") == "grant":
            play.write(e.ApprovalGranted(at=now, by="test:bob", step=step.id, attempt=state.attempt))
        else:
            play.write(e.ApprovalRefused(at=now, by="test:bob", step=step.id, attempt=state.attempt))
