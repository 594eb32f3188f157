"""A grid of a finding as lines of text, for whoever shows letters of one width. Pure."""

from collections.abc import Mapping, Sequence
from unicodedata import east_asian_width

Grid = Sequence[Sequence[str]]
NOT_TRIED = "·"
WIDEST = 40
"""Letters of a cell; names of objects may be longer."""
SIGNS = {"ok": " ", "no answer": "✗", "no route": "✗", "connection refused": "✗", "small only": "~", "by turns": "~",
         "slow": "~", "no endpoint": " ", "untold": "?", NOT_TRIED: " "}
"""Signs for where there are no pictures: what arrived is quiet, and what did not is seen at once."""


def shorten(raw: str) -> str:
    """On one line, and without the middle of what is too long: names in a cluster differ at their ends."""
    text, half = " ".join(raw.split()), WIDEST // 2
    return text if len(text) <= WIDEST else f"{text[:half]}…{text[1 - half:]}"


def align(grid: Grid, signs: Mapping[str, str], width: int) -> list[str]:
    """One line for each row, columns as wide as their widest cell; a cell that is empty was not tried. `signs` stand
    before the words they are for. Where lines would be longer than `width`, columns have numbers that are told below:
    nodes in clouds have long names."""
    told = [[_cell(cell, signs, named=not (row and column)) for column, cell in enumerate(cells)]
            for row, cells in enumerate(grid)]
    lines = _lay(told)
    if max(map(_columns, lines), default=0) <= width:
        return lines
    (corner, *names), *rows = told
    numbers = [f"({number})" for number in range(1, len(names) + 1)]
    return [*_lay([[corner, *numbers], *rows]), *(f"{n} {name}" for n, name in zip(numbers, names, strict=True))]


def _cell(raw: str, signs: Mapping[str, str], *, named: bool) -> str:
    text = shorten(raw)
    return text if named else f"{signs.get(text or NOT_TRIED, ' ')} {text or NOT_TRIED}"


def _lay(told: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(_columns, column)) for column in zip(*told, strict=True)]
    return ["  ".join(cell + " " * (width - _columns(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in told]


def _columns(text: str) -> int:
    """A picture is as wide as two letters."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
