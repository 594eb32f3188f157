"""EndpointSlices follow their Service: its selector, its ports, the pods and whether they are ready.

Source: `k8s.io/endpointslice/reconciler.go`; as seen on 1.34: nothing selected leaves one slice with `endpoints` and
`ports` null, a named targetPort that no container has leaves that port out, and all ports gone makes `ports` null.
"""

import random
import uuid
from typing import Any

from bot.playground.bundle import Object
from bot.playground.cluster_box.kinds import Kind, find_kind
from bot.playground.cluster_box.selectors import matches_labels, selector_of
from bot.playground.cluster_box.store import Query, Store

_OWNER = "kubernetes.io/service-name"
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def wanted_slices(store: Store, service: Object) -> list[dict[str, Any]] | None:
    """The slices that the controller would write (`addressType`, `endpoints`, `ports`); None if the pods are not
    known.
    """
    spec, namespace = service.get("spec") or {}, service["metadata"]["namespace"]
    selector = selector_of(spec.get("selector") or {})
    pod_kind = _kind("v1", "Pod")
    if not selector or not store.knows(Query(pod_kind, namespace, selector)):
        return None
    pods = [pod for pod in store.every(pod_kind, namespace) if matches_labels(pod, selector)]
    found = []
    for family in spec.get("ipFamilies") or ["IPv4"]:
        groups: dict[tuple[tuple[str, str, int], ...], list[Object]] = {}
        for pod in pods:
            address = _address_of(pod, family)
            if address and (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed"):
                groups.setdefault(_ports_of(spec, pod), []).append(_endpoint(service, pod, address))
        found += [
            {"addressType": family, "endpoints": endpoints, "ports": _write_ports(ports)}
            for ports, endpoints in sorted(groups.items())
        ] or [{"addressType": family, "endpoints": None, "ports": None}]
    return found


def are_followed(store: Store, service: Object) -> bool:
    """Whether the recorded slices are what a working controller would have made of the recorded pods."""
    wanted = wanted_slices(store, service)
    return wanted is not None and sorted(map(_essence, wanted)) == sorted(map(_essence, _slices_of(store, service)))


def follow_service(store: Store, service: Object, now: str) -> None:
    wanted = wanted_slices(store, service)
    present = _slices_of(store, service)
    if wanted is None:
        store.forget(_kind("discovery.k8s.io/v1", "EndpointSlice"), service["metadata"]["namespace"])
        return
    for body in wanted:
        old = next((item for item in present if item["addressType"] == body["addressType"]), None)
        if old is None:
            store.put(_new_slice(service, now) | body)
            continue
        present.remove(old)
        if _essence(old) != _essence(body):
            old["metadata"]["generation"] = old["metadata"].get("generation", 1) + 1
            store.put(old | body)
    for left in present:
        store.remove(left)


def _slices_of(store: Store, service: Object) -> list[Object]:
    metadata = service["metadata"]
    every = store.every(_kind("discovery.k8s.io/v1", "EndpointSlice"), metadata["namespace"])
    return [dict(item) for item in every if (item["metadata"].get("labels") or {}).get(_OWNER) == metadata["name"]]


def _ports_of(spec: Object, pod: Object) -> tuple[tuple[str, str, int], ...]:
    """Name, protocol, number; a named port that the pod does not have is left out."""
    found = []
    for port in spec.get("ports") or ():
        protocol, target = port.get("protocol", "TCP"), port.get("targetPort", port["port"])
        number = target if isinstance(target, int) else _named_port(pod, target, protocol)
        if number:
            found.append((port.get("name", ""), protocol, number))
    return tuple(found)


def _named_port(pod: Object, name: str, protocol: str) -> int:
    for container in (pod.get("spec") or {}).get("containers") or ():
        for port in container.get("ports") or ():
            if (port.get("name"), port.get("protocol", "TCP")) == (name, protocol):
                return int(port["containerPort"])
    return 0


def _write_ports(ports: tuple[tuple[str, str, int], ...]) -> list[Object] | None:
    return [{"name": name, "protocol": protocol, "port": number} for name, protocol, number in ports] or None


def _endpoint(service: Object, pod: Object, address: str) -> Object:
    metadata = pod["metadata"]
    conditions = {item["type"]: item["status"] for item in (pod.get("status") or {}).get("conditions") or ()}
    serving = conditions.get("Ready") == "True" or bool(service["spec"].get("publishNotReadyAddresses"))
    leaving = "deletionTimestamp" in metadata
    target = {
        "kind": "Pod",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata.get("uid", ""),
    }
    return {
        "addresses": [address],
        "conditions": {"ready": serving and not leaving, "serving": serving, "terminating": leaving},
        "targetRef": target,
        "nodeName": (pod.get("spec") or {}).get("nodeName"),
    }


def _address_of(pod: Object, family: str) -> str:
    status = pod.get("status") or {}
    every = [item["ip"] for item in status.get("podIPs") or ()] or [status.get("podIP", "")]
    return next((ip for ip in every if ip and (":" in ip) == (family == "IPv6")), "")


def _essence(item: Object) -> str:
    """What of a slice matters, in one order."""
    ports = sorted(
        (port.get("name", ""), port.get("protocol", ""), port.get("port", 0)) for port in item["ports"] or ()
    )
    endpoints = sorted((point["addresses"], sorted(point["conditions"].items())) for point in item["endpoints"] or ())
    return f"{item['addressType']} {ports} {endpoints}"


def _new_slice(service: Object, now: str) -> Object:
    metadata = service["metadata"]
    reference = {"apiVersion": "v1", "kind": "Service", "name": metadata["name"], "uid": metadata.get("uid", "")}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{metadata['name']}-{''.join(random.choices(_LETTERS, k=5))}",
            "generateName": f"{metadata['name']}-",
            "namespace": metadata["namespace"],
            "uid": str(uuid.uuid4()),
            "generation": 1,
            "creationTimestamp": now,
            "labels": {
                **(metadata.get("labels") or {}),
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                _OWNER: metadata["name"],
            },
            "ownerReferences": [reference | {"controller": True, "blockOwnerDeletion": True}],
        },
    }


def _kind(api: str, name: str) -> Kind:
    kind = find_kind(api, name)
    assert kind is not None
    return kind
