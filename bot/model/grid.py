"""A grid of a finding as lines of text, for whoever shows letters of one width. Pure."""

from collections.abc import Mapping, Sequence

Grid = Sequence[Sequence[str]]
NOT_TRIED = "·"
WIDEST = 40
"""Letters of a cell; names of objects may be longer."""


def align(grid: Grid, signs: Mapping[str, str] | None = None) -> list[str]:
    """One line for each row, columns as wide as their widest cell; a cell that is empty was not tried. `signs` stand
    before the words they are for."""
    told = [[_cell(cell, signs or {}, corner=not (row or column)) for column, cell in enumerate(cells)]
            for row, cells in enumerate(grid)]
    widths = [max(map(len, column)) for column in zip(*told, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in told]


def _cell(raw: str, signs: Mapping[str, str], *, corner: bool) -> str:
    text = " ".join(raw.split())
    text = text if len(text) <= WIDEST else f"{text[:WIDEST - 1]}…"
    if corner:
        return text
    return f"{signs[text]} {text}" if text in signs else text or NOT_TRIED
