"""Whom to try the way to: a pod on each of a few nodes that surely answers, the nodes, and what stands behind Services.
Gathers, concludes nothing."""

import asyncio
from typing import Any

from bot.cluster import Cluster, Object
from bot.steps.dns.objects import Dns
from bot.steps.path.probe import OUTSIDE, TRIES
from bot.steps.podfacts import pod_facts
from bot.steps.readings import items_or_skip

Row = dict[str, Any]
MOST_NODES, MOST_PODS = 5, 20
KUBELET = 10250
NODE_PORT = "node-port"
"""The kind of a way to a Service by a port of a node."""
DNS, API = "the DNS Service", "the API server's Service"


async def read_peers(
    cluster: Cluster, first: list[Object], nodes: list[Object], skipped: list[str]
) -> list[Row]:
    """One for each of a few nodes: {to, to_node, kind: pod, address, port, protocol, path, namespace, labels}; `path`
    is "" where the pod is not known to speak HTTP. `first`: pods that are known already."""
    found: dict[str, Row] = {}
    for pod in first:
        if peer := make_peer(pod):
            found.setdefault(peer["to_node"], peer)
    bare = [name for node in nodes if (name := node["metadata"]["name"]) not in found][: MOST_NODES - len(found)]
    for peers in await asyncio.gather(*(_on_node(cluster, name, skipped) for name in bare)):
        found.update({peer["to_node"]: peer for peer in peers})
    return list(found.values())[:MOST_NODES]


async def _on_node(cluster: Cluster, node: str, skipped: list[str]) -> list[Row]:
    """The best one of a few pods there: one that speaks HTTP, else one that has a port at all."""
    pods = await items_or_skip(cluster.list("Pod", fields=f"spec.nodeName={node}", limit=MOST_PODS), skipped)
    peers = [peer for pod in pods or () if (peer := make_peer(pod))]
    return sorted(peers, key=lambda peer: not peer["path"])[:1]


def make_peer(pod: Object, port: int = 0) -> Row | None:
    """None for a pod that is not ready, has no address of its own, or no port that is known."""
    facts, meta, spec = pod_facts(pod), pod["metadata"], pod["spec"]
    if not facts["ready"] or facts["deleting"] or not facts["ip"] or spec.get("hostNetwork"):
        return None
    number, path = _page(spec) or (_port(spec), "")
    if port and port != number:
        number, path = port, ""
    if not number:
        return None
    return {"to": f"{meta['namespace']}/{meta['name']}", "to_node": facts["node"], "kind": "pod", "protocol": "TCP",
            "address": facts["ip"], "port": number, "path": path, "namespace": meta["namespace"],
            "labels": dict(meta.get("labels") or {})}


def _page(spec: Object) -> tuple[int, str] | None:
    """Port and path of a probe over plain HTTP: what the kubelet asks, anybody may ask."""
    for container in spec.get("containers") or ():
        names = {port.get("name"): port["containerPort"] for port in container.get("ports") or ()}
        for probe in ("readinessProbe", "livenessProbe"):
            page = container.get(probe, {}).get("httpGet") or {}
            number = names.get(page.get("port"), page.get("port"))
            if isinstance(number, int) and page.get("scheme", "HTTP") == "HTTP":
                return number, str(page.get("path") or "/")
    return None


def _port(spec: Object) -> int:
    ports = [port for container in spec.get("containers") or () for port in container.get("ports") or ()]
    return next((int(port["containerPort"]) for port in ports if port.get("protocol", "TCP") == "TCP"), 0)


def node_ways(nodes: list[Object], target: Row | None) -> list[Row]:
    """The kubelet of each node, which answers at the node's own address, and the target's node port there. Of UDP ports
    nobody knows what they would answer to."""
    ways, served = [], (target or {}).get("node_port")
    for node in nodes[:MOST_NODES]:
        name = node["metadata"]["name"]
        addresses = [a["address"] for a in node.get("status", {}).get("addresses") or () if a["type"] == "InternalIP"]
        if addresses:
            ways.append(_way(f"node {name}", "node", addresses[0], KUBELET, to_node=name))
        if addresses and served and served["protocol"] == "TCP":
            port = served["port"]
            ways.append(_way(f"port {port} of {name}", NODE_PORT, addresses[0], port, to_node=name))
    return ways


def service_ways(dns: Dns, api: Object | None, target: Row | None) -> list[Row]:
    """Several connections to each: any may be led to another pod. And what is outside the cluster."""
    ways = []
    own = (dns.service or {}).get("spec", {}).get("clusterIP", "None")
    if own not in ("", "None"):
        ways += [_way(DNS, "service", own, 53, protocol) for protocol in ("UDP", "TCP") for _ in range(TRIES)]
    if api:
        ways.append(_way(API, "service", api["spec"]["clusterIP"], api["spec"]["ports"][0]["port"]))
    if target and target["kind"] == "Service" and target["address"]:
        ways += [_way(target["name"], "service", target["address"], target["port"]) for _ in range(TRIES)]
    return [*ways, _way(OUTSIDE, "outside", "", 53, "UDP")]


def _way(to: str, kind: str, address: str, port: int, protocol: str = "TCP", *, to_node: str = "") -> Row:
    return {"to": to, "to_node": to_node, "kind": kind, "protocol": protocol, "address": address, "port": port}
