"""Calico: its address pools, and the addresses that it found for the nodes.

Source: https://docs.tigera.io/calico/latest/reference/resources/ippool; node annotations projectcalico.org/*.
"""

from ipaddress import ip_network
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
        listing = await sample_nodes(cluster)
    except ClusterError:
        return {"pools": pools, "addresses": {}}
    notes = {node["metadata"]["name"]: node["metadata"].get("annotations", {}).get(MARK, "") for node in listing.items}
    return {"pools": pools, "addresses": {name: address for name, address in notes.items() if address}}


def _pool(item: Object) -> dict[str, Any]:
    spec = item.get("spec", {})
    return {"name": item["metadata"]["name"], "cidr": spec.get("cidr", ""), "disabled": bool(spec.get("disabled")),
            "uses": spec.get("allowedUses") or ["Workload"], "vxlan": spec.get("vxlanMode") or "Never",
            "ipip": spec.get("ipipMode") or "Never"}


def judge_calico(evidence: Evidence, agent: dict[str, Any]) -> list[Finding]:
    facts = agent["facts"]["calico"]
    addresses = {node: address.partition("/")[0] for node, address in facts["addresses"].items()}
    return [*_pools(evidence, facts["pools"]), *judge_addresses(evidence, agent, MARK, addresses)]


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
