"""`cni.calico`: what Calico is told for single nodes: tunnels of their own, and endpoints that shut a node off.

Sources: https://docs.tigera.io/calico/latest/reference/resources/felixconfig (node.NAME before default, a FELIX_
variable before both); https://docs.tigera.io/calico/latest/reference/host-endpoints/overview (default deny).
"""

from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.calico_selectors import selects_labels
from bot.diagnosis.causes import explain, find, note
from bot.model.errors import ClusterError
from bot.model.finding import Finding, Layer, Verdict
from bot.networks.calico import API, KIN
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.cni.calico_pools import read_pools, uses_vxlan
from bot.steps.daemons import find_agents
from bot.steps.findings import tell_skipped, unread
from bot.steps.nodes.status import sample_nodes
from bot.steps.policy.facts import list_others
from bot.steps.readings import one_or_skip, served_or_skip
from bot.steps.wording import list_names, read_at

TUNNEL = {"vxlanPort": 4789, "vxlanVNI": 4096, "vxlanEnabled": None}
"""What all nodes must have alike, and what Felix takes where nothing is said: the tunnel goes by the pools then."""
OWN = "node."
MOST, MOST_NODES = 50, 3
Json = dict[str, Any]


class CalicoArgs(Args):
    """Compares what Calico's FelixConfigurations say for single nodes, and reads its HostEndpoints."""


async def gather_calico_nodes(cluster: Cluster, args: CalicoArgs) -> Evidence:
    skipped: list[str] = []
    evidence: Evidence = {"read_at": cluster.now, "felix": None, "endpoints": None, "skipped": skipped}
    try:
        agent = next((item for network, item in await find_agents(cluster) if network.name in KIN), None)
        if agent is None:
            return evidence
        daemon = await cluster.get("DaemonSet", agent["name"], agent["namespace"])
        evidence["nodes"] = {str(node["metadata"]["name"]): _inside(node)
                             for node in (await sample_nodes(cluster)).items}
    except ClusterError as error:
        return {**evidence, "skipped": [unread(error)]}
    evidence |= {"variables": _variables(daemon), "pools": await read_pools(cluster, skipped) or []}
    if (felix := await _list(cluster, "FelixConfiguration", skipped)) is not None:
        evidence["felix"] = {item["metadata"]["name"]: {key: item["spec"][key] for key in TUNNEL
                                                        if key in item.get("spec", {})} for item in felix}
    if (endpoints := await _list(cluster, "HostEndpoint", skipped)) is not None:
        evidence["endpoints"] = [_endpoint(item) for item in endpoints]
        evidence["selectors"] = await _selectors(cluster, skipped) if endpoints else []
        evidence["nodes"] |= await _further(cluster, evidence, skipped)
    return evidence


def _inside(node: Object) -> list[str]:
    return [a["address"] for a in node.get("status", {}).get("addresses", ()) if a["type"] == "InternalIP"]


async def _further(cluster: Cluster, evidence: Evidence, skipped: list[str]) -> dict[str, list[str] | None]:
    """Nodes of endpoints that may be told, beside those of the sample; None where the cluster has no such node: Calico
    puts other machines under its policies, too."""
    names = dict.fromkeys(point["node"] for point in _bare(evidence) if point["node"] not in evidence["nodes"])
    found: dict[str, list[str] | None] = {}
    for name in [name for name in names if name][:MOST_NODES]:
        node = await one_or_skip(cluster.get("Node", name), skipped)
        if node is not None:
            found[name] = _inside(node) if node else None
    return found


def _variables(daemon: Object) -> list[str]:
    """Settings of the tunnel that a variable of the agents decides, whatever the configurations say."""
    containers = daemon["spec"]["template"].get("spec", {}).get("containers", ())
    given = {variable["name"].upper() for one in containers for variable in one.get("env") or ()}
    return [key for key in TUNNEL if f"FELIX_{key.upper()}" in given]


async def _list(cluster: Cluster, kind: str, skipped: list[str]) -> list[Object] | None:
    """[] where the cluster has no such kind: Calico keeps its settings elsewhere; None where they cannot be read."""
    listing = await served_or_skip(cluster.list(kind, api=API, limit=MOST), skipped)
    return None if listing is None else list(listing.items)


def _endpoint(item: Object) -> Json:
    spec = item.get("spec") or {}
    return {"name": item["metadata"]["name"], "labels": dict(item["metadata"].get("labels") or {}),
            "node": spec.get("node", ""), "interface": spec.get("interfaceName", ""),
            "addresses": spec.get("expectedIPs") or [], "profiles": spec.get("profiles") or []}


async def _selectors(cluster: Cluster, skipped: list[str]) -> list[str] | None:
    listing = await served_or_skip(list_others(cluster, API, "GlobalNetworkPolicy", ""), skipped)
    if listing is None or listing.remaining:
        return None
    return [(item.get("spec") or {}).get("selector") or "" for item in listing.items]


def judge_calico_nodes(evidence: Evidence, args: CalicoArgs) -> Judgement:
    skipped = tell_skipped(evidence, Layer.CNI)
    found = [*_tunnels(evidence), *_shut(evidence)] if "nodes" in evidence else []
    if not found and not skipped and evidence["felix"] is not None:
        text = "Calico's settings give no node another tunnel than the rest, and no HostEndpoint shuts one off."
        found = [note(Verdict.PASS, Layer.CNI, text, evidence=(read_at(evidence),))]
    return Judgement((*found, *skipped))


