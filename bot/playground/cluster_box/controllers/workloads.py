"""Rollouts and scaling of Deployments, restarts of DaemonSets.

Source: Kubernetes docs, "Deployments"; ready old pods stay until as many new ones are ready, broken old ones go at
once.
"""

import hashlib
import ipaddress
import json
import uuid
from collections.abc import Iterator
from copy import deepcopy

from bot.playground.bundle import Object
from bot.playground.cluster_box.controllers.pods import is_ready
from bot.playground.cluster_box.kinds import Kind, find_kind
from bot.playground.cluster_box.selectors import Requirement, matches_labels, selector_of
from bot.playground.cluster_box.store import Query, Store


def pods_of(store: Store, workload: Object) -> list[Object] | None:
    """Its pods, oldest first; None if they were not recorded."""
    namespace, selector = workload["metadata"]["namespace"], _selector(workload)
    if not store.knows(Query(_kind("v1", "Pod"), namespace, selector)):
        return None
    found = [pod for pod in store.every(_kind("v1", "Pod"), namespace) if matches_labels(pod, selector)]
    return sorted(found, key=lambda pod: str(pod["metadata"].get("creationTimestamp", "")))


def make_replica_set(store: Store, deployment: Object, now: str) -> Object:
    """The ReplicaSet of the Deployment's present template; the old ones are scaled to zero."""
    metadata, spec = deployment["metadata"], deployment["spec"]
    digest = hashlib.sha256(json.dumps(spec["template"], sort_keys=True).encode()).hexdigest()[:10]
    template = deepcopy(spec["template"])
    template.setdefault("metadata", {}).setdefault("labels", {})["pod-template-hash"] = digest
    reference = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": metadata["name"],
        "uid": metadata.get("uid", ""),
    }
    for old in replica_sets_of(store, deployment):
        if old["spec"].get("replicas"):
            old["spec"]["replicas"] = 0
            store.put(old)
    return store.put(
        {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"{metadata['name']}-{digest}",
                "namespace": metadata["namespace"],
                "uid": str(uuid.uuid4()),
                "creationTimestamp": now,
                "labels": template["metadata"]["labels"],
                "ownerReferences": [reference | {"controller": True, "blockOwnerDeletion": True}],
            },
            "spec": {"replicas": spec.get("replicas", 1), "selector": spec["selector"], "template": template},
            "status": {},
        }
    )


def replica_sets_of(store: Store, deployment: Object) -> Iterator[Object]:
    for item in list(store.every(_kind("apps/v1", "ReplicaSet"), deployment["metadata"]["namespace"])):
        owners = item["metadata"].get("ownerReferences") or ()
        if any(owner.get("uid") == deployment["metadata"].get("uid") for owner in owners):
            yield deepcopy(item)


def current_replica_set(store: Store, deployment: Object) -> Object | None:
    """The one with replicas, else the newest: from it a Deployment scaled to zero comes back."""
    found = sorted(replica_sets_of(store, deployment), key=lambda item: str(item["metadata"].get("creationTimestamp")))
    live = [item for item in found if item["spec"].get("replicas")]
    return (live or found)[-1] if found else None


def choose_nodes(store: Store, old: list[Object], count: int) -> list[str]:
    """Where `count` new pods go: round the nodes of the old ones, else round all nodes that are ready; [] if none
    is.
    """
    nodes = sorted({pod["spec"]["nodeName"] for pod in old if pod["spec"].get("nodeName")})
    if not nodes:
        nodes = [item["metadata"]["name"] for item in store.every(_kind("v1", "Node")) if is_ready(item)]
    return [nodes[number % len(nodes)] for number in range(count)] if nodes else []


def choose_address(store: Store, pod: Object) -> tuple[str, str]:
    """A free address of the node's pod range, and the node's own; both the node's for a pod on the host network."""
    node = store.find(_kind("v1", "Node"), "", pod["spec"]["nodeName"]) or {}
    addresses = (node.get("status") or {}).get("addresses") or ()
    host = next((item["address"] for item in addresses if item.get("type") == "InternalIP"), "")
    if pod["spec"].get("hostNetwork"):
        return host, host
    used = {(item.get("status") or {}).get("podIP", "") for item in store.every(_kind("v1", "Pod"))}
    neighbours = [ip for ip in used if ip and "." in ip]
    network = (node.get("spec") or {}).get("podCIDR") or (f"{neighbours[0]}/24" if neighbours else "10.0.0.0/24")
    hosts = ipaddress.ip_network(network, strict=False).hosts()
    next(hosts)
    return next((str(ip) for ip in hosts if str(ip) not in used), ""), host


def update_status(store: Store, workload: Object, now: str) -> None:
    """Counts what is there; conditions as the Deployment controller words them."""
    kind = _kind(workload["apiVersion"], workload["kind"])
    stored = store.find(kind, workload["metadata"]["namespace"], workload["metadata"]["name"])
    pods = pods_of(store, workload)
    if stored is None or pods is None:
        return
    ready = sum(is_ready(pod) for pod in pods)
    status = stored.setdefault("status", {})
    if kind.name == "DaemonSet":
        status |= {"numberReady": ready, "numberAvailable": ready, "numberUnavailable": len(pods) - ready}
    else:
        wanted = stored["spec"].get("replicas", 1)
        status |= {
            "replicas": len(pods),
            "updatedReplicas": len(pods),
            "readyReplicas": ready,
            "availableReplicas": ready,
        }
        status |= {"unavailableReplicas": max(wanted - ready, 0)}
        status = {key: value for key, value in status.items() if value != 0 or key == "observedGeneration"}
        status["conditions"] = _conditions(
            status.get("conditions") or [], ready >= min(wanted, max(wanted - 1, 0)), now
        )
    status["observedGeneration"] = stored["metadata"].get("generation", 1)
    stored["status"] = status
    store.put(stored)


def _conditions(old: list[Object], available: bool, now: str) -> list[Object]:
    reason = "MinimumReplicasAvailable" if available else "MinimumReplicasUnavailable"
    condition = {
        "type": "Available",
        "status": "True" if available else "False",
        "lastUpdateTime": now,
        "lastTransitionTime": now,
        "reason": reason,
        "message": f"Deployment {'has' if available else 'does not have'} minimum availability.",
    }
    return [condition, *(item for item in old if item.get("type") != "Available")]


def _selector(workload: Object) -> frozenset[Requirement]:
    return selector_of((workload["spec"].get("selector") or {}).get("matchLabels") or {})


def _kind(api: str, name: str) -> Kind:
    kind = find_kind(api, name)
    assert kind is not None
    return kind
