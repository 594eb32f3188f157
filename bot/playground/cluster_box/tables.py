"""Server-side tables, as `kubectl get` shows them: the columns of the common kinds, name and age for the rest.

Source: API concepts, "Receiving resources as Tables"; the columns are those of `kubectl get -o wide` on 1.34.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from bot.playground.bundle import Object
from bot.playground.cluster_box.kinds import Kind

Cell: TypeAlias = Callable[[Object, float], Any]
ROLE = "node-role.kubernetes.io/"


def make_table(kind: Kind, items: Sequence[Object], now: float, metadata: Mapping[str, Any], include: str) -> Object:
    """`include` is None, Metadata or Object, as in `includeObject`."""
    columns = _COLUMNS.get(kind.name, (("Name", _name), ("Age", _age)))
    definitions = [
        {"name": title, "type": "string", "format": "name" if title == "Name" else "", "description": "",
         "priority": 1 if title in _WIDE else 0}
        for title, _ in columns
    ]
    rows = [{"cells": _cells(columns, item, now), "object": _embed(item, include)} for item in items]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": dict(metadata),
        "columnDefinitions": definitions,
        "rows": rows,
    }


def _cells(columns: Sequence[tuple[str, Cell]], item: Object, now: float) -> list[Any]:
    """Of an object of which only its row was recorded that row."""
    if "cells" in item:
        return [item["cells"].get(title) for title, _ in columns]
    return [cell(item, now) for _, cell in columns]


def _embed(item: Object, include: str) -> Object | None:
    if include == "None":
        return None
    if include == "Object":
        return item
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]}


def _at(*path: str, default: Any = "<none>") -> Cell:
    def read(item: Object, now: float) -> Any:
        value: Any = item
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        return default if value is None else value

    return read


def _name(item: Object, now: float) -> str:
    return str(item["metadata"]["name"])


def _age(item: Object, now: float) -> str:
    created = item["metadata"].get("creationTimestamp")
    if not created:
        return "<unknown>"
    return write_age(max(int(now - datetime.fromisoformat(created).timestamp()), 0))


def write_age(seconds: int) -> str:
    """As kubectl does (`k8s.io/apimachinery/pkg/util/duration.HumanDuration`): two units while they matter."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    for limit, whole, unit, rest, smaller in (
        (120, seconds, "s", 0, ""),
        (600, minutes, "m", seconds % 60, "s"),
        (3 * 3600, minutes, "m", 0, ""),
        (8 * 3600, hours, "h", minutes % 60, "m"),
        (48 * 3600, hours, "h", 0, ""),
        (8 * 86400, days, "d", hours % 24, "h"),
    ):
        if seconds < limit:
            return f"{whole}{unit}{rest}{smaller}" if rest else f"{whole}{unit}"
    return f"{days}d"


def _containers_ready(item: Object, now: float) -> str:
    states = item.get("status", {}).get("containerStatuses") or []
    wanted = len(item.get("spec", {}).get("containers") or [])
    return f"{sum(bool(state.get('ready')) for state in states)}/{wanted}"


def _restarts(item: Object, now: float) -> str:
    return str(sum(state.get("restartCount", 0) for state in item.get("status", {}).get("containerStatuses") or []))


def _pod_status(item: Object, now: float) -> str:
    if item["metadata"].get("deletionTimestamp"):
        return "Terminating"
    for state in item.get("status", {}).get("containerStatuses") or []:
        for phase in ("waiting", "terminated"):
            reason = state.get("state", {}).get(phase, {}).get("reason")
            if reason and not (phase == "terminated" and reason == "Completed"):
                return str(reason)
    return str(item.get("status", {}).get("reason") or item.get("status", {}).get("phase", "Unknown"))


