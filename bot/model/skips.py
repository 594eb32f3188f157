"""Why a step whose turn has come is not made: stopped, out of time, not wanted, or what it needs is not there."""

from bot.model import event as e
from bot.model import template
from bot.model.errors import TemplateError
from bot.model.finding import Finding, Verdict
from bot.model.playbook import Kind, Step
from bot.model.run import Run, StepState
from bot.model.scope import scope


def stopped(run: Run, step: Step, now: float) -> e.StepSkipped | None:
    """An earlier step with `on_fail: stop` failed; if it is essential, not being able to tell stops the run as well."""
    stop = next((s for s in _earlier(run, step) if s.on_fail == "stop" and _stops(s, run.state(s.id))), None)
    if stop is None:
        return None
    return e.StepSkipped(at=now, step=step.id, why="stopped", reason=f"the run stopped at “{stop.title}”")


def skip(run: Run, step: Step, now: float) -> e.StepSkipped | None:
    if step.kind is Kind.LOOK and now > run.looking_since + run.playbook.timeout:
        reason = f"the run's time of {run.playbook.timeout:g} s was over"
        return e.StepSkipped(at=now, step=step.id, why="deadline", reason=reason)
    for other in step.needs:
        before = run.state(other).skip
        if before:
            reason = f"needs the step {other}, which was skipped"
            return e.StepSkipped(at=now, step=step.id, why=_inherited(before), reason=reason)
    try:
        wanted = not step.when or template.truth(step.when, scope(run, step))
    except TemplateError as error:
        return _missing(run, step, now) or _broken_when(step, error, now)
    if wanted:
        return None
    return e.StepSkipped(at=now, step=step.id, why="when", reason=f"not needed here: {step.when}")


def _failed(state: StepState) -> bool:
    return any(finding.verdict is Verdict.FAIL for finding in state.findings)


def _stops(step: Step, state: StepState) -> bool:
    untold = state.verdict in (Verdict.UNKNOWN, Verdict.SKIPPED)
    return _failed(state) or (step.essential and untold)


def _earlier(run: Run, step: Step) -> tuple[Step, ...]:
    steps = run.playbook.steps
    return steps[: steps.index(step)]


def _inherited(skip: e.StepSkipped) -> e.SkipReason:
    """What was not wanted needs no mention; what was wanted and could not be had does."""
    return "needs" if skip.why in ("needs", "deadline") else "when"


def _missing(run: Run, step: Step, now: float) -> e.StepSkipped | None:
    """The step it refers to that was skipped or could not tell."""
    for other in step.refers:
        state = run.state(other)
        if state.skip:
            reason = f"needs what the step {other} gives, and that was skipped"
            return e.StepSkipped(at=now, step=step.id, why=_inherited(state.skip), reason=reason)
        if state.verdict in (Verdict.UNKNOWN, Verdict.SKIPPED) or _failed(state):
            reason = f"needs what the step {other} gives, and that could not be told"
            return e.StepSkipped(at=now, step=step.id, why="needs", reason=reason)
    return None


def _broken_when(step: Step, error: TemplateError, now: float) -> e.StepSkipped:
    return e.StepSkipped(at=now, step=step.id, why="needs", reason=f"its condition cannot be told: {error}")


def unrendered(run: Run, step: Step, error: str, now: float) -> e.RunEvent:
    missing = _missing(run, step, now)
    if missing:
        return missing
    text = f"{step.title}: its arguments cannot be made: {error}"
    finding = Finding(verdict=Verdict.UNKNOWN, summary=text, step=step.id)
    return e.StepFinished(at=now, step=step.id, attempt=run.state(step.id).attempt + 1, findings=(finding,))
