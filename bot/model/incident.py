"""An incident as it stands: what happens in one channel between open and close, folded from its journal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.model import event as e


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """`version` 0: there is no such incident. `runs`: ids, in the order they were attached."""

    version: int = 0
    opened: e.IncidentOpened | None = None
    runs: tuple[str, ...] = ()
    spoken: tuple[e.NoteAdded | e.MessagePinned | e.HandedOver, ...] = ()
    severity: str = ""
    closed: e.IncidentClosed | None = None


def fold(events: Sequence[e.Event], before: Incident | None = None) -> Incident:
    """The incident after these events. Events of runs are passed over."""
    incident = before or Incident()
    for event in events:
        incident = replace(_after(incident, event), version=incident.version + 1)
    return incident


def _after(incident: Incident, event: e.Event) -> Incident:
    match event:
        case e.IncidentOpened():
            return replace(incident, opened=event, severity=event.severity)
        case e.RunAttached():
            return replace(incident, runs=tuple(dict.fromkeys((*incident.runs, event.run))))
        case e.NoteAdded() | e.MessagePinned() | e.HandedOver():
            return replace(incident, spoken=(*incident.spoken, event))
        case e.SeverityChanged():
            return replace(incident, severity=event.severity)
        case e.IncidentClosed():
            return replace(incident, closed=event)
        case _:
            return incident
