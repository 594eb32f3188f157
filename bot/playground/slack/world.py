"""The parts of the box that a Web API method may touch, and the scopes with which the app is installed.

`MINIMAL_SCOPES` is what a small installation grants [D reference/scopes]; a test that needs more adds
`HISTORY_SCOPES`.
"""

from dataclasses import dataclass

from bot.playground.slack.clock import Clock
from bot.playground.slack.faults import Faults
from bot.playground.slack.files import Files
from bot.playground.slack.rates import Rates
from bot.playground.slack.refusal import RefusalError
from bot.playground.slack.tickets import Tickets
from bot.playground.slack.views import Views
from bot.playground.slack.workspace import Workspace

MINIMAL_SCOPES = frozenset({
    "commands", "chat:write", "app_mentions:read", "files:write", "users:read", "usergroups:read", "channels:read",
})  # fmt: skip
HISTORY_SCOPES = frozenset({"channels:history", "groups:history", "im:history", "groups:read", "im:read"})


@dataclass(slots=True, kw_only=True)
class World:
    clock: Clock
    workspace: Workspace
    rates: Rates
    tickets: Tickets
    views: Views
    files: Files
    faults: Faults
    bot_token: str
    app_token: str
    scopes: frozenset[str]
    base_url: str = ""

    def require(self, *scopes: str) -> None:
        """For a scope that hangs on the arguments, such as the kind of conversation."""
        require_any(scopes, self.scopes)


def require_any(needed: tuple[str, ...], granted: frozenset[str]) -> None:
    if needed and not granted.intersection(needed):
        raise RefusalError("missing_scope", needed=",".join(needed), provided=",".join(sorted(granted)))
