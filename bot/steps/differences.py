"""What a change would alter, line by line, as the approving person sees it. Pure."""

import difflib
from typing import Any

import yaml

from bot.cluster import Object

CONTEXT = 2
"""Lines of a text that are shown around a changed one."""


def compare(before: Object, after: Object) -> list[str]:
    """The two as YAML, line by line: `- ` gone, `+ ` new, two blanks for what stays; empty if nothing changes."""
    difference: list[str] = []
    for field in sorted(before.keys() | after.keys()):
        if before.get(field) != after.get(field):
            old, new = _yaml(before.get(field)), _yaml(after.get(field))
            lines = [*difflib.unified_diff(old, new, n=len(old) + len(new), lineterm="")][3:]
            difference.append(f"  {field}:")
            difference.extend(f"{line[0]}   {line[1:]}" for line in lines)
    return difference


def _yaml(value: Any) -> list[str]:
    return yaml.safe_dump(value, sort_keys=True).splitlines() if value else []


def compare_text(name: str, before: str, after: str) -> list[str]:
    """As `compare`, for a text of many lines: what stays is shown near what changes only."""
    lines = [*difflib.unified_diff(before.splitlines(), after.splitlines(), n=CONTEXT, lineterm="")][2:]
    shown = ["    …" if line.startswith("@@") else f"{line[0]}   {line[1:]}" for line in lines]
    return [f"  {name}:", *shown] if shown else []