def _tunnels(evidence: Evidence) -> list[Finding]:
    felix: dict[str, Json] = evidence["felix"] or {}
    if not any(map(uses_vxlan, evidence["pools"])):
        return []
    found = []
    for key in (key for key in TUNNEL if key not in evidence["variables"]):
        usual = felix.get("default", {}).get(key, TUNNEL[key])
        if usual is False:
            found.append(_off(evidence, "default", ""))
        own = {name.removeprefix(OWN): told[key] for name, told in felix.items()
               if name.startswith(OWN) and key in told}
        values = {node: own.get(node, usual) for node in {*evidence["nodes"], *own}}
        if len({_meant(value) for value in values.values()}) < 2:
            continue  # each node has one of its own, and they are alike
        found += [_off(evidence, f"{OWN}{node}", node) if value is False else _other(evidence, node, key, value, usual)
                  for node, value in sorted(own.items()) if _meant(value) != _meant(usual)]
    return found


def _meant(value: Any) -> Any:
    """Of a pool with VXLAN Felix makes the tunnel by itself, so that `true` says nothing new."""
    return None if value is True else value


def _other(evidence: Evidence, node: str, key: str, value: Any, usual: Any) -> Finding:
    name = f"FelixConfiguration {OWN}{node}"
    text = (f"{name} of Calico sets {key} to {value} on node {node} alone, and others have {usual}: its pods and "
            "those of other nodes do not reach each other.")
    return find("cni.agent.tunnel", text, object=name, node=node, evidence=(
        f"{name}: {key} is {value}, expected {usual}", read_at(evidence)), advice=_take_out(f"{OWN}{node}", key))


def _off(evidence: Evidence, name: str, node: str) -> Finding:
    pool = next(pool for pool in evidence["pools"] if uses_vxlan(pool))
    where = f"on node {node}" if node else "on all nodes"
    text = (f"FelixConfiguration {name} of Calico switches VXLAN off {where}, and IPPool {pool['name']} sends by it: "
            "pods on other nodes are not reached.")
    return find("cni.agent.tunnel", text, object=f"FelixConfiguration {name}", node=node, evidence=(
        f"FelixConfiguration {name}: vxlanEnabled is false", f"IPPool {pool['name']}: vxlanMode is {pool['vxlan']}",
        read_at(evidence)), advice=_take_out(name, "vxlanEnabled"))


def _take_out(name: str, key: str) -> str:
    return (f"`kubectl patch felixconfigurations.crd.projectcalico.org {name} --type json -p "
            f"'[{{\"op\":\"remove\",\"path\":\"/spec/{key}\"}}]'`. Felix takes it up at once.")


def _bare(evidence: Evidence) -> list[Json]:
    """Endpoints that nothing speaks for: no profile, no policy."""
    selectors: list[str] | None = evidence["selectors"] if evidence["endpoints"] else []
    if selectors is None:
        return []
    return [point for point in evidence["endpoints"] or () if not point["profiles"]
            and all(selects_labels(selector, point["labels"]) is False for selector in selectors)]


def _shut(evidence: Evidence) -> list[Finding]:
    """Of a second interface it may be meant, and of a machine that is no node it is none of the cluster's business."""
    bare, nodes = _bare(evidence), evidence["nodes"]
    unseen = list_names(f"HostEndpoint {point['name']}" for point in bare if point["node"] not in nodes)
    text = f"{unseen} of Calico: neither profile nor policy; what the nodes' own addresses are was not looked at."
    rest = [note(Verdict.INFO, Layer.POLICY, text, evidence=(read_at(evidence),))] if unseen else []
    return [*(_closed(evidence, point) for point in bare if nodes.get(point["node"]) is not None), *rest]


def _closed(evidence: Evidence, point: Json) -> Finding:
    name, node = f"HostEndpoint {point['name']}", point["node"]
    every, own = point["interface"] == "*", set(evidence["nodes"][node]) & set(point["addresses"])
    where = "its interfaces" if every or not point["interface"] else point["interface"]
    told = (f"{name}: profiles is empty, node {node}, interfaceName {point['interface'] or 'not set'}",
            f"GlobalNetworkPolicies that select it: none of {len(evidence['selectors'])}", read_at(evidence))
    text = (f"{name} of Calico lets nothing pass {where} on node {node} but a few ports that are never shut: it has no "
            "profile, and no GlobalNetworkPolicy selects it.")
    if not every and point["addresses"] and not own:
        return note(Verdict.INFO, Layer.POLICY, f"{text} Kubernetes does not use that address.", object=name, node=node,
                    evidence=told)
    return find("policy.host-endpoint", text, verdict=Verdict.FAIL if every or own else Verdict.WARN, object=name,
                node=node, evidence=told, advice=explain("policy.host-endpoint").mend.replace("NAME", point["name"]))


CALICO_NODES = Look(
    name="cni.calico", args=CalicoArgs, gather=gather_calico_nodes, judge=judge_calico_nodes,
    reads=("list daemonsets.apps", "get daemonsets.apps", "list nodes", "get nodes",
           "list ippools.crd.projectcalico.org", "list felixconfigurations.crd.projectcalico.org",
           "list hostendpoints.crd.projectcalico.org", "list globalnetworkpolicies.crd.projectcalico.org"),
    by_hand="`kubectl get felixconfigurations.crd.projectcalico.org,hostendpoints.crd.projectcalico.org -o yaml` "
    "(https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/network-plugins/)",
)
