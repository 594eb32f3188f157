"""A run as the Slack thread should show it: `thread` gives all posts, each with a stable key. Pure; has no clock.

    root                       the message in the channel
    step:<id>                  a look that found something to tell
    ask:<id>:<attempt>         a question or a change to approve; later, who decided what
    remind:<id>:<attempt>:<n>  nobody answered yet
    note:<n>                   notes and hand-overs
    summary                    the end

What differs only because time goes by is never in a post: each difference costs a call.
"""

from bot.model.run import Run
from bot.slack.closing import note_posts, summary_posts
from bot.slack.post import Post
from bot.slack.prompts import prompt_posts
from bot.slack.root import root
from bot.slack.steps import step_posts


def thread(
    run_id: str, run: Run, *, docs: str = "", broadcast: bool = True, approvers: tuple[str, ...] | None = None
) -> tuple[Post, ...]:
    """The root first, then the thread in the order in which it should be posted. `docs`: the address of causes.md.
    `approvers`: who may approve the changes of this run, by the rules as they are; None: not known."""
    return (
        root(run_id, run, docs),
        *step_posts(run, docs),
        *prompt_posts(run_id, run, docs, approvers),
        *note_posts(run),
        *summary_posts(run_id, run, docs, broadcast=broadcast),
    )
