"""What the expressions of a playbook see of a run."""

from typing import Any

from bot.model.playbook import Step
from bot.model.run import Run, StepState


def scope(run: Run, step: Step) -> dict[str, Any]:
    """What the expressions of this step see: `params`, `steps.<id>.{status, verdict, cause, outputs}` of the steps that
    they refer to, `run.{root_cause, …}`."""
    conclusion = run.conclusion
    causes = [root.finding.cause for root in conclusion.root_causes] if conclusion else []
    return {
        "params": dict(run.begun.params),
        "steps": {other: _facts(run.state(other)) for other in step.refers},
        "run": {
            "target": run.begun.target,
            "answer": conclusion.answer.value if conclusion else "",
            "root_cause": causes[0] if causes else "",
            "root_causes": causes,
        },
    }


def _facts(state: StepState) -> dict[str, Any]:
    return {
        "status": state.status.value,
        "verdict": state.verdict.value if state.verdict else "",
        "cause": next((finding.cause for finding in state.findings if finding.cause), ""),
        "outputs": dict(state.outputs),
    }
