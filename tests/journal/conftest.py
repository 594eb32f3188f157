"""One real server for all tests of the journal; each test has a prefix of its own on it and sees only its own keys."""

import itertools
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from bot.journal.redis import RedisJournal
from tests.journal.inspection import Inspector
from tests.redis_server import RedisServer, start_valkey

PREFIXES = (f"test{number}:" for number in itertools.count(1))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Whoever kills or stops it uses one of their own instead."""
    with start_valkey(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
def prefix() -> str:
    return next(PREFIXES)


@pytest.fixture
async def open_redis(server: RedisServer, prefix: str) -> AsyncIterator[Callable[[], RedisJournal]]:
    """Each call gives another replica's journal over the same keys."""
    opened: list[RedisJournal] = []

    def open_one() -> RedisJournal:
        opened.append(RedisJournal(server.url, prefix))
        return opened[-1]

    yield open_one
    for journal in opened:
        await journal.close()


@pytest.fixture
async def inspector(server: RedisServer, prefix: str) -> AsyncIterator[Inspector]:
    async with Inspector(server.url, prefix) as opened:
        yield opened
