"""Pages of small servers as they really answer: whole, in pieces, cut off, or not at all."""

import asyncio
from typing import cast

import pytest

from bot.cluster import Cluster
from bot.steps.http_page import Page, read_page
from tests.steps.test_dns_wire import Forwarding

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


async def asked(answer: bytes, *, close: bool = True) -> Page:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        if not close:
            await reader.read()  # until the other side has had enough
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as running:
        cluster = cast(Cluster, Forwarding(running.sockets[0].getsockname()[1]))
        return await read_page(cluster, "shop", "web-1", 80, "/", host="shop.example", patience=5.0 if close else 0.2)


@pytest.mark.parametrize(("answer", "text"), [
    (HEAD + b"\r\nshop", "shop"), (CHUNKED + b"2\r\nsh\r\n2;x=y\r\nop\r\n0\r\n\r\n", "shop"),
    (CHUNKED + b"2\r\nsh\r\n4\r\nop", "shop"),  # left before its end
    (CHUNKED + b"2\r\nsh\r\nno length\r\nop\r\n", "sh"), (CHUNKED, ""),
])
async def test_a_page_is_put_together_as_far_as_it_can_be(answer: bytes, text: str) -> None:
    assert await asked(answer) == Page(status=200, text=text)


async def test_silent_is_who_says_nothing_at_all_and_not_who_does_not_come_to_an_end() -> None:
    assert (await asked(b"", close=False)).silent
    endless = await asked(HEAD + b"\r\ndata: 1\n", close=False)
    assert (endless.silent, "end of its answer" in endless.error) == (False, True)
