"""`node.network`: do the nodes have a network at all? (CNI-01; page: kubeadm troubleshooting, CoreDNS pending)."""

import asyncio
import re
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import find, note
from bot.model.errors import ClusterError
from bot.model.finding import Finding, Layer, Verdict
from bot.networks import recognise_all
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.findings import tell_skipped, unread
from bot.steps.nodes import is_young, read_nodes
from bot.steps.wording import count, cut, list_names, read_at

NO_PLUGIN = re.compile(
    r"cni plugin not initialized|cni config uninitialized|network plugin is not ready|NetworkPluginNotReady",
    re.IGNORECASE,
)
NAMED = 3
"""Network agents whose rollout is read."""


class NodeArgs(Args):
    """Reads the nodes' conditions and the network plugin's agents. Takes nothing."""


async def gather_network(cluster: Cluster, args: NodeArgs) -> Evidence:
    skipped: list[str] = []
    nodes, agents = await asyncio.gather(read_nodes(cluster, (), skipped), _agents(cluster, skipped))
    return {"read_at": cluster.now, "nodes": nodes, "agents": agents, "skipped": skipped}


async def _agents(cluster: Cluster, skipped: list[str]) -> list[dict[str, Any]] | None:
    """None where the DaemonSets cannot be read: then nothing is said about what is missing."""
    try:
        listing = await cluster.list("DaemonSet", form="metadata")
        known = [{"name": s["metadata"]["name"], "namespace": s["metadata"]["namespace"],
                  "labels": s["metadata"].get("labels", {})} for s in listing.items]
        found = recognise_all(known)
        read = await asyncio.gather(*(
            cluster.get("DaemonSet", str(item["name"]), str(item["namespace"])) for _, item in found[:NAMED]))
    except ClusterError as error:
        skipped.append(unread(error))
        return None
    return [_agent(network.name, network.note, item) for (network, _), item in zip(found, read, strict=False)]


def _agent(network: str, remark: str, item: Object) -> dict[str, Any]:
    status, meta = item.get("status", {}), item["metadata"]
    desired, updated = status.get("desiredNumberScheduled", 0), status.get("updatedNumberScheduled", 0)
    return {
        "network": network, "note": remark, "name": f"DaemonSet {meta['namespace']}/{meta['name']}",
        "desired": desired, "ready": status.get("numberReady", 0), "created": meta.get("creationTimestamp", ""),
        "rolling": updated < desired or status.get("observedGeneration", 0) < meta.get("generation", 0),
    }


def judge_network(evidence: Evidence, args: NodeArgs) -> Judgement:
    nodes, agents, skipped = evidence["nodes"], evidence["agents"], tell_skipped(evidence, Layer.CNI)
    names = list_names(dict.fromkeys(agent["network"] for agent in agents or ()))
    outputs = {"networks": [a["network"] for a in agents or ()], "nodes": nodes["total"]}
    if not nodes["read"]:
        return Judgement(skipped or (note(Verdict.UNKNOWN, Layer.NODE, "The cluster has no nodes."),), outputs)
    found = [*_unconfigured(evidence), *_not_ready(evidence), *_unavailable(evidence), *_agents_short(evidence)]
    if not any(f.verdict in (Verdict.FAIL, Verdict.WARN, Verdict.UNKNOWN) for f in found):
        found.insert(0, _passed(evidence, names))
    return Judgement((*found, *skipped), outputs)


def _passed(evidence: Evidence, names: str) -> Finding:
    nodes = evidence["nodes"]
    unread = f" ({nodes['unread']} more were not read)" if nodes["unread"] else ""
    unknown = "no agent of a known network plugin (a plain bridge, or built in)"
    if evidence["agents"] is None:
        unknown = "the network plugin is not known"
    network = f"network plugin: {names}" if names else unknown
    remarks = "; ".join(dict.fromkeys(a["note"] for a in evidence["agents"] or () if a["note"]))
    ready, total = sum(node["ready"] for node in nodes["read"].values()), len(nodes["read"])
    some = count(total, "node") if ready == total else f"{ready} of {count(total, 'node')}"
    text = f"{some} ready{unread}; {network}" + (f"; {remarks}." if remarks else ".")
    return note(Verdict.INFO if remarks else Verdict.PASS, Layer.CNI, text, evidence=(read_at(evidence),))


def _is_unconfigured(node: dict[str, Any]) -> bool:
    return not node["ready"] and bool(NO_PLUGIN.search(f"{node['reason']} {node['message']}"))


def _bare(evidence: Evidence) -> list[str]:
    """Nodes without a network configuration; one that has just joined is given time where others have theirs."""
    read = evidence["nodes"]["read"]
    bare = [name for name, node in read.items() if _is_unconfigured(node)]
    return bare if len(bare) == len(read) else [name for name in bare if not is_young(read[name], evidence)]


