"""What people are asked, and what they said: a post with buttons, which lose their place once it is decided. Pure."""

from bot.model import event as e
from bot.model.playbook import Step
from bot.model.run import Run, Status, StepState, is_cut_short
from bot.slack import story, words
from bot.slack import text as t
from bot.slack.blocks import (
    Block,
    Element,
    actions,
    button,
    confirm,
    context,
    literal,
    paragraph,
    preformatted,
    rich,
    said,
    section,
)
from bot.slack.post import Post, post
from bot.slack.root import stop_confirm
from bot.slack.text import Markup

CHOICES = 20
MENTIONED = 10
PROBLEMS = ("problem", "found a problem")
"""Answers which are followed by a question for a few words."""


def prompt_posts(run_id: str, run: Run, docs: str, approvers: tuple[str, ...] | None) -> list[Post]:
    found: list[Post] = []
    for step in run.playbook.steps:
        state = run.state(step.id)
        match state.prompt:
            case e.ApprovalRequested() as asked:
                found += [_outdated(step, attempt) for attempt in range(1, asked.attempt)]
                found.append(_approval(run_id, run, step, asked, docs, approvers))
            case e.QuestionAsked() as asked:
                found.append(_question(run_id, run, step, asked))
            case None:
                continue
        found += _reminders(run, step, state)
    return found


def key(step: Step, attempt: int) -> str:
    return f"ask:{step.id}:{attempt}"


def _outdated(step: Step, attempt: int) -> Post:
    told = Markup(f"{t.one_line(step.title, 150)}: this was asked again below.")
    blocks = (section(Markup(f"{words.STATUSES[Status.SKIPPED][0]} {told}")),)
    return Post(key=key(step, attempt), text=told, blocks=blocks, edit_only=True)


# --- approving a change ---------------------------------------------------------------------------------------------


def _approval(run_id: str, run: Run, step: Step, asked: e.ApprovalRequested, docs: str,
              approvers: tuple[str, ...] | None) -> Post:  # fmt: skip
    state = run.state(step.id)
    is_open = _is_open(run, state, Status.APPROVAL)
    head = _addressed(asked.to, "Approve this change?") if is_open else _decision(run, step, state)
    blocks: list[Block] = [section(head), rich(paragraph(said(asked.description, 1200)))]
    if asked.difference:
        blocks.append(rich(preformatted(asked.difference)))
    where = Markup(f"On *{t.one_line(run.begun.target, 60)}* · {t.one_line(run.begun.cluster, 200)}")
    blocks.append(context(where, *(_rules(asked.expires_after or step.expires_after, approvers) if is_open else [])))
    if is_open:
        blocks += [actions(*_approval_buttons(run_id, run, step, asked))]
    for finding in state.findings if state.status is Status.DONE else ():
        blocks.append(rich(*story.finding_elements(finding, docs, done=story.went_well(state))))
    sentence = Markup(f"{head} {story.name(run)}: {t.one_line(asked.description, 800)}")
    return post(key(step, asked.attempt), sentence, *blocks, urgent=is_open)


def _is_open(run: Run, state: StepState, status: Status) -> bool:
    return state.status is status and not run.closed and not run.cancelled


def _addressed(to: str, question: str) -> Markup:
    """Only who must act is mentioned, and only here."""
    names = " ".join(t.mention(name) for name in to.replace(",", " ").split())
    return Markup(f"{words.NEEDED[0]} {names}{' ' if names else ''}*{question}*")


def _rules(lasts: float, approvers: tuple[str, ...] | None) -> list[Markup]:
    """The mention calls those who can act; nothing is done before one of them has."""
    told = []
    if approvers is not None:
        names = ", ".join(t.mention(name) for name in approvers[:MENTIONED])
        more = f" and {len(approvers) - MENTIONED} more" if len(approvers) > MENTIONED else ""
        told.append(Markup(f"May be approved by: {names or 'nobody, as the settings are'}{more}"))
    if lasts:
        told.append(Markup(f"Open for {words.duration(lasts)}"))
    return told


def _approval_buttons(run_id: str, run: Run, step: Step, asked: e.ApprovalRequested) -> list[Element]:
    value = (run_id, step.id, asked.attempt)
    text = f"On {run.begun.target} ({run.begun.cluster}): {asked.description}"
    sure = confirm("Carry out this change?", text, "Approve")
    return [
        button("Approve", "approve", *value, style="primary", confirm=sure),
        button("Skip", "refuse", *value),
        button("Stop", "stop", run_id, style="danger", confirm=stop_confirm(run_id, run)),
    ]


