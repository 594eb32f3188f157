"""A line to Redis that can be cut between the server's answer and the one who waits for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path


class Line:
    """`cut(word)`: the next request with this word in it is done by the server, and its answer gets lost."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._word = b""
        self._times = 0
        self.cuts = 0

    def cut(self, word: str, times: int = 1) -> None:
        self._word, self._times = word.encode(), times

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_unix_connection(self._target)
        with suppress(ConnectionError):
            while request := await reader.read(1 << 20):
                upstream_writer.write(request)
                reply = await upstream_reader.read(1 << 20)
                if self._times and self._word in request:
                    self._times -= 1
                    self.cuts += 1
                    break
                writer.write(reply)
        upstream_writer.close()
        writer.close()


@asynccontextmanager
async def open_line(target: Path, folder: Path) -> AsyncIterator[tuple[Line, str]]:
    """The line and the URL of its near end. Requests must be small and one at a time on each connection."""
    line = Line(target)
    server = await asyncio.start_unix_server(line.carry, folder / "line.sock")
    try:
        yield line, f"unix://{folder / 'line.sock'}"
    finally:
        server.close()
