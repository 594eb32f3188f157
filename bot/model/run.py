"""A run as it stands: what its events come to. `fold` never refuses an event and never asks anybody anything.

    events  RunStarted StepStarted StepFinished … RunClosed
      │ fold
    Run     per step: waiting → running → done
                              ↘ asking / approval → approved → running → done       or skipped
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.model import event as e
from bot.model.finding import Conclusion, Finding, Verdict
from bot.model.playbook import Kind, Playbook, Step
from bot.model.stepstate import WAITING, Status, StepState, step_after

__all__ = ["Run", "Status", "StepState", "findings", "fold", "is_cut_short", "replaced_steps", "steps_told"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Folded from a journal. `version` is the number of its last event; 0: there is no such run.

    `looking_since`: since when nobody but the machine was waited for. `spoken`: notes and hand-overs, in order.
    `told`: all conclusions, the one in force last, so that what was mended can be told.
    """

    version: int = 0
    started: e.RunStarted | None = None
    steps: Mapping[str, StepState] = field(default_factory=dict)
    conclusion: Conclusion | None = None
    concluded_over: int = -1
    told: tuple[Conclusion, ...] = ()
    looking_since: float = 0.0
    spoken: tuple[e.NoteAdded | e.HandedOver, ...] = ()
    owner: str = ""
    cancelled: e.RunCancelled | None = None
    closed: e.RunClosed | None = None
    requests: int = 0
    bytes: int = 0
    last: float = 0.0

    @property
    def begun(self) -> e.RunStarted:
        assert self.started is not None, "a run begins with RunStarted"
        return self.started

    @property
    def playbook(self) -> Playbook:
        return self.begun.playbook

    def state(self, step_id: str) -> StepState:
        return self.steps.get(step_id, WAITING)

    @property
    def waiting_for_person(self) -> tuple[Step, ...]:
        prompted = (Status.ASKING, Status.APPROVAL)
        return tuple(step for step in self.playbook.steps if self.state(step.id).status in prompted)


def fold(events: Sequence[e.Event], before: Run | None = None) -> Run:
    """The run after these events. Events of incidents are passed over."""
    run = before or Run()
    for event in events:
        run = replace(_after(run, event), version=run.version + 1, last=event.at)
    return run


def _after(run: Run, event: e.Event) -> Run:
    match event:
        case e.RunStarted():
            return replace(run, started=event, owner=event.by, looking_since=event.at)
        case e.RunConcluded():
            return _concluded(run, event)
        case e.RunCancelled():
            return replace(run, cancelled=event)
        case e.RunClosed():
            return replace(run, closed=event)
        case e.HandedOver():
            return replace(run, owner=event.to, spoken=(*run.spoken, event))
        case e.NoteAdded():
            return replace(run, spoken=(*run.spoken, event))
        case _ if hasattr(event, "step"):
            return _after_step(run, event)
        case _:
            return run


def _concluded(run: Run, event: e.RunConcluded) -> Run:
    told = (*run.told, event.conclusion)
    return replace(run, conclusion=event.conclusion, concluded_over=event.over, told=told)


def _after_step(run: Run, event: Any) -> Run:
    """What a step or a person's word about it means for the run as a whole, beside the step itself."""
    run = _with_step(run, event)
    match event:
        case e.QuestionAnswered() | e.ApprovalGranted() | e.ApprovalRefused():
            return replace(run, looking_since=event.at)
        case e.StepSkipped() if event.why in ("person", "expired"):
            return replace(run, looking_since=event.at)
        case e.StepFinished():
            return replace(run, requests=run.requests + event.requests, bytes=run.bytes + event.bytes)
        case _:
            return run


def _with_step(run: Run, event: Any) -> Run:
    return replace(run, steps={**run.steps, event.step: step_after(run.state(event.step), event)})


# --- findings in force ----------------------------------------------------------------------------------------------

TOLD = ("needs", "deadline", "expired")
"""Why a step was skipped, where that leaves something not looked at or not done."""


def replaced_steps(run: Run) -> frozenset[str]:
    """Steps whose look was made again later (`fresh`, same `uses`, same arguments) and could tell: the newer counts."""
    gone: set[str] = set()
    latest: dict[tuple[str, str], str] = {}
    for step in run.playbook.steps:
        state = run.state(step.id)
        if state.status is not Status.DONE or step.kind is not Kind.LOOK:
            continue
        same = (step.uses, repr(sorted(state.args.items())))
        if step.fresh and same in latest:
            if not any(f.verdict not in (Verdict.UNKNOWN, Verdict.SKIPPED) for f in state.findings):
                continue
            gone.add(latest[same])
        latest[same] = step.id
    return frozenset(gone)


def findings(run: Run) -> tuple[Finding, ...]:
    """All findings in force, in the order of the playbook, with what could not be looked at as SKIPPED findings."""
    gone = replaced_steps(run)
    found: list[Finding] = []
    stopped: list[str] = []
    for step in run.playbook.steps:
        state = run.state(step.id)
        if step.id not in gone:
            found += [replace(finding, step=step.id) for finding in state.findings]
        if _is_told(state):
            summary = f"{step.title}: {state.skip.reason if state.skip else ''}"
            found.append(Finding(verdict=Verdict.SKIPPED, summary=summary, step=step.id))
        if run.closed and is_cut_short(step, state):
            summary = f"{step.title}: it was being made when the run was stopped; what became of it was not seen"
            found.append(Finding(verdict=Verdict.UNKNOWN, summary=summary, step=step.id))
        if state.skip and state.skip.why == "stopped" and step.kind is Kind.LOOK:
            stopped.append(step.title)
    if stopped:
        summary = f"The run had to stop before: {'; '.join(stopped)}"
        found.append(Finding(verdict=Verdict.SKIPPED, summary=summary))
    return tuple(found)


def is_cut_short(step: Step, state: StepState) -> bool:
    """A change that was approved and begun, and whose end nobody saw."""
    return step.kind is Kind.CHANGE and state.status is Status.WAITING and bool(state.by)


def _is_told(state: StepState) -> bool:
    """Skipped, and not merely because it was not needed or a person waved it away without a word."""
    skip = state.skip
    return skip is not None and (skip.why in TOLD or (skip.why == "refused" and skip.reason != "refused"))


def steps_told(run: Run) -> int:
    """How many steps have something to tell; a conclusion over fewer is out of date."""
    states = run.steps.values()
    return sum(s.status is Status.DONE or _is_told(s) or bool(s.skip and s.skip.why == "stopped") for s in states)
