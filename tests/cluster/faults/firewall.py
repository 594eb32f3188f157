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


FIREWALL = (
    _row("firewall-53", "a node's firewall drops DNS", "udp", "tcp", answer="degraded"),
    _row("firewall-53-udp", "a node's firewall drops DNS over UDP, TCP passes", "udp", answer="broken",
         probe=True),
    # No probe pod is allowed, and netcheck runs in a pod on the second node: of the two, that one is named.
    Fault(name="own-pod-cut-off", reference="D41", network="bridge", stage=(OwnPod(),), own_pod=True,
          says="what netcheck's own pod sends to pods of another node is lost", playbook="connectivity",
          breaks=(Firewall((f"ip saddr 10.244.0.0/16 {PODS} drop",), hooks=("forward",), nodes=(FIRST,)),),
          roots=(Root("cni.path", "cni", f"Node {SECOND}"),)),
)
