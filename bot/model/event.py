"""What can happen to a run and to an incident: the facts a journal holds. Nothing else is ever stored about them.

`at` is seconds since the epoch; `by` is who did it, as `<surface>:<id>` (`slack:U012`, `cli:alice`), empty for netcheck
itself. A step's `attempt` counts from 1: a result counts only for the attempt it belongs to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from bot.model.finding import Conclusion, Finding
from bot.model.playbook import Playbook


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a run was asked for. `thread` and `channel` are Slack's; `delivery` is the id of the request."""

    surface: Literal["slack", "cli"]
    channel: str = ""
    thread: str = ""
    delivery: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """`target` is the word people use; `cluster` what it resolved to (`context prod-eu (https://10.0.0.1:6443)`);
    `identity` tells that cluster from others, in case the word comes to mean another one."""

    at: float
    by: str
    playbook: Playbook
    target: str
    cluster: str = ""
    identity: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin = field(default_factory=lambda: Origin(surface="cli"))
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    at: float
    step: str
    attempt: int
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished:
    """`duration` in seconds. `requests` and `bytes`: what the run spent since a step last finished; looks run side by
    side and share reads, so only the sum over a run is exact."""

    at: float
    step: str
    attempt: int
    findings: tuple[Finding, ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    duration: float = 0.0
    requests: int = 0
    bytes: int = 0


SkipReason: TypeAlias = Literal["when", "needs", "stopped", "deadline", "expired", "refused", "person"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSkipped:
    """`why` sorts, `reason` is the sentence. Only `needs` and `deadline` leave something not looked at."""

    at: float
    step: str
    why: SkipReason
    reason: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepInterrupted:
    """It had started and nobody is executing it any more. Of a change this means: outcome unknown."""

    at: float
    step: str
    attempt: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAsked:
    at: float
    step: str
    text: str
    choices: tuple[str, ...] = ()
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAnswered:
    at: float
    by: str
    step: str
    answer: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequested:
    """`args` are rendered: what is approved is what runs. `difference` has lines that begin with - or +.
    `expires_after`: seconds for which it can be approved; 0.0, as earlier releases wrote it: see model/moves.py."""

    at: float
    step: str
    attempt: int
    args: Mapping[str, Any]
    description: str
    difference: tuple[str, ...] = ()
    to: str = ""
    expires_after: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalGranted:
    at: float
    by: str
    step: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRefused:
    at: float
    by: str
    step: str
    attempt: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminded:
    """Nobody has answered for a while; `to` was asked again."""

    at: float
    step: str
    to: str = ""
    escalated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    at: float
    by: str
    to: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded:
    at: float
    by: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConcluded:
    """What people were told. Written before a change is offered and at the end; `over` is the number of steps done."""

    at: float
    conclusion: Conclusion
    over: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCancelled:
    at: float
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunClosed:
    at: float
    reason: Literal["finished", "cancelled"] = "finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentOpened:
    """Stands in the journal of the incident, and in that of its channel, where `incident` says which one it is."""

    at: float
    by: str
    channel: str
    title: str
    severity: str = ""
    incident: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAttached:
    at: float
    run: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePinned:
    at: float
    by: str
    text: str
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityChanged:
    at: float
    by: str
    severity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentClosed:
    at: float
    by: str
    summary: str = ""


RunEvent: TypeAlias = (
    RunStarted
    | StepStarted
    | StepFinished
    | StepSkipped
    | StepInterrupted
    | QuestionAsked
    | QuestionAnswered
    | ApprovalRequested
    | ApprovalGranted
    | ApprovalRefused
    | Reminded
    | HandedOver
    | NoteAdded
    | RunConcluded
    | RunCancelled
    | RunClosed
)
IncidentEvent: TypeAlias = (
    IncidentOpened | RunAttached | NoteAdded | MessagePinned | SeverityChanged | HandedOver | IncidentClosed
)
Event: TypeAlias = RunEvent | IncidentEvent
