"""Grids of findings as Slack's own tables, and as plain text where a workspace does not take these. Pure.

A `table` block scrolls sideways where a thread is narrow, which lines of letters do not. Slack takes one a message, of
20 columns and 100 rows, none of its cells empty (reference: block-kit table block); some answer `invalid_blocks`.
"""

from collections.abc import Iterable, Sequence

from bot.model.grid import NOT_TRIED, SIGNS, WIDEST, Grid, align, shorten
from bot.slack import text as t
from bot.slack import words
from bot.slack.blocks import Block, Element, emoji, literal, paragraph, preformatted, rich

COLUMNS, ROWS = 20, 100
LINE = 56
"""Letters of a line that a thread shows without breaking it."""


def draw(grid: Grid) -> Block:
    """Each cell has a square and a word, but for names, and for what was not tried."""
    if len(grid) > ROWS or len(grid[0]) > COLUMNS:
        return _text(grid)
    rows = [[_cell(cell, named=not (row and column)) for column, cell in enumerate(cells)]
            for row, cells in enumerate(grid)]
    return {"type": "table", "column_settings": [{"is_wrapped": True} for _ in grid[0]], "rows": rows}


def undrawn(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The same blocks with their tables as text."""
    return tuple(_text([[_read(cell) for cell in row] for row in block["rows"]]) if block["type"] == "table" else block
                 for block in blocks)


def one_table(blocks: Iterable[Block]) -> list[Block]:
    """Only the first of several stays a table."""
    kept: list[Block] = []
    for block in blocks:
        kept += undrawn([block]) if any(one["type"] == "table" for one in kept) else [block]
    return kept


def _cell(raw: str, *, named: bool) -> Element:
    word = t.cut(shorten(raw) or NOT_TRIED, 2 * WIDEST)
    if named or word == NOT_TRIED:
        return {"type": "raw_text", "text": word}
    return rich(paragraph(emoji(words.CELLS.get(word, words.UNTOLD)), literal(f"\u00a0{word}")))


def _read(cell: Element) -> str:
    """The word in it, without its picture."""
    if cell["type"] == "raw_text":
        return str(cell["text"])
    return "".join(part.get("text", "") for part in cell["elements"][0]["elements"]).strip()


def _text(grid: Sequence[Sequence[str]]) -> Block:
    return rich(preformatted(align(grid, SIGNS, LINE)))
