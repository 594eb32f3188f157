"""What the API server refuses in a change: 422 with every field that is wrong.

Source: `k8s.io/kubernetes/pkg/apis/core/validation` and `…/apps/validation`; messages as seen on 1.34. The kinds
netcheck changes are checked, each for the fields that it changes.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from bot.playground.bundle import Object
from bot.playground.cluster_box.kinds import Kind
from bot.playground.cluster_box.labels import KEY_RULE, VALUE_RULE, is_label_key, is_label_value
from bot.playground.cluster_box.selectors import selector_of
from bot.playground.cluster_box.status import Cause, invalid

_RANGE = "must be between 1 and 65535, inclusive"
_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_PORT_RULE = "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
_CONFIG_RULE = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)


def check_change(kind: Kind, patch: Object, before: Object, after: Object) -> None:
    """Raises the 422 that names all causes."""
    _check_types(kind, patch, after)
    causes = []
    if after["metadata"].get("uid") != before["metadata"].get("uid"):
        cause = Cause("metadata.uid", f'Invalid value: "{after["metadata"].get("uid")}": field is immutable')
        causes += [cause, cause]
    check = _CHECKS.get(kind.name)
    causes += list(check(before, after)) if check else []
    if causes:
        raise invalid(after["metadata"]["name"], causes, kind.qualified, kind.group, kind.name)


def _check_types(kind: Kind, patch: Object, after: Object) -> None:
    """What does not fit the kind's type is refused before anything is validated."""
    for path, wanted in (*_MAPS, *_TYPED.get(kind.name, ())):
        value: Any = after
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        wrong = _find_misfit(value, wanted)
        if wrong:
            cause = Cause("patch", f'Invalid value: "{write_go(patch)}": {wrong}')
            raise invalid("", [cause], "")


def _find_misfit(value: Any, wanted: str) -> str:
    if value is None:
        return ""
    if wanted == "number":
        return "" if isinstance(value, int) else "unrecognized type: int32"
    if not isinstance(value, dict):
        return f"cannot restore map from {_GO_TYPES.get(type(value), 'slice')}"
    odd = next((item for item in value.values() if not isinstance(item, str)), None)
    return "" if odd is None else f"cannot convert {_GO_TYPES.get(type(odd), 'map')} to string"


def write_go(value: Any) -> str:
    """A JSON value as Go prints it, which is how the server quotes a patch."""
    match value:
        case dict():
            return f"map[{' '.join(f'{key}:{write_go(value[key])}' for key in sorted(value))}]"
        case list():
            return f"[{' '.join(map(write_go, value))}]"
        case None:
            return "<nil>"
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def _check_service(before: Object, after: Object) -> Iterator[Cause]:
    spec, old = after.get("spec") or {}, before.get("spec") or {}
    ports = spec.get("ports") or []
    if not ports and spec.get("clusterIP") != "None" and spec.get("type") != "ExternalName":
        yield Cause("spec.ports", "Required value", "FieldValueRequired")
    yield from _check_ports(ports)
    for key, value in (spec.get("selector") or {}).items():
        if not is_label_key(key):
            yield Cause("spec.selector", f'Invalid value: "{key}": {KEY_RULE}')
        if not is_label_value(value):
            yield Cause("spec.selector", f'Invalid value: "{value}": {VALUE_RULE}')
    if spec.get("type") not in _TYPES:
        supported = ", ".join(f'"{name}"' for name in _TYPES)
        message = f'Unsupported value: "{spec.get("type")}": supported values: {supported}'
        yield Cause("spec.type", message, "FieldValueNotSupported")
    if spec.get("clusterIP") != old.get("clusterIP") and old.get("type") != "ExternalName":
        yield Cause("spec.clusterIPs[0]", f'Invalid value: ["{spec.get("clusterIP")}"]: may not change once set')


def _check_ports(ports: list[Object]) -> Iterator[Cause]:
    names: set[str] = set()
    pairs: set[tuple[int, str]] = set()
    for number, port in enumerate(ports):
        where = f"spec.ports[{number}]"
        name, value, target = port.get("name", ""), port.get("port", 0), port.get("targetPort", port.get("port", 0))
        if len(ports) > 1 and not name:
            yield Cause(f"{where}.name", "Required value", "FieldValueRequired")
        elif name in names:
            yield Cause(f"{where}.name", f'Duplicate value: "{name}"', "FieldValueDuplicate")
        names |= {name} if name else set()
        if not isinstance(value, int) or not 0 < value < 65536:
            yield Cause(f"{where}.port", f"Invalid value: {value}: {_RANGE}")
        if isinstance(target, int) and not 0 < target < 65536:
            yield Cause(f"{where}.targetPort", f"Invalid value: {target}: {_RANGE}")
        if isinstance(target, str) and not re.fullmatch(r"[a-z0-9-]{1,15}", target):
            yield Cause(f"{where}.targetPort", f'Invalid value: "{target}": {_PORT_RULE}')
        pair = (value, port.get("protocol", "TCP"))
        if pair in pairs:
            seen = {"Name": "", "Protocol": pair[1], "AppProtocol": None, "Port": value, "TargetPort": 0, "NodePort": 0}
            yield Cause(where, f"Duplicate value: {json.dumps(seen, separators=(',', ':'))}", "FieldValueDuplicate")
        pairs.add(pair)


def _check_workload(before: Object, after: Object) -> Iterator[Cause]:
    spec, old = after.get("spec") or {}, before.get("spec") or {}
    replicas = spec.get("replicas", 1)
    if isinstance(replicas, int) and replicas < 0:
        yield Cause("spec.replicas", f"Invalid value: {replicas}: must be greater than or equal to 0")
    selector = spec.get("selector") or {}
    labels = (spec.get("template") or {}).get("metadata", {}).get("labels") or {}
    if not all(requirement.admits(labels) for requirement in selector_of(selector.get("matchLabels") or {})):
        shown = json.dumps(labels, separators=(",", ":"))
        message = f"Invalid value: {shown}: `selector` does not match template `labels`"
        yield Cause("spec.template.metadata.labels", message)
    if selector != old.get("selector"):
        shown = json.dumps(selector, separators=(",", ":"))
        yield Cause("spec.selector", f"Invalid value: {shown}: field is immutable")


def _check_config(before: Object, after: Object) -> Iterator[Cause]:
    for key in after.get("data") or {}:
        if not re.fullmatch(r"[-._a-zA-Z0-9]+", key):
            yield Cause(f"data[{key}]", f'Invalid value: "{key}": {_CONFIG_RULE}')


_CHECKS: dict[str, Callable[[Object, Object], Iterator[Cause]]] = {
    "Service": _check_service,
    "ConfigMap": _check_config,
    "Deployment": _check_workload,
    "DaemonSet": _check_workload,
    "StatefulSet": _check_workload,
}
_GO_TYPES = {str: "string", int: "int64", float: "float64", bool: "bool"}
_MAPS = ((("metadata", "labels"), "map"), (("metadata", "annotations"), "map"))
_TEMPLATE = tuple((("spec", "template", "metadata", field), "map") for field in ("labels", "annotations"))
_TYPED: dict[str, tuple[tuple[tuple[str, ...], str], ...]] = {
    "Service": ((("spec", "selector"), "map"),),
    "ConfigMap": ((("data",), "map"),),
    "Deployment": ((("spec", "replicas"), "number"), *_TEMPLATE),
    "StatefulSet": ((("spec", "replicas"), "number"), *_TEMPLATE),
    "DaemonSet": _TEMPLATE,
}
