"""Waits for what cannot be awaited: that a lease lapses, that a server answers again."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    """Raises TimeoutError when it never comes true."""
    async with asyncio.timeout(seconds):
        while True:
            if await holds():
                return
            await asyncio.sleep(0.01)
