"""Calico: its address pools, and the addresses that it found for the nodes.

Source: https://docs.tigera.io/calico/latest/reference/resources/ippool; node annotations projectcalico.org/*.
"""

import json
from ipaddress import ip_interface, ip_network
from itertools import combinations
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import find, note
from bot.model.errors import ClusterError, NotFound
from bot.model.finding import Finding, Layer, Verdict
from bot.networks import Network
from bot.steps import Evidence
from bot.steps.cni.facts import Daemon, Facts, judge_addresses
from bot.steps.findings import unread
from bot.steps.nodes.status import sample_nodes
from bot.steps.wording import list_names, read_at

API = "crd.projectcalico.org/v1"
MARK = "projectcalico.org/IPv4Address"
INTERFACES = "projectcalico.org/Interfaces"


async def gather_calico(cluster: Cluster, network: Network, daemon: Daemon, skipped: list[str]) -> dict[str, Any]:
    """`pools` is None where they may not be read, or are kept elsewhere (etcd, the projectcalico.org API)."""
    pools: list[dict[str, Any]] | None = None
    try:
        pools = [_pool(item) for item in (await cluster.list("IPPool", api=API, limit=50)).items]
    except NotFound:
        pass
    except ClusterError as error:
        skipped.append(unread(error))
    try:
        nodes = {str(node["metadata"]["name"]): node for node in (await sample_nodes(cluster)).items}
    except ClusterError:
        nodes = {}
    notes = {name: node["metadata"].get("annotations", {}) for name, node in nodes.items()}
    return {
        "pools": pools, "addresses": {name: note[MARK] for name, note in notes.items() if note.get(MARK)},
        "interfaces": {name: _interfaces(note.get(INTERFACES, "")) for name, note in notes.items()},
        "inside": {name: [told["address"] for told in node.get("status", {}).get("addresses", ())
                          if told["type"] == "InternalIP"] for name, node in nodes.items()},
    }


def _interfaces(text: str) -> dict[str, str]:
    """The node's interfaces by address, as Calico saw them."""
    try:
        return {address: link["name"] for link in json.loads(text or "[]") for address in link["addresses"]}
    except (ValueError, KeyError, TypeError):
        return {}


def _pool(item: Object) -> dict[str, Any]:
    spec = item.get("spec", {})
    return {"name": item["metadata"]["name"], "cidr": spec.get("cidr", ""), "disabled": bool(spec.get("disabled")),
            "uses": spec.get("allowedUses") or ["Workload"], "vxlan": spec.get("vxlanMode") or "Never",
            "ipip": spec.get("ipipMode") or "Never"}


def judge_calico(evidence: Evidence, agent: dict[str, Any]) -> list[Finding]:
    facts = agent["facts"]["calico"]
    addresses = {node: address.partition("/")[0] for node, address in facts["addresses"].items()}
    shared = judge_addresses(evidence, agent, MARK, addresses)
    return [*_pools(evidence, facts["pools"]), *(shared or _chosen(evidence, facts))]


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
        link = facts.get("interfaces", {}).get(node, {}).get(plain, "")
        text = (f"Calico took {plain}{f' of the interface {link}' if link else ''} for the address of node {node}, "
                f"which is reached at {own[0]}, in one network with {list_names(near)}: what other nodes send its "
                "pods does not arrive.")
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


def _pools(evidence: Evidence, pools: list[dict[str, Any]] | None) -> list[Finding]:
    if not pools:
        return []
    found = []
    usable = [pool for pool in pools if not pool["disabled"] and "Workload" in pool["uses"]]
    if not usable:
        name = pools[0]["name"]
        names = list_names(pool["name"] for pool in pools)
        text = f"No IPPool of Calico is enabled for pods ({names}): no new pod gets an address."
        found.append(find("cni.pool.disabled", text, verdict=Verdict.WARN, object=f"IPPool {name}",
                          evidence=(f"IPPool {name}: disabled is {str(pools[0]['disabled']).lower()}",
                                    read_at(evidence)),
                          advice=f"`kubectl patch ippools.crd.projectcalico.org {name} --type merge -p "
                          "'{\"spec\":{\"disabled\":false}}'`, or make a pool that is enabled."))
    off = [pool["name"] for pool in pools if pool["disabled"]]
    if usable and off:
        text = (f"IPPool {list_names(off)} of Calico is disabled: pods that still have addresses of it are not "
                "reached from other nodes by VXLAN.")
        found.append(note(Verdict.INFO, Layer.CNI, text, object=f"IPPool {off[0]}", evidence=(read_at(evidence),)))
    for one, other in combinations(usable, 2):
        if _overlap(one["cidr"], other["cidr"]):
            text = (f"Two IPPools of Calico overlap, {one['name']} ({one['cidr']}) and {other['name']} "
                    f"({other['cidr']}): the same address can be given twice.")
            found.append(find("cni.pool.overlap", text, verdict=Verdict.WARN, object=f"IPPool {other['name']}",
                              evidence=(f"IPPool {one['name']}: cidr is {one['cidr']}",
                                        f"IPPool {other['name']}: cidr is {other['cidr']}", read_at(evidence))))
    return found


def _overlap(one: str, other: str) -> bool:
    try:
        a, b = ip_network(one, strict=False), ip_network(other, strict=False)
    except ValueError:
        return False
    return a.version == b.version and a.overlaps(b)


CALICO_FACTS = Facts("calico", gather_calico, judge_calico)
