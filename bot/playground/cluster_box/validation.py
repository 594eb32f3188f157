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
from bot.playground.cluster_box.selectors import selector_of
from bot.playground.cluster_box.status import Cause, invalid

_NAME = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_KEY_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_RANGE = "must be between 1 and 65535, inclusive"


def check_change(kind: Kind, before: Object, after: Object) -> None:
    """Raises the 422 that names all causes."""
    _check_maps(kind, after)
    check = _CHECKS.get(kind.name)
    causes = list(check(before, after)) if check else []
    if causes:
        raise invalid(after["metadata"]["name"], causes, kind.qualified, kind.group, kind.name)


def _check_maps(kind: Kind, after: Object) -> None:
    """Maps of strings that are none are refused before anything is validated."""
    for path in _MAPS.get(kind.name, ()):
        value: Any = after
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        wrong = value is not None and not (isinstance(value, dict) and all(isinstance(v, str) for v in value.values()))
        if wrong:
            message = f'Invalid value: "{json.dumps(value)}": cannot restore map from {type(value).__name__}'
            raise invalid("", [Cause("patch", message)], "")


def _check_service(before: Object, after: Object) -> Iterator[Cause]:
    spec, old = after.get("spec") or {}, before.get("spec") or {}
    ports = spec.get("ports") or []
    if not ports and spec.get("clusterIP") != "None" and spec.get("type") != "ExternalName":
        yield Cause("spec.ports", "Required value", "FieldValueRequired")
    yield from _check_ports(ports)
    for key, value in (spec.get("selector") or {}).items():
        if not _NAME.fullmatch(key.rpartition("/")[2]):
            yield Cause("spec.selector", f'Invalid value: "{key}": {_KEY_RULE}')
        if value and not _NAME.fullmatch(value):
            yield Cause("spec.selector", f'Invalid value: "{value}": {_VALUE_RULE}')
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


_CHECKS: dict[str, Callable[[Object, Object], Iterator[Cause]]] = {
    "Service": _check_service,
    "Deployment": _check_workload,
    "DaemonSet": _check_workload,
    "StatefulSet": _check_workload,
}
_MAPS: dict[str, tuple[tuple[str, ...], ...]] = {
    "Service": (("spec", "selector"), ("metadata", "labels"), ("metadata", "annotations")),
    "ConfigMap": (("data",),),
    "Deployment": (("metadata", "annotations"),),
}
