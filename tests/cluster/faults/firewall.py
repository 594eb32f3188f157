"""Faults that no object shows: the firewall of one node drops what is sent to the DNS pods there."""

from typing import Literal

from tests.cluster.faults.fault import Fault, Root
from tests.cluster.faults.node import NODES, Firewall
from tests.cluster.own_pod import OwnPod

FIRST, SECOND = NODES[:2]
PODS = "ip daddr 10.244.0.0/16"


def _row(
    name: str, says: str, *protocols: str, answer: Literal["broken", "degraded"], probe: bool = False
) -> Fault:
    rules = tuple(f"{PODS} {protocol} dport 53 drop" for protocol in protocols)
    return Fault(
        name=name, reference="D41", says=says, network="bridge", answer=answer, probe=probe,
        breaks=(Firewall(rules, hooks=("forward",), nodes=(SECOND,)),),
        roots=(Root("node.dns-port", "node", f"Node {SECOND}"),), mentions=("53",),
    )


def _from_own_pod(name: str, says: str, what: str, root: Root, playbook: str) -> Fault:
    """No probe pod is allowed, and netcheck runs in a pod on the second node."""
    rule = " ".join(filter(None, (what, "ip saddr 10.244.0.0/16", PODS, "drop")))
    return Fault(name=name, reference="D41", says=says, network="bridge", stage=(OwnPod(),), own_pod=True,
                 breaks=(Firewall((rule,), hooks=("forward",), nodes=(FIRST,)),), roots=(root,), playbook=playbook)


FIREWALL = (
    _row("firewall-53", "a node's firewall drops DNS", "udp", "tcp", answer="degraded"),
    _row("firewall-53-udp", "a node's firewall drops DNS over UDP, TCP passes", "udp", answer="broken",
         probe=True),
    _from_own_pod("own-pod-udp", "DNS over UDP is lost on the way from netcheck's own pod", "udp dport 53",
                  Root("node.dns-port", "node", f"Node {FIRST}"), "dns"),
    _from_own_pod("own-pod-cut-off", "what netcheck's own pod sends to pods of another node is lost", "",
                  Root("cni.path", "cni", f"Node {SECOND}"), "connectivity"),
)
