"""Exec and port-forward over WebSocket: bytes with a channel number in front, by the subprotocols of the API server.

Port-forward speaks v4.channel.k8s.io (v5 is refused at the handshake, seen on v1.34): channel 0 is data, channel 1 the
error, and the first message on each only repeats the port. Exec speaks v5 or v4: 1 stdout, 2 stderr, 3 the Status.
https://kubernetes.io/docs/reference/using-api/ and k8s.io/kubelet/pkg/cri/streaming
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias

import aiohttp
import orjson
from yarl import URL

from bot.cluster import ExecResult, Stream
from bot.cluster.credentials import Login
from bot.cluster.faults import explain_failure, explain_status
from bot.cluster.records import Ask
from bot.cluster.transport import Meter, Request, Transport, UpgradeRefused
from bot.model.errors import Malformed, ServerFailed, TimedOut, TooLarge, Unauthorized

FAREWELL = 1.0
"""Seconds for the other side to close when we do."""
_FORWARD = ("v4.channel.k8s.io",)
_EXEC = ("v5.channel.k8s.io", "v4.channel.k8s.io")
_DATA, _ERROR = 0, 1
_STDOUT, _STDERR, _STATUS = 1, 2, 3

# decode_text is left as it is, so text messages would come as str.
_Socket: TypeAlias = "aiohttp.ClientWebSocketResponse[bool]"


@asynccontextmanager
async def open_forward(transport: Transport, request: Request, meter: Meter) -> AsyncIterator[Stream]:
    channels = await _open(transport, request, _FORWARD, meter)
    try:
        yield _Forward(channels)
    finally:
        await channels.close()


async def run_command(transport: Transport, request: Request, meter: Meter) -> ExecResult:
    """Output in full, up to the ceiling. A command that ends with an exit code other than 0 is a result, no error."""
    channels = await _open(transport, request, _EXEC, meter)
    parts: dict[int, bytearray] = {_STDOUT: bytearray(), _STDERR: bytearray(), _STATUS: bytearray()}
    try:
        while message := await channels.receive():
            channel, data = message
            parts.setdefault(channel, bytearray()).extend(data)
            if sum(map(len, parts.values())) > transport.limits.bytes:
                raise TooLarge(f"{request.ask}: the command prints more than {transport.limits.bytes} bytes.")
    finally:
        await channels.close()
    code = _read_exit_code(bytes(parts[_STATUS]), request.ask)
    return ExecResult(parts[_STDOUT].decode(errors="replace"), parts[_STDERR].decode(errors="replace"), code)


class _Channels:
    """Whole messages of one WebSocket, counted, each receive with a time limit."""

    def __init__(self, socket: _Socket, request: Request, transport: Transport, meter: Meter) -> None:
        self.ask = request.ask
        self._socket = socket
        self._server = transport.credentials.server
        self._seconds = transport.limits.stream
        self._meter = meter

    async def receive(self) -> tuple[int, bytes] | None:
        """The next message with a channel; None when the other side has closed."""
        while True:
            try:
                message = await self._socket.receive(timeout=self._seconds)
            except TimeoutError as error:
                raise TimedOut(f"{self.ask}: the stream stands, but nothing came for {self._seconds:g} s.") from error
            match message.type:
                case aiohttp.WSMsgType.BINARY if message.data:
                    self._meter.bytes += len(message.data)
                    return message.data[0], message.data[1:]
                case aiohttp.WSMsgType.CLOSE | aiohttp.WSMsgType.CLOSING | aiohttp.WSMsgType.CLOSED:
                    return None
                case aiohttp.WSMsgType.ERROR:
                    cause = self._socket.exception() or OSError("broken stream")
                    raise explain_failure(aiohttp.ClientError(str(cause)), self.ask, self._server, self._seconds)

    async def send(self, channel: int, data: bytes) -> None:
        try:
            await self._socket.send_bytes(bytes([channel]) + data)
        except (ConnectionError, aiohttp.ClientError) as error:
            raise explain_failure(error, self.ask, self._server, self._seconds) from error

    async def close(self) -> None:
        """Waits for the other side to agree, but not while it only goes on sending."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                await self._socket.close()


