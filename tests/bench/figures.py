"""Figures to be read by people: printed as one table at the end of `make bench`, with the budget beside each. Nothing
is asserted, since a busy machine is no fault of the program; figures are compared as ratios within one run.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Figure:
    what: str
    value: str
    budget: str = ""


@dataclass(slots=True)
class Figures:
    rows: list[Figure] = field(default_factory=list)

    def add(self, what: str, value: str, budget: str = "") -> None:
        self.rows.append(Figure(what, value, budget))

    def table(self) -> list[str]:
        head = Figure("what", "measured", "budget")
        widths = [max(len(row.what) for row in (head, *self.rows)), max(len(row.value) for row in (head, *self.rows))]
        rows = [head, *self.rows]
        return [f"{row.what:{widths[0]}}  {row.value:>{widths[1]}}  {row.budget}".rstrip() for row in rows]


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def percentile(values: Sequence[float], percent: int) -> float:
    """Of at least two values."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
