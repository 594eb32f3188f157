"""Where one step of a run stands, and what each event makes of it. For run.py, which folds the whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from bot.model import event as e
from bot.model.finding import Finding, Verdict, worst


class Status(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    ASKING = "asking"
    APPROVAL = "approval"
    APPROVED = "approved"
    DONE = "done"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    """Where one step stands. `since`: when it came to its status. `prompt`: what a person was asked last."""

    status: Status = Status.WAITING
    attempt: int = 0
    since: float = 0.0
    args: Mapping[str, Any] = field(default_factory=dict)
    evidence: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)
    duration: float = 0.0
    prompt: e.QuestionAsked | e.ApprovalRequested | None = None
    reminders: tuple[e.Reminded, ...] = ()
    by: str = ""
    note: str = ""
    skip: e.StepSkipped | None = None

    @property
    def over(self) -> bool:
        return self.status in (Status.DONE, Status.SKIPPED)

    @property
    def verdict(self) -> Verdict | None:
        return worst(self.findings) if self.findings else None


WAITING = StepState()


def step_after(state: StepState, event: e.RunEvent) -> StepState:
    at = event.at
    match event:
        case e.StepStarted():
            return replace(state, status=Status.RUNNING, attempt=event.attempt, args=event.args, since=at)
        case e.StepFinished():
            return _finished(state, event)
        case e.StepSkipped():
            return replace(state, status=Status.SKIPPED, skip=event, by=event.by, since=at)
        case e.StepInterrupted():
            return replace(state, status=Status.WAITING, attempt=event.attempt, since=at, note=event.reason)
        case _:
            return _asked(state, event)


def _asked(state: StepState, event: e.RunEvent) -> StepState:
    """What was asked of people, and what they said."""
    at = event.at
    match event:
        case e.QuestionAsked():
            return replace(state, status=Status.ASKING, prompt=event, since=at, reminders=())
        case e.QuestionAnswered():
            said = {"answer": event.answer, "note": event.note}
            return replace(state, status=Status.DONE, outputs=said, by=event.by, note=event.note, since=at)
        case e.ApprovalRequested():
            asked = replace(state, status=Status.APPROVAL, prompt=event, args=event.args, since=at, reminders=())
            return replace(asked, attempt=event.attempt)
        case e.ApprovalGranted():
            return replace(state, status=Status.APPROVED, by=event.by, since=at)
        case e.ApprovalRefused():
            return _refused(state, event)
        case e.Reminded():
            return replace(state, reminders=(*state.reminders, event))
        case _:
            return state


def _finished(state: StepState, event: e.StepFinished) -> StepState:
    return replace(
        state,
        status=Status.DONE,
        attempt=event.attempt,
        findings=event.findings,
        evidence=event.evidence,
        outputs=event.outputs,
        duration=event.duration,
        since=event.at,
    )


def _refused(state: StepState, event: e.ApprovalRefused) -> StepState:
    skip = e.StepSkipped(at=event.at, step=event.step, why="refused", reason=event.reason or "refused", by=event.by)
    return replace(state, status=Status.SKIPPED, skip=skip, by=event.by, since=event.at)
