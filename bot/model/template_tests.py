"""The tests that expressions know (`x is none`, `selectattr('phase', 'equalto', 'Running')`): a table of functions."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from bot.model.errors import TemplateError
from bot.model.template_values import Meter, as_number, as_text, kind_of


def compare(meter: Meter, name: str, left: Any, right: Any) -> bool:
    """One of eq, ne, lt, lteq, gt, gteq, in, notin, as Jinja's tree calls them."""
    meter.weigh(left)
    meter.weigh(right)
    if name in ("in", "notin"):
        if not isinstance(right, list | dict | str) or (isinstance(right, str) and not isinstance(left, str)):
            raise TemplateError(f"{kind_of(left)} cannot be looked for in {kind_of(right)}")
        found = any(_same(left, item) for item in right) if not isinstance(right, str) else left in right
        return found is (name == "in")
    if name in ("eq", "ne"):
        return _same(left, right) is (name == "eq")
    if not (_is_number(left) and _is_number(right)) and not (isinstance(left, str) and isinstance(right, str)):
        raise TemplateError(f"{kind_of(left)} and {kind_of(right)} have no order")
    return bool(_ORDER[name](left, right))


_ORDER: Mapping[str, Callable[[Any, Any], Any]] = {
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}


def _same(left: Any, right: Any) -> bool:
    return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _comparing(name: str) -> Callable[[Meter, Any, Any], bool]:
    return lambda meter, value, other: compare(meter, name, value, other)


def _being(*kinds: type) -> Callable[[Meter, Any], bool]:
    return lambda meter, value: isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))


def _divisible(meter: Meter, value: Any, by: Any) -> bool:
    return as_number(value) % as_number(by) == 0


TESTS: Mapping[str, Callable[..., Any]] = {
    "boolean": _being(bool),
    "contains": lambda meter, value, item: compare(meter, "in", item, value),
    "defined": lambda meter, value: True,
    "divisibleby": _divisible,
    "endswith": lambda meter, value, end: as_text(value).endswith(as_text(end)),
    "eq": _comparing("eq"),
    "equalto": _comparing("eq"),
    "even": lambda meter, value: _divisible(meter, value, 2),
    "false": lambda meter, value: value is False,
    "float": _being(float),
    "ge": _comparing("gteq"),
    "gt": _comparing("gt"),
    "in": _comparing("in"),
    "integer": _being(int),
    "le": _comparing("lteq"),
    "lt": _comparing("lt"),
    "mapping": _being(dict),
    "ne": _comparing("ne"),
    "none": lambda meter, value: value is None,
    "number": _being(int, float),
    "odd": lambda meter, value: not _divisible(meter, value, 2),
    "sequence": _being(list),
    "startswith": lambda meter, value, start: as_text(value).startswith(as_text(start)),
    "string": _being(str),
    "true": lambda meter, value: value is True,
    "truthy": lambda meter, value: bool(value),
    "undefined": lambda meter, value: False,
}
