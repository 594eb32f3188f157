"""Calico's address pools: can pods get an address, has one pool what another has, does anybody tell nodes the way.

Source: https://docs.tigera.io/calico/latest/reference/resources/ippool; .../networking/configuring/vxlan-ipip.
"""

from ipaddress import ip_network
from itertools import combinations
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.calico_selectors import selects_labels
from bot.diagnosis.causes import find, note
from bot.model.errors import ClusterError, NotFound
from bot.model.finding import Finding, Layer, Verdict
from bot.networks.calico import API
from bot.steps import Evidence
from bot.steps.cni.facts import Daemon
from bot.steps.findings import unread
from bot.steps.podfacts import find_variables
from bot.steps.wording import list_names, read_at

BACKEND = "CALICO_NETWORKING_BACKEND"
EVERY_NODE, NO_NODE = ("", "all()"), "!all()"
Pool = dict[str, Any]


async def read_pools(cluster: Cluster, skipped: list[str]) -> list[Pool] | None:
    """None where they may not be read, or are kept elsewhere (etcd, the projectcalico.org API)."""
    try:
        return [_pool(item) for item in (await cluster.list("IPPool", api=API, limit=50)).items]
    except NotFound:
        pass
    except ClusterError as error:
        skipped.append(unread(error))
    return None


def _pool(item: Object) -> Pool:
    spec = item.get("spec", {})
    return {"name": item["metadata"]["name"], "cidr": spec.get("cidr", ""), "disabled": bool(spec.get("disabled")),
            "uses": spec.get("allowedUses") or ["Workload"], "vxlan": spec.get("vxlanMode") or "Never",
            "ipip": spec.get("ipipMode") or "Never", "nodes": spec.get("nodeSelector", ""),
            "nat": bool(spec.get("natOutgoing"))}


async def read_routes(cluster: Cluster, daemon: Daemon, pools: list[Pool] | None) -> dict[str, Any]:
    """{backend, place, felix}: who may write routes to other nodes; {} where each pool has a tunnel: Felix does. Raises
    ClusterError."""
    if not any(map(_is_bare, pools or ())):
        return {}
    item = await cluster.get("DaemonSet", daemon["plain"], daemon["namespace"])
    backend, place = await _backend(cluster, daemon, item["spec"]["template"]["spec"])
    felix = await cluster.list("FelixConfiguration", api=API, limit=50)
    writes = any(told.get("spec", {}).get("programClusterRoutes") == "Enabled" for told in felix.items)
    return {"backend": backend, "place": place, "felix": writes}


def _is_bare(pool: Pool) -> bool:
    """Of IPv6 a pool without a tunnel is made by default, whether or not pods use it."""
    meant = _is_usable(pool) and pool.get("nodes") != NO_NODE and ":" not in pool["cidr"]
    return meant and pool["vxlan"] == pool["ipip"] == "Never"


async def _backend(cluster: Cluster, daemon: Daemon, spec: Object) -> tuple[str, str]:
    """`bird`, `vxlan`, `none` (another network carries the pods) or "", and where that stands."""
    variables = find_variables(spec, BACKEND)
    source = variables[0].get("valueFrom", {}).get("configMapKeyRef") if variables else None
    if not source:
        return (str(variables[0].get("value", "")) if variables else ""), f"{daemon['name']}: {BACKEND}"
    data = (await cluster.get("ConfigMap", source["name"], daemon["namespace"])).get("data") or {}
    return str(data.get(source["key"], "")), f"ConfigMap {daemon['namespace']}/{source['name']}: {source['key']}"


def masks_nothing(pool: Pool) -> bool:
    """Whether its pods show their own addresses outside the cluster, where with a tunnel nobody knows the way to them.
    Of IPv6 that is so by default."""
    return uses_vxlan(pool) and not pool.get("nat", True) and ":" not in pool["cidr"]


def uses_vxlan(pool: Pool) -> bool:
    return _is_usable(pool) and pool["vxlan"] != "Never"


def choosy(pools: list[Pool] | None) -> bool:
    """Whether one of them is meant for some nodes only."""
    return any(pool["nodes"] not in EVERY_NODE for pool in pools or ())


