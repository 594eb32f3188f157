"""`/netcheck doctor`: what is missing before netcheck can do all it could here, and what to do about it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.journal import Journal
from bot.model.errors import NetcheckError
from bot.slack import text as t
from bot.slack.blocks import section
from bot.slack.identity import Identity, Known
from bot.slack.replies import Reply, reply
from bot.slack.text import Markup

FINE, BAD, OPTIONAL = ":white_check_mark:", ":x:", ":information_source:"
NEEDED = {
    "chat:write": "post and edit messages",
    "commands": "hear /netcheck",
    "app_mentions:read": "hear @netcheck, also in threads",
    "channels:read": "see before a run whether I can speak in a channel",
    "files:write": "upload transcripts",
    "usergroups:read": "know who belongs to a user group that the rules name",
    "users:read": "know people's names",
}
WELCOME = {
    "channels:history": "find my own posts again after a crash",
    "groups:history": "the same in private channels",
    "groups:read": "see before a run whether I can speak in a private channel",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Doctor:
    """`socket`: whether the connection stands, and a line on it. `problems`: of playbooks and the like."""

    identity: Identity
    journal: Journal
    socket: Callable[[], tuple[bool, str]]
    problems: Callable[[], Sequence[str]] = tuple

    async def examine(self) -> Reply:
        known = await self.identity.known()
        up, socket = self.socket()
        lines = [
            *_slack(known),
            Markup(f"{FINE if up else BAD} Socket: {t.one_line(socket, 300)}"),
            await self._store(),
        ]
        problems = self.problems()
        lines += [Markup(f"{BAD} {t.one_line(problem, 300)}") for problem in problems[:10]]
        if len(problems) > 10:
            lines.append(Markup(f"{BAD} and {len(problems) - 10} more problems: `netcheck lint`"))
        bad = sum(line.startswith(BAD) for line in lines)
        head = f"{bad} of these need attention" if bad else "All that is needed is there"
        return reply(Markup(f"netcheck doctor: {head}."), section(*lines))

    async def _store(self) -> Markup:
        try:
            return Markup(f"{FINE} State store: {t.one_line(await self.journal.check(), 300)}")
        except NetcheckError as error:
            return Markup(f"{BAD} State store: {t.one_line(str(error), 400)}")


def _slack(known: Known) -> list[Markup]:
    if known.error:
        return [Markup(f"{BAD} Slack: auth.test says {t.code(known.error, 80)}; look at SLACK_BOT_TOKEN.")]
    lines = [
        Markup(f"{BAD} Scope `{scope}` is missing, so I cannot {use}. Add it and install the app again.")
        for scope, use in NEEDED.items()
        if scope not in known.scopes
    ]
    lines += [
        Markup(f"{OPTIONAL} With the scope `{scope}` I could {use}.")
        for scope, use in WELCOME.items()
        if scope not in known.scopes
    ]
    return [Markup(f"{FINE} Slack: {len(known.scopes)} scopes granted"), *lines]
