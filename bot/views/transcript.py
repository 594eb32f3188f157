"""What happened, in order, for whoever writes the post-mortem: Markdown for people, the journal itself as JSON."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.model import codec
from bot.model import event as e
from bot.model.finding import Conclusion, Finding
from bot.model.grid import SIGNS, align
from bot.model.incident import Incident
from bot.model.overview import next_playbooks, overview
from bot.model.run import Run

EVIDENCE_LIMIT = 4000
GRID_WIDTH = 100
NO_HISTORY = "People's own messages in the channel are not part of this transcript; notes are."


def to_json(journals: Mapping[str, Sequence[e.Event]]) -> str:
    """The journals as they are: {"netcheck": 1, "journals": {id: [event, …]}}."""
    body = {"netcheck": 1, "journals": {id: [_exported(x) for x in events] for id, events in journals.items()}}
    return json.dumps(body, ensure_ascii=False, indent=1)


def _exported(event: e.Event) -> dict[str, Any]:
    """Of the playbook's file the name alone; earlier releases kept where it lay on their machine."""
    raw = codec.to_json(event)
    if isinstance(event, e.RunStarted):
        raw["playbook"]["source"] = event.playbook.source.rpartition("/")[2]
    return raw


def run_markdown(run_id: str, run: Run, events: Sequence[e.Event]) -> str:
    lines = [f"# {run_id}: {run.playbook.title} on {run.begun.target}", "", *_summary(run), "", "## What happened", ""]
    lines += [line for event in events for line in _told(event, run)]
    return "\n".join(lines) + "\n"


def incident_markdown(incident_id: str, incident: Incident, runs: Sequence[tuple[str, Run, Sequence[e.Event]]]) -> str:
    opened = incident.opened
    assert opened is not None, "an incident begins with IncidentOpened"
    ended = f", closed {_time(incident.closed.at)} by {incident.closed.by}" if incident.closed else ", still open"
    head = f"Opened {_time(opened.at)} by {opened.by}{ended}."
    lines = [f"# {incident_id}: {opened.title}", "", head, NO_HISTORY, ""]
    if incident.closed and incident.closed.summary:
        lines += [incident.closed.summary, ""]
    lines += [f"- {_time(said.at)} {_said(said)}" for said in incident.spoken]
    for run_id, run, events in runs:
        lines += ["", run_markdown(run_id, run, events).replace("\n## ", "\n### ").replace("# ", "## ", 1)]
    return "\n".join(lines) + "\n"


def _summary(run: Run) -> Iterator[str]:
    yield f"- asked for by {run.begun.name or run.begun.by}, {_time(run.begun.at)}"
    yield f"- cluster: {run.begun.cluster}"
    if run.begun.params:
        yield f"- parameters: {', '.join(f'{key}={value}' for key, value in run.begun.params.items())}"
    if run.cancelled:
        yield f"- stopped by {run.cancelled.by}, {_time(run.cancelled.at)}"
    if run.conclusion:
        yield f"- answer: **{run.conclusion.answer.value}**"
        yield from (f"  - root cause: {root.finding.summary}" for root in run.conclusion.root_causes)
        yield from (f"  - not looked at: {line}" for line in run.conclusion.not_looked_at)
    for line in overview(run):
        yield f"- {line.title}: {line.verdict.value.upper()}{f', {line.said}' if line.said else ''}"
    yield from (f"- look closer with `{playbook}`" for playbook in next_playbooks(run))
    yield f"- cost: {run.requests} requests, {run.bytes} bytes, {run.last - run.begun.at:.2f} s from start to end"


