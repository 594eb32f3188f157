"""A small checker of shapes: which fields an object may have, which it must, and how long each may be.

Problems come out in the words and with the json-pointer that Slack puts into `response_metadata.messages`, for example
`[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]` [I activepieces #11149]. Blocks and
elements are written down as tables of these rules in `elements.py` and `blocks.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


class Problems:
    """What is wrong, in the order in which it was found."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def add(self, pointer: str, text: str) -> None:
        self.messages.append(f"[ERROR] {text} [json-pointer:{pointer}]")


Rule = Callable[[Any, str, Problems], None]


@dataclass(frozen=True, slots=True)
class Field:
    rule: Rule
    required: bool = False


Shape = Mapping[str, Field]


def must(rule: Rule) -> Field:
    return Field(rule, required=True)


def may(rule: Rule) -> Field:
    return Field(rule)


def string(most: int, least: int = 1) -> Rule:
    def check(value: Any, pointer: str, problems: Problems) -> None:
        if not isinstance(value, str):
            problems.add(pointer, "must be a string")
        elif len(value) > most:
            problems.add(pointer, f"must be less than {most + 1} characters")
        elif len(value) < least:
            problems.add(pointer, f"must be more than {least - 1} characters")

    return check


def one_of(*values: str) -> Rule:
    def check(value: Any, pointer: str, problems: Problems) -> None:
        if value not in values:
            problems.add(pointer, f"must be one of: {', '.join(values)}")

    return check


def boolean(value: Any, pointer: str, problems: Problems) -> None:
    if not isinstance(value, bool):
        problems.add(pointer, "must be a boolean")


def whole(least: int, most: int) -> Rule:
    def check(value: Any, pointer: str, problems: Problems) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            problems.add(pointer, f"must be an integer from {least} to {most}")

    return check


def anything(value: Any, pointer: str, problems: Problems) -> None:
    """For a field whose inside the box does not look into."""


def url(value: Any, pointer: str, problems: Problems) -> None:
    """Links lead to http or https only, 3000 characters at most [D block elements]."""
    string(3000)(value, pointer, problems)
    if isinstance(value, str) and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc):
        problems.add(pointer, "must be a valid url")


def items(rule: Rule, most: int, least: int = 1) -> Rule:
    def check(value: Any, pointer: str, problems: Problems) -> None:
        if not isinstance(value, list):
            problems.add(pointer, "must be an array")
            return
        if len(value) > most:
            problems.add(pointer, f"no more than {most} items allowed")
        if len(value) < least:
            problems.add(pointer, f"no less than {least} items allowed")
        for number, item in enumerate(value):
            rule(item, f"{pointer}/{number}", problems)

    return check


def check_shape(value: Any, pointer: str, problems: Problems, fields: Shape, *also: str) -> None:
    """`also` names fields that are known to the caller and not checked here, such as `type`."""
    if not isinstance(value, dict):
        problems.add(pointer, "must be an object")
        return
    for name in value:
        if name not in fields and name not in also:
            problems.add(pointer, f"invalid additional property: {name}")
    for name, field in fields.items():
        if name in value:
            field.rule(value[name], f"{pointer}/{name}", problems)
        elif field.required:
            problems.add(pointer, f"missing required field: {name}")


def shape(fields: Shape) -> Rule:
    def check(value: Any, pointer: str, problems: Problems) -> None:
        check_shape(value, pointer, problems, fields)

    return check


def typed(shapes: Mapping[str, Shape], allowed: frozenset[str] | None = None) -> Rule:
    """An object whose `type` selects its shape; `allowed` narrows which types may stand in this place."""

    def check(value: Any, pointer: str, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.add(pointer, "must be an object")
            return
        kind = value.get("type")
        if not isinstance(kind, str):
            problems.add(pointer, "missing required field: type")
        elif kind not in shapes or (allowed is not None and kind not in allowed):
            problems.add(f"{pointer}/type", f"unsupported type: {kind}")
        else:
            check_shape(value, pointer, problems, shapes[kind], "type")

    return check
