"""`node.addresses`: has each node an address of its own? (kubeadm troubleshooting, default NIC).

Machines made from one image, or behind the same address translation (10.0.2.15 of VirtualBox), report one address.
"""

import asyncio
from collections import defaultdict
from ipaddress import ip_address
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.findings import tell_skipped
from bot.steps.nodes.conditions import OfNodeArgs, read_chosen
from bot.steps.nodes.status import is_virtual
from bot.steps.patience import GRACE
from bot.steps.wording import list_names, parse_time, read_at


class AddressArgs(OfNodeArgs):
    """Compares the addresses of the nodes with each other.

    `node`: only what concerns this one is told.
    """


async def gather_addresses(cluster: Cluster, args: AddressArgs) -> Evidence:
    skipped: list[str] = []
    first, chosen = await asyncio.gather(
        read_chosen(cluster, "", skipped), read_chosen(cluster, args.node, skipped))
    nodes = {node["metadata"]["name"]: _facts(node) for node in (*(first or ()), *(chosen or ()))}
    return {"read_at": cluster.now, "nodes": nodes, "skipped": list(dict.fromkeys(skipped))}


def _facts(node: Object) -> dict[str, Any]:
    told = node.get("status", {}).get("addresses") or ()
    return {"inside": [a["address"] for a in told if a.get("type") == "InternalIP"],
            "host": next((a["address"] for a in told if a.get("type") == "Hostname"), ""),
            "virtual": is_virtual(node), "created": node["metadata"].get("creationTimestamp", "")}


def judge_addresses(evidence: Evidence, args: AddressArgs) -> Judgement:
    skipped, nodes = tell_skipped(evidence, Layer.NODE), evidence["nodes"]
    meant = [name for name in nodes if args.node in ("", name)]
    if not meant:
        return Judgement(skipped)
    found = [*_missing(evidence, meant), *_shared(evidence, meant)]
    if not found:
        places = list_names(f"{name} {list_names(nodes[name]['inside']) or '(none yet)'}" for name in meant)
        whole = "" if args.node else ", each its own"
        text = f"Addresses inside the cluster: {places}{whole}.{_families(nodes)}"
        found = [note(Verdict.PASS, Layer.NODE, text, evidence=(read_at(evidence),))]
    return Judgement((*found, *_names(evidence, meant), *skipped))


def _missing(evidence: Evidence, meant: list[str]) -> list[Finding]:
    """Until it has registered with a cloud a new node may have none."""
    found = []
    for name in meant:
        node = evidence["nodes"][name]
        if node["inside"] or node["virtual"] or float(evidence["read_at"]) - parse_time(node["created"]) < GRACE:
            continue
        text = f"Node {name} has no InternalIP: the API server cannot reach its kubelet, nor kube-proxy tell it apart."
        found.append(find("node.address.missing", text, verdict=Verdict.WARN, object=f"Node {name}", node=name,
                          evidence=(f"Node {name}: status.addresses without InternalIP", read_at(evidence))))
    return found


def _shared(evidence: Evidence, meant: list[str]) -> list[Finding]:
    owners: dict[str, list[str]] = defaultdict(list)
    for name, node in evidence["nodes"].items():
        if not node["virtual"]:
            for address in dict.fromkeys(node["inside"]):
                owners[address].append(name)
    return [
        find("node.address.shared", f"Nodes {list_names(names)} report the same InternalIP {address}: what is meant "
             "for one of them reaches another.", object="Nodes",
             evidence=(*(f"Node {name}: InternalIP {address}" for name in names[:3]), read_at(evidence)))
        for address, names in owners.items() if len(names) > 1 and any(name in meant for name in names)
    ]


def _families(nodes: dict[str, Any]) -> str:
    kinds = {ip_address(address).version for node in nodes.values() for address in node["inside"] if _is_ip(address)}
    return " Two address families are in use." if len(kinds) > 1 else ""


def _is_ip(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def _names(evidence: Evidence, meant: list[str]) -> list[Finding]:
    hosts = {name: evidence["nodes"][name]["host"] for name in meant}
    other = [(name, host) for name, host in hosts.items() if host not in ("", name)]
    if not other:
        return []
    name, host = other[0]
    text = (f"The machine of node {name} calls itself {host}: programs that go by the machine's name need to be told "
            "the node's (kube-proxy: --hostname-override).")
    return [note(Verdict.INFO, Layer.NODE, text, object=f"Node {name}", node=name, evidence=(read_at(evidence),))]


ADDRESSES = Look(
    name="node.addresses", args=AddressArgs, gather=gather_addresses, judge=judge_addresses,
    reads=("list nodes", "get nodes"),
    by_hand="`kubectl get nodes -o wide` (INTERNAL-IP) (https://kubernetes.io/docs/setup/production-environment/tools/"
    "kubeadm/troubleshooting-kubeadm/#default-nic-when-using-flannel-as-the-pod-network-in-vagrant)",
)
