"""Events to JSON and back. A stored event is its fields and `type`, the name of its class.

Unknown fields are passed over and missing ones take their defaults, so that a journal written by another release can
still be read; a field is therefore only ever added, with a default.
"""

from typing import Any, get_args

import msgspec

from bot.model.errors import JournalCorrupt
from bot.model.event import Event

TYPES: dict[str, type[Event]] = {cls.__name__: cls for cls in get_args(Event)}


def to_json(event: Event) -> dict[str, Any]:
    """Plain JSON values only."""
    fields: dict[str, Any] = msgspec.to_builtins(event)
    return {"type": type(event).__name__, **fields}


def from_json(raw: Any) -> Event:
    """Raises JournalCorrupt naming the type and field that cannot be read."""
    kind = raw.get("type") if isinstance(raw, dict) else None
    cls = TYPES.get(kind) if isinstance(kind, str) else None
    if cls is None:
        raise JournalCorrupt(f"a journal entry has the type {kind!r}; a newer netcheck may have written it")
    try:
        return msgspec.convert(raw, cls, strict=False)
    except msgspec.ValidationError as error:
        raise JournalCorrupt(f"a journal entry of type {kind} cannot be read: {error}") from None


def encode(event: Event) -> bytes:
    return msgspec.json.encode(to_json(event))


def decode(data: bytes) -> Event:
    """Raises JournalCorrupt."""
    try:
        raw = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise JournalCorrupt(f"a journal entry is not JSON: {error}") from None
    return from_json(raw)
