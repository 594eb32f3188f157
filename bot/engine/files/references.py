"""What expressions refer to, checked against what there is: parameters, earlier steps, facts about the run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.engine.files.complaints import suggest
from bot.engine.files.document import Document, Path
from bot.model import template

ROOTS = ("params", "steps", "run")
RUN_FACTS = ("target", "answer", "root_cause", "root_causes")
STEP_FACTS = ("status", "verdict", "cause", "outputs")


@dataclass(frozen=True, slots=True)
class Names:
    """What may be referred to from one step: `earlier` are the ids before it, `later` its own and those after it."""

    params: Sequence[str]
    earlier: Sequence[str]
    later: Sequence[str]


def check_expressions(document: Document, path: Path, value: Any, names: Names) -> None:
    """Every `{{ }}` under `with`."""
    for place, text in texts(value, path):
        check_expression(document, place, text, names)
    for place in _keys(value, path):
        document.blame_value(place, "a key cannot hold an expression", "name the key, compute the value", key=True)


def check_expression(document: Document, path: Path, text: str, names: Names, *, bare: bool = False) -> None:
    for flaw in template.check(text, bare):
        document.blame_value(path, flaw.message, offset=flaw.offset)
    for reference in sorted(template.references(text, bare)):
        message, hint = _judge(reference, names)
        if message:
            offset = max(0, text.find(".".join(reference[:2])))
            document.blame_value(path, message, hint, offset=offset)


def check_earlier(document: Document, path: Path, step: str, names: Names) -> None:
    message, hint = _judge_step(step, names)
    if message:
        document.blame_value(path, message, hint)


def texts(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every string in a JSON value, with the way to it."""
    match value:
        case str():
            yield path, value
        case dict():
            for key, item in value.items():
                yield from texts(item, (*path, key))
        case list():
            for index, item in enumerate(value):
                yield from texts(item, (*path, index))


def _keys(value: Any, path: Path) -> Iterator[Path]:
    match value:
        case dict():
            for key, item in value.items():
                if "{{" in key or key == template.RAW:
                    yield (*path, key)
                yield from _keys(item, (*path, key))
        case list():
            for index, item in enumerate(value):
                yield from _keys(item, (*path, index))


def _judge(reference: tuple[str, ...], names: Names) -> tuple[str, str]:
    """What is wrong with it, and what may have been meant."""
    match reference:
        case ("params", name, *_):
            known = [*names.params]
            wrong = name not in known
            return (f"there is no parameter `{name}`", suggest(name, known)) if wrong else ("", "")
        case ("steps", step, *rest):
            message, hint = _judge_step(step, names)
            if not message and rest and rest[0] not in STEP_FACTS:
                return f"a step has no `{rest[0]}`", suggest(rest[0], STEP_FACTS)
            return message, hint
        case ("run", fact, *_):
            return (f"a run has no `{fact}`", suggest(fact, RUN_FACTS)) if fact not in RUN_FACTS else ("", "")
        case ("params" | "run",):
            return "", ""
        case ("steps",):
            return "`steps` alone says not which step is meant", "name it, as in `steps.pods.outputs`"
        case (name, *_):
            return f"there is no `{name}` here", suggest(name, ROOTS)
        case _:
            return "", ""


def _judge_step(step: str, names: Names) -> tuple[str, str]:
    if step in names.earlier:
        return "", ""
    if step in names.later:
        itself = step == names.later[0]
        where = "is this step itself" if itself else "stands later in the file"
        return f"the step `{step}` {where}", "only earlier steps can be referred to"
    return f"there is no step `{step}`", suggest(step, names.earlier)
