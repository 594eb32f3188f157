"""The root message of a run: the one that stands in the channel and is edited in place while the run goes on. Pure."""

from bot.model.event import StepSkipped
from bot.model.finding import Verdict
from bot.model.overview import next_playbooks, overview
from bot.model.run import Run, Status
from bot.slack import story, words
from bot.slack import text as t
from bot.slack.blocks import Block, Element, actions, button, confirm, context, paragraph, rich, said, section
from bot.slack.post import ROOT, Post, post
from bot.slack.text import Markup

LISTED = 12
CAUSES = 4
UNSEEN = 5
CLOSER = 3


def root(run_id: str, run: Run, docs: str) -> Post:
    sign, word = story.headline(run)
    over = sum(run.state(step.id).over for step in run.playbook.steps)
    progress = "" if run.closed or run.cancelled else f" – {over}/{len(run.playbook.steps)}"
    head = Markup(f"{sign} *{t.one_line(run.playbook.name, 60)}* on *{t.one_line(run.begun.target, 60)}*: {word}")
    blocks: list[Block] = [section(Markup(head + progress)), context(_provenance(run_id, run))]
    blocks += _answer(run, docs)
    blocks.append(section(*(_layers(run) or _steps(run))))
    if unseen := not_looked_at(run, UNSEEN):
        blocks.append(context(*unseen))
    blocks.append(actions(*_buttons(run_id, run)))
    return post(ROOT, story.sentence(run), *blocks)


def _provenance(run_id: str, run: Run) -> Markup:
    """The person who asked is mentioned, so that Slack lets them follow the thread."""
    begun = run.begun
    parts = [
        t.one_line(begun.cluster, 200) if begun.cluster else "",
        f"asked for by {t.mention(begun.by)} at {t.moment(begun.at)}",
        f"on it: {t.mention(run.owner)}" if run.owner not in ("", begun.by) else "",
        ", ".join(t.code(f"{name}={value}", 80) for name, value in _given(run)),
        t.code(run_id, 60),
    ]
    return Markup(" · ".join(part for part in parts if part))


def _given(run: Run) -> list[tuple[str, object]]:
    """The parameters that are not as the playbook has them."""
    usual = {param.name: param.default for param in run.playbook.params}
    return [(name, value) for name, value in run.begun.params.items() if value != usual.get(name)]


def _answer(run: Run, docs: str) -> list[Block]:
    """What is wrong and what to do, or what was wrong and who mended it."""
    causes = run.conclusion.root_causes if run.conclusion else ()
    told = [rich(*story.root_elements(cause, docs)) for cause in causes[:CAUSES]]
    if len(causes) > CAUSES:
        told.append(context(Markup(f"And {words.count(len(causes) - CAUSES, 'more root cause')}: see the thread.")))
    return told + mending(run)


def mending(run: Run) -> list[Block]:
    """What was wrong, who approved which change, and that it was looked at again."""
    gone = story.mended(run)
    if not gone:
        return []
    was = [paragraph(said("It was: ", bold=True), said(cause.finding.summary, 600)) for cause in gone[:CAUSES]]
    made = [
        Markup(f"{t.one_line(step.title, 150)}: approved by {t.mention(state.by)}, applied {t.moment(state.since)}.")
        for step, state in story.changes(run)
    ]
    return [rich(*was), section(*made, Markup("Looked at again afterwards: it is not there any more."))]


def _layers(run: Run) -> list[Markup]:
    """A line for each layer in place of the steps, where the playbook wants it so and it has come to something."""
    told = []
    for line in overview(run):
        sign, word = words.VERDICTS[line.verdict]
        said = f": {t.one_line(line.said, 300)}" if line.said else ""
        told.append(Markup(f"{sign} *{line.title}* – {word}{said}"))
    return told


def _steps(run: Run) -> list[Markup]:
    """One line a step; what went well is counted when the list would get long, and at the end."""
    rows = [(step, run.state(step.id)) for step in run.playbook.steps]
    shown = [(step, state) for step, state in rows if not _unwanted(state.skip)]
    fine = [row for row in shown if row[1].over and row[1].verdict is Verdict.PASS]
    counted = bool(run.closed) or len(shown) > LISTED
    told = [story.step_line(run, row[0]) for row in shown if not (counted and row in fine)]
    spare = len(rows) - len(shown)
    sums = [f"{words.VERDICTS[Verdict.PASS][0]} {len(fine)} ok" if counted and fine else ""]
    sums.append(f"{words.STATUSES[Status.SKIPPED][0]} {spare} not needed here" if spare and run.closed else "")
    summary = Markup(" · ".join(part for part in sums if part))
    if len(told) > LISTED:
        told = [*told[:LISTED], Markup(f"{t.CUT} and {len(told) - LISTED} more steps")]
    return [*([summary] if summary else []), *told]


def _unwanted(skip: StepSkipped | None) -> bool:
    return bool(skip and skip.why == "when")


def not_looked_at(run: Run, most: int) -> list[Markup]:
    gaps = run.conclusion.not_looked_at if run.conclusion else ()
    if not gaps:
        return []
    told = [Markup(f"• {t.one_line(gap, 250)}") for gap in gaps[:most]]
    if len(gaps) > most:
        told.append(Markup(f"• and {len(gaps) - most} more"))
    return [Markup("*Not looked at, or not told:*"), *told]


def _buttons(run_id: str, run: Run) -> list[Element]:
    if run.closed:
        closer = [button(f"Look closer: {playbook}", f"type:{number}", f"{playbook} {run.begun.target}"[:500])
                  for number, playbook in enumerate(next_playbooks(run)[:CLOSER])]
        return [*closer, button("Run again", "rerun", run_id), button("Transcript", "transcript", run_id)]
    return [button("Stop", "stop", run_id, style="danger", confirm=stop_confirm(run_id, run))]


def stop_confirm(run_id: str, run: Run) -> Element:
    text = f"{run_id} on {run.begun.target} ({run.begun.cluster}) ends here. What was changed already stays changed."
    return confirm("Stop this run?", text, "Stop it", danger=True)