def _decision(run: Run, step: Step, state: StepState) -> Markup:
    """What became of it: who, and when."""
    who = t.mention(state.by)
    match state.status:
        case Status.APPROVED if run.cancelled:
            stopper = t.mention(run.cancelled.by)
            return Markup(f":no_entry: Approved by {who}, stopped by {stopper} before it began: nothing was changed.")
        case Status.APPROVED:
            return Markup(f":hourglass_flowing_sand: Approved by {who} at {t.moment(state.since)}, being carried out.")
        case Status.RUNNING:
            return Markup(f":hourglass_flowing_sand: Approved by {who}, being carried out.")
        case Status.DONE:
            return Markup(f":white_check_mark: Approved by {who}, carried out at {t.moment(state.since)}.")
        case Status.SKIPPED:
            return _skipped(state)
        case Status.WAITING if run.cancelled and is_cut_short(step, state):
            stopper = t.mention(run.cancelled.by)
            unseen = "its outcome was not seen. Look before you make it again"
            return Markup(f":grey_question: Approved by {who}, being made when {stopper} stopped the run: {unseen}.")
        case Status.WAITING if state.by:
            return Markup(f":grey_question: Approved by {who}; its outcome is unknown: it was cut short. Asked again.")
        case _:
            return _stopped(run)


def _skipped(state: StepState) -> Markup:
    reason = t.one_line(state.skip.reason, 300) if state.skip else Markup("")
    if state.by:
        more = f": {reason}" if reason not in ("refused", "skipped by a person") else ""
        return Markup(f":fast_forward: Skipped by {t.mention(state.by)} at {t.moment(state.since)}{more}.")
    return Markup(f":fast_forward: Not done: {reason}.")


def _stopped(run: Run) -> Markup:
    who = t.mention(run.cancelled.by) if run.cancelled else "netcheck"
    return Markup(f":no_entry: The run was stopped by {who} before this was decided.")


# --- questions ------------------------------------------------------------------------------------------------------


def _question(run_id: str, run: Run, step: Step, asked: e.QuestionAsked) -> Post:
    state = run.state(step.id)
    is_open = _is_open(run, state, Status.ASKING)
    head = _addressed(asked.to, t.one_line(step.title, 150)) if is_open else _answered(run, state)
    blocks: list[Block] = [section(head), rich(paragraph(said(asked.text, 2500)))]
    if state.status is Status.DONE and state.note:
        blocks.append(rich(paragraph(literal(state.note, 2500))))
    if is_open:
        blocks.append(actions(*_answer_buttons(run_id, run, step, asked)))
    sentence = Markup(f"{head} {t.one_line(asked.text, 1000)}")
    return post(key(step, 0), sentence, *blocks, urgent=is_open)


def _answer_buttons(run_id: str, run: Run, step: Step, asked: e.QuestionAsked) -> list[Element]:
    buttons = [
        button(choice, f"{'problem' if choice.lower() in PROBLEMS else 'answer'}:{index}", run_id, step.id, index)
        for index, choice in enumerate(asked.choices[:CHOICES])
    ]
    if not asked.choices:
        buttons = [button("Answer", "write", run_id, step.id, style="primary")]
    stop = button("Stop", "stop", run_id, style="danger", confirm=stop_confirm(run_id, run))
    return [*buttons, button("Skip", "skip", run_id, step.id), stop]


def _answered(run: Run, state: StepState) -> Markup:
    match state.status:
        case Status.DONE:
            answer = t.one_line(str(state.outputs.get("answer", "")), 300)
            who = t.mention(state.by)
            return Markup(f":white_check_mark: {who} answered “{answer}” at {t.moment(state.since)}.")
        case Status.SKIPPED:
            return _skipped(state)
        case _:
            return _stopped(run)


def _reminders(run: Run, step: Step, state: StepState) -> list[Post]:
    """A mention in a new post reaches people; an edit does not."""
    attempt = state.prompt.attempt if isinstance(state.prompt, e.ApprovalRequested) else 0
    return [
        post(f"remind:{step.id}:{attempt}:{number}", _reminder(run, step, reminder))
        for number, reminder in enumerate(state.reminders, 1)
    ]


def _reminder(run: Run, step: Step, reminder: e.Reminded) -> Markup:
    names = " ".join(t.mention(name) for name in reminder.to.replace(",", " ").split())
    waits = "has waited long enough to ask you instead" if reminder.escalated else "is still waiting for an answer"
    return Markup(f"{words.NEEDED[0]} {names} {story.name(run)} {waits}: {t.one_line(step.title, 150)}.")
