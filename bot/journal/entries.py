"""How an event stands in a Redis stream, and what is wrong with a stream that is not a journal. Pure; for redis.py.

Entry `n-0` has the fields `nonce` (who wrote it) and `event` (JSON). Numbers run from 1 without gaps, so the length of
the stream is the number of its last entry.
"""

from collections.abc import Sequence
from typing import TypeAlias

from bot.journal import Entry
from bot.model.codec import decode, encode
from bot.model.errors import Conflict, JournalCorrupt
from bot.model.event import Event

Raw: TypeAlias = tuple[bytes, dict[bytes, bytes] | None]
"""An entry as Redis gives it: its id and its fields."""


def to_fields(nonce: str, event: Event) -> tuple[str | bytes, ...]:
    return ("nonce", nonce, "event", encode(event))


def read_entry(key: str, number: int, raw: Raw) -> Entry:
    """Raises JournalCorrupt naming key and entry."""
    id, fields = raw
    if id != f"{number}-0".encode():
        said = id.decode(errors="replace")
        raise JournalCorrupt(f"{key} has the entry {said} where {number}-0 belongs: entries are missing or foreign")
    if not fields or b"event" not in fields or b"nonce" not in fields:
        raise JournalCorrupt(f"{key}, entry {number}-0: no event and nonce in it; netcheck did not write this")
    try:
        return Entry(number, fields[b"nonce"].decode(), decode(fields[b"event"]))
    except (JournalCorrupt, UnicodeDecodeError) as error:
        raise JournalCorrupt(f"{key}, entry {number}-0: {error}") from None


def read_entries(key: str, after: int, length: int, raw: Sequence[Raw]) -> list[Entry]:
    """All above `after` of a stream that is `length` long. Raises Conflict when it holds fewer than `after`."""
    if length < after:
        raise Conflict(f"{key} was known up to entry {after} and holds {length}: read it anew")
    entries = [read_entry(key, number, item) for number, item in enumerate(raw, after + 1)]
    if length != after + len(entries):
        raise JournalCorrupt(f"{key} holds {length} entries, the last is {after + len(entries)}: some are missing")
    return entries
