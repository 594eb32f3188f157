"""What one person is told at once, mostly for their eyes only: help, refusals, lists, a run in brief. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.model.errors import JournalError, NetcheckError, Refused, UsageError
from bot.model.playbook import Playbook
from bot.model.run import Run
from bot.slack import story, words
from bot.slack import text as t
from bot.slack.blocks import Block, actions, button, context, fit, section
from bot.slack.text import Markup
from bot.slack.view import thread

OFFERED = 5
COMMANDS = (
    "`/netcheck dns prod`: run a playbook on a target; parameters as `name=value`",
    "`/netcheck list`, `status`, `show dns-42`, `rerun dns-42`, `cancel dns-42`, `doctor`",
    "`/netcheck note saw it too`, `handover dns-42 @bob`, `transcript`",
    "`/netcheck incident open <title>`, `incident close`",
    "In a thread, where Slack has no slash commands: `@netcheck dns prod`",
)
UNSURE = "It could not be said whether that was taken; look at `/netcheck status` before you repeat it."
NO_STORE = f"The state store is unavailable. {UNSURE}"
OURS = f"Netcheck itself failed at this; the log of the bot says why. {UNSURE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`public`: for everybody in the channel. `replace`: in place of the message that was clicked."""

    text: Markup
    blocks: tuple[Block, ...] = field(default_factory=tuple)
    public: bool = False
    replace: bool = False


def reply(text: Markup, *blocks: Block, public: bool = False, replace: bool = False) -> Reply:
    return Reply(text=text, blocks=fit(blocks or (section(text),)), public=public, replace=replace)


def explain(error: Exception) -> Reply:
    """Anything that went wrong, as a sentence; what may have been meant, as buttons that are never pressed by us."""
    match error:
        case UsageError() if error.near:
            near = [button(f"{text}", f"type:{index}", text[:500]) for index, text in enumerate(error.near[:OFFERED])]
            text = t.told(str(error), 2500)
            return reply(text, section(text), context(Markup("Did you mean one of these?")), actions(*near))
        case Refused():
            return reply(Markup(f":no_entry: {t.told(str(error), 2500)}"))
        case JournalError():
            return reply(Markup(f":warning: {NO_STORE}"))
        case NetcheckError():
            return reply(t.told(str(error), 2500))
        case _:
            return reply(Markup(f":warning: {OURS}"))


def help_reply(playbooks: Sequence[Playbook], targets: Sequence[str]) -> Reply:
    target = targets[0] if len(targets) == 1 else ""
    asked = [f"{playbook.name} {target}".strip() for playbook in playbooks[:OFFERED]]
    buttons = [button(f"/netcheck {text}", f"type:{index}", text) for index, text in enumerate(asked)]
    head = Markup("Netcheck looks for what is wrong with a cluster's network, and says it with evidence.")
    lines = section(*(Markup(line) for line in COMMANDS))
    known = context(Markup(f"Targets: {_named(targets)}"))
    text = Markup("Netcheck looks for what is wrong with a cluster's network. Type, for example, /netcheck dns prod.")
    return reply(text, section(head), lines, known, *([actions(*buttons)] if buttons else []))


def list_reply(playbooks: Sequence[Playbook], targets: Sequence[str]) -> Reply:
    lines = [Markup(f"{t.code(p.name, 60)} {t.one_line(p.summary or p.title, 200)}") for p in playbooks]
    text = Markup(f"Known here: {words.count(len(playbooks), 'playbook')}, {words.count(len(targets), 'target')}.")
    return reply(text, section(*lines), context(Markup(f"Targets: {_named(targets)}")))


def _named(targets: Sequence[str]) -> Markup:
    shown = ", ".join(t.code(target, 80) for target in targets[:15])
    return Markup(f"{shown} and {len(targets) - 15} more" if len(targets) > 15 else shown or "none")


def status_reply(runs: Sequence[tuple[str, Run]]) -> Reply:
    """The runs of this channel, those that wait for somebody first."""
    if not runs:
        return reply(Markup("Nothing was run in this channel yet."))
    order = sorted(runs, key=lambda pair: (bool(pair[1].closed), not pair[1].waiting_for_person))
    lines = [_brief(run_id, run) for run_id, run in order[:15]]
    going = sum(run.closed is None for _, run in runs)
    state = f"{going} not over" if going else "all over" if len(runs) > 1 else "over"
    return reply(Markup(f"The last {words.count(len(runs), 'run')} of this channel: {state}."), section(*lines))


def _brief(run_id: str, run: Run) -> Markup:
    sign, word = story.headline(run)
    when = t.moment(run.begun.at, "{date_short_pretty} {time}")
    return Markup(f"{sign} {t.code(run_id, 60)} {story.name(run)}: {word} · {when}, by {t.mention(run.begun.by)}")


def run_reply(run_id: str, run: Run, docs: str) -> Reply:
    """The run as its root message tells it, with what waits for an answer."""
    posts = [post for post in thread(run_id, run, docs=docs) if post.key == "root" or post.urgent]
    return reply(posts[0].text, *(block for post in posts for block in post.blocks))
