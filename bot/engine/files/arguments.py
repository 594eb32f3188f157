"""The arguments of a step against its step type, as far as they can be told before expressions have values."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from bot.engine.files.complaints import describe, tell
from bot.engine.files.document import Document, Path
from bot.model import template
from bot.steps import Args, StepType

OUTCOMES = "outcomes"


def check_arguments(document: Document, path: Path, step: Mapping[str, Any], step_type: StepType) -> None:
    """`path`: of the step. What holds an expression is checked again when it has a value."""
    given, outcomes = step.get("with", {}), step.get(OUTCOMES)
    judges = OUTCOMES in step_type.args.model_fields
    if outcomes is not None and not judges:
        message = f"`{step_type.name}` judges by itself and takes no `outcomes`"
        document.blame_value((*path, OUTCOMES), message, key=True)
        outcomes = None
    if isinstance(given, str) and template.has_expression(given) and not judges:
        return
    if not isinstance(given, dict):
        document.blame_value((*path, "with"), f"{describe(given)} stands here, a mapping of arguments is expected")
        return
    if judges and OUTCOMES in given:
        document.blame_value((*path, "with", OUTCOMES), "`outcomes` stands beside `with`, not under it", key=True)
        return
    _check(document, path, given if outcomes is None else {**given, OUTCOMES: outcomes}, step_type.args)


def _check(document: Document, path: Path, given: dict[str, Any], args: type[Args]) -> None:
    under = (*path, "with") if (*path, "with") in document.values else path
    try:
        args.model_validate(given)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            loc: Path = tuple(detail["loc"])
            if not _is_open(given, loc, detail["type"], args.raw):
                tell(document, path if loc[:1] == (OUTCOMES,) and OUTCOMES in given else under, args, detail)


def _is_open(given: dict[str, Any], loc: Path, kind: str, raw: frozenset[str]) -> bool:
    """Whether what is complained about hangs on an expression that has no value yet."""
    if kind in ("missing", "extra_forbidden") or (loc and loc[0] in raw):
        return False
    value: Any = given
    for part in loc:
        inside = part in value if isinstance(value, dict) else isinstance(value, list) and part in range(len(value))
        if not inside:
            break
        value = value[part]
    return template.has_expression(value)


def marked(given: Any, outcomes: Any, args: type[Args]) -> Any:
    """The arguments as the engine renders them: what the step type evaluates itself is kept from it."""
    if not isinstance(given, dict):
        return given
    whole = given if outcomes is None else {**given, OUTCOMES: outcomes}
    return {name: {template.RAW: value} if name in args.raw else value for name, value in whole.items()}