class _Forward:
    """The `Stream` of one forwarded port. For one reader at a time."""

    def __init__(self, channels: _Channels) -> None:
        self._channels = channels
        self._buffer = bytearray()
        self._begun: set[int] = set()
        self._ended = False

    async def send(self, data: bytes) -> None:
        await self._channels.send(_DATA, data)

    async def read(self) -> bytes:
        while not self._buffer and not self._ended:
            await self._pull()
        data = bytes(self._buffer)
        self._buffer.clear()
        return data

    async def read_exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            if self._ended:
                raise ServerFailed(
                    f"{self._channels.ask}: the pod closed the connection after {len(self._buffer)} of {count} bytes."
                )
            await self._pull()
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data

    async def _pull(self) -> None:
        message = await self._channels.receive()
        if message is None:
            self._ended = True
            return
        channel, data = message
        if channel not in self._begun:
            # The port, two bytes: nothing that was sent by the pod.
            self._begun.add(channel)
            data = data[2:]
        if channel == _DATA:
            self._buffer += data
        elif channel == _ERROR and data:
            text = " ".join(data.decode(errors="replace").split())
            raise ServerFailed(f"{self._channels.ask}: the node could not reach the port in the pod: {_brief(text)}.")


def _brief(text: str) -> str:
    """The reason stands at the end, behind names that may be long."""
    return text if len(text) <= 400 else f"{text[:120]} … {text[-270:]}"


async def _open(transport: Transport, request: Request, protocols: tuple[str, ...], meter: Meter) -> _Channels:
    login = await transport.credentials.current()
    try:
        socket = await _shake_hands(transport, request, protocols, login, meter)
    except Unauthorized as error:
        renewed = await transport.renew(login, error)
        socket = await _shake_hands(transport, request, protocols, renewed, meter)
    channels = _Channels(socket, request, transport, meter)
    if socket.protocol is None:
        await channels.close()
        raise Malformed(f"{request.ask}: the server opened a WebSocket but speaks none of {', '.join(protocols)}.")
    return channels


async def _shake_hands(
    transport: Transport, request: Request, protocols: tuple[str, ...], login: Login, meter: Meter
) -> _Socket:
    server, seconds = transport.credentials.server, transport.limits.request
    meter.requests += 1
    try:
        async with asyncio.timeout(seconds):
            return await transport.open_session().ws_connect(
                URL(server + request.path, encoded=True).extend_query(request.query),
                protocols=protocols,
                headers=transport.dress(request, login),
                ssl=login.tls or True,
                server_hostname=login.tls_name,
                proxy=login.proxy,
                timeout=aiohttp.ClientWSTimeout(ws_close=FAREWELL),
            )
    except UpgradeRefused as refused:
        raise explain_status(refused.status, refused.body, request.ask, server) from refused
    except (aiohttp.ClientError, TimeoutError) as error:
        raise explain_failure(error, request.ask, server, seconds) from error


def _read_exit_code(status: bytes, ask: Ask) -> int:
    """https://pkg.go.dev/k8s.io/apimachinery/pkg/util/remotecommand: reason NonZeroExitCode, a cause ExitCode."""
    try:
        answer: Any = orjson.loads(status)
        if answer["status"] == "Success":
            return 0
        causes = (answer.get("details") or {}).get("causes") or []
        codes = [int(cause["message"]) for cause in causes if cause.get("reason") == "ExitCode"]
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise Malformed(f"{ask}: the stream ended without saying how the command ended.") from error
    if codes:
        return codes[0]
    raise ServerFailed(f"{ask}: the command could not be run: {str(answer.get('message'))[:400]}.")
