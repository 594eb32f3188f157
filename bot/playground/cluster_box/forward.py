"""`pods/portforward` over a WebSocket, framed as the API server frames it.

As seen on a real 1.34 server: `v4.channel.k8s.io` is accepted (also no subprotocol at all), an offer of v5 alone is
refused with a bare 403. Port number n of the request has channel 2n for data and 2n+1 for errors; the first message
on each channel is the port, two bytes, little-endian. An error is one text on the error channel, then the socket is
closed with 1000.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from aiohttp import WSMsgType, web

from bot.playground.cluster_box.status import bad_request

PROTOCOL = "v4.channel.k8s.io"


class ForwardFailed(Exception):
    """What stands on the error channel."""


class Wire(Protocol):
    """What a program behind a port sees of its TCP connection. `read` gives b"" when the client has gone."""

    async def read(self) -> bytes: ...

    async def write(self, data: bytes) -> None: ...


Program: TypeAlias = Callable[[Wire], Awaitable[None]]
"""Talks over one connection and returns when it closes it; raises ForwardFailed."""


class _Channel:
    def __init__(self, socket: web.WebSocketResponse, number: int) -> None:
        self._socket = socket
        self._number = number
        self.inbox: asyncio.Queue[bytes] = asyncio.Queue()

    async def read(self) -> bytes:
        return await self.inbox.get()

    async def write(self, data: bytes) -> None:
        await self.send(self._number, data)

    async def send(self, number: int, data: bytes) -> None:
        if not self._socket.closed:
            await self._socket.send_bytes(bytes([number]) + data)


def read_ports(request: web.Request) -> list[int]:
    texts = [text for value in request.query.getall("ports", []) for text in value.split(",")]
    if not texts:
        raise bad_request('query parameter "port" is required')
    for text in texts:
        if not text.isdigit() or not 0 < int(text) < 65536:
            raise bad_request(f'unable to parse "{text}" as a port: must be between 1 and 65535')
    return [int(text) for text in texts]


def refuses_protocol(request: web.Request) -> bool:
    """The handshake of the server's WebSocket library, which answers an unknown subprotocol with 403 and no body."""
    offered = [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if name.strip()]
    return bool(offered) and PROTOCOL not in offered


async def serve_forward(request: web.Request, programs: dict[int, Program]) -> web.WebSocketResponse:
    """`programs`: port to what listens there, in the order of the request."""
    socket = web.WebSocketResponse(protocols=(PROTOCOL,))
    await socket.prepare(request)
    channels = [_Channel(socket, 2 * position) for position in range(len(programs))]
    for position, (port, channel) in enumerate(zip(programs, channels, strict=True)):
        greeting = port.to_bytes(2, "little")
        await channel.send(2 * position, greeting)
        await channel.send(2 * position + 1, greeting)
    talks = asyncio.ensure_future(_talk_all(list(programs.values()), channels))
    reading = asyncio.ensure_future(_read_frames(socket, channels))
    try:
        await asyncio.wait([talks, reading], return_when=asyncio.FIRST_COMPLETED)
    finally:
        talks.cancel()
        reading.cancel()
        await asyncio.gather(talks, reading, return_exceptions=True)
    await socket.close()
    return socket


async def _talk_all(programs: list[Program], channels: list[_Channel]) -> None:
    pairs = enumerate(zip(programs, channels, strict=True))
    await asyncio.gather(*(_talk(program, channel, 2 * position) for position, (program, channel) in pairs))


async def _talk(program: Program, channel: _Channel, number: int) -> None:
    try:
        await program(channel)
    except ForwardFailed as error:
        await channel.send(number + 1, str(error).encode())


async def _read_frames(socket: web.WebSocketResponse, channels: list[_Channel]) -> None:
    async for message in socket:
        if message.type is WSMsgType.BINARY and message.data:
            position, odd = divmod(message.data[0], 2)
            if not odd and position < len(channels):
                channels[position].inbox.put_nowait(message.data[1:])
    for channel in channels:
        channel.inbox.put_nowait(b"")
