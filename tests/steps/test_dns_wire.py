"""Questions over a byte stream to a real DNS server on a real socket: framing, order, silence, nonsense."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, cast

import dns.message
import dns.rcode
import dns.rrset
import pytest

from bot.cluster import Cluster, Stream
from bot.model.errors import Forbidden, ServerFailed, TimedOut
from bot.steps.dns.wire import Question, ask, is_name, reverse_name

Answering = Callable[[dns.message.Message], Awaitable[bytes | None]]


class SocketStream:
    """A Stream over a TCP connection, as a port-forward gives one."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def read(self) -> bytes:
        return await self._reader.read(4096)

    async def read_exactly(self, count: int) -> bytes:
        try:
            return await self._reader.readexactly(count)
        except asyncio.IncompleteReadError as error:
            raise ServerFailed("the stream ended early") from error


class Forwarding:
    """Of a cluster only what is asked of it here."""

    def __init__(self, port: int, refusal: Exception | None = None) -> None:
        self._port, self._refusal = port, refusal

    def forward(self, namespace: str, pod: str, port: int) -> AbstractAsyncContextManager[Stream]:
        return self._open()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Stream]:
        if self._refusal:
            raise self._refusal
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            yield SocketStream(reader, writer)
        finally:
            writer.close()


@asynccontextmanager
async def server(answering: Answering) -> AsyncIterator[Forwarding]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while size := int.from_bytes(await reader.readexactly(2), "big"):
                reply = await answering(dns.message.from_wire(await reader.readexactly(size)))
                if reply is not None:
                    writer.write(len(reply).to_bytes(2, "big") + reply)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    running = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with running:
        yield Forwarding(running.sockets[0].getsockname()[1])


async def reply(query: dns.message.Message) -> bytes | None:
    name = query.question[0].name.to_text()
    made = dns.message.make_response(query)
    if name.startswith("gone."):
        made.set_rcode(dns.rcode.NXDOMAIN)
    elif name.startswith("text."):
        made.answer = [dns.rrset.from_text(name, 5, "IN", "TXT", '"1.1.0"')]
    elif name.startswith("silent."):
        return None
    else:
        made.answer = [dns.rrset.from_text(name, 5, "IN", "A", "10.96.0.1")]
    return made.to_wire()


async def put(cluster: Forwarding, *questions: Question, patience: float = 5.0) -> list[dict[str, Any]]:
    return await ask(cast("Cluster", cluster), "kube-system", "coredns-1", 53, questions, patience)


async def test_all_questions_are_asked_at_once_and_answered_each() -> None:
    async with server(reply) as cluster:
        told = await put(cluster, Question("a.example"), Question("gone.example"), Question("text.example", "TXT"))
    assert [(a["outcome"], a["rcode"], a["records"]) for a in told] == [
        ("answered", "NOERROR", ["10.96.0.1"]), ("answered", "NXDOMAIN", []), ("answered", "NOERROR", ["1.1.0"])]


async def test_silence_is_told_apart_and_what_was_answered_before_it_is_kept() -> None:
    async with server(reply) as cluster:
        told = await put(cluster, Question("a.example"), Question("silent.example"), patience=0.2)
    assert [a["outcome"] for a in told] == ["answered", "silent"]


async def test_a_stream_that_breaks_off_is_a_failure_with_its_reason() -> None:
    async def hang_up(query: dns.message.Message) -> bytes | None:
        raise asyncio.IncompleteReadError(b"", 1)

    async with server(hang_up) as cluster:
        (told,) = await put(cluster, Question("a.example"))
    assert (told["outcome"], told["message"]) == ("failed", "the stream ended early")


async def test_bytes_that_are_no_dns_message_are_a_failure() -> None:
    async def nonsense(query: dns.message.Message) -> bytes | None:
        return query.id.to_bytes(2, "big") + b"SSH-2.0-OpenSSH"

    async with server(nonsense) as cluster:
        (told,) = await put(cluster, Question("a.example"))
    assert told["outcome"] == "failed"
    assert "no DNS message" in told["message"]


async def test_a_pod_to_which_no_way_was_opened_was_not_asked_and_is_not_called_silent() -> None:
    hangs = TimedOut("no answer within 5 s. For this it asks the kubelet on the pod's node (port 10250).")
    (told,) = await put(Forwarding(0, hangs), Question("a.example"))
    assert (told["outcome"], told["message"]) == ("failed", str(hangs))


async def test_a_missing_permission_is_not_swallowed() -> None:
    with pytest.raises(Forbidden):
        await put(Forwarding(0, Forbidden("no", "create pods/portforward in kube-system")), Question("a.example"))


def test_names_are_checked_before_they_are_asked() -> None:
    assert is_name("web.shop.svc.cluster.local")
    assert not is_name("a..b")
    assert not is_name("x" * 64 + ".example")
    assert reverse_name("10.96.0.10") == "10.0.96.10.in-addr.arpa."
