"""docs/redis-keys.md is the table of all keys: none beside it, none of another type, none that stays for good."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.journal import Shown
from bot.journal.redis import RedisJournal
from tests.journal.inspection import Inspector
from tests.journal.notes import note

Open = Callable[[], RedisJournal]
KINDS = {"stream": "stream", "hash": "hash", "string": "string", "sorted set": "zset", "set": "set", "list": "list"}
MONTHS_3 = 90 * 24 * 3600
LONGEST = 400 * 24 * 3600


@pytest.fixture
def table(root: Path) -> list[tuple[re.Pattern[str], str, str]]:
    """Each row: what the name looks like, its type as Redis says it, its lifetime as the page says it."""
    page = (root / "docs/redis-keys.md").read_text()
    rows = re.findall(r"^\| `([^`]+)` \| ([a-z ]+) \| .* \| ([^|]+) \|$", page, re.M)
    return [(re.compile(re.sub(r"\\\{\w+\\\}", ".*", re.escape(name))), KINDS[kind], life) for name, kind, life in rows]


async def live_a_whole_life(journal: RedisJournal, id: str) -> None:
    """Every method that writes, with the run closed at the end and a few things that come late."""
    await journal.first(f"Ev-{id}", id)
    await journal.append(id, 1, note(), nonce="a", now=10.0)
    await journal.remember("C1", id)
    await journal.wake(id, 5.0)
    await journal.lease(id, "worker", 30)
    await journal.show("slack", id, "root", Shown("1", "a"))
    await journal.take("C1", 1.0, 1, 1000.0)
    await journal.pause("C1", 5.0, 1000.0)
    await journal.next_id("dns")
    await journal.append(id, 2, note(), nonce="b", now=20.0)
    await journal.postpone(id, 100.0)
    await journal.postpone(id, None)
    await journal.expire(id, MONTHS_3)
    await journal.append(id, 3, note("late"), nonce="c", now=None)
    await journal.show("slack", id, "closing", Shown("2", "b"))
    await journal.show("page", id, "root", Shown("3", "c"))


async def test_every_key_is_in_the_table_with_its_type(open_redis: Open, inspector: Inspector,
                                                      table: list[tuple[re.Pattern[str], str, str]]) -> None:
    await live_a_whole_life(open_redis(), "dns-1")
    names = await inspector.names()
    for name in names:
        kinds = [kind for pattern, kind, _ in table if pattern.fullmatch(name)]
        assert kinds == [await inspector.kind(name)], f"{name} is not in docs/redis-keys.md, or of another type there"
    unused = [pattern.pattern for pattern, _, _ in table if not any(pattern.fullmatch(name) for name in names)]
    assert unused in ([], ["due"])  # an empty sorted set is no key


async def test_only_what_the_table_says_stays_for_ever(open_redis: Open, inspector: Inspector,
                                                      table: list[tuple[re.Pattern[str], str, str]]) -> None:
    await live_a_whole_life(open_redis(), "dns-1")
    for name in await inspector.names():
        life = next(life for pattern, _, life in table if pattern.fullmatch(name))
        left = await inspector.seconds_left(name)
        assert left == -1 if life.startswith("for ever") else 0 < left <= LONGEST, f"{name} lives for {left} s"


async def test_all_that_names_a_closed_run_goes_with_it(open_redis: Open, inspector: Inspector) -> None:
    await live_a_whole_life(open_redis(), "dns-1")
    mine = {name for name in await inspector.names() if "dns-1" in name and not name.startswith("seen:")}
    assert mine == {"journal:dns-1", "lease:dns-1", "shown:slack:dns-1", "shown:page:dns-1"}
    for name in mine:
        assert 0 < await inspector.seconds_left(name) <= MONTHS_3


async def test_an_open_run_stays_however_long_people_take(open_redis: Open, inspector: Inspector) -> None:
    await open_redis().append("dns-1", 1, note(), nonce="a", now=1.0)
    assert await inspector.seconds_left("journal:dns-1") == -1
