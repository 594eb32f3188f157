"""Label and field selectors, parsed and evaluated as the API server does.

Source: Kubernetes docs, "Labels and Selectors" and "Field Selectors"; the set of fields per kind is that of the
server's own conversion functions (core/v1 `AddFieldLabelConversionsFor…`), its messages were seen on a real 1.34
server.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.playground.cluster_box.kinds import Kind
from bot.playground.cluster_box.labels import KEY_RULE, VALUE_RULE, is_label_key, is_label_value
from bot.playground.cluster_box.status import ApiFailure, bad_request

_TOKEN = re.compile(r"\s*(!=|==|=|!|\(|\)|,|>|<|[^\s=!(),<>]+)")
_OPERATORS = ("in", "notin", "=", "==", "!=", "gt", "lt")


@dataclass(frozen=True, slots=True)
class Requirement:
    """`operator` is one of in, notin, exists, absent, gt, lt; equality is `in` with one value."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def admits(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.key)
        match self.operator:
            case "in":
                return value in self.values
            case "notin":
                return value not in self.values
            case "exists":
                return self.key in labels
            case "absent":
                return self.key not in labels
            case _:
                return _compare(value, self.operator, next(iter(self.values)))


def _compare(value: str | None, operator: str, bound: str) -> bool:
    try:
        number, limit = int(value or ""), int(bound)
    except ValueError:
        return False
    return number > limit if operator == "gt" else number < limit


def parse_labels(text: str) -> frozenset[Requirement]:
    """Raises the 400 that the server gives."""
    tokens = _TOKEN.findall(text)
    found: set[Requirement] = set()
    while tokens:
        if tokens[0] in ("=", "==", "!=", "(", ")", ",", ">", "<"):
            raise bad_request(f"found '{tokens[0]}', expected: !, identifier, or 'end of string'")
        found.add(_check_requirement(_take_requirement(tokens)))
        if not tokens:
            break
        if tokens[0] != ",":
            raise bad_request(f"found '{tokens[0]}', expected: ',' or 'end of string'")
        tokens.pop(0)
        if not tokens or tokens[0] == ",":
            raise bad_request(f"found '{tokens[0] if tokens else ''}', expected: identifier after ','")
    return frozenset(found)


def _take_requirement(tokens: list[str]) -> Requirement:
    key = tokens.pop(0)
    if key == "!":
        return Requirement(tokens.pop(0) if tokens else "", "absent")
    if not tokens or tokens[0] == ",":
        return Requirement(key, "exists")
    operator = tokens.pop(0)
    match operator:
        case "=" | "==":
            return Requirement(key, "in", frozenset({_take_value(tokens)}))
        case "!=":
            return Requirement(key, "notin", frozenset({_take_value(tokens)}))
        case ">" | "<":
            return Requirement(key, "gt" if operator == ">" else "lt", frozenset({_take_value(tokens)}))
        case "in" | "notin":
            return Requirement(key, operator, _take_set(tokens))
        case _:
            expected = ", ".join(_OPERATORS)
            raise bad_request(f"unable to parse requirement: found '{operator}', expected: {expected}")


def _check_requirement(found: Requirement) -> Requirement:
    wrong = ""
    if not is_label_key(found.key):
        wrong = f'<nil>: Invalid value: "{found.key}": {KEY_RULE}'
    for value in sorted(found.values):
        if found.operator in ("gt", "lt") and not value.isdigit():
            wrong = f"values[0]: Invalid value: \"{value}\": for 'Gt', 'Lt' operators, the value must be an integer"
        elif not is_label_value(value):
            wrong = f'values[0][{found.key}]: Invalid value: "{value}": {VALUE_RULE}'
    if wrong:
        raise bad_request(f"unable to parse requirement: {wrong}")
    return found


def _take_value(tokens: list[str]) -> str:
    return tokens.pop(0) if tokens and tokens[0] != "," else ""


def _take_set(tokens: list[str]) -> frozenset[str]:
    opening = tokens.pop(0) if tokens else ""
    if opening != "(":
        raise bad_request(f"unable to parse requirement: found '{opening}' expected: '('")
    values: set[str] = set()
    while tokens:
        token = tokens.pop(0)
        if token == ")":
            return frozenset(values)
        if token != ",":
            values.add(token)
    raise bad_request("unable to parse requirement: found '', expected: ',' or ')'")


_FIELDS: dict[str, tuple[str, ...]] = {
    "Pod": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    "Event": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    "Node": ("spec.unschedulable",),
    "Namespace": ("status.phase",),
    "Service": ("spec.clusterIP", "spec.type"),
    "ReplicaSet": ("status.replicas",),
    "Secret": ("type",),
    "Job": ("status.successful",),
}
_EVERY = ("metadata.name", "metadata.namespace")


def parse_fields(text: str, kind: Kind) -> frozenset[tuple[str, bool, str]]:
    """(path, equal, value) for each term; raises the 400 that the server gives."""
    found: set[tuple[str, bool, str]] = set()
    for term in filter(None, text.split(",")):
        path, operator, value = _split_term(term)
        if path not in (*_EVERY, *_FIELDS.get(kind.name, ())):
            raise _unknown_field(path, kind)
        found.add((path, operator != "!=", value))
    return frozenset(found)


def _split_term(term: str) -> tuple[str, str, str]:
    for operator in ("!=", "==", "="):
        path, found, value = term.partition(operator)
        if found:
            return path, operator, value
    raise bad_request(f"invalid selector: '{term}'; can't understand '{term}'")


def _unknown_field(path: str, kind: Kind) -> ApiFailure:
    if kind.group or kind.name not in _FIELDS:
        return bad_request(f'"{path}" is not a known field selector: only "metadata.name", "metadata.namespace"')
    return bad_request(f"field label not supported: {path}")


def matches_fields(item: Mapping[str, Any], terms: frozenset[tuple[str, bool, str]]) -> bool:
    return all((_read_field(item, path) == value) is equal for path, equal, value in terms)


def _read_field(item: Mapping[str, Any], path: str) -> str:
    if path == "source" and item.get("kind") == "Event":
        path = "source.component"
    value: Any = item
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if value is None:
        return "false" if path in ("spec.unschedulable", "spec.hostNetwork") else ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def matches_labels(item: Mapping[str, Any], requirements: frozenset[Requirement]) -> bool:
    labels = item["metadata"].get("labels") or {}
    return all(requirement.admits(labels) for requirement in requirements)


def selector_of(labels: Mapping[str, str]) -> frozenset[Requirement]:
    """The selector of a Service: every label must be equal."""
    return frozenset(Requirement(key, "in", frozenset({value})) for key, value in labels.items())
