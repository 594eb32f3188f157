"""Parameters as people type them, as values: by type, with defaults, with near names for what is not there."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from bot.model.errors import UsageError
from bot.model.playbook import Param, Playbook, Step

_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_OBJECT = r"[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?"
_SHAPES: Mapping[str, tuple[str, str]] = {
    "dnsname": (r"(?=.{1,254}$)[A-Za-z0-9_]([-A-Za-z0-9_]{0,62})?(\.[A-Za-z0-9_][-A-Za-z0-9_]{0,62})*\.?",
                "a host name, as in example.com or kubernetes.default"),
    "namespace": (_LABEL, "a namespace, as in kube-system"),
    "pod": (f"{_LABEL}/{_OBJECT}", "namespace/name of a pod, as in shop/web-0"),
    "service": (f"{_LABEL}/{_OBJECT}", "namespace/name of a Service, as in shop/web"),
}
_BOOLS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
MAX_VALUE = 1000


def read_value(param: Param, text: str) -> Any:
    """What was typed, as a value of the parameter's type. Raises ValueError saying what is expected."""
    if len(text) > MAX_VALUE:
        raise ValueError(f"at most {MAX_VALUE} characters")
    match param.type:
        case "int":
            if not re.fullmatch(r"[-+]?[0-9]{1,15}", text, re.ASCII):
                raise ValueError("a whole number")
            return int(text)
        case "bool":
            if text.lower() not in _BOOLS:
                raise ValueError("yes or no")
            return _BOOLS[text.lower()]
        case "choice":
            if text not in param.choices:
                raise ValueError(f"one of {', '.join(param.choices)}")
        case kind if kind in _SHAPES:
            pattern, meaning = _SHAPES[kind]
            if not re.fullmatch(pattern, text):
                raise ValueError(meaning)
    return text


def check_answer(step: Step, answer: str) -> None:
    """A written answer to a question that asks for a type. Raises UsageError saying what is expected."""
    wanted = step.with_.get("type") if isinstance(step.with_, dict) else None
    if not isinstance(wanted, str) or wanted not in (*_SHAPES, "int"):
        return
    try:
        read_value(Param(name=step.id, type=wanted), answer.strip())
    except ValueError as error:
        raise UsageError(f"“{answer[:80]}” cannot be the answer: the question asks for {error}.") from None


def check_default(param: Param) -> str:
    """What is wrong with the default of a parameter; empty when nothing is. An empty text means: not given."""
    value = param.default
    if value is None or value == "":
        return ""
    wanted = {"int": int, "bool": bool}.get(param.type, str)
    if type(value) is not wanted:
        return f"the default of a parameter of type {param.type} must be {_NOUNS[wanted]}"
    try:
        read_value(param, str(value).lower() if wanted is bool else str(value))
    except ValueError as error:
        return f"the default is not what its type asks for: {error}"
    return ""


_NOUNS: Mapping[type, str] = {int: "a whole number", bool: "true or false", str: "a text"}


def bare(playbook: Playbook, word: str) -> dict[str, str]:
    """A word without a name belongs to the first parameter."""
    if not playbook.params:
        raise UsageError(f"“{word}” cannot be used: the playbook {playbook.name} takes no parameters.")
    return {playbook.params[0].name: word}


def typed(playbook: Playbook, params: Mapping[str, Any]) -> dict[str, str]:
    """The parameters of a run as a person would type them again; those that were left to their defaults are left out,
    so that the defaults of today apply."""
    defaults = {param.name: param.default for param in playbook.params}
    given = {name: value for name, value in params.items() if value is not None and value != defaults.get(name)}
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()}


def resolve_params(playbook: Playbook, given: Mapping[str, str], namespace: str = "") -> dict[str, Any]:
    """All parameters of the playbook with their values; None for those that were not given and have no default.
    `namespace`: of the target, meant where a pod or Service is named without one, or a namespace must be given."""
    known = {param.name: param for param in playbook.params}
    for name in given:
        if name not in known:
            raise _unknown(playbook, name)
    meant = {name: _placed(param, given.get(name), namespace) for name, param in known.items()}
    return {name: _resolved(playbook, param, meant[name]) for name, param in known.items()}


def _placed(param: Param, text: str | None, namespace: str) -> str | None:
    if text and namespace and param.type in ("pod", "service") and "/" not in text:
        return f"{namespace}/{text}"
    if not text and param.type == "namespace" and param.required:
        return namespace
    return text


def _resolved(playbook: Playbook, param: Param, text: str | None) -> Any:
    if not text:
        if param.required:
            told = f": {param.help}" if param.help else ""
            example = f"{playbook.name} {param.name}=…"
            raise UsageError(f"{playbook.name} needs `{param.name}`{told}. Say it as `{example}`.")
        return param.default
    try:
        return read_value(param, text)
    except ValueError as error:
        near = get_close_matches(text, param.choices, n=3)
        hints = tuple(f"{param.name}={choice}" for choice in near)
        raise UsageError(f"`{param.name}={text[:80]}` cannot be used: it takes {error}.", hints) from None


def _unknown(playbook: Playbook, name: str) -> UsageError:
    names = [param.name for param in playbook.params]
    near = tuple(get_close_matches(name, names, n=3, cutoff=0.5))
    if not names:
        return UsageError(f"The playbook {playbook.name} takes no parameters, so `{name[:80]}=` cannot be used.")
    meant = f" Did you mean `{near[0]}`?" if near else ""
    known = ", ".join(names)
    return UsageError(f"{playbook.name} has no parameter `{name[:80]}`.{meant} It takes: {known}.", near)
