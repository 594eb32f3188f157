"""Journals that something else has written to, or cut: the message names key and entry, and nothing is guessed."""

from collections.abc import Awaitable, Callable, Mapping

import pytest

from bot.journal.redis import RedisJournal
from bot.model.errors import JournalCorrupt
from tests.journal.inspection import Inspector
from tests.journal.notes import note

Open = Callable[[], RedisJournal]

GOOD = '{"type":"NoteAdded","at":1.0,"by":"cli:a","text":"x"}'


@pytest.mark.parametrize(("id", "fields", "said"), [
    ("1-1", {"nonce": "a", "event": GOOD}, "1-1 where 1-0 belongs"),
    ("2-0", {"nonce": "a", "event": GOOD}, "2-0 where 1-0 belongs"),
    ("1-0", {"event": GOOD}, "entry 1-0: no event and nonce"),
    ("1-0", {"hello": "world"}, "entry 1-0: no event and nonce"),
    ("1-0", {"nonce": "a", "event": "{"}, "entry 1-0: .*not JSON"),
    ("1-0", {"nonce": "a", "event": '{"type":"Exploded"}'}, "entry 1-0: .*'Exploded'.*newer netcheck"),
    ("1-0", {"nonce": "a", "event": '{"type":"NoteAdded","at":"soon"}'}, "entry 1-0: .*NoteAdded cannot be read"),
], ids=["foreign id", "gap", "no nonce", "foreign fields", "not json", "unknown type", "wrong fields"])
async def test_an_entry_that_cannot_be_read_is_named(open_redis: Open, inspector: Inspector, id: str,
                                                    fields: Mapping[str, str], said: str) -> None:
    await inspector.write_entry("journal:dns-1", id, fields)
    with pytest.raises(JournalCorrupt, match=f"journal:dns-1.*{said}"):
        await open_redis().read("dns-1")


async def test_a_missing_entry_in_the_middle_is_named(open_redis: Open, inspector: Inspector) -> None:
    journal = open_redis()
    for number in (1, 2, 3):
        await journal.append("dns-1", number, note(), nonce="a", now=None)
    await inspector.do("XDEL", "journal:dns-1", "2-0")
    with pytest.raises(JournalCorrupt, match="3-0 where 2-0 belongs"):
        await journal.read("dns-1")
    with pytest.raises(JournalCorrupt, match="the store lost some"):
        await journal.append("dns-1", 4, note(), nonce="b", now=None)


async def test_a_stream_that_refuses_an_entry_which_it_does_not_hold_is_corrupt(open_redis: Open,
                                                                               inspector: Inspector) -> None:
    await inspector.write_entry("journal:dns-1", "1700000000000-0", {"hello": "world"})
    with pytest.raises(JournalCorrupt, match="something else writes to this stream"):
        await open_redis().append("dns-1", 1, note(), nonce="a", now=None)


USES: dict[str, Callable[[RedisJournal], Awaitable[object]]] = {
    "journal:dns-1": lambda journal: journal.append("dns-1", 1, note(), nonce="a", now=None),
    "due": lambda journal: journal.append("dns-1", 1, note(), nonce="a", now=1.0),
    "shown:slack:dns-1": lambda journal: journal.shown("slack", "dns-1"),
    "recent:C1": lambda journal: journal.remember("C1", "dns-1"),
    "seq": lambda journal: journal.next_id("dns"),
    "limit:C1": lambda journal: journal.take("C1", 1.0, 1, 1000.0),
}


@pytest.mark.parametrize("name", USES)
async def test_a_key_of_another_type_is_named_and_left_alone(open_redis: Open, inspector: Inspector, name: str) -> None:
    journal = open_redis()
    await inspector.do("SET", name, "somebody's")
    with pytest.raises(JournalCorrupt, match=f"{name} in Redis at .*another program uses this name"):
        await USES[name](journal)
    assert await inspector.do("GET", name) == b"somebody's"


async def test_what_is_shown_must_be_ours_too(open_redis: Open, inspector: Inspector) -> None:
    await inspector.do("HSET", "shown:slack:dns-1", "root", "not json")
    with pytest.raises(JournalCorrupt, match="shown:slack:dns-1 holds what netcheck did not write"):
        await open_redis().shown("slack", "dns-1")
