"""Flannel: what it writes to the nodes, and whether its network holds their pod ranges.

The public-ip of two nodes must differ, or it took the wrong interface; Network must contain every podCIDR.
Source: https://github.com/flannel-io/flannel/blob/master/Documentation/kubernetes.md; pkg/subnet/kube/kube.go.
"""

import json
from ipaddress import ip_network
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.networks import Network
from bot.steps import Evidence
from bot.steps.cni.facts import Daemon, Facts, judge_addresses
from bot.steps.nodes.status import is_young, sample_nodes
from bot.steps.readings import items_or_skip, one_or_skip
from bot.steps.wording import cut, list_names, read_at

MARK = "flannel.alpha.coreos.com/"
KEY = "net-conf.json"
BACKENDS = frozenset({"vxlan", "host-gw", "wireguard", "udp"})
"""Those that stand by the same word in the settings and on the nodes."""


async def gather_flannel(cluster: Cluster, network: Network, daemon: Daemon, skipped: list[str]) -> dict[str, Any]:
    sample = await items_or_skip(sample_nodes(cluster), [])  # the look itself has told of a failure
    if sample is None:
        return {"nodes": {}, "settings": {}, "doubted": []}
    nodes = {node["metadata"]["name"]: _marks(node) for node in sample}
    doubted = [name for name, marks in nodes.items() if not marks["public_ip"]]
    return {"nodes": nodes, "settings": await _settings(cluster, network, daemon, skipped), "doubted": doubted}


def _marks(node: Object) -> dict[str, Any]:
    notes = node["metadata"].get("annotations", {})
    spec = node["spec"]
    return {"public_ip": notes.get(f"{MARK}public-ip", ""), "backend": notes.get(f"{MARK}backend-type", ""),
            "own": [address["address"] for address in node.get("status", {}).get("addresses") or ()],
            "ranges": spec.get("podCIDRs") or ([spec["podCIDR"]] if spec.get("podCIDR") else [])}


async def _settings(cluster: Cluster, network: Network, daemon: Daemon, skipped: list[str]) -> dict[str, Any]:
    """{config_map, text} or {config_map, missing}; {} where it may not be read, or nobody mounts what is not there.
    Found by the volume, else by name."""
    usual = [settings.config_map for settings in network.settings]
    names = [name for name in daemon["config_maps"] if name in usual] or daemon["config_maps"][:1] or usual[:1]
    place = f"ConfigMap {daemon['namespace']}/{names[0]}"
    found = await one_or_skip(cluster.get("ConfigMap", names[0], daemon["namespace"]), skipped)
    if not found:
        mounted = names[0] in daemon["config_maps"]
        return {"config_map": place, "missing": True} if found is not None and mounted else {}
    return {"config_map": place, "missing": False, "text": str((found.get("data") or {}).get(KEY, ""))[:2000]}


def judge_flannel(evidence: Evidence, agent: dict[str, Any]) -> list[Finding]:
    facts = agent["facts"]["flannel"]
    addresses = {name: marks["public_ip"] for name, marks in facts["nodes"].items() if marks["public_ip"]}
    return [*judge_addresses(evidence, agent, f"{MARK}public-ip", addresses), *_network(evidence, agent, facts),
            *_backends(evidence, agent, facts), *_ranges(evidence, agent, facts), *_elsewhere(evidence, facts)]


def _elsewhere(evidence: Evidence, facts: dict[str, Any]) -> list[Finding]:
    """Where others are found at their nodes' addresses: behind NAT one may be meant to be found at another."""
    known = {name: marks for name, marks in facts["nodes"].items() if marks["public_ip"] and marks.get("own")}
    odd = [name for name, marks in known.items() if marks["public_ip"] not in marks["own"]]
    if not odd or len(odd) == len(known):
        return []
    told = list_names(f"{name} at {known[name]['public_ip']}" for name in odd)
    text = (f"Flannel has other nodes send to {told}, which is none of the addresses that the node itself reports: "
            "meant so behind NAT, else nothing arrives there.")
    return [note(Verdict.INFO, Layer.CNI, text, evidence=(
        f"Node {odd[0]}: annotation {MARK}public-ip is {known[odd[0]]['public_ip']}, the node reports "
        f"{list_names(known[odd[0]]['own'])}", read_at(evidence)))]


