"""`cni.plugin`: which network plugin this is, what a person must know of it, and what runs beside its agents.

Known by the DaemonSets of its agents. Kinds of its own that another network left behind are no plugin, and one that is
built into a platform's process has no DaemonSet: neither is a fault.
"""

import asyncio

from bot.cluster import Cluster
from bot.diagnosis.causes import note
from bot.model.finding import Finding, Layer, Verdict
from bot.networks import GENERIC, NETWORKS, Network, find_network
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.cni.controllers import judge_controllers, read_controllers
from bot.steps.daemons import find_agents
from bot.steps.findings import tell_skipped
from bot.steps.policy.enforcers import judge_enforcement, read_enforcers
from bot.steps.readings import or_skip
from bot.steps.wording import list_names, read_at

BUILT_IN = {
    "+k3s": "Flannel runs inside k3s itself; its CNI files are in /var/lib/rancher/k3s/agent/etc/cni/net.d",
    "+rke2": "RKE2 brings Canal, Calico, Cilium or Flannel as charts of its own",
    "-eks-": "with EKS Auto Mode the network runs on the nodes, outside of Kubernetes",
    "-gke.": "GKE without Dataplane V2 sets up a bridge on each node by itself",
}
"""What platforms have where no agent is seen, by the mark in their version (the reference's table of platforms)."""


class PluginArgs(Args):
    """Says which network plugin runs, and what is known about it."""


async def gather_plugin(cluster: Cluster, args: PluginArgs) -> Evidence:
    skipped: list[str] = []
    found = await or_skip(find_agents(cluster), skipped)
    if found is None:
        return {"read_at": cluster.now, "agents": None, "skipped": skipped}
    agents = [{"network": network.name, "name": item["name"], "namespace": item["namespace"]}
              for network, item in found]
    groups, enforcers, controllers = await asyncio.gather(
        _groups(cluster, skipped), read_enforcers(cluster), read_controllers(cluster, agents, skipped))
    return {"read_at": cluster.now, "agents": agents, "groups": groups, "enforcers": enforcers,
            "controllers": controllers, "skipped": skipped}


async def _groups(cluster: Cluster, skipped: list[str]) -> list[str]:
    """API groups that belong to some network."""
    known = {group for network in NETWORKS for group in network.groups}
    return [group for group in await or_skip(cluster.groups(), skipped) or () if group in known]


def judge_plugin(evidence: Evidence, args: PluginArgs) -> Judgement:
    skipped, agents = tell_skipped(evidence, Layer.CNI), evidence["agents"]
    if agents is None:
        return Judgement(skipped)
    names = list(dict.fromkeys(agent["network"] for agent in agents))
    networks = [network for name in names if (network := find_network(name))]
    found = [_identity(evidence, network, agent) for network in networks
             for agent in [next(a for a in agents if a["network"] == network.name)]] or [_nameless(evidence)]
    found += [*_left_over(evidence, networks), *judge_controllers(evidence)]
    return Judgement((*found, *skipped), {"networks": names})


def _identity(evidence: Evidence, network: Network, agent: dict[str, str]) -> Finding:
    name = f"DaemonSet {agent['namespace']}/{agent['name']}"
    parts = [f"{network.name} is a network plugin here ({name})"]
    if network.files:
        parts.append(f"its configuration in the runtime's CNI folder is {network.files[0]}")
    if network.ports:
        parts.append(f"between nodes it needs {list_names(map(str, network.ports), 4)}")
    enforcement = judge_enforcement(evidence["enforcers"])
    if not network.meta:
        how = {True: "NetworkPolicies are enforced", False: "NetworkPolicies are not enforced",
               None: "whether NetworkPolicies are enforced could not be told"}[enforcement.enforced]
        parts.append(f"{how} ({enforcement.why})")
    parts += [network.note] if network.note else []
    if network.status:
        parts.append(f"it tells of itself by `{network.status.replace('NAMESPACE', agent['namespace'])}`")
    return note(Verdict.INFO if network.note else Verdict.PASS, Layer.CNI, "; ".join(parts) + ".", object=name,
                evidence=(read_at(evidence),))


def _nameless(evidence: Evidence) -> Finding:
    version = evidence["enforcers"]["version"]
    platform = next((text for mark, text in BUILT_IN.items() if mark in version), "")
    text = f"No agent of a known network plugin runs: {platform or 'a plain bridge, or ' + GENERIC.name}."
    return note(Verdict.INFO, Layer.CNI, text, evidence=(read_at(evidence),),
                advice="The first file by name in a node's CNI folder says which it is: `kubectl debug node/NAME -it "
                "--image=busybox --profile=sysadmin -- ls /host/etc/cni/net.d`")


def _left_over(evidence: Evidence, networks: list[Network]) -> list[Finding]:
    """Canal has Calico's kinds."""
    own = {group for network in networks for group in network.groups}
    own |= {"crd.projectcalico.org"} if any(network.name == "Canal" for network in networks) else set()
    strange = [group for group in evidence["groups"] if group not in own]
    if not strange:
        return []
    owners = list_names(dict.fromkeys(n.name for n in NETWORKS if set(n.groups) & set(strange)))
    text = (f"The cluster has kinds of {owners} ({list_names(strange)}), whose agents do not run: left over, or of a "
            "program that uses the same. They do nothing by themselves.")
    return [note(Verdict.INFO, Layer.CNI, text, evidence=(f"API groups: {list_names(strange)}", read_at(evidence)))]


PLUGIN = Look(
    name="cni.plugin", args=PluginArgs, gather=gather_plugin, judge=judge_plugin,
    reads=("list daemonsets.apps", "get daemonsets.apps", "get deployments.apps", "get /version",
           "list networkpolicies.networking.k8s.io", "get services", "list endpointslices.discovery.k8s.io"),
    by_hand="`kubectl get daemonsets -A`, `kubectl api-resources | grep -e calico -e cilium -e antrea` "
    "(https://kubernetes.io/docs/concepts/cluster-administration/addons/)",
)
