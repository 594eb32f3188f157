"""A run as text for a terminal: the answer first, then why, what to do, and what was not looked at."""

import textwrap
from collections.abc import Iterator

from bot.model.event import ApprovalRequested
from bot.model.finding import Answer, Finding, RootCause, Verdict
from bot.model.grid import SIGNS, align
from bot.model.overview import next_playbooks, overview
from bot.model.playbook import Kind, Step
from bot.model.run import Run, Status, findings

MARKS = {
    Verdict.PASS: "ok     ",
    Verdict.INFO: "info   ",
    Verdict.SKIPPED: "skipped",
    Verdict.UNKNOWN: "unknown",
    Verdict.WARN: "WARN   ",
    Verdict.FAIL: "FAIL   ",
}
HEADLINES = {
    Answer.OK: "Nothing wrong among what was looked at.",
    Answer.DEGRADED: "Works, with a fault in it.",
    Answer.BROKEN: "Broken.",
    Answer.UNKNOWN: "Could not tell.",
}


def tell(run_id: str, run: Run, width: int = 100) -> str:
    """The whole run, for when it is over."""
    lines = [f"{run.playbook.title} on {run.begun.target} · {run.begun.cluster} · {run_id}", ""]
    lines += [line for finding in findings(run) for line in _finding(finding, width)]
    lines += ["", *_overview(run, width), *_conclusion(run, width), "", _cost(run)]
    return "\n".join(lines)


def progress(run: Run) -> str:
    """One line while it goes on."""
    steps = run.playbook.steps
    over = sum(run.state(step.id).over for step in steps)
    at = [step.title for step in steps if run.state(step.id).status is Status.RUNNING]
    more = f" and {len(at) - 1} more" if len(at) > 1 else ""
    return f"[{over}/{len(steps)}] {at[0]}{more}" if at else f"[{over}/{len(steps)}]"


def changes(run: Run) -> str:
    """What became of the changes that were begun, a line each: the last word of a run that was interrupted."""
    made = {step.id for step in run.playbook.steps if step.kind is Kind.CHANGE and run.state(step.id).by}
    return "".join(f"{finding.summary}\n" for finding in findings(run) if finding.step in made)


def prompt(run: Run, step: Step) -> str:
    """What a person is asked, before the question itself."""
    asked = run.state(step.id).prompt
    if asked is None:
        return ""
    if isinstance(asked, ApprovalRequested):
        body = [asked.description, *(f"  {line}" for line in asked.difference)]
    else:
        body = [asked.text]
    return "\n".join(["", *body, f"  on {run.begun.target} · {run.begun.cluster}"])


def _finding(finding: Finding, width: int) -> Iterator[str]:
    where = f" [{finding.node}]" if finding.node else ""
    yield from _wrapped(f"{MARKS[finding.verdict]} {finding.summary}{where}", width, 8)
    if finding.verdict in (Verdict.FAIL, Verdict.WARN):
        for line in finding.evidence:
            yield from _wrapped(f"          {line}", width, 12)
    for line in align(finding.grid, SIGNS, width - 10):
        yield f"          {line}"


def _overview(run: Run, width: int) -> Iterator[str]:
    """A line for each layer, and what to run next, where the playbook wants it so."""
    for line in overview(run):
        said = f": {line.said}" if line.said else ""
        yield from _wrapped(f"{MARKS[line.verdict]} {line.title}{said}", width, 8)
    for playbook in next_playbooks(run):
        yield f"Look closer: netcheck run {playbook} {run.begun.target}"
    if run.playbook.overview:
        yield ""


def _conclusion(run: Run, width: int) -> Iterator[str]:
    conclusion = run.conclusion
    if run.cancelled:
        yield f"Stopped by {run.cancelled.by}."
    if conclusion is None:
        return
    yield HEADLINES[conclusion.answer]
    for root in conclusion.root_causes:
        yield from _root(root, width)
    if conclusion.not_looked_at:
        yield "Not looked at, or not told:"
        for line in conclusion.not_looked_at:
            yield from _wrapped(f"  · {line}", width, 4)


def _root(root: RootCause, width: int) -> Iterator[str]:
    finding = root.finding
    yield from _wrapped(f"→ {finding.summary}", width, 2)
    if finding.advice:
        yield from _wrapped(f"  What to do: {finding.advice}", width, 4)
    for consequence in root.consequences:
        yield from _wrapped(f"  follows from it: {consequence.summary}", width, 4)
    if finding.doc:
        yield f"  netcheck explain {finding.cause}"


def _cost(run: Run) -> str:
    return f"{run.requests} requests, {run.bytes / 1000:.0f} kB, {run.last - run.begun.at:.2f} s"


def _wrapped(text: str, width: int, indent: int) -> list[str]:
    hanging = " " * indent
    return textwrap.wrap(text, width, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False) or [""]
