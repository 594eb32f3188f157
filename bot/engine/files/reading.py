"""A playbook file put together: everything checked first, so that all mistakes are told at once, then built."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from bot.engine.files.arguments import check_arguments, marked
from bot.engine.files.complaints import suggest, tell_all
from bot.engine.files.document import Document, Path, Unreadable, read_document
from bot.engine.files.purpose import purpose
from bot.engine.files.references import Names, check_earlier, check_expression, check_expressions
from bot.engine.files.shape import PlaybookShape, StepShape
from bot.engine.params import check_default
from bot.model import template
from bot.model.command import VERBS
from bot.model.errors import PlaybookError
from bot.model.playbook import Kind, Param, Playbook, Step
from bot.steps import Change, Guide, Look, StepType

_FOR_PEOPLE = ("assign", "remind_after", "expires_after", "escalate_to")
_FOR_LOOKS = ("retries", "fresh", "essential")


def read_playbook(name: str, data: bytes | str, step_types: Mapping[str, StepType]) -> Playbook:
    """`name`: of the file, for messages. Raises PlaybookError with every problem."""
    document = read_document(name, data)
    shape = None
    if () not in document.broken:
        try:
            shape = _check(document, step_types)
        except Unreadable:
            shape = None
    if document.problems or shape is None:
        raise PlaybookError(document.problems)
    return _build(shape, step_types, name)


def _check(document: Document, step_types: Mapping[str, StepType]) -> PlaybookShape | None:
    raw = document.value
    if not isinstance(raw, dict):
        document.blame_value((), "a playbook is a mapping with `name`, `title` and `steps`")
        return None
    shape = None
    try:
        shape = PlaybookShape.model_validate(raw)
    except ValidationError as error:
        tell_all(document, (), PlaybookShape, error)
    if raw.get("name") in VERBS:
        document.blame_value(("name",), f"`{raw['name']}` is a command of netcheck", "choose another name")
    if shape:
        _check_params(document, shape)
    params = [*raw["params"]] if isinstance(raw.get("params"), dict) else []
    steps = raw["steps"] if isinstance(raw.get("steps"), list) else []
    ids = [step["id"] if isinstance(step, dict) and isinstance(step.get("id"), str) else "" for step in steps]
    for index, step in enumerate(steps):
        if isinstance(step, dict):
            _check_id(document, index, ids)
            _check_step(document, ("steps", index), step, step_types, Names(params, ids[:index], ids[index:]))
    return shape


def _check_params(document: Document, shape: PlaybookShape) -> None:
    for name, given in shape.params.items():
        param = _param(name, given)
        path: Path = ("params", name)
        if (param.type == "choice") is not bool(param.choices):
            document.blame_value(path, "`choices` belong to `type: choice`, and it needs them")
            continue
        wrong = check_default(param)
        if wrong:
            document.blame_value((*path, "default"), wrong)
        if param.required and param.default is not None:
            document.blame_value((*path, "default"), "a required parameter has no default", key=True)


def _check_id(document: Document, index: int, ids: Sequence[str]) -> None:
    if ids[index] and ids[index] in ids[:index]:
        first = document.values[("steps", ids.index(ids[index]), "id")]
        hint = f"first in line {first.line}"
        document.blame_value(("steps", index, "id"), f"the id `{ids[index][:40]}` stands here twice", hint)


def _check_step(
    document: Document, path: Path, step: dict[str, Any], step_types: Mapping[str, StepType], names: Names
) -> None:
    needs = step["needs"] if isinstance(step.get("needs"), list) else []
    for index, other in enumerate(needs):
        if isinstance(other, str):
            check_earlier(document, (*path, "needs", index), other, names)
    if isinstance(step.get("when"), str):
        check_expression(document, (*path, "when"), step["when"], names, bare=True)
    uses = step.get("uses")
    step_type = step_types.get(uses) if isinstance(uses, str) else None
    if step_type is None:
        if isinstance(uses, str):
            document.blame_value((*path, "uses"), f"there is no step type `{uses[:60]}`", suggest(uses, [*step_types]))
        check_expressions(document, (*path, "with"), step.get("with"), names)
        return
    check_arguments(document, path, step, step_type)
    given = step.get("with")
    rendered = {k: v for k, v in given.items() if k not in step_type.args.raw} if isinstance(given, dict) else given
    check_expressions(document, (*path, "with"), rendered, names)
    _check_fit(document, path, step, step_type)


def _check_fit(document: Document, path: Path, step: dict[str, Any], step_type: StepType) -> None:
    """Keys that mean nothing for this kind of step are mistakes: their author expects something of them."""
    look = isinstance(step_type, Look)
    for key in _FOR_PEOPLE if look else _FOR_LOOKS:
        if key in step:
            kinds = "changes and guide steps" if look else "looks"
            message = f"`{key}` is for {kinds}, `{step_type.name}` is {_nouns(step_type)}"
            document.blame_value((*path, key), message, key=True)
    if not look and "escalate_to" in step and "expires_after" not in step:
        message = "`escalate_to` is asked when `expires_after` is over"
        document.blame_value((*path, "escalate_to"), message, "add `expires_after`", key=True)


def _nouns(step_type: StepType) -> str:
    return {Kind.LOOK: "a look", Kind.CHANGE: "a change", Kind.GUIDE: "a guide step"}[kind_of(step_type)]


def kind_of(step_type: StepType) -> Kind:
    match step_type:
        case Look():
            return Kind.LOOK
        case Change():
            return Kind.CHANGE
        case Guide():
            return Kind.GUIDE


# --- building ---------------------------------------------------------------------------------------------------------


def _build(shape: PlaybookShape, step_types: Mapping[str, StepType], source: str) -> Playbook:
    ids = [step.id for step in shape.steps]
    return Playbook(
        name=shape.name,
        title=shape.title,
        summary=shape.summary,
        params=tuple(_param(name, given) for name, given in shape.params.items()),
        steps=tuple(_step(step, step_types[step.uses], ids) for step in shape.steps),
        overview=shape.overview,
        timeout=shape.timeout,
        source=source,
    )


def _param(name: str, given: Any) -> Param:
    if given is None:
        return Param(name=name)
    return Param(
        name=name, type=given.type, default=given.default, required=given.required, help=given.help,
        choices=tuple(given.choices),
    )


def _step(shape: StepShape, step_type: StepType, ids: Sequence[str]) -> Step:
    with_ = marked(shape.with_, shape.outcomes, step_type.args)
    read = template.references(with_) | (template.references(shape.when, bare=True) if shape.when else frozenset())
    meant = {path[1] for path in read if path[0] == "steps"} | {*shape.needs}
    return Step(
        id=shape.id,
        uses=shape.uses,
        kind=kind_of(step_type),
        title=shape.title or _title(step_type) or shape.id,
        with_=with_,
        when=shape.when,
        needs=tuple(shape.needs),
        refers=tuple(step for step in ids if step in meant),
        refers_run=any(path[0] == "run" for path in read),
        timeout=shape.timeout,
        retries=shape.retries,
        fresh=shape.fresh,
        essential=shape.essential,
        on_fail=shape.on_fail,
        advice={str(verdict): text for verdict, text in shape.advice.items()},
        assign=shape.assign,
        remind_after=shape.remind_after or 0.0,
        expires_after=shape.expires_after or 0.0,
        escalate_to=shape.escalate_to,
    )


def _title(step_type: StepType) -> str:
    """What the step type is for, if that is short enough; looks of the author's own are named by id."""
    sentence = "" if step_type.args.raw else purpose(step_type).removesuffix(".")
    return sentence if len(sentence) <= 100 else ""
