"""Whom a connection goes to: a pod, or what stands behind a Service, as policies see it (after its address was
translated)."""

import asyncio
from typing import Any

from bot.cluster import Cluster, Object
from bot.steps.podfacts import lasting_containers
from bot.steps.policy.facts import side
from bot.steps.readings import items_or_skip, one_or_skip

MOST = 3
MOST_SLICES = 50
Row = dict[str, Any]


async def read_pod(cluster: Cluster, place: str, skipped: list[str]) -> Object | None:
    """None where none is named or there is none, or it could not be read, which is then among `skipped`."""
    if not place:
        return None
    namespace, _, name = place.partition("/")
    return await one_or_skip(cluster.get("Pod", name, namespace), skipped) or None


async def read_side(cluster: Cluster, place: str, skipped: list[str]) -> dict[str, Any] | None:
    """The same pod as one side of a connection."""
    pod = await read_pod(cluster, place, skipped)
    return side(pod, None) if pod else None


async def read_targets(
    cluster: Cluster, place: str, port: int | str, skipped: list[str]
) -> dict[str, Any] | None:
    """None where none is named; else {kind: Service, Pod or "", name, address, port, rows: [{side, protocol, port}],
    why, node_port, unseen}. `why` there are no rows, in words. `port` of the Service, or of the pods, by number or
    name; 0 or "": the first one. Of many endpoints the first few are taken, and `unseen` more there are. `node_port`:
    {port, protocol, local, homes} of a Service that has one: whether a node leads to its own pods only, and the nodes
    that have some."""
    if not place:
        return None
    namespace, _, name = place.partition("/")
    service = await one_or_skip(cluster.get("Service", name, namespace), skipped)
    if service is None:
        return _target("", place, [], "it could not be read")
    if not service:
        return await _pod_target(cluster, place, port, skipped)
    labels = f"kubernetes.io/service-name={name}"
    slices = await items_or_skip(
        cluster.list("EndpointSlice", namespace, labels=labels, limit=MOST_SLICES), skipped)
    if slices is None:
        return _target("Service", place, [], "its endpoints could not be read")
    return await _service_target(cluster, place, service, slices, port, skipped)


def _target(kind: str, place: str, rows: list[Row], why: str = "", address: str = "", port: int = 0) -> dict[str, Any]:
    return {"kind": kind, "name": f"{kind} {place}".strip(), "rows": rows, "why": why, "address": address,
            "port": port, "node_port": None, "unseen": 0}


async def _pod_target(cluster: Cluster, place: str, port: int | str, skipped: list[str]) -> dict[str, Any]:
    before = len(skipped)
    pod = await read_pod(cluster, place, skipped)
    if pod is None:
        why = "it could not be read" if len(skipped) > before else "there is no Service and no Pod of that name"
        return _target("", place, [], why)
    protocol, number = choose_port(pod, port)
    if not number:
        why = f"it declares no port {port}" if port else "it declares no port: say which with `port=`"
        return _target("Pod", place, [], why)
    row = {"side": side(pod, None), "protocol": protocol, "port": number}
    return _target("Pod", place, [row], address=pod.get("status", {}).get("podIP", ""), port=number)


def choose_port(pod: Object, port: int | str) -> tuple[str, int]:
    """The declared port of that number or name, by default the first; a number that is not declared is taken for TCP,
    and 0 is for a name that is not."""
    ports = [p for c in lasting_containers(pod["spec"]) for p in c.get("ports") or ()]
    chosen = next((p for p in ports if _is_asked(port, p["containerPort"], p.get("name"))), None)
    if chosen:
        return chosen.get("protocol", "TCP"), int(chosen["containerPort"])
    return "TCP", int(port) if str(port).isdigit() else 0


def _is_asked(port: int | str, *known: object) -> bool:
    return not port or str(port) in map(str, known)


async def _service_target(
    cluster: Cluster, place: str, service: Object, slices: tuple[Object, ...], port: int | str, skipped: list[str]
) -> dict[str, Any]:
    own = service["spec"].get("ports") or []
    chosen = next((p for p in own if _is_asked(port, p["port"], p.get("name"))), None) or next(
        (p for p in own if _is_asked(port, p.get("targetPort"))), None)  # a number may be both, of two ports
    if own and chosen is None:
        numbers = ", ".join(str(p["port"]) for p in own)
        return _target("Service", place, [], f"it has no port {port}, but {numbers}")
    name = (chosen or {}).get("name", "")
    ends = [(end, told) for piece in slices for end in piece.get("endpoints") or ()
            for told in [next((p for p in piece.get("ports") or () if (p.get("name") or "") == name), None)]
            if told and told.get("port") and end.get("conditions", {}).get("ready") is not False]
    sides = await asyncio.gather(*(_end(cluster, end, skipped) for end, _ in ends[:MOST]))
    rows = [{"side": one, "protocol": told.get("protocol", "TCP"), "port": told["port"]}
            for one, (_, told) in zip(sides, ends, strict=False) if one]
    address = service["spec"].get("clusterIP", "")
    why = "" if rows else "it has no ready endpoint, so nobody is behind it"
    target = _target("Service", place, rows, why, "" if address == "None" else address,
                     int((chosen or {}).get("port", 0)))
    return {**target, "node_port": _node_port(service, chosen or {}, [end for end, _ in ends]),
            "unseen": max(0, len(ends) - MOST)}


def _node_port(service: Object, port: Object, ends: list[Object]) -> Row | None:
    if not port.get("nodePort"):
        return None
    return {"port": int(port["nodePort"]), "protocol": port.get("protocol", "TCP"),
            "local": service["spec"].get("externalTrafficPolicy") == "Local",
            "homes": sorted({str(end.get("nodeName", "")) for end in ends})}


async def _end(cluster: Cluster, end: Object, skipped: list[str]) -> dict[str, Any] | None:
    """An endpoint that is no pod (the API server, an address outside) is known by its address alone."""
    ref, address = end.get("targetRef") or {}, str(end["addresses"][0])
    if ref.get("kind") != "Pod":
        return {"name": address, "namespace": "", "host": True, "labels": {}, "namespace_labels": None,
                "address": address, "ports": [], "node": end.get("nodeName", "")}
    pod = await read_pod(cluster, f"{ref.get('namespace', '')}/{ref['name']}", skipped)
    return side(pod, None) if pod else None
