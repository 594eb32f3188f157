"""A run as JSON for machines: exactly the fields that the documentation of the command line promises."""

from typing import Any

from bot.model.finding import Answer, Finding, worst
from bot.model.run import Run, findings


def report(run_id: str, run: Run) -> dict[str, Any]:
    """`verdict` is the worst finding's; `skipped` has one sentence for each thing that was not looked at."""
    conclusion = run.conclusion
    found = findings(run)
    return {
        "run": run_id,
        "target": run.begun.target,
        "playbook": run.playbook.name,
        "verdict": worst(found).value.upper(),
        "answer": (conclusion.answer if conclusion else Answer.UNKNOWN).value,
        "root_causes": [_finding(root.finding) for root in conclusion.root_causes] if conclusion else [],
        "findings": [_finding(finding) for finding in found],
        "skipped": list(conclusion.not_looked_at) if conclusion else [],
        "requests": run.requests,
        "bytes": run.bytes,
        "duration_ms": round((run.last - run.begun.at) * 1000),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "verdict": finding.verdict.value.upper(),
        "cause": finding.cause,
        "layer": finding.layer.value if finding.layer else "",
        "object": finding.object,
        "node": finding.node,
        "summary": finding.summary,
        "evidence": list(finding.evidence),
        "advice": finding.advice,
        "doc": finding.doc,
    }


def exit_status(run: Run) -> int:
    """0 ok, 1 broken or degraded, 2 unknown (or no answer)."""
    match run.conclusion.answer if run.conclusion else Answer.UNKNOWN:
        case Answer.OK:
            return 0
        case Answer.BROKEN | Answer.DEGRADED:
            return 1
        case Answer.UNKNOWN:
            return 2
