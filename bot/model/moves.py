"""What to do next with a run: the whole of the engine's deciding, without any doing.

`next_moves(run, now, in_flight)` looks at the steps in the order of the playbook. A look is ready when every step it
refers to is over; a change or a guide step is a barrier. What depends on `run.…`, and every barrier, waits for a
conclusion over all that was found so far.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.model import event as e
from bot.model import template
from bot.model.errors import TemplateError
from bot.model.finding import Finding, Verdict
from bot.model.playbook import Kind, Step
from bot.model.run import Run, Status, StepState, steps_told
from bot.model.scope import scope
from bot.model.skips import skip, stopped, unrendered

ATTEMPTS = 3
APPROVAL_LASTS = 24 * 3600.0
"""Seconds after which nobody is waited for any more who could approve a change, unless something else is set."""


@dataclass(frozen=True, slots=True)
class Record:
    """Write down a fact that follows from the others."""

    event: e.RunEvent


@dataclass(frozen=True, slots=True)
class Look:
    step: str
    attempt: int
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Preview:
    """Find out what a change would do, then ask for approval of `attempt`."""

    step: str
    attempt: int
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Apply:
    """Carry out the approved change, once."""

    step: str
    attempt: int
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ask:
    step: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Conclude:
    """Work out root causes and answer over `over` steps."""

    over: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `until`; None: before a person says something."""

    until: float | None


Move: TypeAlias = Record | Look | Preview | Apply | Ask | Conclude | Wait


def next_moves(run: Run, now: float, in_flight: frozenset[str] = frozenset()) -> tuple[Move, ...]:
    """Never empty for a run that is not closed. `in_flight`: steps that the asking worker itself is executing.

    The first Record or Conclude stands alone: what follows it depends on it.
    """
    if run.closed or run.started is None:
        return ()
    for moves in (_interrupted(run, now, in_flight), _ending(run, now), _prompted(run, now)):
        if moves:
            return moves[:1]
    moves = tuple(_ready(run, now))
    alone = [move for move in moves if isinstance(move, Record | Conclude)]
    if alone:
        return (alone[0],)
    fresh = tuple(m for m in moves if not (isinstance(m, Look | Preview | Apply | Ask) and m.step in in_flight))
    return fresh or (Wait(_until(run)),)


def _interrupted(run: Run, now: float, in_flight: frozenset[str]) -> tuple[Move, ...]:
    lost = [s for s in run.playbook.steps if run.state(s.id).status is Status.RUNNING and s.id not in in_flight]
    moves: list[Move] = []
    for step in lost:
        attempt = run.state(step.id).attempt
        if step.kind is Kind.LOOK and attempt >= ATTEMPTS:
            text = f"{step.title}: interrupted {attempt} times, so it could not be told"
            finding = Finding(verdict=Verdict.UNKNOWN, summary=text, step=step.id)
            moves.append(Record(e.StepFinished(at=now, step=step.id, attempt=attempt, findings=(finding,))))
        else:
            reason = "outcome unknown: it was being applied" if step.kind is Kind.CHANGE else "nobody is at it any more"
            moves.append(Record(e.StepInterrupted(at=now, step=step.id, attempt=attempt, reason=reason)))
    return tuple(moves)


def _ending(run: Run, now: float) -> tuple[Move, ...]:
    """A cancelled run closes as it stands; a finished one concludes first. Steps in flight are waited for."""
    running = any(state.status is Status.RUNNING for state in run.steps.values())
    if run.cancelled:
        return () if running else (Record(e.RunClosed(at=now, reason="cancelled")),)
    if not all(run.state(step.id).over for step in run.playbook.steps):
        return ()
    return (_conclusion(run) or Record(e.RunClosed(at=now)),)


def _conclusion(run: Run) -> Conclude | None:
    told = steps_told(run)
    return Conclude(told) if run.concluded_over != told else None


# --- waiting for people ---------------------------------------------------------------------------------------------


