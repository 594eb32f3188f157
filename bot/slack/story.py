"""What there is to tell about a run, before it is put into blocks: how it stands, what was mended, by whom. Pure."""

from bot.model import event as e
from bot.model.finding import Answer, Finding, RootCause, Verdict
from bot.model.playbook import Kind, Step
from bot.model.run import Run, Status, StepState, replaced_steps
from bot.slack import text as t
from bot.slack import words
from bot.slack.blocks import Element, bullets, emoji, link, paragraph, preformatted, said
from bot.slack.text import Markup

CONSEQUENCES = 5
TOLD = (Verdict.FAIL, Verdict.WARN, Verdict.UNKNOWN, Verdict.INFO)
"""What is worth a post of its own. What passed stands in the list of steps, what was skipped under "not looked at"."""


def headline(run: Run) -> tuple[str, str]:
    """Emoji and word for the run as a whole."""
    if run.cancelled:
        return words.STOPPED
    if run.closed and run.conclusion:
        return words.MENDED if is_mended(run) else words.ANSWERS[run.conclusion.answer]
    if run.waiting_for_person:
        return words.NEEDED
    return words.GOING


def is_mended(run: Run) -> bool:
    return bool(run.conclusion and run.conclusion.answer is Answer.OK and mended(run))


def mended(run: Run) -> tuple[RootCause, ...]:
    """Root causes that were told, looked at again after an approved change, and found no more."""
    if run.conclusion is None or not changes(run):
        return ()
    now = {root.finding.key for root in run.conclusion.root_causes}
    gone: dict[tuple[str, str, str], RootCause] = {}
    for conclusion in run.told:
        for root in conclusion.root_causes:
            if root.finding.key not in now and _seen_again(run, root.finding.step):
                gone.setdefault(root.finding.key, root)
    return tuple(gone.values())


def _seen_again(run: Run, step_id: str) -> bool:
    """Whether a later look of the same kind could tell, so that the absence of the fault means something."""
    if step_id not in replaced_steps(run):
        return False
    first = run.playbook.step(step_id)
    after = run.playbook.steps[run.playbook.steps.index(first) + 1 :]
    again = [run.state(step.id) for step in after if step.uses == first.uses and step.fresh]
    return any(state.verdict in (Verdict.PASS, Verdict.INFO, Verdict.WARN, Verdict.FAIL) for state in again)


def changes(run: Run) -> tuple[tuple[Step, StepState], ...]:
    """Changes that were approved and carried out."""
    steps = [(step, run.state(step.id)) for step in run.playbook.steps if step.kind is Kind.CHANGE]
    return tuple((step, state) for step, state in steps if state.status is Status.DONE and state.by)


def went_well(state: StepState) -> bool:
    """Of a change that was carried out: it says nothing worse than what it did."""
    return bool(state.by) and (state.verdict or Verdict.PASS).badness <= Verdict.INFO.badness


def name(run: Run) -> Markup:
    return Markup(f"{t.one_line(run.playbook.name, 60)} on {t.one_line(run.begun.target, 60)}")


def sentence(run: Run) -> Markup:
    """The whole run in a sentence or two: what a notification and a screen reader say."""
    word = headline(run)[1]
    over = sum(run.state(step.id).over for step in run.playbook.steps)
    parts = [f"netcheck {name(run)}: {word}."]
    if run.cancelled:
        parts.append(f"{t.mention(run.cancelled.by)} stopped it.")
    elif not run.closed:
        parts.append(f"{over} of {words.count(len(run.playbook.steps), 'step')} done.")
    causes = run.conclusion.root_causes[:3] if run.conclusion else ()
    parts += [t.one_line(cause.finding.summary, 400) for cause in causes]
    if is_mended(run):
        parts += [f"It was: {t.one_line(root.finding.summary, 400)}" for root in mended(run)[:3]]
    parts.append(f"Asked for by {t.mention(run.begun.by)}.")
    return Markup(" ".join(parts))


def step_line(run: Run, step: Step) -> Markup:
    state = run.state(step.id)
    sign, word = words.STATUSES[state.status]
    verdict = state.verdict
    if state.status is Status.DONE and verdict:
        sign, word = words.VERDICTS[verdict]
        if verdict.badness > Verdict.INFO.badness and step.id in replaced_steps(run):
            sign, word = words.REPLACED, f"was {word}; looked at again below"
        elif step.kind is Kind.CHANGE and went_well(state):
            sign, word = words.CHANGED[0], f"done, approved by {t.mention(state.by)}"
    elif isinstance(state.prompt, e.QuestionAsked) and state.status is Status.DONE:
        word = f"answered “{t.one_line(str(state.outputs.get('answer', '')), 80)}”"
    return Markup(f"{sign} {t.one_line(step.title, 100)} – {word}")


# --- findings -------------------------------------------------------------------------------------------------------


def finding_elements(finding: Finding, docs: str, *, evidence: bool = True, done: bool = False) -> list[Element]:
    """A finding as a person reads it: what, what to do, the lines that show it, where to read on. `done`: a change."""
    sign, word = words.CHANGED if done else words.VERDICTS[finding.verdict]
    node = said(f" (on node {finding.node})", 120) if finding.node else []
    head = paragraph(emoji(sign), said(f" {word[0].upper()}{word[1:]}: ", bold=True), said(finding.summary, 800), node)
    found = [head]
    if finding.advice and finding.verdict is not Verdict.PASS:
        found.append(paragraph(said("What to do: ", bold=True), said(finding.advice, 900)))
    if evidence and finding.evidence:
        found.append(preformatted([t.cut(line, 400) for line in finding.evidence], 1500))
    if finding.doc:
        found.append(paragraph(_reference(finding, docs)))
    return found


def _reference(finding: Finding, docs: str) -> list[Element]:
    anchor = finding.doc.rpartition("#")[2]
    if docs.startswith(("https://", "http://")) and len(docs) < 2000:
        return [link(f"{docs}#{anchor[:200]}", f"What {finding.cause[:120]} means, and how to check it by hand")]
    return said(f"More: `netcheck explain {finding.cause[:120]}`")


def root_elements(root: RootCause, docs: str, *, evidence: bool = False) -> list[Element]:
    """A root cause, and under it what follows from it."""
    found = finding_elements(root.finding, docs, evidence=evidence)
    if root.consequences:
        told = [said(c.summary, 250) for c in root.consequences[:CONSEQUENCES]]
        if len(root.consequences) > CONSEQUENCES:
            told.append(said(f"and {len(root.consequences) - CONSEQUENCES} more"))
        found += [paragraph(said("Because of it:", bold=True)), bullets(told)]
    return found
