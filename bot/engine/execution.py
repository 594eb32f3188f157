"""One step, carried out: its type looked up, its arguments checked, its deadline kept. An exception is a finding.

Forbidden becomes SKIPPED and names what is missing; every other failure of the cluster becomes UNKNOWN and says why.
What is gathered is redacted here, before anything else can see it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from bot.cluster import Cluster, Usage
from bot.model.errors import ClusterError, Forbidden, NetcheckError, Unreachable
from bot.model.event import ApprovalRequested, StepFinished
from bot.model.finding import MAX_EVIDENCE, Finding, Verdict
from bot.model.playbook import Kind, Step
from bot.model.redact import redact, redact_json
from bot.steps import Args, Change, Guide, Judgement, Look, StepType


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a step came to."""

    findings: tuple[Finding, ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)

    def as_event(self, step: str, attempt: int, began: float, now: float, spent: Usage) -> StepFinished:
        return StepFinished(
            at=now,
            step=step,
            attempt=attempt,
            findings=self.findings,
            evidence=self.evidence,
            outputs=self.outputs,
            duration=round(now - began, 3),
            requests=spent.requests,
            bytes=spent.bytes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a change would do, once its dry run went well."""

    description: str
    difference: tuple[str, ...]

    def as_event(
        self, step: Step, attempt: int, args: Mapping[str, Any], now: float, lasts: float
    ) -> ApprovalRequested:
        """`lasts`: seconds for which it can be approved, where the step sets no limit."""
        return ApprovalRequested(
            at=now,
            step=step.id,
            attempt=attempt,
            args=args,
            description=self.description,
            difference=self.difference,
            to=step.assign,
            expires_after=step.expires_after or lasts,
        )


async def look(kind: StepType, cluster: Cluster, step: Step, args: Mapping[str, Any]) -> Outcome:
    """Gather and judge, within the step's deadline; unreachable clusters are tried `retries` times more."""
    if not isinstance(kind, Look):
        return failed(step, Verdict.UNKNOWN, f"{step.uses} is not a look")
    evidence: Mapping[str, Any] = {}
    try:
        parsed = kind.args.model_validate(dict(args))
        async with asyncio.timeout(step.timeout):
            evidence = redact_json(await _gather(kind, cluster, parsed, step.retries))
        return _judged(kind.judge(dict(evidence), parsed), evidence, step)
    except Exception as error:
        return replace(explained(step, error), evidence=evidence)


async def _gather(kind: Look[Any], cluster: Cluster, args: Args, retries: int) -> dict[str, Any]:
    for left in range(retries, -1, -1):
        try:
            return await kind.gather(cluster, args)
        except Unreachable:
            if not left:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


async def preview(kind: StepType, cluster: Cluster, step: Step, args: Mapping[str, Any]) -> Proposal | Outcome:
    """What the change would do; an Outcome when there is nothing to approve (no difference, or it would fail)."""
    if not isinstance(kind, Change):
        return failed(step, Verdict.UNKNOWN, f"{step.uses} is not a change")
    try:
        parsed = kind.args.model_validate(dict(args))
        async with asyncio.timeout(step.timeout):
            shown = redact_json(await kind.preview(cluster, parsed))
    except Exception as error:
        return explained(step, error)
    difference = tuple(str(line) for line in shown.get("difference", ()))
    if difference:
        return Proposal(description=str(shown.get("description", step.title)), difference=difference)
    summary = f"{step.title}: nothing to change, it is so already"
    return Outcome(findings=(Finding(verdict=Verdict.INFO, summary=summary, step=step.id),), evidence=shown)


async def apply(
    kind: StepType, cluster: Cluster, step: Step, args: Mapping[str, Any], approved: tuple[str, ...]
) -> Outcome:
    """Carry out the change, once, if it still makes the difference that was approved. What fails after it was sent is
    UNKNOWN, never tried again."""
    if not isinstance(kind, Change):
        return failed(step, Verdict.UNKNOWN, f"{step.uses} is not a change")
    evidence: Mapping[str, Any] = {}
    try:
        parsed = kind.args.model_validate(dict(args))
        async with asyncio.timeout(step.timeout):
            now = redact_json(await kind.preview(cluster, parsed))
            if tuple(str(line) for line in now.get("difference", ())) != approved:
                said = "the object was altered since this was approved, so nothing was changed; run the playbook again"
                return replace(failed(step, Verdict.UNKNOWN, f"{step.title}: {said}"), evidence=now)
            evidence = redact_json(await kind.apply(cluster, parsed))
        return _judged(kind.judge(dict(evidence), parsed), evidence, step)
    except Exception as error:
        return replace(explained(step, error), evidence=evidence)


def question(kind: StepType, args: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The text and the choices of a guide step. Raises ValidationError for arguments that do not fit."""
    assert isinstance(kind, Guide), "the loader gives Kind.GUIDE to guide steps only"
    parsed = kind.args.model_validate(dict(args))
    return redact(kind.text(parsed)), kind.choices(parsed)


def _judged(judgement: Judgement, evidence: Mapping[str, Any], step: Step) -> Outcome:
    findings = tuple(_finished(finding, step) for finding in judgement.findings)
    return Outcome(findings=findings, evidence=evidence, outputs=dict(judgement.outputs))


def _finished(finding: Finding, step: Step) -> Finding:
    """With the advice that the playbook's author gave for this verdict, if any, in place of our own."""
    advice = step.advice.get(finding.verdict.value, finding.advice)
    return replace(finding, step=step.id, advice=advice, evidence=finding.evidence[:MAX_EVIDENCE])


def failed(step: Step, verdict: Verdict, summary: str) -> Outcome:
    return Outcome(findings=(Finding(verdict=verdict, summary=summary, step=step.id),))


def explained(step: Step, error: Exception) -> Outcome:
    """What went wrong as a finding, in words for a person."""
    match error:
        case Forbidden():
            undone = "not looked at" if step.kind is Kind.LOOK else "not to be done from here"
            return failed(step, Verdict.SKIPPED, f"{step.title}: {undone}, netcheck may not {error.permission}")
        case TimeoutError():
            said = f"no answer within {step.timeout:g} s, waiting for what `{step.uses}` reads"
        case ValidationError():
            said = "; ".join(f"`{'.'.join(map(str, x['loc']))}`: {x['msg']}" for x in error.errors()[:3])
        case ClusterError() | NetcheckError():
            said = str(error)
        case _:
            said = f"netcheck itself failed ({type(error).__name__}: {error}); please report this"
    return failed(step, Verdict.UNKNOWN, redact(f"{step.title}: {said}"))
