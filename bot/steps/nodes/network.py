"""`node.network`: do the nodes have a network at all? (page: kubeadm troubleshooting, CoreDNS pending)."""

import asyncio
from typing import Any

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.networks import NETWORKS, Install, Network, find_network
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.daemons import read_networks
from bot.steps.findings import tell_skipped
from bot.steps.nodes.kubeadm import read_pod_range
from bot.steps.nodes.status import fell_silent, is_unconfigured, is_young, read_nodes
from bot.steps.wording import count, cut, list_names, read_at


class NodeArgs(Args):
    """Reads the nodes' conditions, and which network plugin's agents are there.

    `survey`: whether of more than ten nodes all are looked at for being ready (180 bytes each), not just five.
    """

    survey: bool = True


async def gather_network(cluster: Cluster, args: NodeArgs) -> Evidence:
    skipped: list[str] = []
    nodes, networks = await asyncio.gather(
        read_nodes(cluster, (), skipped, survey=args.survey), read_networks(cluster, skipped))
    without = networks == [] and not any(node["ready"] for node in nodes["read"].values())
    return {"read_at": cluster.now, "nodes": nodes, "networks": networks, "skipped": skipped,
            "pod_range": await read_pod_range(cluster, []) if without else ""}


def judge_network(evidence: Evidence, args: NodeArgs) -> Judgement:
    nodes, skipped = evidence["nodes"], tell_skipped(evidence, Layer.CNI)
    outputs = {"networks": evidence["networks"] or [], "nodes": nodes["total"]}
    if not nodes["read"]:
        return Judgement(skipped or (note(Verdict.UNKNOWN, Layer.NODE, "The cluster has no nodes.",
                                          evidence=(read_at(evidence),)),), outputs)
    found = [*_unconfigured(evidence), *_not_ready(evidence), *_unavailable(evidence)]
    found += _others_down(evidence, found)
    if not any(f.verdict in (Verdict.FAIL, Verdict.WARN, Verdict.UNKNOWN) for f in found):
        found.insert(0, _passed(evidence))
    return Judgement((*found, *skipped), outputs)


def _passed(evidence: Evidence) -> Finding:
    nodes, networks = evidence["nodes"], evidence["networks"] or []
    survey = nodes.get("survey", {})
    unseen = nodes["total"] - survey["rows"] if survey else nodes["unread"]
    more = f" ({unseen} more were not looked at)" if unseen > 0 else ""
    unknown = "no agent of a known network plugin (a plain bridge, or built in)"
    if evidence["networks"] is None:
        unknown = "the network plugin is not known"
    network = f"network plugin: {list_names(networks)}" if networks else unknown
    remarks = "; ".join(known.note for name in networks if (known := find_network(name)) and known.note)
    ready, total = sum(node["ready"] for node in nodes["read"].values()), len(nodes["read"])
    ready, total = (survey["ready"], survey["rows"]) if survey else (ready, total)
    some = count(total, "node") if ready == total else f"{ready} of {count(total, 'node')}"
    text = f"{some} ready{more}; {network}" + (f"; {remarks}." if remarks else ".")
    return note(Verdict.INFO if remarks else Verdict.PASS, Layer.CNI, text, evidence=(read_at(evidence),))


def _others_down(evidence: Evidence, found: list[Finding]) -> list[Finding]:
    """Nodes of a big cluster that were not read: their table says that they are not ready, and not why."""
    down, told = evidence["nodes"].get("survey", {}).get("down", ()), any(f.verdict is not Verdict.INFO for f in found)
    if not down:
        return []
    more = "more " if told else ""
    text = f"{count(len(down), f'{more}node is', f'{more}nodes are')} not ready: {list_names(down)}; why was not read."
    about = _whole(down, len(down))
    lines = (f"`kubectl get nodes`: {list_names(down, 8)} not Ready", read_at(evidence))
    if told:
        return [note(Verdict.INFO, Layer.NODE, text, object=about, evidence=lines)]
    return [find("node.not-ready", text, object=about, node=down[0] if len(down) == 1 else "", evidence=lines,
                 verdict=_how_bad(evidence), advice=f"`kubectl describe node {down[0]}`.")]


