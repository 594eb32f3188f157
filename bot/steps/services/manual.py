"""`service.manual`: the endpoints of a Service without a selector, which somebody has to make.

A slice is the Service's by the label kubernetes.io/service-name alone; its ports must have the Service's port names.
The API server makes those of default/kubernetes itself.
"""

import asyncio
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.networks import find_network
from bot.steps import Evidence, Judgement, Look
from bot.steps.daemons import read_networks
from bot.steps.findings import tell_skipped
from bot.steps.nodes.status import sample_nodes
from bot.steps.readings import items_or_skip
from bot.steps.services.objects import ServiceArgs, read_service, read_slices, ready_endpoints
from bot.steps.wording import count, list_names, read_at

LABEL = "kubernetes.io/service-name"
MOST_ASKED = 5
GRACE = 30.0
"""Seconds in which whoever has made the Service may be about to make its slices."""


async def gather_manual(cluster: Cluster, args: ServiceArgs) -> Evidence:
    skipped: list[str] = []
    service = await read_service(cluster, args, skipped)
    slices = await read_slices(cluster, service, skipped) if service else None
    others = await _others(cluster, args.namespace, skipped) if slices == [] else []
    numbers = [piece for piece in slices or () if piece["family"] != "FQDN"]
    lost = await _lost(cluster, [end["address"] for end in ready_endpoints(numbers)][:MOST_ASKED], skipped)
    return {"service": service, "slices": slices, "others": others, "lost": lost,
            "skipped": list(dict.fromkeys(skipped)), "read_at": cluster.now}


async def _lost(cluster: Cluster, addresses: list[str], skipped: list[str]) -> list[str]:
    """Of these addresses those out of the nodes' pod ranges that no pod has. Where networks share addresses out by
    themselves, the nodes' ranges say nothing."""
    if not addresses:
        return []
    names, nodes = await asyncio.gather(
        read_networks(cluster, skipped), items_or_skip(sample_nodes(cluster), skipped))
    if names is None or any(network.ranges == "own" for name in names if (network := find_network(name))):
        return []
    inner = out_of_ranges(addresses, nodes or ())
    found = await asyncio.gather(*(
        items_or_skip(cluster.list("Pod", fields=f"status.podIP={ip_address(address)}", form="metadata", limit=1),
                      skipped)
        for address in inner))
    return [address for address, pods in zip(inner, found, strict=True) if pods is not None and not len(pods)]


def out_of_ranges(addresses: Sequence[str], nodes: Sequence[Object]) -> list[str]:
    """Those that a pod of these nodes would have as its first address (status.podIP), which is out of its node's first
    range; the first two of a range are the node's own."""
    ranges = [ip_network(text, strict=False) for node in nodes for text in (node["spec"].get("podCIDRs") or ())[:1]]
    return [a for a in addresses if any(ip_address(a) in r and int(ip_address(a)) - int(r[0]) > 1 for r in ranges)]


async def _others(cluster: Cluster, namespace: str, skipped: list[str]) -> list[dict[str, Any]]:
    """The namespace's slices that no controller has made: one of them may be meant."""
    items = await items_or_skip(cluster.list("EndpointSlice", namespace, form="metadata", limit=100), skipped)
    return [{"name": meta["name"], "of": (meta.get("labels") or {}).get(LABEL, "")}
            for meta in (item["metadata"] for item in items or ()) if not meta.get("ownerReferences")]


def judge_manual(evidence: Evidence, args: ServiceArgs) -> Judgement:
    service, slices, skipped = evidence["service"], evidence["slices"], tell_skipped(evidence, Layer.SERVICE)
    if service is None or slices is None:
        return Judgement(skipped)
    found = (_none(evidence, args) if not slices else None) or _port_names(evidence) or _not_ready(evidence) \
        or _without_pods(evidence)
    if found is None:
        ends = ready_endpoints(slices)
        text = f"{service['name']} has no selector, and {count(len(ends), 'endpoint')} made by hand or by a " \
            f"controller of its own: {list_names((e['address'] for e in ends), 3)}; path not tested."
        found = note(Verdict.PASS, Layer.SERVICE, text, object=service["name"], evidence=(read_at(evidence),))
    return Judgement((found, *skipped))


