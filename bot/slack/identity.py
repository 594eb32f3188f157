"""Who netcheck is in this workspace, and which scopes it was given: `auth.test`, asked once and kept while it holds."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.calls import OUTAGES, code_of

KEPT = 600.0
PATIENCE = 1.0
"""Seconds for a question whose answer stands before an acknowledgement, for which Slack waits three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """`error`: Slack's code when it does not know this token, "" otherwise."""

    bot_user: str = ""
    bot: str = ""
    team: str = ""
    scopes: frozenset[str] = frozenset()
    error: str = ""


class Identity:
    """An outage of Slack's Web API never looks like a missing installation: what is known is used while it lasts."""

    def __init__(self, client: AsyncWebClient, clock: Callable[[], float]) -> None:
        self._client = client
        self._clock = clock
        self._known = Known()
        self._until = 0.0
        self._asking = asyncio.Lock()

    async def known(self) -> Known:
        async with self._asking:
            if self._clock() >= self._until:
                self._known = await self._ask()
                self._until = self._clock() + (KEPT if self._known.bot_user else 5.0)
        return self._known

    async def _ask(self) -> Known:
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._client.auth_test()
        except SlackApiError as error:
            return Known(error=code_of(error) or "no answer")
        except OUTAGES:
            return Known(error="no answer") if not self._known.bot_user else self._known
        granted = str(answer.headers.get("x-oauth-scopes", ""))
        return Known(
            bot_user=str(answer.get("user_id", "")),
            bot=str(answer.get("bot_id", "")),
            team=str(answer.get("team_id", "")),
            scopes=frozenset(scope.strip() for scope in granted.split(",") if scope.strip()),
        )

    def for_bolt(self) -> Callable[[str | None, str | None], Awaitable[AuthorizeResult]]:
        """Never refuses, because the socket itself has shown that this is our workspace. Bolt takes plain functions
        only, and goes by the names of their arguments."""

        async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
            known = await self.known()
            return AuthorizeResult(
                enterprise_id=enterprise_id,
                team_id=team_id,
                bot_user_id=known.bot_user or None,
                bot_id=known.bot or None,
                bot_token=self._client.token,
            )

        return authorize

    def bolt_client(self) -> AsyncWebClient:
        """The same without the token, which Bolt would otherwise say it ignores."""
        client = self._client
        bare = AsyncWebClient(base_url=client.base_url, session=client.session, retry_handlers=[])
        bare.proxy = client.proxy
        return bare
