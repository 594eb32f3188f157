"""What pydantic found wrong, in a playbook author's words and at its place in the file."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from bot.engine.files.document import Document, Path

_EXPECTED: Mapping[str, str] = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def tell_all(document: Document, path: Path, model: type[BaseModel], error: ValidationError) -> None:
    for detail in error.errors(include_url=False):
        tell(document, path, model, detail)


def tell(document: Document, path: Path, model: type[BaseModel], detail: Mapping[str, Any]) -> None:
    """One problem. `path`: where in the file the model's data begins."""
    loc: Path = tuple(detail["loc"])
    key = loc[-1:] == ("[key]",)
    place = path + (loc[:-1] if key else loc)
    match detail["type"]:
        case "extra_forbidden":
            names = _fields(model, loc[:-1])
            document.blame_value(place, f"there is no `{loc[-1]}` here", suggest(str(loc[-1]), names), key=True)
        case "missing":
            document.blame_value(place[:-1], f"`{loc[-1]}` is missing")
        case "literal_error":
            found, expected = detail["input"], detail["ctx"]["expected"]
            hint = suggest(str(found), expected.replace("'", "").replace(" or ", ", ").split(", "))
            document.blame_value(place, f"{describe(found)} stands here, one of {expected} is expected", hint, key=key)
        case "too_short":
            document.blame_value(place, "there must be at least one entry here")
        case kind if kind in _EXPECTED:
            found = detail["input"]
            hint = "put it in quotes" if kind == "string_type" and isinstance(found, int | float) else ""
            document.blame_value(place, f"{describe(found)} stands here, {_EXPECTED[kind]} is expected", hint)
        case _:
            said = str(detail["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
            document.blame_value(place, said[:1].lower() + said[1:], key=key)


def describe(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return f"`{str(value).lower()}`"
        case list() | tuple():
            return "a list"
        case Mapping():
            return "a mapping"
        case _:
            return f"`{str(value)[:60]}`"


def suggest(word: str, names: Sequence[str]) -> str:
    near = get_close_matches(word[:60], names, n=2, cutoff=0.55)
    if near:
        return f"did you mean {' or '.join(f'`{name}`' for name in near)}?"
    return f"there is {', '.join(f'`{name}`' for name in list(names)[:20])}" if names else ""


def _fields(model: type[BaseModel], loc: Path) -> list[str]:
    """The keys allowed where `loc` leads inside a model."""
    for step in loc:
        field = next((f for name, f in model.model_fields.items() if step in (name, f.alias)), None)
        if field is not None:
            inner = list(_models(field.annotation))
            if not inner:
                return []
            model = inner[0]
    return [field.alias or name for name, field in model.model_fields.items()]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
