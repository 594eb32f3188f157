"""The socket to Slack, kept up: Bolt's aiohttp adapter with a shim where it would retry a dead address for ever, and a
watchdog that replaces it when it has fallen silent.

Measured on the adapter of slack_sdk 3.47: without the shim a failed handshake is for ever; with pings every
three seconds a half-open connection is noticed within six. An outage of Slack never ends the process.
"""

import asyncio
import contextlib
import logging
import random
import re
import time
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.calls import OUTAGES, code_of

log = logging.getLogger(__name__)

PING = 3.0
LOOK = 1.0
SILENCE = 30.0
"""Seconds without a pong after which the whole adapter is replaced."""
SLOW = 60.0
LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""A workspace in a box: the SDK would send it through a proxy of the environment, whatever NO_PROXY says."""
LOCKED_OUT = frozenset({
    "link_disabled", "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired",
    "not_allowed_token_type", "missing_scope",
})  # fmt: skip
"""What no quick retry will mend: the token, or Socket Mode switched off."""


def make_client(token: str, api_url: str) -> AsyncWebClient:
    """Without the SDK's own retries: one of them may post a second time what had arrived. Close with `close_client`."""
    session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10, connect=3))
    client = AsyncWebClient(token=token, base_url=api_url, session=session, retry_handlers=[])
    if urlsplit(api_url).hostname in LOOPBACK:
        client.proxy = None
    return client


async def close_client(client: AsyncWebClient) -> None:
    if client.session is not None:
        await client.session.close()


class Connection:
    """`run()` goes on until cancelled; `close()` lets listeners that are at work finish, and hangs up."""

    def __init__(self, app: AsyncApp, app_token: str, *, ping: float = PING) -> None:
        self._app = app
        self._app_token = app_token
        self._ping = ping
        self._socket: _Socket | None = None
        self._closed = False
        self._trouble = "not connected yet"
        self.reconnects = 0

    @property
    def connected(self) -> bool:
        return self._socket is not None and self._socket.alive

    def describe(self) -> tuple[bool, str]:
        """For `doctor` and health: whether it stands, and a line about it."""
        if self._socket is not None and self._socket.alive:
            others = self._socket.connections
            return True, f"connected; {others} of at most 10 connections of this app are open"
        return False, self._trouble

    async def run(self) -> None:
        """Connect, watch, and begin anew when the connection is beyond repair; slower when Slack refuses the token."""
        failures = 0
        while not self._closed:
            wait = await self._open()
            if self._socket is not None:
                failures = 0
                await self._watch(self._socket)
                await self._drop()
                self.reconnects += 1
                continue
            failures += 1
            await asyncio.sleep(max(wait, min(30.0, 2.0 ** min(failures, 5) / 2) * random.uniform(0.8, 1.2)))

    async def close(self) -> None:
        self._closed = True
        await self._drop()

    async def _open(self) -> float:
        """A new adapter, connected; or how long to wait at least before the next attempt."""
        socket = _Socket(self._app, self._app_token, self._ping)
        try:
            await socket.open()
        except SlackApiError as error:
            self._trouble = f"Slack refuses the connection: {code_of(error) or 'no answer'}"
            wait = SLOW if code_of(error) in LOCKED_OUT else 0.0
            log.log(logging.ERROR if wait else logging.WARNING, "%s; trying again", self._trouble)
        except OUTAGES as error:
            self._trouble = f"Slack cannot be reached: {type(error).__name__}"
            log.warning("%s; trying again", self._trouble)
            wait = 0.0
        else:
            wait = 0.0
            if not self._closed:
                self._socket = socket
                return wait
        await socket.close()
        return wait

    async def _watch(self, socket: "_Socket") -> None:
        """Until it is broken and the adapter has not mended it by itself."""
        standing = True
        while standing:
            await asyncio.sleep(LOOK)
            standing = not socket.is_beyond_repair
        self._trouble = socket.trouble or "the connection fell silent"
        log.warning("%s; connecting anew", self._trouble)

    async def _drop(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()


class _Socket:
    """One adapter of Bolt, from opening to closing."""

    def __init__(self, app: AsyncApp, app_token: str, ping: float) -> None:
        handler = AsyncSocketModeHandler(app, app_token, logger=_sdk_log(), ping_interval=ping)
        self._client: SocketModeClient = handler.client
        self._client.proxy = app.client.proxy
        self._alive_at = time.monotonic()
        self.connections = 0
        self.trouble = ""
        self._client.message_listeners.append(self._hear)
        self._shim()

    def _shim(self) -> None:
        """A handshake that failed has used its ticket up: forget the address, so that the next attempt asks for one.
        A refusal of the token ends the adapter's own quick retries."""
        session, issue = self._client.aiohttp_client_session, self._client.issue_new_wss_url
        connect = session.ws_connect

        async def ws_connect(*args: Any, **kwargs: Any) -> Any:
            try:
                return await connect(*args, **kwargs)
            except BaseException:
                self._client.wss_uri = None
                raise

        async def issue_new_wss_url() -> str:
            try:
                return await issue()
            except SlackApiError as error:
                if code_of(error) in LOCKED_OUT:
                    self.trouble = f"Slack refuses the connection: {code_of(error)}"
                    self._client.closed = True
                raise

        session.ws_connect = ws_connect  # type: ignore[method-assign,assignment]
        self._client.issue_new_wss_url = issue_new_wss_url  # type: ignore[method-assign]

    async def open(self) -> None:
        """Raises what the first call or handshake raises; the adapter itself would retry in silence."""
        self._client.wss_uri = await self._client.issue_new_wss_url()
        async with asyncio.timeout(SILENCE):
            await self._client.connect()  # type: ignore[no-untyped-call]

    async def _hear(self, client: Any, message: dict[str, Any], raw: str | None) -> None:
        self._alive_at = time.monotonic()
        if message.get("type") == "hello":
            self.connections = int(message.get("num_connections", 1))

    @property
    def alive(self) -> bool:
        current = self._client.current_session
        return not self._client.closed and current is not None and not current.closed

    @property
    def is_beyond_repair(self) -> bool:
        """The adapter mends a lost connection within seconds; what lasts longer than SILENCE it does not mend."""
        if self._client.closed or self._client.aiohttp_client_session.closed:
            return True
        pong = self._client.last_ping_pong_time
        if self.alive and (pong is None or time.time() - pong < SILENCE):
            self._alive_at = time.monotonic()
        return time.monotonic() - self._alive_at > SILENCE

    async def close(self) -> None:
        self._client.closed = True
        with contextlib.suppress(*OUTAGES, RuntimeError):
            await self._client.close()  # type: ignore[no-untyped-call]
        for task in (self._client.message_processor, self._client.current_session_monitor):
            if task is not None:
                task.cancel()


class _NoTickets(logging.Filter):
    """Addresses of the socket carry a ticket; and the adapter's tracebacks say no more than their last line."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = re.sub(r"ticket=[^&\s'\"]+", "ticket=…", record.getMessage()), ()
        record.exc_info = None
        return True


def _sdk_log() -> logging.Logger:
    sdk = logging.getLogger("bot.slack.socket")
    if not sdk.filters:
        sdk.addFilter(_NoTickets())
    return sdk
