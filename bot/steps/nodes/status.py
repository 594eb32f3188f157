"""Nodes, cut down to what is judged. On big clusters a sample is read, and the nodes that somebody asks for."""

import asyncio
import re
from dataclasses import dataclass, replace
from typing import Any

from bot.cluster import Cluster, Listing, Object
from bot.steps.patience import GRACE
from bot.steps.readings import one_or_skip, or_skip
from bot.steps.wording import cut, parse_time

NO_PLUGIN = re.compile(
    r"cni plugin not initialized|cni config uninitialized|network plugin is not ready|NetworkPluginNotReady",
    re.IGNORECASE,
)
SAMPLE, FEW = 10, 5
"""Nodes up to which all are read, and how many are read of more: each lists up to fifty images, and may be 16 KB."""
ROWS, DOWN = 2000, 3
"""Of more nodes: how many are looked at in their table, which holds Ready and no reason (180 bytes each), and how many
of those that are not ready by it are then read."""
BARRED = frozenset({
    "node.kubernetes.io/out-of-service", "node.cloudprovider.kubernetes.io/shutdown",
    "node.cloudprovider.kubernetes.io/uninitialized", "ToBeDeletedByClusterAutoscaler",
})
"""Taints of nodes that are not for pods: on their way out of the cluster, or not yet in it.
https://kubernetes.io/docs/reference/labels-annotations-taints/"""
JOINING = re.compile(r"\d+s")
"""An age below two minutes, as tables write it."""


@dataclass(frozen=True, slots=True)
class Survey:
    """Of the nodes of a big cluster: how many were seen, how many are ready, and the names of the others; those of
    nodes that have just joined are apart."""

    seen: int = 0
    ready: int = 0
    down: tuple[str, ...] = ()
    new: tuple[str, ...] = ()


NONE = Survey()


async def sample_nodes(cluster: Cluster) -> Listing:
    """All nodes where they are few, else the first of them; read once in a run. Raises ClusterError."""
    few = await cluster.list("Node", limit=FEW)
    whole = few.remaining and len(few.items) + few.remaining <= SAMPLE
    return await cluster.list("Node", limit=SAMPLE) if whole else few


async def read_nodes(
    cluster: Cluster, wanted: tuple[str, ...], skipped: list[str], *, survey: bool = False
) -> dict[str, Any]:
    """{read: {name: facts}, total, unread}; `wanted` are read in any case (the first few of them). `survey`: of a big
    cluster all nodes are looked at for being ready, the first that are not are read, too, and there is `survey` then:
    {rows, ready, down: names of those that are neither ready nor read}."""
    listing = await or_skip(sample_nodes(cluster), skipped)
    if listing is None:
        return {"read": {}, "total": 0, "unread": 0}
    read = {str(node["metadata"]["name"]): node for node in listing.items}
    total = len(listing.items) + listing.remaining
    rows = await _survey(cluster, skipped) if survey and listing.remaining else NONE
    down = [name for name in rows.down if name not in read]
    missing = list(dict.fromkeys([*[name for name in wanted if name not in read][:2], *down[:DOWN]]))
    for node in await asyncio.gather(*(one_or_skip(cluster.get("Node", name), skipped) for name in missing)):
        if node:
            read[node["metadata"]["name"]] = node
    facts = {name: node_facts(node) for name, node in sorted(read.items())}
    told = {"rows": rows.seen, "ready": rows.ready, "down": [name for name in down if name not in read],
            "new": [name for name in rows.new if name not in read]}
    return {"read": facts, "total": total, "unread": max(0, total - len(read)),
            **({"survey": told} if rows.seen else {})}


async def _survey(cluster: Cluster, skipped: list[str]) -> Survey:
    return await or_skip(cluster.fold("Node", _count, NONE, form="table", limit=ROWS), skipped) or NONE


def _count(told: Survey, row: Object) -> Survey:
    """`row`: what `kubectl get nodes` prints of a node; one that has just joined is passed over."""
    cells = row["cells"]
    if JOINING.fullmatch(str(cells.get("Age", ""))):
        return replace(told, new=(*told.new, str(cells["Name"])))
    ready = str(cells.get("Status", "")).split(",")[0] == "Ready"
    down = told.down if ready else (*told.down, str(cells["Name"]))
    return replace(told, seen=told.seen + 1, ready=told.ready + ready, down=down)


def node_facts(node: Object) -> dict[str, Any]:
    conditions = {c["type"]: c for c in node.get("status", {}).get("conditions", [])}
    ready, network = conditions.get("Ready", {}), conditions.get("NetworkUnavailable", {})
    return {
        "ready": ready.get("status") == "True", "status": ready.get("status", ""), "reason": ready.get("reason", ""),
        "message": cut(ready.get("message", ""), 300), "since": ready.get("lastTransitionTime", ""),
        "network_unavailable": cut(network.get("message", "yes")) if network.get("status") == "True" else "",
        "created": node["metadata"].get("creationTimestamp", ""),
        "cordoned": bool(node.get("spec", {}).get("unschedulable")),
        "linux": node.get("status", {}).get("nodeInfo", {}).get("operatingSystem", "linux") == "linux",
        "virtual": is_virtual(node), "barred": any(taint in BARRED for taint in _taints(node)),
        "addresses": [a["address"] for a in node.get("status", {}).get("addresses") or () if a["type"].endswith("IP")],
    }


def is_virtual(node: Object) -> bool:
    """Nodes that stand for a service and run no DaemonSet: virtual kubelets, Fargate."""
    labels: dict[str, str] = node["metadata"].get("labels", {})
    return (labels.get("type") == "virtual-kubelet" or labels.get("eks.amazonaws.com/compute-type") == "fargate"
            or "virtual-kubelet.io/provider" in _taints(node))


def _taints(node: Object) -> list[str]:
    return [str(taint.get("key", "")) for taint in node.get("spec", {}).get("taints") or ()]


def is_unconfigured(node: dict[str, Any]) -> bool:
    """Not ready, and by its own words for want of a network."""
    return not node["ready"] and bool(NO_PLUGIN.search(f"{node['reason']} {node['message']}"))


def fell_silent(node: dict[str, Any]) -> bool:
    """Its kubelet reported and then stopped, which no youth explains; before the first report the reason is
    NodeStatusNeverUpdated. https://kubernetes.io/docs/reference/node/node-status/#condition"""
    return bool(node["reason"] == "NodeStatusUnknown")


def count_down(nodes: dict[str, Any]) -> int:
    """Nodes that are not ready, or have just joined, beside those that were read, as far as that was looked at."""
    survey = nodes.get("survey", {})
    return len(survey.get("down", ())) + len(survey.get("new", ()))


def list_fit(read: dict[str, Any]) -> list[str]:
    """The nodes, of those read, on which DaemonSets of the network and the service proxy belong."""
    return [name for name, node in read.items() if node["linux"] and not node["virtual"]]


def is_young(made: dict[str, Any], evidence: dict[str, Any]) -> bool:
    """Whether a node (or its agents' DaemonSet) is so new that being absent or not ready says nothing yet."""
    return float(evidence["read_at"]) - parse_time(made["created"]) < GRACE
