"""What decides whether a try that fails tells something: where the API server tries from, and which policies may stand
in the way. Gathers, concludes nothing."""

import asyncio

from bot.cluster import Cluster, Object
from bot.diagnosis.policy_evaluation import Direction, isolates
from bot.diagnosis.policy_selectors import selects
from bot.model.errors import ClusterError
from bot.networks.calico import API as CALICO
from bot.steps.findings import unread
from bot.steps.nodes.status import SAMPLE, sample_nodes
from bot.steps.policy.facts import list_others
from bot.steps.readings import served_or_skip

CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
OTHER_POLICIES = (
    ("Calico", "GlobalNetworkPolicy", CALICO),
    ("Calico", "NetworkPolicy", CALICO),
    ("Canal", "GlobalNetworkPolicy", CALICO),
    ("Canal", "NetworkPolicy", CALICO),
    ("Cilium", "CiliumClusterwideNetworkPolicy", "cilium.io/v2"),
    ("Cilium", "CiliumNetworkPolicy", "cilium.io/v2"),
)
"""Policies beside Kubernetes' own: (network, kind, api)."""


async def read_api_nodes(cluster: Cluster, skipped: list[str]) -> list[str] | None:
    """The nodes that API servers run on, [] where they do not, None where it cannot be told."""
    try:
        labels = "kubernetes.io/service-name=kubernetes"
        slices, nodes = await asyncio.gather(
            cluster.list("EndpointSlice", "default", labels=labels), sample_nodes(cluster))
        known = [*nodes.items]
        if nodes.remaining:
            known += (await cluster.list("Node", labels=CONTROL_PLANE, limit=SAMPLE)).items
    except ClusterError as error:
        skipped.append(unread(error))
        return None
    addresses = {a for piece in slices.items for e in piece.get("endpoints") or () for a in e["addresses"]}
    at = {a["address"]: node["metadata"]["name"] for node in known for a in node["status"].get("addresses", ())}
    return sorted({at[a] for a in addresses}) if addresses and addresses <= at.keys() else []


async def read_hindrances(
    cluster: Cluster, namespace: str, labels: list[dict[str, str]], way: Direction, networks: list[str],
    skipped: list[str],
) -> list[str] | None:
    """Policies that may be why these pods are not reached, or reach nothing; None where one kind may not be read. Those
    of a network plugin count whatever they select."""
    kinds = [("NetworkPolicy", ""), *((kind, api) for network, kind, api in OTHER_POLICIES if network in networks)]
    found: list[str] = []
    for kind, api in kinds:
        where = "" if "Global" in kind or "Clusterwide" in kind else namespace
        reading = list_others(cluster, api, kind, where) if api else cluster.list(kind, where)
        if (listing := await served_or_skip(reading, skipped)) is None:
            return None
        found += [f"{kind} {item['metadata']['name']}" for item in listing.items if api or _isolates(item, labels, way)]
    return found


def _isolates(policy: Object, labels: list[dict[str, str]], way: Direction) -> bool:
    """Whether it limits what one of the pods gets or sends, or may do so."""
    selector = policy["spec"].get("podSelector") or {}
    return isolates(policy, way) and any(selects(selector, own) is not False for own in labels)
