"""What a selector that takes nothing was probably meant to take: something whose labels differ in one place. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from bot.diagnosis.policy_selectors import meets

LIKE = 0.75
"""How alike two words are that may be the same one mistyped (1: equal), as difflib measures it."""
TELLING = 3
"""Letters of a value that says something by itself: `web`, and not `1`."""
DULL = frozenset({"true", "false", "yes", "none", "default"})


@dataclass(frozen=True, slots=True)
class Nearest:
    """`name` has the label `has` (`app=web`) where the selector asks for `wants`."""

    name: str
    has: str
    wants: str


def find_nearest(selector: Mapping[str, Any], candidates: Iterable[tuple[str, Mapping[str, str]]]) -> Nearest | None:
    """The candidate (name, labels) that meets all demands but one, and has a label like the one that is demanded."""
    demands = [{"key": key, "operator": "In", "values": [value]}
               for key, value in (selector.get("matchLabels") or {}).items()]
    demands += selector.get("matchExpressions") or ()
    for name, labels in candidates:
        failed = [demand for demand in demands if not meets(demand, labels)]
        if len(failed) == 1 and failed[0]["operator"] == "In":
            for value in failed[0].get("values") or ():
                if has := _like(failed[0]["key"], value, labels):
                    return Nearest(name, has, f"{failed[0]['key']}={value}")
    return None


def _like(key: str, value: str, labels: Mapping[str, str]) -> str:
    """The label that may have been meant: of the same key and a like value, or of a like key and the same value; or of
    another key and a value that says something."""
    for other, own in labels.items():
        same_value = own == value and len(value) >= TELLING and value.lower() not in DULL
        if (other == key and _alike(own, value)) or same_value or (own == value and _alike(other, key)):
            return f"{other}={own}"
    return ""


def _alike(one: str, other: str) -> bool:
    """One mistyped as the other. `team-a` and `team-b`, `web1` and `web2` are two words, and both are meant."""
    first, second = (re.split(r"[-._/]", word.lower()) for word in (one, other))
    if one == other or "".join(first) == "".join(second):
        return one != other
    differing = [pair for pair in zip(first, second, strict=False) if pair[0] != pair[1]]
    if len(first) != len(second) or len(differing) != 1:
        return False
    a, b = differing[0]
    numbered = a.rstrip("0123456789") == b.rstrip("0123456789")
    return min(len(a), len(b)) >= TELLING and not numbered and SequenceMatcher(None, a, b).ratio() >= LIKE
