"""docs/causes.md and what `netcheck explain` prints, both made from the table of causes."""

from bot.diagnosis.cause import Cause
from bot.diagnosis.causes import CAUSES
from bot.model.finding import Layer

HEAD = """# Causes

What netcheck can find, layer by layer from the ground up: what it means, how to check it by hand, how to mend it.
`netcheck explain CODE` prints the same. This page is made from the table in `bot/diagnosis/causes.py`; do not edit it.
"""


def make_page() -> str:
    """The whole of docs/causes.md. Each cause has an anchor that is its code."""
    parts = [HEAD, _contents()]
    for layer in Layer:
        rows = _rows(layer)
        if rows:
            parts += [f"## {layer.value}\n", *(_section(cause) for cause in rows)]
    return "\n".join(parts)


def describe(cause: Cause) -> str:
    """One cause in Markdown, without a heading."""
    explains = ", ".join(f"`{pattern}`" for pattern in dict.fromkeys(cause.explains))
    where = " on the same node" if cause.scope == "node" else ""
    lines = [
        cause.meaning, "", f"**Check by hand:** {cause.by_hand}", "", f"**Mend:** {cause.mend}", "",
        *([f"**Explains{where}:** {explains}", ""] if explains else []), f"**Source:** {cause.source}", "",
    ]
    return "\n".join(lines)


def _rows(layer: Layer) -> list[Cause]:
    return sorted((cause for cause in CAUSES.values() if cause.layer is layer), key=lambda cause: cause.code)


def _contents() -> str:
    lines = [f"- **{layer.value}**: {', '.join(f'[`{c.code}`](#{c.code})' for c in _rows(layer))}"
             for layer in Layer if _rows(layer)]
    return "\n".join([*lines, ""])


def _section(cause: Cause) -> str:
    return f'<a id="{cause.code}"></a>\n\n### {cause.title}\n\n`{cause.code}`\n\n{describe(cause)}'
