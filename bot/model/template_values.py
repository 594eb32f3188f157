"""JSON values under expressions: what it costs to look at them, how they read as text, what they are called.

The Meter bounds every rendering by construction: each filter and operator pays for what it visits and builds, before it
does so.
"""

import inspect
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from bot.model.errors import TemplateError

WORK = 500_000
CHARACTERS_PER_UNIT = 16
MAX_TEXT = 256 * 1024


class Meter:
    """What one rendering may still cost: a unit for each value visited and for each few characters built."""

    __slots__ = ("left",)

    def __init__(self, left: int = WORK) -> None:
        self.left = left

    def spend(self, units: int) -> None:
        self.left -= units
        if self.left < 0:
            raise TemplateError("it would take too much work; make the data smaller first")

    def build(self, characters: int) -> None:
        """Before a text of so many characters is made."""
        if characters > MAX_TEXT:
            raise TemplateError(f"it would make a text of {characters} characters, {MAX_TEXT} are allowed")
        self.spend(1 + characters // CHARACTERS_PER_UNIT)

    def weigh(self, value: Any) -> None:
        """Pay for a value with all that is in it."""
        pending = [value]
        while pending:
            item = pending.pop()
            self.spend(1 + (len(item) // CHARACTERS_PER_UNIT if isinstance(item, str) else 0))
            pending.extend(item.values() if isinstance(item, dict) else item if isinstance(item, list) else ())


def text_of(meter: Meter, value: Any) -> str:
    """A value as it stands in a text: a string as it is, everything else as JSON."""
    if isinstance(value, str):
        return value
    meter.weigh(value)
    made = json.dumps(value, ensure_ascii=False, allow_nan=False)
    meter.build(len(made))
    return made


def items_of(meter: Meter, value: Any) -> list[Any]:
    if not isinstance(value, list | dict | str):
        raise TemplateError(f"a list is needed, this is {kind_of(value)}")
    meter.spend(1 + len(value))
    return list(value)


def kind_of(value: Any) -> str:
    match value:
        case None:
            return "nothing (null)"
        case bool():
            return "true or false"
        case int() | float():
            return f"the number {str(value)[:30]}"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "a mapping"


def pick(item: Any, path: str | None, default: Any = None) -> Any:
    """`status.phase` of an item; the default where there is none."""
    for name in path.split(".") if path else ():
        if isinstance(item, dict) and name in item:
            item = item[name]
        elif isinstance(item, list) and name.isdigit() and len(name) < 10 and int(name) < len(item):
            item = item[int(name)]
        else:
            return default
    return item


def as_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TemplateError(f"a text is needed, this is {kind_of(value)}")
    return value


def as_number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TemplateError(f"a number is needed, this is {kind_of(value)}")
    return value


def as_mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TemplateError(f"a mapping is needed, this is {kind_of(value)}")
    return value


@lru_cache(maxsize=1024)
def arguments_fit(function: Callable[..., Any], positional: int, named: tuple[str, ...]) -> str:
    """What is wrong with a call of a filter or test; empty when it fits. The meter and the value are not counted."""
    try:
        inspect.signature(function).bind(*([None] * (2 + positional)), **dict.fromkeys(named))
    except TypeError as error:
        return f"takes other arguments: {error}"
    return ""


def call(table: Mapping[str, Callable[..., Any]], what: str, name: Any, meter: Meter, item: Any, *args: Any) -> Any:
    """A filter or test that is named by a value: it can only be looked up now."""
    function = table.get(name) if isinstance(name, str) else None
    if function is None:
        raise TemplateError(f"there is no {what} `{str(name)[:40]}`")
    wrong = arguments_fit(function, len(args), ())
    if wrong:
        raise TemplateError(f"the {what} `{name}` {wrong}")
    meter.spend(1)
    return function(meter, item, *args)
