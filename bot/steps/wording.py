"""How findings put numbers, lists, times and objects into words. Pure."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any


def tell_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def read_at(evidence: dict[str, Any]) -> str:
    """The last evidence line of a finding: when the cluster was read, by its own clock."""
    return f"read {tell_time(float(evidence.get('read_at', 0)))}"


def parse_time(text: str | None) -> float:
    """Seconds since the epoch of a time as the API writes it; 0 when there is none."""
    if not text:
        return 0.0
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except ValueError:
        return 0.0


def last_written(item: dict[str, Any] | None) -> float:
    """When somebody last wrote to an object of the API, its status included; 0 where that is not known."""
    entries = (item or {}).get("metadata", {}).get("managedFields") or ()
    return max((parse_time(entry.get("time")) for entry in entries), default=0.0)


def list_names(names: Iterable[str], most: int = 5, word: str = "and") -> str:
    """`a, b and c`; what goes beyond `most` is counted."""
    known = list(names)
    shown, more = known[:most], len(known) - most
    if more > 0:
        return f"{', '.join(shown)} {word} {more} more"
    return f" {word} ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def count(number: int, noun: str, plural: str = "") -> str:
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def write_selector(labels: dict[str, str]) -> str:
    """Labels as the API takes them for a selection; of none at all "", which selects everything."""
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def labels_text(labels: dict[str, str] | None) -> str:
    """Labels or a selector as kubectl takes them."""
    return write_selector(labels or {}) or "(none)"


def name_object(kind: str, item: dict[str, Any]) -> str:
    """`Kind namespace/name` of an object of the API."""
    meta = item.get("metadata", {})
    return name_of(kind, meta.get("namespace", ""), meta.get("name", ""))


def name_of(kind: str, namespace: str, name: str) -> str:
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def cut(text: str, most: int = 200) -> str:
    """One line, not longer than `most` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def first(items: Sequence[Any]) -> Any:
    return items[0] if items else None
