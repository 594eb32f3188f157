"""A forwarded port that is remembered while it is used, and how the errors of the port become facts of a bundle."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from bot.cluster import Stream
from bot.model.errors import ClusterError, Forbidden, NotFound, NotReached, Rejected, TimedOut, Unreachable
from bot.model.redact import redact
from bot.playground.bundle import Outcome

T = TypeVar("T")


class TapedStream:
    """A forwarded port, with both directions kept; `end` is how it failed, if it did."""

    def __init__(self) -> None:
        self.stream: Stream | None = None
        self.sent = bytearray()
        self.received = bytearray()
        self.end: tuple[Outcome, str] | None = None

    async def send(self, data: bytes) -> None:
        self.sent += data
        await self._watch(self._open.send(data))

    async def read_exactly(self, count: int) -> bytes:
        data = await self._watch(self._open.read_exactly(count))
        self.received += data
        return data

    async def read(self) -> bytes:
        data = await self._watch(self._open.read())
        self.received += data
        return data

    @property
    def _open(self) -> Stream:
        assert self.stream is not None
        return self.stream

    async def _watch(self, call: Awaitable[T]) -> T:
        try:
            return await call
        except (ClusterError, asyncio.CancelledError) as error:
            self.end = outcome_of(error)
            raise


def outcome_of(error: BaseException) -> tuple[Outcome, str]:
    """An error of the port as a fact of the bundle."""
    message = redact(error.why if isinstance(error, NotReached) else str(error))
    match error:
        case NotFound():
            return "absent", message
        case Forbidden():
            return "forbidden", message
        case Rejected():
            return "rejected", message
        case TimedOut() | asyncio.CancelledError():
            return "silent", message
        case Unreachable():
            return "refused", message
        case _ if "connection refused" in message:
            return "refused", message
        case _:
            return "failed", message
