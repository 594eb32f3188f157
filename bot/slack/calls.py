"""A message into Slack, and what came of it, sorted by what is to be done about it. An outage is not an error here.

`Sent` it is there · `Wait` try again later (`sure`: it is certainly not there) · `Lost` what was to be edited or found
is not there · `Gone` nothing can be posted in this channel any more · `Unfit` Slack does not take these blocks ·
`Denied` this one message will never be taken. Whoever calls asks the limiter first.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.blocks import Block
from bot.slack.limits import HISTORY, POST, REPLIES, UPDATE, Limits

log = logging.getLogger(__name__)

OUTAGE = 5.0
LOCKED_OUT = 60.0
RETRY_AFTER = 30.0
EVENT_TYPE = "netcheck_post"

GONE = frozenset({
    "channel_not_found", "not_in_channel", "is_archived", "is_inactive", "restricted_action", "user_not_found",
    "restricted_action_read_only_channel", "restricted_action_thread_locked", "restricted_action_thread_only_channel",
    "restricted_action_non_threadable_channel", "cannot_reply_to_message", "messages_tab_disabled",
})  # fmt: skip
UNFIT = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "block_mismatch"})
LIMITED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
LOCKED = frozenset({
    "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope",
    "no_permission", "access_denied", "team_access_not_granted", "ekm_access_denied", "enterprise_is_restricted",
})  # fmt: skip
PASSING = frozenset({"", "internal_error", "fatal_error", "service_unavailable", "request_timeout", "update_failed"})
OUTAGES = (SlackClientError, aiohttp.ClientError, OSError, TimeoutError, AttributeError)
"""What a call raises when it was not Slack that answered; the SDK meets a page of plain text with an AttributeError."""


@dataclass(frozen=True, slots=True)
class Sent:
    ts: str


@dataclass(frozen=True, slots=True)
class Wait:
    seconds: float
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Lost:
    pass


@dataclass(frozen=True, slots=True)
class Gone:
    code: str


@dataclass(frozen=True, slots=True)
class Unfit:
    code: str


@dataclass(frozen=True, slots=True)
class Denied:
    code: str


Outcome: TypeAlias = Sent | Wait | Lost | Gone | Unfit | Denied


def code_of(error: SlackApiError) -> str:
    """Slack's error code; "" when the answer was not Slack's (a proxy's page, an empty body)."""
    data = getattr(error.response, "data", None)
    return str(data.get("error") or "") if isinstance(data, dict) else ""


class Calls:
    """Posts, edits and finds messages. `None` for blocks sends the text alone."""

    def __init__(self, client: AsyncWebClient, limits: Limits) -> None:
        self._client = client
        self._limits = limits

    async def post(self, channel: str, thread: str, text: str, blocks: Sequence[Block] | None, mark: dict[str, str],
                   *, broadcast: bool = False) -> Outcome:  # fmt: skip
        """`mark` becomes the metadata by which the message can be found again."""
        body: dict[str, Any] = {"channel": channel, "text": text, "blocks": list(blocks or ())}
        body |= {"thread_ts": thread, "reply_broadcast": broadcast} if thread else {}
        body |= {"metadata": _metadata(mark), "unfurl_links": False, "unfurl_media": False}
        return await self._send(POST, channel, body)

    async def update(self, channel: str, ts: str, text: str, blocks: Sequence[Block] | None) -> Outcome:
        body = {"channel": channel, "ts": ts, "text": text, "blocks": list(blocks or ())}
        return await self._send(UPDATE, channel, body)

    async def find(self, channel: str, thread: str, oldest: float, mark: dict[str, str]) -> Outcome:
        """A message that may have been posted before a crash. Lost: it was not, or history may not be read."""
        method = REPLIES if thread else HISTORY
        where: dict[str, Any] = {"ts": thread} if thread else {"oldest": f"{oldest:.6f}"}
        wanted = {"channel": channel, "limit": 200, "include_all_metadata": True, **where}
        try:
            answer = await self._client.api_call(method, params=wanted)
        except SlackApiError as error:
            passing = code_of(error) in LIMITED | PASSING
            return await self._refused(method, channel, error) if passing else Lost()
        except OUTAGES as error:
            return _outage(method, error)
        messages: list[dict[str, Any]] = answer.get("messages", [])
        found = (message for message in messages if message.get("metadata") == _metadata(mark))
        return next((Sent(str(message["ts"])) for message in found), Lost())

    async def _send(self, method: str, channel: str, body: dict[str, Any]) -> Outcome:
        try:
            answer = await self._client.api_call(method, json={**body, "parse": "none", "link_names": False})
        except SlackApiError as error:
            return await self._refused(method, channel, error)
        except OUTAGES as error:
            return _outage(method, error)
        return Sent(str(answer["ts"]))

    async def _refused(self, method: str, channel: str, error: SlackApiError) -> Outcome:
        code = code_of(error)
        if code in LIMITED:
            seconds = _retry_after(error)
            await self._limits.pause(method, channel, seconds)
            return Wait(seconds)
        if code == "message_not_found":
            return Lost()
        if code in PASSING:
            return _outage(method, error)
        if code in LOCKED:
            log.error("Slack refuses %s: %s; trying again in %g s", method, code, LOCKED_OUT)
            await self._limits.pause(method, channel, LOCKED_OUT)
            return Wait(LOCKED_OUT)
        if code in UNFIT:
            log.error("Slack does not take the blocks: %s: %s", code, _details(error))
            return Unfit(code)
        return Gone(code) if code in GONE else Denied(code)


def _metadata(mark: dict[str, Any]) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": mark}


def _outage(method: str, error: Exception) -> Wait:
    log.warning("Slack did not answer %s: %s", method, type(error).__name__)
    return Wait(OUTAGE, sure=False)


def _retry_after(error: SlackApiError) -> float:
    headers = getattr(error.response, "headers", None) or {}
    try:
        return max(1.0, float(headers.get("Retry-After", RETRY_AFTER)))
    except ValueError:
        return RETRY_AFTER


def _details(error: SlackApiError) -> str:
    data = getattr(error.response, "data", None)
    metadata = data.get("response_metadata", {}) if isinstance(data, dict) else {}
    return "; ".join(map(str, metadata.get("messages", [])[:5]))
