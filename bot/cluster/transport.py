"""One HTTP request to an API server and back: connections, credentials, repetition, counting. Knows no kinds.

A `Transport` is shared by all runs on a target; each run counts on its own `Meter`. Only reads are repeated: after a
broken connection, and when the server says it is busy, as long as it asks for no longer wait than a step can bear.
"""

import asyncio
import random
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TypeAlias

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from bot import __version__
from bot.cluster import Headers
from bot.cluster.credentials import Credentials, Login
from bot.cluster.faults import explain_failure, explain_status, is_own
from bot.cluster.records import Ask, Limits
from bot.model.errors import ClusterError, ServerFailed, TooLarge, Unauthorized

Query: TypeAlias = tuple[tuple[str, str], ...]

_BUSY = frozenset({429, 502, 503})
_BROKEN = (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError, aiohttp.ClientOSError)
_HOPELESS = (aiohttp.ClientConnectorDNSError, aiohttp.ClientSSLError, aiohttp.ClientConnectorCertificateError)


@dataclass(slots=True)
class Meter:
    requests: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`path` is already quoted. `safe`: may be sent twice. `headers`: e.g. whom to impersonate, several of one name.

    `relayed`: the API server passes it on, so any answer that is not the API server's own error is the answer.
    `seconds`: how long to wait for the answer, where it is not as long as for others.
    """

    ask: Ask
    path: str
    method: str = "GET"
    query: Query = ()
    headers: Headers = ()
    body: bytes | None = None
    safe: bool = True
    relayed: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Again:
    """An answer that asks for another try; `error` is what it means when there is none. None: at our own pace."""

    error: ClusterError
    after: float | None = None


@dataclass(slots=True)
class Transport:
    credentials: Credentials
    limits: Limits = field(default_factory=Limits)
    _session: aiohttp.ClientSession | None = None
    _date: tuple[float, float] | None = None

    @property
    def now(self) -> float:
        """The server's clock: its last Date header, carried on by ours."""
        if self._date is None:
            return time.time()
        told, at = self._date
        return told + (time.monotonic() - at)

    async def send(self, request: Request, meter: Meter) -> bytes:
        """The body of a 2xx answer. Raises ClusterError."""
        login = await self.credentials.current()
        for attempt in range(1, self.limits.attempts + 1):
            outcome = await self._try(request, login, meter)
            if isinstance(outcome, _Again) and isinstance(outcome.error, Unauthorized):
                login = await self.renew(login, outcome.error)
                outcome = await self._try(request, login, meter)
            if isinstance(outcome, bytes):
                return outcome
            if isinstance(outcome.error, Unauthorized) or not request.safe or attempt == self.limits.attempts:
                raise outcome.error
            await self._pause(outcome, attempt)
        raise AssertionError("the last attempt returns or raises")

    async def renew(self, refused: Login, error: ClusterError) -> Login:
        """A login worth another try after a 401; raises `error` when there is none."""
        login = await self.credentials.renew(refused)
        if (login.authorization, login.tls) == (refused.authorization, refused.tls):
            raise error
        return login

    async def _pause(self, outcome: _Again, attempt: int) -> None:
        wait = outcome.after
        if wait is None:
            wait = 0.1 * 4 ** (attempt - 1) * random.uniform(0.7, 1.3)
        if wait > self.limits.wait:
            raise ServerFailed(f"{outcome.error} It asks to come back after {wait:g} s, which is too long for a look.")
        await asyncio.sleep(wait)

    async def _try(self, request: Request, login: Login, meter: Meter) -> bytes | _Again:
        server, limits = self.credentials.server, self.limits
        seconds = request.seconds or limits.request
        meter.requests += 1
        try:
            async with self.open_session().request(
                request.method,
                URL(server + request.path, encoded=True).extend_query(request.query),
                data=request.body,
                headers=self.dress(request, login),
                ssl=login.tls or True,
                server_hostname=login.tls_name,
                proxy=login.proxy,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=limits.connect),
            ) as response:
                self.note_date(response)
                body = await self._read(response, request, meter)
        except (aiohttp.ClientError, TimeoutError) as error:
            fault = explain_failure(error, request.ask, server, seconds)
            if isinstance(error, _BROKEN) and not isinstance(error, (*_HOPELESS, TimeoutError)):
                return _Again(fault)
            raise fault from error
        if 200 <= response.status < 300 or (request.relayed and not is_own(body)):
            return body
        fault = explain_status(response.status, body, request.ask, server)
        if response.status in _BUSY or response.status == 401:
            return _Again(fault, _read_wait(response.headers.get("Retry-After", "")))
        raise fault

    async def _read(self, response: aiohttp.ClientResponse, request: Request, meter: Meter) -> bytes:
        """Counted as it comes, so that an endless answer ends at the ceiling and not in our memory."""
        parts: list[bytes] = []
        total = 0
        async for part in response.content.iter_any():
            total += len(part)
            meter.bytes += len(part)
            if total > self.limits.bytes:
                response.close()
                raise TooLarge(
                    f"{request.ask}: the answer is larger than {self.limits.bytes // 1024 // 1024} MiB. "
                    "Narrow it by namespace, labels or fields."
                )
            parts.append(part)
        return b"".join(parts)

    def dress(self, request: Request, login: Login) -> CIMultiDict[str]:
        headers = CIMultiDict(request.headers)
        headers.setdefault("Accept", "application/json")
        if login.authorization:
            headers["Authorization"] = login.authorization
        return headers

    def open_session(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit_per_host=32, limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": f"netcheck/{__version__}"},
                # Streams outlive any request; what must end soon says so itself.
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self.limits.connect),
                trust_env=False,
                raise_for_status=_keep_refusal,
            )
        return self._session

    def note_date(self, response: aiohttp.ClientResponse) -> None:
        try:
            self._date = (parsedate_to_datetime(response.headers["Date"]).timestamp(), time.monotonic())
        except (KeyError, ValueError):
            return

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


class UpgradeRefused(Exception):
    """A handshake that did not end in a WebSocket, with what the server said about it."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


async def _keep_refusal(response: aiohttp.ClientResponse) -> None:
    """aiohttp throws the body of a refused handshake away, and with it the reason."""
    if "Upgrade" in response.request_info.headers and response.status != 101:
        raise UpgradeRefused(response.status, await response.content.read(64 * 1024))


def _read_wait(text: str) -> float | None:
    return float(text) if text.isdigit() else None