def _deadlines(step: Step, state: StepState) -> tuple[float | None, float | None]:
    """When to remind (or escalate) next, and when the prompt expires."""
    escalated = next((r for r in state.reminders if r.escalated), None)
    start = escalated.at if escalated else state.since
    limit = _limit(step, state)
    expiry = start + limit if limit else None
    remind = start + step.remind_after if step.remind_after and not state.reminders else None
    return remind, expiry


def _limit(step: Step, state: StepState) -> float:
    """Seconds for which a prompt is open; 0.0: no limit. What a change would do is soon out of date, so an approval
    always has one."""
    if isinstance(state.prompt, e.ApprovalRequested):
        return state.prompt.expires_after or step.expires_after or APPROVAL_LASTS
    return step.expires_after


def _expired(step: Step, state: StepState) -> str:
    limit = _limit(step, state)
    span = f"{limit / 3600:g} h" if limit >= 3600 else f"{limit / 60:g} min" if limit >= 60 else f"{limit:g} s"
    if isinstance(state.prompt, e.ApprovalRequested):
        return f"nobody approved it within {span}, and nothing is approved by the clock"
    return f"nobody answered within {span}"


def expired(run: Run, step: Step, now: float) -> e.StepSkipped | None:
    """The end of waiting for people, where its time has come and nobody else is to be asked instead."""
    state = run.state(step.id)
    _, expiry = _deadlines(step, state)
    if expiry is None or now < expiry or _to_escalate(step, state):
        return None
    return e.StepSkipped(at=now, step=step.id, why="expired", reason=_expired(step, state))


def _to_escalate(step: Step, state: StepState) -> bool:
    return bool(step.escalate_to) and not any(reminder.escalated for reminder in state.reminders)


def _prompted(run: Run, now: float) -> tuple[Move, ...]:
    for step in () if run.cancelled else run.waiting_for_person:
        if over := expired(run, step, now):
            return (Record(over),)
        state = run.state(step.id)
        remind, expiry = _deadlines(step, state)
        if expiry is not None and now >= expiry:
            return (Record(e.Reminded(at=now, step=step.id, to=step.escalate_to, escalated=True)),)
        if remind is not None and now >= remind:
            return (Record(e.Reminded(at=now, step=step.id, to=step.assign or run.owner)),)
    return ()


def _until(run: Run) -> float | None:
    times = [t for step in run.waiting_for_person for t in _deadlines(step, run.state(step.id)) if t is not None]
    return min(times, default=None)


# --- steps that are ready -------------------------------------------------------------------------------------------


def _ready(run: Run, now: float) -> Iterator[Move]:
    """Moves for the steps that may begin: earlier steps that are not over hold back a barrier, a barrier all later."""
    if run.cancelled:
        return
    all_over = True
    for step in run.playbook.steps:
        state = run.state(step.id)
        if state.status is Status.APPROVED:
            yield Apply(step.id, state.attempt, state.args)
        elif state.status is Status.WAITING and _free(run, step, all_over):
            yield _begin(run, step, state, now)
        if not state.over:
            all_over = False
            if step.barrier or step.on_fail == "stop":
                return


def _free(run: Run, step: Step, all_over: bool) -> bool:
    if step.barrier or step.refers_run:
        return all_over
    return all(run.state(other).over for other in (*step.refers, *step.needs))


def _begin(run: Run, step: Step, state: StepState, now: float) -> Move:
    if halted := stopped(run, step, now):
        return Record(halted)
    if (step.barrier or step.refers_run) and (conclude := _conclusion(run)):
        return conclude
    skipped = skip(run, step, now)
    if skipped:
        return Record(skipped)
    try:
        args = template.render(step.with_, scope(run, step))
    except TemplateError as error:
        return Record(unrendered(run, step, str(error), now))
    match step.kind:
        case Kind.LOOK:
            return Look(step.id, state.attempt + 1, args)
        case Kind.CHANGE:
            return Preview(step.id, state.attempt + 1, args)
        case Kind.GUIDE:
            return Ask(step.id, args)