def judge_pools(evidence: Evidence, facts: dict[str, Any], failing: list[str]) -> list[Finding]:
    """`failing`: nodes on which a pod waits for a network."""
    return [*_pools(evidence, facts["pools"]), *_without(evidence, facts, failing), *_bare(evidence, facts),
            *_unmasked(evidence, facts["pools"])]


def _without(evidence: Evidence, facts: dict[str, Any], failing: list[str]) -> list[Finding]:
    """Nodes that no pool is meant for. That may be wanted, where only pods in the node's network run; it is not where a
    pod waits for an address, or no node has a pool. A pool for none (`!all()`) is for pods that ask for it by name."""
    pools = [pool for pool in facts["pools"] or () if _is_usable(pool) and pool.get("nodes") != NO_NODE]
    meant = {node: [selects_labels(pool.get("nodes", ""), labels) for pool in pools]
             for node, labels in facts.get("labels", {}).items()}
    without = [node for node, told in meant.items() if told and not any(one is not False for one in told)]
    if not without:
        return []
    hurt = [node for node in without if node in failing]
    pool, every = pools[0], len(without) == len(meant) and not evidence["nodes"]["unread"]
    text = (f"No IPPool of Calico is meant for {'any node' if every else f'node {list_names(hurt or without)}'}: "
            f"{pool['name']} wants {pool['nodes']}. ")
    told = (*(f"IPPool {p['name']}: nodeSelector is {p['nodes']}" for p in pools[:3]),
            f"no label of {list_names((hurt or without)[:3])} fits", read_at(evidence))
    if not (hurt or every):
        return [note(Verdict.INFO, Layer.CNI, f"{text}New pods would get no address there, which may be meant.",
                     object=f"IPPool {pool['name']}", evidence=told)]
    return [find("cni.pool.nodes", f"{text}New pods get no address there.", verdict=Verdict.WARN,
                 object=f"IPPool {pool['name']}", node=hurt[0] if len(hurt) == 1 and not every else "", evidence=told,
                 advice=f"Compare with the nodes' labels (`kubectl get nodes --show-labels`), then `kubectl patch "
                 f"ippools.crd.projectcalico.org {pool['name']} --type merge -p '{{\"spec\":{{\"nodeSelector\":"
                 "\"all()\"}}'` or what is meant; or label the node. The kubelet tries again by itself.")]


def _bare(evidence: Evidence, facts: dict[str, Any]) -> list[Finding]:
    """A pool without a tunnel needs somebody who tells the nodes of each other's pods: BGP, Felix where it is told to,
    or another network (backend none)."""
    routes = facts.get("routes")
    if not routes or routes["backend"] != "vxlan" or routes["felix"]:
        return []
    return [
        find("cni.pool.encapsulation",
             f"IPPool {pool['name']} of Calico has no tunnel (vxlanMode and ipipMode are Never), and Calico is set up "
             "for VXLAN, without BGP: no node learns the way to pods of another.",
             verdict=Verdict.WARN, object=f"IPPool {pool['name']}",
             evidence=(f"IPPool {pool['name']}: vxlanMode is Never, expected Always or CrossSubnet",
                       f"{routes['place']} is {routes['backend']}", read_at(evidence)),
             advice=f"`kubectl patch ippools.crd.projectcalico.org {pool['name']} --type merge -p "
             "'{\"spec\":{\"vxlanMode\":\"Always\"}}'`, or let Calico run BGP (calico_backend: bird).")
        for pool in facts["pools"] or () if _is_bare(pool)
    ]


def _unmasked(evidence: Evidence, pools: list[Pool] | None) -> list[Finding]:
    """It may be meant, where routers outside know the range; who does not get out is told by those who try."""
    return [note(Verdict.INFO, Layer.CNI, f"IPPool {pool['name']} of Calico has natOutgoing off: pods of it reach "
                 f"nothing outside the cluster, unless routers there know the way back to {pool['cidr']}.",
                 object=f"IPPool {pool['name']}", evidence=(read_at(evidence),))
            for pool in pools or () if masks_nothing(pool)]


def _pools(evidence: Evidence, pools: list[Pool] | None) -> list[Finding]:
    if not pools:
        return []
    found = []
    usable = [pool for pool in pools if _is_usable(pool)]
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


def _is_usable(pool: Pool) -> bool:
    return not pool["disabled"] and "Workload" in pool["uses"]
