"""Faults of the network plugin's agents: missing on a node, not permitted, cut off from their peers."""

import re

from tests.cluster.faults.api import Delete, Patch, RestartPods, Wake
from tests.cluster.faults.conditions import both, daemon_pods, event, grown, left_out
from tests.cluster.faults.fault import Answer, Fault, Network, Root
from tests.cluster.faults.node import NODES, Firewall
from tests.cluster.faults.objects import CALICO, FLANNEL, WEAVE, Agent, Ref

SECOND = NODES[1]
NETWORKS: dict[str, Network] = {"flannel": "flannel", "weave": "weave", "calico": "calico"}
NO_NETWORK = ("cni.*", "dns.pods.*", "dns.endpoints.*", "node.not-ready")
NOT_THERE = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
    {"matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": [SECOND]}]}]}}}
NAMESPACE = Ref("Namespace", "kube-flannel", "")


def _missing(agent: Agent, answer: Answer = "degraded") -> Fault:
    """`broken` where pods on the node are not reached any longer without it."""
    return Fault(
        name=f"{agent.network}-agent-missing", reference="C06/C11", network=NETWORKS[agent.network], answer=answer,
        says="the agent's DaemonSet leaves out one node",
        breaks=(Patch(agent.set, {"spec": {"template": {"spec": {"affinity": NOT_THERE}}}}),),
        wait=both(left_out(agent.set, 1), both(grown(agent.set), grown(Ref("Node", SECOND, "")))),
        roots=(Root("cni.agent", "cni", str(agent.set)),), consequences=NO_NETWORK,
        mentions=(SECOND,),
    )


def _denied(agent: Agent, answer: Answer = "broken") -> Fault:
    """`degraded` where the agent has no probe, is Ready all the same, and the nodes keep what it last wrote."""
    return Fault(
        name=f"{agent.network}-agent-denied", reference="C09", network=NETWORKS[agent.network], answer=answer,
        says="nothing gives the agent its role, and its pods are made anew",
        breaks=(Delete(agent.binding), RestartPods(agent.pods, agent.set.namespace)),
        wait=daemon_pods(agent.set, 0 if answer == "broken" else len(NODES)),
        roots=(Root("cni.agent.forbidden", "cni", str(agent.account)),), consequences=NO_NETWORK,
        mentions=(str(agent.account),),
    )


def _cut_off(agent: Agent, root: Root) -> Fault:
    return Fault(
        name=f"{agent.network}-cut-off", reference="C17/C23", network=NETWORKS[agent.network],
        says="the nodes' firewall drops what the agents send each other",
        breaks=(Firewall((f"iifname != lo {agent.ports} drop",), hooks=("input",)),), roots=(root,),
        consequences=NO_NETWORK, mentions=(re.findall(r"\d{4}", agent.ports)[0],),
    )


CUT = Root("cni.path", "cni", f"Node {SECOND}")
AGENT_FAULTS = (
    _missing(FLANNEL), _missing(WEAVE, "broken"), _missing(CALICO),
    _denied(FLANNEL, "degraded"), _denied(WEAVE), _denied(CALICO),
    _cut_off(FLANNEL, CUT), _cut_off(CALICO, CUT),
    _cut_off(WEAVE, CUT),  # its routers tell of it themselves only when they have noticed, after 40 seconds
    Fault(
        name="flannel-not-privileged", reference="C09", network="flannel",
        says="Flannel's namespace forbids privileged pods, and its pods are made anew",
        breaks=(Patch(NAMESPACE, {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "baseline"}}}),
                RestartPods(FLANNEL.pods, NAMESPACE.name), Wake(FLANNEL.set)),
        wait=both(daemon_pods(FLANNEL.set, 0), event(NAMESPACE.name, "FailedCreate", "violates PodSecurity")),
        roots=(Root("cni.agent.refused", "cni", str(NAMESPACE)),), consequences=NO_NETWORK,
        mentions=("privileged", str(NAMESPACE)),
    ),
)
