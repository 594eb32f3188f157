"""How long the store is waited for, and that nobody waits who was told to stop. Called by redis.py."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def at_most(seconds: float) -> AsyncIterator[None]:
    """Raises TimeoutError after so long. A cancellation that got lost inside still counts: redis-py sends by wait_for,
    which in Python 3.11 drops one that comes as it ends (https://github.com/python/cpython/issues/86296), and who is
    never cancelled again would go on for ever."""
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        async with asyncio.timeout(seconds):
            yield
    finally:
        if task and task.cancelling() > before:
            raise asyncio.CancelledError
