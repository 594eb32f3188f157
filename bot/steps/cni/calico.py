"""Calico: the addresses that it found for the nodes, and its pools (calico_pools.py).

Source: https://docs.tigera.io/calico/latest/networking/ipam/ip-autodetection; node annotations projectcalico.org/*.
"""

from ipaddress import ip_interface
from typing import Any

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.networks import Network
from bot.steps import Evidence
from bot.steps.cni.calico_pools import choosy, judge_pools, read_pools, read_routes
from bot.steps.cni.facts import Daemon, Facts, judge_addresses
from bot.steps.nodes.status import sample_nodes
from bot.steps.readings import items_or_skip, or_skip
from bot.steps.wording import list_names, read_at

MARK = "projectcalico.org/IPv4Address"


async def gather_calico(cluster: Cluster, network: Network, daemon: Daemon, skipped: list[str]) -> dict[str, Any]:
    sample = await items_or_skip(sample_nodes(cluster), [])  # the look itself has told of a failure
    nodes = {str(node["metadata"]["name"]): node for node in sample or ()}
    pools = await read_pools(cluster, skipped)
    notes = {name: node["metadata"].get("annotations", {}) for name, node in nodes.items()}
    return {
        "pools": pools, "routes": await or_skip(read_routes(cluster, daemon, pools), skipped) or {},
        "labels": {name: node["metadata"].get("labels", {}) for name, node in nodes.items()} if choosy(pools) else {},
        "addresses": {name: note[MARK] for name, note in notes.items() if note.get(MARK)},
        "inside": {name: [told["address"] for told in node.get("status", {}).get("addresses", ())
                          if told["type"] == "InternalIP"] for name, node in nodes.items()},
    }


def judge_calico(evidence: Evidence, agent: dict[str, Any]) -> list[Finding]:
    facts = agent["facts"]["calico"]
    addresses = {node: address.partition("/")[0] for node, address in facts["addresses"].items()}
    shared = judge_addresses(evidence, agent, MARK, addresses)
    return [*judge_pools(evidence, facts, agent.get("failing", [])), *(shared or _chosen(evidence, facts))]


def _chosen(evidence: Evidence, facts: dict[str, Any]) -> list[Finding]:
    """Nodes for which Calico took another address than theirs. One that stands in the network where it has the other
    nodes is not reached at another address; where a network of its own carries the pods, that is no fault."""
    found, other = [], []
    inside: dict[str, list[str]] = facts.get("inside", {})
    for node, address in facts["addresses"].items():
        plain, own = address.partition("/")[0], inside.get(node, [])
        if not own or plain in own:
            continue
        near = [n for n, theirs in facts["addresses"].items() if n != node and _is_in(theirs, own)
                and not _is_in(theirs, [plain])]
        if not near:
            other.append(f"{node} {plain}")
            continue
        text = (f"Calico took {plain} for the address of node {node}, which is reached at {own[0]}, in one network "
                f"with {list_names(near)}: what other nodes send its pods does not arrive.")
        found.append(find("cni.address.wrong", text, verdict=Verdict.WARN, object=f"Node {node}", node=node, evidence=(
            f"Node {node}: annotation {MARK} is {address}, expected {own[0]}", read_at(evidence))))
    if other and not found:
        text = f"Calico has other addresses for nodes than Kubernetes: {list_names(other)}. They may be meant."
        found.append(note(Verdict.INFO, Layer.CNI, text, evidence=(read_at(evidence),)))
    return found


def _is_in(interface: str, addresses: list[str]) -> bool:
    """Whether one of these addresses is in the network of `interface` (address/bits)."""
    try:
        net = ip_interface(interface).network
        return any(ip_interface(address) in net for address in addresses)
    except ValueError:
        return False


CALICO_FACTS = Facts("calico", gather_calico, judge_calico)
