"""Both journals, for tests of the engine: each test that asks for `journal` runs on memory and on a real server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.journal import Journal
from bot.journal.memory import MemoryJournal
from bot.journal.redis import RedisJournal
from tests.redis_server import start_valkey


@pytest.fixture(params=["memory", "redis"])
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Journal]:
    if request.param == "memory":
        yield MemoryJournal()
        return
    with start_valkey(tmp_path) as server:
        redis = RedisJournal(server.url)
        yield redis
        await redis.close()
