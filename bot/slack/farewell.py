"""What is told to the person who asked when the channel of a run cannot be written to any more. Pure."""

from bot.model.run import Run
from bot.slack import story
from bot.slack import text as t
from bot.slack.blocks import section
from bot.slack.post import Post, post
from bot.slack.text import Markup

REASONS = {
    "is_archived": "it was archived",
    "is_inactive": "it was archived",
    "channel_not_found": "it is gone, or private without me",
    "not_in_channel": "I am not in it any more",
}


def farewell(run_id: str, run: Run, code: str, wanted: tuple[Post, ...]) -> Post | None:
    """A direct message for the starter, or None when there is nothing to say yet or nobody to say it to."""
    if not run.begun.by.startswith("slack:"):
        return None
    reason = REASONS.get(code, code)
    where = f"<#{run.begun.origin.channel}>"
    head = f"I cannot write about {t.code(run_id, 60)} in {where} any more: {t.one_line(reason, 200)}."
    if run.closed:
        ending = [post for post in wanted if post.key == "summary"]
    elif run.waiting_for_person and not run.cancelled:
        ending = [post for post in wanted if post.urgent]
    else:
        return None
    blocks = [block for post in ending for block in post.blocks]
    said = Markup(f"{head} {story.sentence(run)}")
    return post(f"farewell:{'closed' if run.closed else 'needed'}", said, section(Markup(head)), *blocks)