def _node_status(item: Object, now: float) -> str:
    conditions = {c["type"]: c["status"] for c in item.get("status", {}).get("conditions") or []}
    ready = "Ready" if conditions.get("Ready") == "True" else "NotReady" if "Ready" in conditions else "Unknown"
    return f"{ready},SchedulingDisabled" if item.get("spec", {}).get("unschedulable") else ready


def _node_roles(item: Object, now: float) -> str:
    labels = item["metadata"].get("labels") or {}
    roles = {key.removeprefix(ROLE) for key in labels if key.startswith(ROLE) and key != ROLE}
    roles |= {labels["kubernetes.io/role"]} if labels.get("kubernetes.io/role") else set()
    return ",".join(sorted(roles)) or "<none>"


def _node_address(kind: str) -> Cell:
    def read(item: Object, now: float) -> str:
        told = item.get("status", {}).get("addresses") or []
        return next((str(address["address"]) for address in told if address.get("type") == kind), "<none>")

    return read


def _node_info(field: str) -> Cell:
    return lambda item, now: item.get("status", {}).get("nodeInfo", {}).get(field) or "<unknown>"


def _service_ports(item: Object, now: float) -> str:
    ports = item.get("spec", {}).get("ports") or []
    return ",".join(f"{port['port']}/{port.get('protocol', 'TCP')}" for port in ports) or "<none>"


def _service_selector(item: Object, now: float) -> str:
    labels = item.get("spec", {}).get("selector") or {}
    return ",".join(f"{key}={labels[key]}" for key in sorted(labels)) or "<none>"


def _slice_endpoints(item: Object, now: float) -> str:
    found = [address for endpoint in item.get("endpoints") or [] for address in endpoint.get("addresses", [])]
    return ",".join(found) or "<unset>"


def _ready_of(field: str) -> Cell:
    def read(item: Object, now: float) -> str:
        return f"{item.get('status', {}).get('readyReplicas', 0)}/{item.get('spec', {}).get(field, 0)}"

    return read


_WIDE = frozenset({
    "IP", "Node", "Nominated Node", "Readiness Gates", "Selector", "Internal-IP", "External-IP", "OS-Image",
    "Kernel-Version", "Container-Runtime",
})
"""Columns that kubectl prints with `-o wide` only."""
_COLUMNS: dict[str, tuple[tuple[str, Cell], ...]] = {
    "Pod": (
        ("Name", _name),
        ("Ready", _containers_ready),
        ("Status", _pod_status),
        ("Restarts", _restarts),
        ("Age", _age),
        ("IP", _at("status", "podIP")),
        ("Node", _at("spec", "nodeName")),
        ("Nominated Node", _at("status", "nominatedNodeName")),
        ("Readiness Gates", lambda item, now: "<none>"),
    ),
    "Service": (
        ("Name", _name),
        ("Type", _at("spec", "type")),
        ("Cluster-IP", _at("spec", "clusterIP")),
        ("External-IP", lambda item, now: "<none>"),
        ("Port(s)", _service_ports),
        ("Age", _age),
        ("Selector", _service_selector),
    ),
    "Node": (
        ("Name", _name),
        ("Status", _node_status),
        ("Roles", _node_roles),
        ("Age", _age),
        ("Version", _at("status", "nodeInfo", "kubeletVersion", default="")),
        ("Internal-IP", _node_address("InternalIP")),
        ("External-IP", _node_address("ExternalIP")),
        ("OS-Image", _node_info("osImage")),
        ("Kernel-Version", _node_info("kernelVersion")),
        ("Container-Runtime", _node_info("containerRuntimeVersion")),
    ),
    "Deployment": (
        ("Name", _name),
        ("Ready", _ready_of("replicas")),
        ("Up-to-date", _at("status", "updatedReplicas", default=0)),
        ("Available", _at("status", "availableReplicas", default=0)),
        ("Age", _age),
    ),
    "EndpointSlice": (
        ("Name", _name),
        ("AddressType", _at("addressType")),
        ("Endpoints", _slice_endpoints),
        ("Age", _age),
    ),
}