def _told(event: e.Event, run: Run) -> Iterator[str]:
    at = _time(event.at)
    match event:
        case e.StepStarted():
            arguments = f" with `{json.dumps(event.args, ensure_ascii=False, default=str)}`" if event.args else ""
            again = f" (attempt {event.attempt})" if event.attempt > 1 else ""
            yield f"- {at} **{_title(run, event.step)}** begins{arguments}{again}"
        case e.StepFinished():
            yield f"- {at} **{_title(run, event.step)}** took {event.duration:.2f} s"
            yield from (line for finding in event.findings for line in _finding(finding))
            yield from _evidence(event.evidence)
        case e.StepSkipped():
            yield f"- {at} **{_title(run, event.step)}** skipped: {event.reason}{_by(event.by)}"
        case e.StepInterrupted():
            yield f"- {at} **{_title(run, event.step)}** was interrupted: {event.reason}"
        case e.RunConcluded():
            yield f"- {at} {_concluded(event.conclusion)}"
        case _:
            yield from _person(event, run, at)


def _person(event: e.Event, run: Run, at: str) -> Iterator[str]:
    """What people asked, were asked, and answered."""
    match event:
        case e.RunStarted():
            yield f"- {at} {event.name or event.by} asks for `{event.playbook.name}` on {event.target}"
        case e.QuestionAsked():
            yield f"- {at} asked: {event.text}"
        case e.QuestionAnswered():
            note = f" ({event.note})" if event.note else ""
            yield f"- {at} {event.by} answers “{event.answer}”{note}"
        case e.ApprovalRequested():
            yield f"- {at} approval asked for: {event.description}"
            yield from ("  ```diff", *(f"  {line}" for line in event.difference), "  ```")
        case e.ApprovalGranted():
            yield f"- {at} {event.by} **approves** {_title(run, event.step)}"
        case e.ApprovalRefused():
            yield f"- {at} {event.by} **refuses** {_title(run, event.step)} {event.reason}".rstrip()
        case e.Reminded():
            yield f"- {at} {event.to or 'everybody'} reminded of {_title(run, event.step)}"
        case e.RunCancelled():
            yield f"- {at} {event.by} stops the run {event.reason}".rstrip()
        case e.RunClosed():
            yield f"- {at} closed ({event.reason})"
        case e.NoteAdded() | e.HandedOver() | e.MessagePinned():
            yield f"- {at} {_said(event)}"
        case _:
            return


def _said(event: e.NoteAdded | e.HandedOver | e.MessagePinned) -> str:
    if isinstance(event, e.HandedOver):
        return f"{event.by} hands over to {event.to} {event.note}".rstrip()
    return f"{event.by} notes: {event.text}"


def _finding(finding: Finding) -> Iterator[str]:
    cause = f" `{finding.cause}`" if finding.cause else ""
    yield f"  - {finding.verdict.value.upper()}{cause}: {finding.summary}"
    yield from (f"    - {line}" for line in finding.evidence)
    if finding.advice:
        yield f"    - advice: {finding.advice}"
    if finding.grid:
        yield from ("", "    ```", *(f"    {line}" for line in align(finding.grid, SIGNS, GRID_WIDTH)), "    ```")


def _evidence(evidence: Mapping[str, Any]) -> Iterator[str]:
    if not evidence:
        return
    text = json.dumps(evidence, ensure_ascii=False, default=str)
    cut = f" … cut, {len(text) - EVIDENCE_LIMIT} characters more in the JSON" if len(text) > EVIDENCE_LIMIT else ""
    fence = "`" * (max((len(run) for run in text.split() if set(run) == {"`"}), default=2) + 1)
    yield from ("  <details><summary>evidence</summary>", "", f"  {fence}json", f"  {text[:EVIDENCE_LIMIT]}{cut}")
    yield from (f"  {fence}", "  </details>")


def _concluded(conclusion: Conclusion) -> str:
    causes = "; ".join(root.finding.summary for root in conclusion.root_causes)
    return f"concluded: **{conclusion.answer.value}**" + (f": {causes}" if causes else "")


def _title(run: Run, step_id: str) -> str:
    return next((step.title for step in run.playbook.steps if step.id == step_id), step_id)


def _by(person: str) -> str:
    return f" by {person}" if person else ""


def _time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