def _none(evidence: Evidence, args: ServiceArgs) -> Finding:
    service, others = evidence["service"], evidence["others"]
    near = next((o for o in others if args.name in o["name"] or args.name in o["of"]), None)
    lines = [f"EndpointSlices with label {LABEL}={args.name}: none, expected at least one"]
    hint = ""
    if near:
        has = f"label {LABEL}={near['of']}" if near["of"] else f"no label {LABEL}"
        lines.append(f"EndpointSlice {args.namespace}/{near['name']}: {has}")
        hint = f" EndpointSlice {near['name']} has {has}."
    text = f"{service['name']} has no selector and no EndpointSlice: it leads nowhere.{hint}"
    if not near and float(evidence["read_at"]) - service["created"] < GRACE:
        return note(Verdict.UNKNOWN, Layer.SERVICE, f"{text} It is new.", object=service["name"],
                    evidence=(*lines, read_at(evidence)))
    advice = f"`kubectl -n {args.namespace} label endpointslice {near['name']} {LABEL}={args.name} --overwrite`." \
        if near else ""
    return find("service.manual.no-slice", text, object=service["name"], evidence=(*lines, read_at(evidence)),
                advice=advice)


def _port_names(evidence: Evidence) -> Finding | None:
    service = evidence["service"]
    wanted = [port["name"] for port in service["ports"]]
    have = sorted({port["name"] for piece in evidence["slices"] for port in piece["ports"]})
    lacking = [name for name in wanted if name not in have]
    if not lacking or not evidence["slices"]:
        return None
    told = [name or "(no name)" for name in lacking]
    text = (f"Port {list_names(told)} of {service['name']} is not in its EndpointSlices, whose ports are "
            f"{list_names(name or '(no name)' for name in have) or 'none'}: names must be the same.")
    return find("service.manual.port-name", text, object=service["name"],
                verdict=Verdict.FAIL if len(lacking) == len(wanted) else Verdict.WARN, evidence=(
                    f"{service['name']}: port names {list_names(name or '(no name)' for name in wanted)}",
                    f"EndpointSlice {evidence['slices'][0]['name']}: {list_names(n or '(no name)' for n in have)}",
                    read_at(evidence)))


def _not_ready(evidence: Evidence) -> Finding | None:
    service, slices = evidence["service"], evidence["slices"]
    if ready_endpoints(slices):
        return None
    number = sum(len(piece["endpoints"]) for piece in slices)
    text = f"{service['name']} has no selector, and none of its {count(number, 'endpoint')} is ready."
    return find("service.endpoints.none-ready", text, object=service["name"],
                evidence=(f"EndpointSlice {slices[0]['name']}: no endpoint with ready true", read_at(evidence)),
                advice="Whoever makes the EndpointSlice must put ready endpoints into it.")


def _without_pods(evidence: Evidence) -> Finding | None:
    """A pod that is made anew gets another address, and whoever wrote the slice has to follow."""
    service, lost = evidence["service"], evidence.get("lost", ())
    if not lost:
        return None
    whole = {end["address"] for end in ready_endpoints(evidence["slices"])} == set(lost)
    text = (f"{service['name']} has no selector, and its EndpointSlices lead to {list_names(lost)}: out of the nodes' "
            "pod ranges, and no pod has that address.")
    return find("service.manual.no-pod", text, verdict=Verdict.FAIL if whole else Verdict.WARN, object=service["name"],
                evidence=(f"EndpointSlice {evidence['slices'][0]['name']}: {list_names(lost)}, expected addresses that "
                          "somebody has", read_at(evidence)))


MANUAL = Look(
    name="service.manual", args=ServiceArgs, gather=gather_manual, judge=judge_manual,
    reads=("get services", "list endpointslices.discovery.k8s.io", "list daemonsets.apps", "list nodes", "list pods"),
    by_hand="`kubectl -n NAMESPACE get endpointslices -l kubernetes.io/service-name=NAME -o yaml`, `kubectl get pods "
    "-A -o wide` "
    "(https://kubernetes.io/docs/concepts/services-networking/service/#services-without-selectors)",
)
