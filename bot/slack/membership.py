"""Whether netcheck can speak in a channel, asked before anything is started there: slash commands work everywhere."""

import asyncio
from collections.abc import Callable
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.calls import OUTAGES, code_of
from bot.slack.identity import PATIENCE, Identity

KEPT = 300.0
PUBLIC = "chat:write.public"
INVITE = "I am not in this channel, so nothing was started. Type `/invite @netcheck` and then your command again."
ARCHIVED = "This channel is archived, so nothing was started."


class Membership:
    """Only the good news is kept; whatever cannot be found out (no scope, no answer) stops nobody."""

    def __init__(self, client: AsyncWebClient, identity: Identity, clock: Callable[[], float]) -> None:
        self._client = client
        self._identity = identity
        self._clock = clock
        self._inside: dict[str, float] = {}
        self._asking = asyncio.Lock()

    async def obstacle(self, channel: str) -> str:
        """What to tell the person, or "" when a run can be shown there."""
        async with self._asking:
            if self._clock() < self._inside.get(channel, 0.0):
                return ""
            told = await self._ask(channel)
            if not told:
                self._inside[channel] = self._clock() + KEPT
            return told

    async def _ask(self, channel: str) -> str:
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._client.conversations_info(channel=channel)
        except SlackApiError as error:
            return INVITE if code_of(error) == "channel_not_found" else ""
        except OUTAGES:
            return ""
        found: dict[str, Any] = answer.get("channel", {})
        if found.get("is_archived"):
            return ARCHIVED
        if found.get("is_im") or found.get("is_mpim") or found.get("is_member"):
            return ""
        public = not found.get("is_private") and PUBLIC in (await self._identity.known()).scopes
        return "" if public else INVITE
