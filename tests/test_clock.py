"""The loop that does not wait: an answer that is on its way comes before the patience for it is over."""

import asyncio
import time

import pytest

pytestmark = pytest.mark.hurried


async def test_an_hour_is_over_when_nothing_else_can_happen() -> None:
    begun = asyncio.get_running_loop().time()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3600):
            await asyncio.Event().wait()
    assert asyncio.get_running_loop().time() - begun >= 3600


async def test_what_was_sent_comes_before_a_time_out() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    async with await asyncio.start_server(echo, "127.0.0.1") as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for number in range(200):
            async with asyncio.timeout(0.5):
                writer.write(b"%03d" % number)
                assert await reader.readexactly(3) == b"%03d" % number
        writer.close()


async def test_what_a_thread_does_comes_before_a_time_out() -> None:
    async with asyncio.timeout(5):
        await asyncio.to_thread(time.sleep, 0.1)
