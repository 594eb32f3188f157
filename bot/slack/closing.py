"""What people said beside the steps, and the last post of a run: the answer, what was done, what it cost. Pure.

The summary is broadcast to the channel only when the run took so long that its root message has scrolled out of sight.
"""

from bot.model import event as e
from bot.model.run import Run
from bot.slack import story, words
from bot.slack import text as t
from bot.slack.blocks import Block, context, literal, paragraph, rich, said, section
from bot.slack.post import Post, post
from bot.slack.root import mending, not_looked_at
from bot.slack.text import Markup

IN_SIGHT = 60.0
"""Seconds after which a root message counts as out of sight."""
UNSEEN = 15


def note_posts(run: Run) -> list[Post]:
    return [_spoken(number, said) for number, said in enumerate(run.spoken, 1)]


def _spoken(number: int, spoken: e.NoteAdded | e.HandedOver) -> Post:
    match spoken:
        case e.NoteAdded():
            head = Markup(f":memo: Note by {t.mention(spoken.by)} at {t.moment(spoken.at)}:")
            body = spoken.text
        case e.HandedOver():
            head = Markup(f":arrows_counterclockwise: {t.mention(spoken.to)} takes over from {t.mention(spoken.by)}.")
            body = spoken.note
    blocks: list[Block] = [section(head), *([rich(paragraph(literal(body, 3000)))] if body else [])]
    return post(f"note:{number}", Markup(f"{head} {t.escape(body, 1500) if body else ''}"), *blocks)


def summary_posts(run_id: str, run: Run, docs: str, *, broadcast: bool) -> list[Post]:
    if run.closed is None:
        return []
    sign, word = story.headline(run)
    blocks: list[Block] = [section(Markup(f"{sign} *{story.name(run)}: {word}*"))]
    causes = run.conclusion.root_causes if run.conclusion else ()
    blocks += [rich(*story.root_elements(cause, docs)) for cause in causes]
    blocks += mending(run)
    if run.cancelled:
        blocks.append(rich(paragraph(said(_stopped(run), 600))))
    if unseen := not_looked_at(run, UNSEEN):
        blocks.append(section(*unseen))
    blocks.append(context(_cost(run_id, run)))
    long = run.closed.at - run.begun.at > IN_SIGHT
    return [post("summary", story.sentence(run), *blocks, broadcast=broadcast and long)]


def _stopped(run: Run) -> str:
    reason = run.cancelled.reason if run.cancelled else ""
    return f"Stopped before its end{': ' + reason if reason else ''}. What had been seen until then stands above."


def _cost(run_id: str, run: Run) -> Markup:
    took = words.duration(run.last - run.begun.at)
    read = f"{words.count(run.requests, 'request')}, {run.bytes / 1000:.0f} kB"
    return Markup(f"{t.code(run_id, 60)} · {took} · {read} to the cluster · `/netcheck transcript {run_id}`")
