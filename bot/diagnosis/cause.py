"""The form of one row of the table of causes. The rows stand in causes_*.py, the table in causes.py."""

from dataclasses import dataclass
from typing import Literal

from bot.model.finding import Layer

Scope = Literal["cluster", "node"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One thing that can be wrong.

    `code`: stable, dotted. `explains`: codes, or patterns such as `dns.pods.*`, of what it brings about by itself.
    `scope`: a finding of this cause that names a node explains findings about that node only (`node`), or any
    (`cluster`). `meaning`, `by_hand` and `mend` are sentences for a person, commands in backquotes.
    `source`: the page or section behind it.
    """

    code: str
    layer: Layer
    title: str
    meaning: str
    by_hand: str
    mend: str
    source: str
    explains: tuple[str, ...] = ()
    scope: Scope = "cluster"
