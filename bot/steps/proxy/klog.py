"""Log lines of Kubernetes' own programs (klog: a letter, MMDD, time, pid, file:line) cut down to what is telling.

The header is used for the age of a line only: words and line numbers change with every version.
https://github.com/kubernetes/klog#user-content-log-formats
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

HEADER = re.compile(r"^[IWEF](\d\d)(\d\d) (\d\d):(\d\d):(\d\d)\.\d+ +\d+ [^\]]+\] ?")


Patterns = tuple[tuple[str, re.Pattern[str]], ...]
"""What lines may mean, each with its words; the first that fits counts."""


@dataclass(frozen=True, slots=True)
class Match:
    """A line and what it means; `place`: its number in the log; `at`: seconds since the epoch, 0 where it tells no
    time; `facts`: what it names."""

    meaning: str
    text: str
    place: int = 0
    at: float = 0.0
    facts: dict[str, str] = field(default_factory=dict)


def read_text(patterns: Patterns, text: str, place: int = 0, at: float = 0.0) -> Match | None:
    """Of a line without its header."""
    for meaning, pattern in patterns:
        found = pattern.search(text)
        if found:
            facts = {key: value for key, value in found.groupdict().items() if value}
            return Match(meaning, text, place, at, facts)
    return None


def _time(header: re.Match[str], now: float) -> float:
    """The header has no year: the last such day before now (a day's grace for clocks and zones)."""
    month, day, hour, minute, second = (int(part) for part in header.groups())
    year = datetime.fromtimestamp(now, UTC).year
    for candidate in (year, year - 1):
        try:
            at = datetime(candidate, month, day, hour, minute, second, tzinfo=UTC).timestamp()
        except ValueError:
            continue
        if at <= now + 86400:
            return at
    return 0.0


def _join(log: str) -> Iterator[str]:
    """Lines with those that belong to them: a reason may be written as `err=<`, lines that begin with a tab, ` >`."""
    entry: list[str] = []
    for line in log.splitlines():
        if entry and not line.startswith(("\t", " ")):
            yield " ".join(entry)
            entry = []
        entry.append(line.strip())
    yield " ".join(entry)


def keep_telling(patterns: Patterns, log: str, now: float, each: int = 2, width: int = 400) -> list[dict[str, Any]]:
    """The last lines of each meaning as {place, at, text}, in the log's order; what they mean is not kept."""
    kept: dict[str, list[Match]] = {}
    for place, line in enumerate(_join(log)):
        header = HEADER.match(line)
        text = (line[header.end():] if header else line).strip()[:width]
        match = read_text(patterns, text, place, _time(header, now) if header else 0.0)
        if match:
            kept.setdefault(match.meaning, []).append(match)
    rows = sorted((match for found in kept.values() for match in found[-each:]), key=lambda match: match.place)
    return [{"place": row.place, "at": row.at, "text": row.text} for row in rows]


def read_last(patterns: Patterns, rows: Iterable[dict[str, Any]]) -> dict[str, Match]:
    """The last line of each meaning."""
    read = (read_text(patterns, row["text"], row["place"], row["at"]) for row in rows)
    return {match.meaning: match for match in read if match}