def _unconfigured(evidence: Evidence) -> list[Finding]:
    """Nodes whose runtime has no network configuration: one fault where it is all of them."""
    nodes, agents, bare = evidence["nodes"], evidence["agents"], _bare(evidence)
    told = [f"Node {name}: Ready is {nodes['read'][name]['status']}, {cut(nodes['read'][name]['message'], 160)}"
            for name in bare[:3]]
    everywhere = len(bare) == len(nodes["read"]) and bool(bare)
    if everywhere and agents is not None and not agents:
        text = (f"No network plugin is installed: {len(bare)} of {count(nodes['total'], 'node')} say that none is "
                "initialized, and no known network agent runs. CoreDNS stays Pending until there is one.")
        return [find("cni.missing", text, object=_whole(bare, nodes["total"]), evidence=(*told, read_at(evidence)))]
    if everywhere:
        text = f"No node has a network configuration: {list_names(bare)}."
        told.append(read_at(evidence))
        return [find("cni.not-configured", text, object=_whole(bare, nodes["total"]), evidence=told)]
    return [
        find("cni.not-configured", f"Node {name} has no network configuration: {cut(nodes['read'][name]['message'])}.",
             object=f"Node {name}", node=name, evidence=(_seen(name, nodes["read"][name]), read_at(evidence)),
             verdict=_how_bad(evidence))
        for name in bare
    ]


def _how_bad(evidence: Evidence) -> Verdict:
    """Some nodes without a network break a part of the cluster, all of them the whole."""
    return Verdict.WARN if any(node["ready"] for node in evidence["nodes"]["read"].values()) else Verdict.FAIL


def _seen(name: str, node: dict[str, Any]) -> str:
    return f"Node {name}: condition Ready is {node['status'] or 'absent'}, expected True"


def _whole(names: list[str], total: int) -> str:
    return f"Node {names[0]}" if total == 1 else "Nodes"


def _not_ready(evidence: Evidence) -> list[Finding]:
    """Nodes that are not ready for another reason; one that has just joined is given time."""
    found, verdict, bare = [], _how_bad(evidence), _bare(evidence)
    for name, node in evidence["nodes"]["read"].items():
        if node["ready"] or name in bare:
            continue
        why = f"{node['reason']}: {node['message']}" if node["reason"] else "no Ready condition"
        if is_young(node, evidence):
            text = f"Node {name} has just joined and is not ready yet ({cut(why)})."
            found.append(note(Verdict.INFO, Layer.NODE, text, object=f"Node {name}", node=name))
            continue
        found.append(find(
            "node.not-ready", f"Node {name} is not ready since {node['since'] or 'its start'}: {cut(why).rstrip('.')}.",
            object=f"Node {name}", node=name, evidence=(_seen(name, node), read_at(evidence)),
            verdict=verdict, advice=f"`kubectl describe node {name}`, then `systemctl status kubelet` on it.",
        ))
    return found


def _unavailable(evidence: Evidence) -> list[Finding]:
    return [
        find("cni.network-unavailable", f"Node {name} reports NetworkUnavailable: {node['network_unavailable']}.",
             object=f"Node {name}", node=name, verdict=_how_bad(evidence),
             evidence=(f"Node {name}: condition NetworkUnavailable is True, expected False", read_at(evidence)))
        for name, node in evidence["nodes"]["read"].items()
        if node["network_unavailable"] and not is_young(node, evidence)
    ]


def _agents_short(evidence: Evidence) -> list[Finding]:
    """Agents that are missing on nodes which are otherwise well; rollouts, new and dead nodes explain themselves."""
    nodes, found = evidence["nodes"], []
    down = sum(is_young(node, evidence) or not (node["ready"] or _is_unconfigured(node))
               for node in nodes["read"].values())
    for agent in evidence["agents"] or ():
        short = agent["desired"] - agent["ready"]
        if short <= down:
            continue
        text = f"{agent['name']} ({agent['network']}) has {agent['ready']} of {agent['desired']} pods ready."
        if agent["rolling"] or is_young(agent, evidence):
            found.append(note(Verdict.INFO, Layer.CNI, f"{text} It is being rolled out.", object=agent["name"]))
        else:
            found.append(find("cni.agent", text, verdict=Verdict.FAIL if not agent["ready"] else Verdict.WARN,
                              object=agent["name"], evidence=(
                                  f"{agent['name']}: status.numberReady is {agent['ready']}, expected "
                                  f"{agent['desired']}", read_at(evidence))))
    return found


NETWORK = Look(
    name="node.network", args=NodeArgs, gather=gather_network, judge=judge_network,
    reads=("list nodes", "list daemonsets.apps", "get daemonsets.apps"),
    by_hand="`kubectl get nodes`, `kubectl describe node NAME` (condition Ready), `kubectl get daemonsets -A` "
    "(https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/troubleshooting-kubeadm/"
    "#coredns-is-stuck-in-the-pending-state)",
)
