"""The one clock of the box: real time plus an offset which tests move, so that nobody waits for a trigger to expire.

Trigger ids, response URLs, tickets, event retries and rate windows all read it.
"""

import asyncio
import time
from typing import Any


class Clock:
    """Unix seconds; `advance` makes the box believe that time has passed, and wakes whoever slept that long."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._sleepers: dict[asyncio.Future[None], float] = {}

    def now(self) -> float:
        return time.time() + self._offset

    async def sleep_until(self, when: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers[future] = when
        try:
            while not future.done() and (left := when - self.now()) > 0:
                await asyncio.wait({future}, timeout=left)
        finally:
            self._sleepers.pop(future, None)
            future.cancel()

    async def sleep(self, seconds: float) -> None:
        await self.sleep_until(self.now() + seconds)

    def advance(self, seconds: float) -> None:
        """Move the clock on by `seconds` (never back)."""
        if seconds < 0:
            raise ValueError(f"the clock was asked to go {seconds} s; it only goes forward")
        self._offset += seconds
        for future, when in self._sleepers.items():
            if when <= self.now() and not future.done():
                future.set_result(None)

    async def wait(self, future: asyncio.Future[Any], seconds: float) -> bool:
        """Wait for `future` at most `seconds` of this clock; True when it is done. The future is left alone."""
        timer = asyncio.ensure_future(self.sleep_until(self.now() + seconds))
        try:
            await asyncio.wait({future, timer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
        return future.done()
