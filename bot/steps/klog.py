"""Log lines of Kubernetes' own programs (klog: a letter, MMDD, time, pid, file:line) cut down to what is telling.

The header is used for the age of a line only: words and line numbers change with every version.
https://github.com/kubernetes/klog#user-content-log-formats
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

HEADER = re.compile(r"^[IWEF](\d\d)(\d\d) (\d\d):(\d\d):(\d\d)\.\d+ +\d+ [^\]]+\] ?")


@dataclass(frozen=True, slots=True)
class Match:
    """A line and what it means; `at`: seconds since the epoch, 0 where the line tells no time."""

    meaning: str
    text: str
    at: float = 0.0
    facts: dict[str, str] = field(default_factory=dict)


Patterns = tuple[tuple[str, re.Pattern[str]], ...]


def read_line(patterns: Patterns, line: str, now: float) -> Match | None:
    header = HEADER.match(line)
    text = line[header.end():] if header else line
    for meaning, pattern in patterns:
        found = pattern.search(text)
        if found:
            facts = {key: value for key, value in found.groupdict().items() if value}
            return Match(meaning, text.strip(), _time(header, now) if header else 0.0, facts)
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


def keep_telling(patterns: Patterns, log: str, now: float, each: int = 2, width: int = 300) -> list[dict[str, Any]]:
    """The last lines of each meaning as {meaning, text, at, facts}, in the log's order; `place` is that order."""
    kept: dict[str, list[tuple[int, Match]]] = {}
    for place, line in enumerate(log.splitlines()):
        match = read_line(patterns, line, now)
        if match:
            kept.setdefault(match.meaning, []).append((place, match))
    rows = sorted((pair for pairs in kept.values() for pair in pairs[-each:]), key=lambda pair: pair[0])
    return [{"place": place, "meaning": m.meaning, "text": m.text[:width], "at": m.at, "facts": m.facts}
            for place, m in rows]


def last_of(rows: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The last row of each meaning."""
    return {row["meaning"]: row for row in rows}
