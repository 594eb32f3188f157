"""Whether anything in the cluster makes NetworkPolicies count (NP-01): the network itself, or a program beside it.

The API server takes policies in any case. Sources: flannel's Documentation/netpol.md, the AWS VPC CNI's README (network
policy agent), weave's kube addon (weave-npc).
"""

from dataclasses import dataclass
from typing import Any

from bot.cluster import Cluster, Object
from bot.model.errors import ClusterError
from bot.networks import recognise_all

ENFORCERS = ("kube-network-policies", "kube-router", "azure-npm", "calico-node", "canal", "cilium")
"""DaemonSets that enforce policies for a network that does not, by name."""
EXTRAS = {
    "Flannel": ("kube-network-policies", "kube-flannel-netpol", "network-policy"),
    "Weave Net": ("weave-npc",),
    "Amazon VPC CNI": ("aws-network-policy-agent", "aws-eks-nodeagent"),
}
"""Networks whose agent enforces policies only where it has one of these containers."""
BUILT_IN = ("+k3s", "+rke2", "-eks-", "-gke.")
"""Marks in the version of platforms that enforce policies by something that is no DaemonSet, if they do."""


@dataclass(frozen=True, slots=True)
class Enforcement:
    """`enforced`: None where it could not be told. `why` goes on after “policies are (not) enforced: ”."""

    enforced: bool | None
    why: str

    def as_json(self) -> dict[str, Any]:
        return {"enforced": self.enforced, "why": self.why}


async def read_enforcement(cluster: Cluster) -> Enforcement:
    """Two reads that other steps make as well, and the agent's DaemonSet where its containers decide."""
    try:
        sets = (await cluster.list("DaemonSet", form="metadata")).items
        version = str((await cluster.version()).get("gitVersion", ""))
    except ClusterError as error:
        return Enforcement(None, f"the DaemonSets could not be read ({error})")
    for item in sets:
        if item["metadata"]["name"] in ENFORCERS:
            return Enforcement(True, f"DaemonSet {item['metadata']['namespace']}/{item['metadata']['name']} does it")
    known = [{"name": s["metadata"]["name"], "namespace": s["metadata"]["namespace"],
              "labels": s["metadata"].get("labels", {})} for s in sets]
    agents = [(network, agent) for network, agent in recognise_all(known) if not network.meta]
    for network, agent in agents:
        if network.name in EXTRAS:
            return await _by_container(cluster, network.name, str(agent["namespace"]), str(agent["name"]))
        if network.policy == "yes":
            return Enforcement(True, f"{network.name} does it")
    if any(mark in version for mark in BUILT_IN):
        return Enforcement(None, f"no known enforcer runs as a DaemonSet, but {version} may have one built in")
    names = ", ".join(network.name for network, _ in agents)
    return Enforcement(False, f"{names} does not, and nothing known runs beside it" if names else
                       "no network agent and no enforcer that is known runs as a DaemonSet")


async def _by_container(cluster: Cluster, network: str, namespace: str, name: str) -> Enforcement:
    where = f"DaemonSet {namespace}/{name}"
    try:
        agent = await cluster.get("DaemonSet", name, namespace)
    except ClusterError as error:
        return Enforcement(None, f"{where} could not be read ({error})")
    has = [str(container["name"]) for container in agent["spec"]["template"]["spec"].get("containers", ())]
    extra = next((container for container in has if container in EXTRAS[network]), "")
    if not extra:
        return Enforcement(False, f"{where} has no container {' or '.join(EXTRAS[network])}")
    if network == "Amazon VPC CNI" and not _is_switched_on(agent):
        return Enforcement(None, f"{where} has a container {extra}, which may be switched off")
    return Enforcement(True, f"container {extra} of {where} does it")


def _is_switched_on(agent: Object) -> bool:
    words = [str(word) for c in agent["spec"]["template"]["spec"]["containers"] for word in c.get("args") or ()]
    return "--enable-network-policy=true" in words
