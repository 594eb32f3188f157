"""Connections from netcheck's own pod, against servers on loopback that answer, keep silent, or are not there."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import pytest

from bot.cluster import Dial, Dialled, sockets
from bot.cluster.sockets import OwnSockets

HOME = "127.0.0.1"
QUESTION = b"a question"


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "PATIENCE", 0.4)


async def dial(protocol: str, port: int, sends: bytes = b"") -> Dialled:
    way = Dial(protocol="UDP" if protocol == "UDP" else "TCP", address=HOME, port=port, sends=sends)
    return await OwnSockets("netcheck/netcheck-1").dial(way)


class Answering(asyncio.DatagramProtocol):
    """Answers what `heeds` says yes to; counts what came."""

    def __init__(self, heeds: Callable[[int], bool]) -> None:
        self._heeds = heeds
        self.heard: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard.append(data)
        if self._heeds(len(self.heard)):
            self._transport.sendto(b"an answer", addr)


@asynccontextmanager
async def udp_server(heeds: Callable[[int], bool]) -> AsyncIterator[tuple[int, Answering]]:
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Answering(heeds), local_addr=(HOME, 0))
    try:
        yield transport.get_extra_info("sockname")[1], server
    finally:
        transport.close()


@asynccontextmanager
async def tcp_server(answer: bytes) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.read(100) and answer:
            writer.write(answer)
            await writer.drain()
        await reader.read()  # until the other side closes
        writer.close()

    server = await asyncio.start_server(serve, HOME, 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as plug:
        plug.bind((HOME, 0))
        return int(plug.getsockname()[1])


async def test_a_datagram_that_is_answered_has_arrived() -> None:
    async with udp_server(lambda number: True) as (port, server):
        assert (await dial("UDP", port, QUESTION)).outcome == "ok"
    assert server.heard == [QUESTION]


async def test_one_lost_datagram_is_no_closed_way(hurried: None) -> None:
    async with udp_server(lambda number: number > 1) as (port, server):
        assert (await dial("UDP", port, QUESTION)).outcome == "ok"
    assert len(server.heard) == 2


async def test_datagrams_that_nobody_answers_are_told_after_a_few_seconds(hurried: None) -> None:
    async with udp_server(lambda number: False) as (port, _):
        end = await dial("UDP", port, QUESTION)
    assert (end.outcome, end.said) == ("timeout", "no answer within 0.4 s")


@pytest.mark.parametrize(("protocol", "kind"), [("UDP", socket.SOCK_DGRAM), ("TCP", socket.SOCK_STREAM)])
async def test_a_port_on_which_nobody_listens_refuses(protocol: str, kind: socket.SocketKind) -> None:
    assert (await dial(protocol, free_port(kind), QUESTION)).outcome == "refused"


async def test_a_connection_that_stands_is_enough_where_nothing_is_said() -> None:
    async with tcp_server(b"") as port:
        assert (await dial("TCP", port)).outcome == "ok"


async def test_a_question_over_a_connection_must_be_answered(hurried: None) -> None:
    async with tcp_server(b"an answer") as port:
        assert (await dial("TCP", port, QUESTION)).outcome == "ok"
    async with tcp_server(b"") as port:
        assert (await dial("TCP", port, QUESTION)).outcome == "timeout"
