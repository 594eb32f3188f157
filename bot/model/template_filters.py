"""The filters that expressions know: a table of plain functions over JSON values.

No filter makes more out of less but `join` and `replace`, and those are told their price beforehand. Names and meanings
are Jinja's where it has them.
"""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from bot.model.errors import TemplateError
from bot.model.template_tests import TESTS
from bot.model.template_values import Meter, as_mapping, as_number, as_text, call, items_of, kind_of, pick, text_of


def _default(meter: Meter, value: Any, default_value: Any = "", boolean: bool = False) -> Any:
    return default_value if boolean and not value else value


def _length(meter: Meter, value: Any) -> int:
    if not isinstance(value, list | dict | str):
        raise TemplateError(f"{kind_of(value)} has no length")
    return len(value)


def _first(meter: Meter, value: Any) -> Any:
    return next(iter(items_of(meter, value)), None)


def _last(meter: Meter, value: Any) -> Any:
    return next(reversed(items_of(meter, value)), None)


def _join(meter: Meter, value: Any, d: str = "", attribute: str | None = None) -> str:
    parts = [text_of(meter, pick(item, attribute, "")) for item in items_of(meter, value)]
    meter.build(sum(map(len, parts)) + len(as_text(d)) * max(0, len(parts) - 1))
    return d.join(parts)


def _to_json(meter: Meter, value: Any) -> str:
    return text_of(meter, value) if not isinstance(value, str) else text_of(meter, [value])[1:-1]


def _replace(meter: Meter, value: str, old: str, new: str) -> str:
    found = as_text(value).count(as_text(old))
    meter.build(max(len(value), len(value) + found * (len(as_text(new)) - len(old))))
    return value.replace(old, new)


def _split(meter: Meter, value: str, separator: str | None = None) -> list[str]:
    meter.spend(1 + len(as_text(value)))
    return value.split(separator)


def _cased(change: Callable[[str], str]) -> Callable[[Meter, str], str]:
    def cased(meter: Meter, value: str) -> str:
        meter.build(3 * len(as_text(value)))
        return change(value)

    return cased


def _truncate(meter: Meter, value: str, length: int = 255) -> str:
    return value if len(as_text(value)) <= length else value[: max(0, int(length) - 1)] + "…"


def _to_int(meter: Meter, value: Any, default: int = 0) -> int:
    try:
        return int(value) if not isinstance(value, str) or len(value) < 40 else default
    except (TypeError, ValueError, OverflowError):
        return default


def _to_float(meter: Meter, value: Any, default: float = 0.0) -> float:
    try:
        return number if isfinite(number := float(value)) else default
    except (TypeError, ValueError, OverflowError):
        return default


def _round(meter: Meter, value: float, precision: int = 0) -> float:
    return round(as_number(value), max(-20, min(20, precision)))


def _reverse(meter: Meter, value: Any) -> list[Any]:
    return items_of(meter, value)[::-1]


def _sort(meter: Meter, value: Any, reverse: bool = False, attribute: str | None = None) -> list[Any]:
    meter.weigh(value)
    return sorted(items_of(meter, value), key=lambda item: pick(item, attribute), reverse=bool(reverse))


def _unique(meter: Meter, value: Any, attribute: str | None = None) -> list[Any]:
    seen: dict[str, Any] = {}
    for item in items_of(meter, value):
        seen.setdefault(text_of(meter, [pick(item, attribute)]), item)
    return list(seen.values())


def _least(choose: Callable[..., Any]) -> Callable[..., Any]:
    def least(meter: Meter, value: Any, attribute: str | None = None) -> Any:
        meter.weigh(value)
        return choose(items_of(meter, value), key=lambda item: pick(item, attribute), default=None)

    return least


def _sum(meter: Meter, value: Any, attribute: str | None = None, start: float = 0) -> float:
    return sum((as_number(pick(item, attribute, 0)) for item in items_of(meter, value)), as_number(start))


def _pairs(meter: Meter, value: Any) -> list[Any]:
    meter.spend(1 + len(as_mapping(value)))
    return [[key, item] for key, item in value.items()]


def _map(meter: Meter, value: Any, name: str = "", *args: Any, attribute: str = "", default: Any = None) -> list[Any]:
    """`map('lower')` applies a filter to each item, `map(attribute='status.phase')` takes a field of each."""
    items = items_of(meter, value)
    if not name:
        return [pick(item, attribute, default) for item in items]
    return [call(FILTERS, "filter", name, meter, item, *args) for item in items]


def _chosen(attributed: bool, wanted: bool) -> Callable[..., list[Any]]:
    def choose(meter: Meter, value: Any, attribute: str | None, test: str, args: tuple[Any, ...]) -> list[Any]:
        def holds(item: Any) -> bool:
            return bool(call(TESTS, "test", test, meter, pick(item, attribute), *args))

        return [item for item in items_of(meter, value) if holds(item) is wanted]

    def by_attribute(meter: Meter, value: Any, attribute: str, test: str = "truthy", *args: Any) -> list[Any]:
        return choose(meter, value, as_text(attribute), test, args)

    def by_itself(meter: Meter, value: Any, test: str = "truthy", *args: Any) -> list[Any]:
        return choose(meter, value, None, test, args)

    return by_attribute if attributed else by_itself


FILTERS: Mapping[str, Callable[..., Any]] = {
    "abs": lambda meter, value: abs(as_number(value)),
    "count": _length,
    "d": _default,
    "default": _default,
    "first": _first,
    "float": _to_float,
    "int": _to_int,
    "items": _pairs,
    "join": _join,
    "keys": lambda meter, value: items_of(meter, as_mapping(value)),
    "last": _last,
    "length": _length,
    "list": items_of,
    "lower": _cased(str.lower),
    "map": _map,
    "max": _least(max),
    "min": _least(min),
    "reject": _chosen(attributed=False, wanted=False),
    "rejectattr": _chosen(attributed=True, wanted=False),
    "replace": _replace,
    "reverse": _reverse,
    "round": _round,
    "select": _chosen(attributed=False, wanted=True),
    "selectattr": _chosen(attributed=True, wanted=True),
    "sort": _sort,
    "split": _split,
    "string": text_of,
    "sum": _sum,
    "tojson": _to_json,
    "trim": _cased(str.strip),
    "truncate": _truncate,
    "unique": _unique,
    "upper": _cased(str.upper),
    "values": lambda meter, value: [item for _, item in _pairs(meter, value)],
}