def _network(evidence: Evidence, agent: dict[str, Any], facts: dict[str, Any]) -> list[Finding]:
    settings = facts["settings"]
    if not settings:
        return []
    verdict = Verdict.FAIL if not agent["daemon"]["ready"] else Verdict.WARN
    place = settings["config_map"]
    if settings["missing"]:
        text = f"{place}, which Flannel's pods mount, does not exist: no agent starts any more."
        return [find("cni.agent.settings", text, verdict=verdict, object=place,
                     evidence=(f"{place}: not found", read_at(evidence)))]
    try:
        wanted = json.loads(settings["text"])
        networks = [ip_network(wanted[key]) for key in ("Network", "IPv6Network") if wanted.get(key)]
    except (ValueError, TypeError, AttributeError) as error:
        text = f"{KEY} in {place} is not valid ({cut(str(error), 120)}): an agent that starts with it ends."
        told = (f"{place}, {KEY}: {cut(settings['text'], 160) or '(empty)'}", read_at(evidence))
        return [find("cni.agent.settings", text, verdict=verdict, object=place, evidence=told)]
    outside = {name: cidr for name, marks in facts["nodes"].items() for cidr in marks["ranges"]
               if not any(_holds(network, cidr) for network in networks)}
    if not outside or not networks:
        return []
    name, cidr = next(iter(outside.items()))
    text = (f"{KEY} in {place} has Network {networks[0]}, which does not contain the podCIDR of {list_names(outside)} "
            f"({cidr}): an agent that starts there ends.")
    return [find("cni.agent.range", text, verdict=verdict, object=place,
                 evidence=(f"{KEY}: Network {networks[0]}", f"Node {name}: podCIDR {cidr}", read_at(evidence)),
                 advice=f"Set Network in {place}, key {KEY}, to the cluster's pod range, which contains {cidr} "
                 "(kubeadm: podSubnet in ConfigMap kube-system/kubeadm-config), then `kubectl -n "
                 f"{agent['daemon']['namespace']} rollout restart daemonset {agent['daemon']['plain']}`.")]


def _backends(evidence: Evidence, agent: dict[str, Any], facts: dict[str, Any]) -> list[Finding]:
    """What agents took from the settings at their start must be the same on all nodes, and what the next one takes."""
    used = {name: marks["backend"] for name, marks in facts["nodes"].items() if marks["backend"] in BACKENDS}
    kinds, wanted = set(used.values()), _backend(facts["settings"])
    if not used or kinds | {wanted or min(kinds)} == {min(kinds)}:
        return []
    daemon, place = agent["daemon"], facts["settings"].get("config_map", "its ConfigMap")
    text, verdict = f"Flannel's agents run with {min(kinds)}, and {place} says {wanted}: the next one that " \
        "restarts cuts its node off from the others.", Verdict.WARN
    if len(kinds) > 1:
        on = list_names(f"{backend} on {name}" for name, backend in used.items())
        text = f"Flannel's agents run with different backends ({on}): such nodes know no way to each other's pods."
        verdict = Verdict.WARN if daemon["rolling"] else Verdict.FAIL
    nodes = {backend: f"Node {name}: annotation {MARK}backend-type is {backend}" for name, backend in used.items()}
    settings = [f"{place}, {KEY}: Backend.Type is {wanted}"] if wanted else []
    return [find("cni.agent.backend", text, verdict=verdict, object=daemon["name"],
                 evidence=(*list(nodes.values())[:3], *settings, read_at(evidence)),
                 advice=f"Set Backend.Type in {place}, key {KEY}, to the one that is meant, then `kubectl -n "
                 f"{daemon['namespace']} rollout restart daemonset {daemon['plain']}`.")]


def _backend(settings: dict[str, Any]) -> str:
    """What the settings say, "" where they do not."""
    try:
        found = str(json.loads(settings.get("text", ""))["Backend"]["Type"])
    except (ValueError, TypeError, KeyError):
        return ""
    return found if found in BACKENDS else ""


def _holds(network: Any, cidr: str) -> bool:
    """Of another family: nothing to compare, so nothing against it."""
    other = ip_network(cidr, strict=False)
    return bool(network.version != other.version or other.subnet_of(network))


def _ranges(evidence: Evidence, agent: dict[str, Any], facts: dict[str, Any]) -> list[Finding]:
    read = evidence["nodes"]["read"]
    return [
        find("cni.agent.pod-range", f"Node {name} has no podCIDR, and Flannel gives pods addresses out of it.",
             verdict=Verdict.WARN, object=f"Node {name}", node=name,
             evidence=(f"Node {name}: spec.podCIDR is empty", read_at(evidence)))
        for name, marks in facts["nodes"].items()
        if not marks["ranges"] and name in read and not is_young(read[name], evidence)
    ]


FLANNEL_FACTS = Facts("flannel", gather_flannel, judge_flannel)
