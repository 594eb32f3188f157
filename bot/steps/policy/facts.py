"""NetworkPolicies and the two sides of a connection, cut down to what is judged; and other APIs that decide as well."""

import asyncio
from ipaddress import ip_network
from typing import Any

from bot.cluster import Cluster, Listing, Object
from bot.diagnosis.policy_evaluation import Party, Ruling, decide
from bot.diagnosis.policy_selectors import both
from bot.networks.calico import API as CALICO
from bot.steps.podfacts import lasting_containers
from bot.steps.readings import items_or_skip, or_skip, served_or_skip
from bot.steps.wording import count

WIDE = (
    (CALICO, "GlobalNetworkPolicy"), ("cilium.io/v2", "CiliumClusterwideNetworkPolicy"),
    ("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy"),
)
NARROW = (
    (CALICO, "NetworkPolicy"), ("cilium.io/v2", "CiliumNetworkPolicy"),
)
LAST = (("policy.networking.k8s.io/v1alpha1", "BaselineAdminNetworkPolicy"),)
"""What else can forbid a connection: for the whole cluster, what is read only where a pod is in question, and
what counts only where no NetworkPolicy selects a pod (https://network-policy-api.sigs.k8s.io/api-overview/).
A group that is served may hold nothing of it."""
MOST_POLICIES = 300
NAMED = 20
"""Of these that are read by name; more are counted."""
NAMESPACED = frozenset({"NetworkPolicy", "CiliumNetworkPolicy"})
DNS_PROTOCOLS = ("UDP", "TCP")


def policy_facts(policy: Object) -> dict[str, Any]:
    """A NetworkPolicy with what decides, and nothing else."""
    meta, spec = policy["metadata"], policy.get("spec") or {}
    kept = {key: spec[key] for key in ("podSelector", "policyTypes", "ingress", "egress") if key in spec}
    return {"metadata": {"name": meta["name"], "namespace": meta["namespace"]}, "spec": kept}


async def read_policies(cluster: Cluster, namespace: str, skipped: list[str]) -> list[dict[str, Any]] | None:
    """Of one namespace; None where they could not be read, which is then among `skipped`."""
    items = await items_or_skip(cluster.list("NetworkPolicy", namespace), skipped)
    return None if items is None else [policy_facts(item) for item in items]


async def read_all_policies(cluster: Cluster) -> tuple[list[dict[str, Any]], int]:
    """Of all namespaces, and how many more there are. Raises ClusterError."""
    listing = await cluster.list("NetworkPolicy", limit=MOST_POLICIES)
    return [policy_facts(item) for item in listing.items], listing.remaining


def side(pod: Object, namespace_labels: dict[str, str] | None) -> dict[str, Any]:
    """A pod as one side of a connection. In the network of its node it is an address like any other. `home`: the
    address of its node."""
    meta, spec, status = pod["metadata"], pod.get("spec", {}), pod.get("status", {})
    ports = [port for container in lasting_containers(spec) for port in container.get("ports") or ()]
    named = [[port["name"], port.get("protocol", "TCP"), port["containerPort"]] for port in ports if "name" in port]
    host = bool(spec.get("hostNetwork"))
    return {
        "name": meta["name"], "namespace": meta["namespace"], "host": host, "labels": dict(meta.get("labels") or {}),
        "namespace_labels": namespace_labels, "address": status.get("podIP", ""), "ports": named,
        "home": status.get("hostIP", ""),
    }


def party(facts: dict[str, Any]) -> Party:
    """The same for the evaluation."""
    address = ip_network(facts["address"]) if facts["address"] else None
    if facts["host"]:
        return Party(address=address)
    ports = {(name, protocol): number for name, protocol, number in facts["ports"]}
    return Party(namespace=facts["namespace"], namespace_labels=facts["namespace_labels"], labels=facts["labels"],
                 address=address, ports=ports)


def reach(policies: list[dict[str, Any]], source: Party, to: Party, protocol: str, port: int) -> dict[str, Ruling]:
    """What the policies of both ends say: {Egress, Ingress}."""
    return {"Egress": decide(policies, "Egress", source, to, protocol, port),
            "Ingress": decide(policies, "Ingress", to, source, protocol, port)}


def allowed(rulings: dict[str, Ruling]) -> bool | None:
    return both(ruling.allowed for ruling in rulings.values())


async def namespace_labels(cluster: Cluster, namespace: str, skipped: list[str]) -> dict[str, str] | None:
    """None where they could not be read."""
    found = await or_skip(cluster.get("Namespace", namespace), skipped)
    return None if found is None else dict(found["metadata"].get("labels") or {})


async def read_other_apis(
    cluster: Cluster, namespaces: tuple[str, ...], close: bool, ruled: bool, skipped: list[str]
) -> list[str]:
    """Objects of other policy APIs that may select these pods: `2 GlobalNetworkPolicies (crd.projectcalico.org)`."""
    groups = await or_skip(cluster.groups(), skipped) or ()
    kinds = (*WIDE, *(NARROW if close else ()), *(LAST if not ruled else ()))
    served = [(api, kind) for api, kind in kinds if api.split("/")[0] in groups]
    asked = [(api, kind, spaces) for api, kind in served
             for spaces in ((namespaces if kind in NAMESPACED else ("",)),)]
    found = await asyncio.gather(*(_others(cluster, *question, skipped) for question in asked))
    return [told for some in found for told in some if told]


async def list_others(cluster: Cluster, api: str, kind: str, namespace: str) -> Listing:
    """Read alike by all who ask, so that it costs one request: in full where it is judged (calico.py), else counted.
    Raises ClusterError."""
    if kind == "GlobalNetworkPolicy":
        return await cluster.list(kind, namespace, api=api, limit=NAMED)
    return await cluster.list(kind, namespace, api=api, limit=NAMED, form="metadata")


async def _others(
    cluster: Cluster, api: str, kind: str, namespaces: tuple[str, ...], skipped: list[str]
) -> list[str]:
    """Of two namespaces only where there is one of them anywhere."""
    if len(namespaces) > 1 and not await _other(cluster, api, kind, "", skipped):
        return []
    return [await _other(cluster, api, kind, namespace, skipped) for namespace in namespaces]


async def _other(cluster: Cluster, api: str, kind: str, namespace: str, skipped: list[str]) -> str:
    listing = await served_or_skip(list_others(cluster, api, kind, namespace), skipped)
    if listing is None:
        return ""
    many = len(listing.items) + listing.remaining
    where = f" in {namespace}" if namespace else ""
    return f"{count(many, kind, kind[:-1] + 'ies')} ({api.split('/')[0]}){where}" if many else ""
