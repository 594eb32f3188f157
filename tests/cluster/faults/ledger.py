"""What came of each row, and the table that is printed of it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["right", "wrong", "not yet", "not run"]
PROPERTY = "row"
"""Of a test's report: its Entry, as a dict."""
HEAD = ("fault", "on", "expected", "found", "verdict", "s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`why`: how the answer is wrong, what a row awaits, or why it was not run."""

    name: str
    network: str
    expected: str
    verdict: Verdict
    found: str = ""
    why: str = ""
    seconds: float = 0.0

    @property
    def cells(self) -> tuple[str, ...]:
        took = f"{self.seconds:.0f}" if self.seconds else ""
        found = "as expected" if self.found == self.expected else self.found or "-"
        return (self.name, self.network, self.expected, found, self.verdict, took)


@dataclass(slots=True)
class Ledger:
    """`chosen`: which rows this run was to try, in words. `tell` is given each line as it comes: a run is long."""

    chosen: str = "all rows"
    tell: Callable[[str], None] = print
    entries: list[Entry] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        why = f": {entry.why}" if entry.why else ""
        self.tell(f" {entry.name}: {entry.verdict} after {entry.seconds:.0f} s{why}")

    def lines(self) -> Iterator[str]:
        if not self.entries:
            return
        yield from table([HEAD, *(entry.cells for entry in self.entries)])
        yield ""
        for entry in self.entries:
            if entry.why and entry.verdict != "right":
                yield f"{entry.name} ({entry.verdict}): {entry.why}"
        numbers = Counter(entry.verdict for entry in self.entries)
        told = ", ".join(f"{numbers[v]} {v}" for v in ("right", "wrong", "not yet", "not run") if numbers[v])
        yield f"{told}; {self.chosen}; {sum(entry.seconds for entry in self.entries):.0f} s"


def table(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Columns as wide as their widest cell."""
    rows = list(rows)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
