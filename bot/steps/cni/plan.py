"""`cni.plan`: do the ranges of pods, Services and nodes fit each other, and has every node addresses to give?

What counts depends on the network: with Flannel or a bridge pods get addresses out of their node's podCIDR, with
Calico, Weave Net or the clouds' plugins that range means nothing. No more is read than other looks read, but for the
ranges of Services and one page of pods.
"""

import asyncio
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.platform import addresses_of
from bot.networks import Network
from bot.networks.calico import KIN
from bot.steps import Args, Evidence, Look
from bot.steps.cni.calico_pools import read_pools
from bot.steps.cni.plan_rules import judge_plan
from bot.steps.daemons import find_agents
from bot.steps.nodes.kubeadm import KUBEADM, read_pod_range
from bot.steps.nodes.status import is_virtual, sample_nodes
from bot.steps.podfacts import find_variables, is_ready
from bot.steps.readings import items_or_skip, one_or_skip, or_skip, served_or_skip
from bot.steps.wording import cut

MOST_PODS = 40
RANGE = "IPALLOC_RANGE"
"""Of Weave Net's agents."""
Range = dict[str, str]
"""{range, object, field}: where a range of addresses is set."""


class PlanArgs(Args):
    """Compares the ranges of pods, Services and nodes, and the addresses of pods with them."""


async def gather_plan(cluster: Cluster, args: PlanArgs) -> Evidence:
    skipped: list[str] = []
    nodes, agents = await asyncio.gather(_nodes(cluster, skipped), or_skip(find_agents(cluster), skipped))
    services, kubeadm, own, pods, events = await asyncio.gather(
        _services(cluster, skipped), _kubeadm(cluster, skipped), _own(cluster, agents, skipped),
        _pods(cluster, skipped), _events(cluster, skipped))
    return {
        "read_at": cluster.now, "networks": None if agents is None else [n.name for n, _ in agents if not n.meta],
        "nodes": nodes["read"], "unread": nodes["unread"], "services": services, "plans": [*kubeadm, *own],
        "pods": pods, "events": events, "skipped": list(dict.fromkeys(skipped)),
    }


async def _nodes(cluster: Cluster, skipped: list[str]) -> dict[str, Any]:
    listing = await or_skip(sample_nodes(cluster), skipped)
    if listing is None:
        return {"read": {}, "unread": 0}
    return {"read": {node["metadata"]["name"]: _node(node) for node in listing.items if not is_virtual(node)},
            "unread": listing.remaining}


def _node(node: Object) -> dict[str, Any]:
    spec, status = node["spec"], node.get("status", {})
    return {
        "ranges": spec.get("podCIDRs") or ([spec["podCIDR"]] if spec.get("podCIDR") else []),
        "addresses": [a["address"] for a in status.get("addresses", ()) if a["type"] == "InternalIP"],
        "created": node["metadata"].get("creationTimestamp", ""),
    }


async def _services(cluster: Cluster, skipped: list[str]) -> list[Range]:
    """ServiceCIDRs, from 1.33 on; before that the one address that is known to be in the range."""
    listing = await served_or_skip(cluster.list("ServiceCIDR"), skipped)
    if listing and listing.items:
        return [{"range": cidr, "object": f"ServiceCIDR {item['metadata']['name']}", "field": "spec.cidrs"}
                for item in listing.items for cidr in item.get("spec", {}).get("cidrs", ())]
    service = await or_skip(cluster.get("Service", "kubernetes", "default"), skipped)
    return [{"range": address, "object": "Service default/kubernetes", "field": "spec.clusterIPs"}
            for address in addresses_of(service)]


async def _kubeadm(cluster: Cluster, skipped: list[str]) -> list[Range]:
    found = await read_pod_range(cluster, skipped)
    return [{"range": cidr, "object": KUBEADM, "field": "podSubnet"} for cidr in found.split(",")] if found else []


async def _own(
    cluster: Cluster, agents: list[tuple[Network, dict[str, Any]]] | None, skipped: list[str]
) -> list[Range]:
    """What the network itself was told: Calico's pools that are enabled, Weave Net's IPALLOC_RANGE."""
    found: list[Range] = []
    for network, item in agents or ():
        if network.name in KIN:
            found += [{"range": pool["cidr"], "object": f"IPPool {pool['name']}", "field": "spec.cidr"}
                      for pool in await read_pools(cluster, skipped) or () if not pool["disabled"]]
        if network.name == "Weave Net":
            daemon = await one_or_skip(cluster.get("DaemonSet", item["name"], item["namespace"]), skipped)
            given = find_variables(daemon["spec"]["template"]["spec"], RANGE) if daemon else []
            found += [{"range": str(variable["value"]), "object": f"DaemonSet {item['namespace']}/{item['name']}",
                       "field": RANGE} for variable in given[:1] if variable.get("value")]
    return found


async def _pods(cluster: Cluster, skipped: list[str]) -> dict[str, Any]:
    """{read: [{name, node, ips, ready}], unread} of those with an address of their own."""
    listing = await or_skip(cluster.list("Pod", limit=MOST_PODS), skipped)
    if listing is None:
        return {"read": [], "unread": 0}
    own = [pod for pod in listing.items if not pod["spec"].get("hostNetwork") and pod.get("status", {}).get("podIP")
           and pod["status"].get("phase") not in ("Succeeded", "Failed")]
    return {"unread": listing.remaining, "read": [
        {"name": f"{pod['metadata']['namespace']}/{pod['metadata']['name']}", "node": pod["spec"].get("nodeName", ""),
         "ips": [ip["ip"] for ip in pod["status"].get("podIPs") or [{"ip": pod["status"]["podIP"]}]],
         "ready": is_ready(pod) and "deletionTimestamp" not in pod["metadata"]} for pod in own]}


async def _events(cluster: Cluster, skipped: list[str]) -> list[dict[str, str]]:
    """The controller manager's word that it has no range left; of type Normal, whatever it means."""
    events = await items_or_skip(cluster.list("Event", fields="reason=CIDRNotAvailable", limit=5), skipped)
    return [{"node": event.get("involvedObject", {}).get("name", ""), "message": cut(event.get("message", "")),
             "at": event.get("lastTimestamp") or event.get("eventTime") or ""} for event in events or ()]


PLAN = Look(
    name="cni.plan", args=PlanArgs, gather=gather_plan, judge=judge_plan,
    reads=("list nodes", "list daemonsets.apps", "get daemonsets.apps", "list servicecidrs.networking.k8s.io",
           "get services", "get configmaps/kubeadm-config in kube-system", "list ippools.crd.projectcalico.org",
           "list pods", "list events"),
    by_hand="`kubectl get nodes -o custom-columns=NAME:.metadata.name,RANGE:.spec.podCIDRs`, `kubectl get "
    "servicecidrs`, `kubectl get pods -A -o wide`, `kubectl get events -A --field-selector reason=CIDRNotAvailable` ("
    "https://kubernetes.io/docs/concepts/cluster-administration/networking/)",
)