def _bare(evidence: Evidence) -> list[str]:
    """Nodes without a network configuration; one that has just joined is given time where others have theirs."""
    read = evidence["nodes"]["read"]
    bare = [name for name, node in read.items() if is_unconfigured(node)]
    everywhere = len(bare) == len(read) and not _some_ready(evidence)
    return bare if everywhere else [name for name in bare if not is_young(read[name], evidence)]


def _unconfigured(evidence: Evidence) -> list[Finding]:
    """Nodes whose runtime has no network configuration: one fault where it is all of them."""
    nodes, networks, bare = evidence["nodes"], evidence["networks"], _bare(evidence)
    told = [f"Node {name}: Ready is {nodes['read'][name]['status']}, {cut(nodes['read'][name]['message'], 160)}"
            for name in bare[:3]]
    everywhere = len(bare) == len(nodes["read"]) and bool(bare) and not _some_ready(evidence)
    if everywhere and networks is not None and not networks:
        text = (f"No network plugin is installed: {len(bare)} of {count(nodes['total'], 'node')} say that none is "
                "initialized, and no known network agent runs. CoreDNS stays Pending until there is one.")
        return [find("cni.missing", text, object=_whole(bare, nodes["total"]), evidence=(*told, read_at(evidence)),
                     advice=_install(evidence["pod_range"]))]
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


def _install(pod_range: str) -> str:
    """What to do about there being no network: manifests of today, and which of them enforce policies."""
    wanted = f"the pod range of this cluster, {pod_range}" if pod_range else \
        "the cluster's pod range (kubeadm: podSubnet in `kubectl -n kube-system get configmap kubeadm-config -o yaml`)"
    offers = list_names((_offer(network, network.install) for network in NETWORKS if network.install), word="or")
    return f"Install one network plugin, set to {wanted}: {offers}."


def _offer(network: Network, install: Install) -> str:
    enforced = "enforces NetworkPolicies" if network.policy == "yes" else "enforces no NetworkPolicies by itself"
    word = f"{install.word}; " if install.word else ""
    return f"{network.name} ({word}{enforced}; its range: {install.range_setting}): `{install.command}`"


def _how_bad(evidence: Evidence) -> Verdict:
    """Some nodes without a network break a part of the cluster, all of them the whole."""
    return Verdict.WARN if _some_ready(evidence) else Verdict.FAIL


def _some_ready(evidence: Evidence) -> bool:
    nodes = evidence["nodes"]
    return bool(nodes.get("survey", {}).get("ready")) or any(node["ready"] for node in nodes["read"].values())


def _seen(name: str, node: dict[str, Any]) -> str:
    return f"Node {name}: condition Ready is {node['status'] or 'absent'}, expected True"


def _whole(names: list[str], total: int) -> str:
    return f"Node {names[0]}" if total == 1 else "Nodes"


def _not_ready(evidence: Evidence) -> list[Finding]:
    """Nodes that are not ready for another reason; one that has just joined and still reports is given time."""
    found, verdict, bare = [], _how_bad(evidence), _bare(evidence)
    for name, node in evidence["nodes"]["read"].items():
        if node["ready"] or name in bare:
            continue
        why = f"{node['reason']}: {node['message']}" if node["reason"] else "no Ready condition"
        if is_young(node, evidence) and not fell_silent(node):
            text = f"Node {name} has just joined and is not ready yet ({cut(why)})."
            found.append(note(Verdict.INFO, Layer.NODE, text, object=f"Node {name}", node=name,
                              evidence=(read_at(evidence),)))
            continue
        program = "containerd" if "container runtime" in node["message"] else "kubelet"
        found.append(find(
            "node.not-ready", f"Node {name} is not ready since {node['since'] or 'its start'}: {cut(why).rstrip('.')}.",
            object=f"Node {name}", node=name, evidence=(_seen(name, node), read_at(evidence)),
            verdict=verdict, advice=f"`kubectl describe node {name}`, then `systemctl status {program}` on it.",
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


NETWORK = Look(
    name="node.network", args=NodeArgs, gather=gather_network, judge=judge_network,
    reads=("list nodes", "get nodes", "list daemonsets.apps", "get configmaps/kubeadm-config in kube-system"),
    by_hand="`kubectl get nodes`, `kubectl describe node NAME` (condition Ready), `kubectl get daemonsets -A` "
    "(https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/troubleshooting-kubeadm/"
    "#coredns-is-stuck-in-the-pending-state)",
)
