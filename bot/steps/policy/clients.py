"""Pods that ask the DNS server, as far as it matters who they are: a sample out of the namespaces from which policies
do not let every pod in."""

import asyncio
from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.policy_evaluation import Party, decide
from bot.steps import Evidence
from bot.steps.policy.facts import DNS_PROTOCOLS, party, side
from bot.steps.readings import items_or_skip, or_skip

MOST_SPACES, MOST_PODS = 5, 5
NOBODY: dict[str, Any] = {"pods": [], "open": 0, "unseen": 0}


def anybody(server: dict[str, Any], namespace: str = "?", labels: dict[str, str] | None = None) -> Party:
    """Any pod of a namespace (by default of any other one): what policies allow it they allow all."""
    everywhere = ip_network("::/0" if ":" in server["address"] else "0.0.0.0/0")
    return Party(namespace=namespace, namespace_labels=labels, address=everywhere, ports=None)


def crowds(server: dict[str, Any], namespaces: Sequence[Sequence[Any]], *, complete: bool) -> list[Party]:
    """Everybody: any pod of each namespace ([name, labels]); where these are not all, of its own and of any other."""
    if complete:
        return [anybody(server, name, labels) for name, labels in namespaces]
    return [anybody(server, server["namespace"], server["namespace_labels"]), anybody(server)]


async def read_clients(cluster: Cluster, evidence: Evidence, skipped: list[str]) -> dict[str, Any]:
    """{pods: sides of a connection, open: how many namespaces may ask as a whole, unseen: how many were not read}."""
    listing = await or_skip(cluster.list("Namespace", limit=100, form="metadata"), skipped)
    if listing is None:
        return dict(NOBODY)
    doubtful = [item["metadata"] for item in listing.items if not _open_to_all(evidence, item["metadata"])]
    doubtful.sort(key=lambda meta: (meta["name"].startswith("kube-"), meta["name"]))  # these are mostly empty
    samples = await asyncio.gather(*(_sample(cluster, meta, skipped) for meta in doubtful[:MOST_SPACES]))
    return {"pods": [pod for sample in samples for pod in sample], "open": len(listing.items) - len(doubtful),
            "unseen": len(doubtful[MOST_SPACES:]) + listing.remaining}


def _open_to_all(evidence: Evidence, meta: Object) -> bool:
    crowd = anybody(evidence["server"], meta["name"], meta.get("labels") or {})
    server, ports = party(evidence["server"]), evidence["ports"]
    return all(decide(evidence["policies"], "Ingress", server, crowd, p, ports[p]).allowed for p in DNS_PROTOCOLS)


async def _sample(cluster: Cluster, meta: Object, skipped: list[str]) -> list[dict[str, Any]]:
    pods = await items_or_skip(cluster.list("Pod", meta["name"], limit=MOST_PODS), skipped)
    return [side(pod, meta.get("labels") or {}) for pod in pods or () if _asks(pod)]


def _asks(pod: Object) -> bool:
    """Whether it has a network of its own and is sent to the cluster's DNS."""
    spec = pod.get("spec", {})
    return not spec.get("hostNetwork") and spec.get("dnsPolicy", "ClusterFirst") in ("ClusterFirst", "None")
