"""Faults below everything: nodes, their network configuration, the control plane's controllers."""

import json

from tests.cluster.faults.api import Kubectl, RestartPods
from tests.cluster.faults.conditions import NO_DNS_PODS, NOW, PENDING, both, dns_pods, endpoints, grown, node_ready
from tests.cluster.faults.fault import Fault, Root
from tests.cluster.faults.node import NODES, AddFile, HideFiles, StopProcess
from tests.cluster.faults.objects import DNS_DEPLOYMENT, DNS_PODS, Ref

SECOND = NODES[1]
OLD_ENOUGH = grown(Ref("Node", SECOND, ""))


def _unavailable(status: str) -> tuple[str, ...]:
    """A condition of its own, which no kubelet puts right."""
    told = {"type": "NetworkUnavailable", "status": status, "reason": "NoRouteCreated", "message": "no route was made"}
    return ("patch", "node", SECOND, "--subresource=status", "--type=strategic", "-p",
            json.dumps({"status": {"conditions": [told]}}))


ON_THAT_NODE = ("dns.pods.node-down", "dns.pods.not-ready", "proxy.not-covering", "node.kubelet-way")

NODE_FAULTS = (
    Fault(
        name="no-network-plugin", reference="C01", says="no network plugin was ever installed", network="none",
        before=NOW, wait=both(PENDING, dns_pods(2, ready=False)), roots=(Root("cni.missing", "cni", "Nodes"),),
        consequences=("dns.pods.pending.no-network", "dns.endpoints.none-ready"), mentions=("Install one network",),
        healed=NOW,
    ),
    Fault(
        name="network-configuration-removed", reference="C02", network="bridge",
        says="the network configuration is taken away from all nodes under running pods",
        breaks=tuple(HideFiles(node, "cni/net.d") for node in NODES),
        wait=both(node_ready("n1", ready=False), node_ready("n2", ready=False)),
        roots=(Root("cni.*", "cni", "Nodes"),), consequences=("dns.pods.*", "dns.endpoints.*", "cni.*"),
    ),
    Fault(
        name="network-configuration-removed-on-a-node", reference="C02", network="bridge", answer="degraded",
        says="the network configuration is taken away from one node", breaks=(HideFiles(SECOND, "cni/net.d"),),
        wait=both(node_ready(SECOND, ready=False), OLD_ENOUGH),
        roots=(Root("cni.not-configured", "cni", f"Node {SECOND}"),), consequences=ON_THAT_NODE,
    ),
    Fault(
        name="bad-first-configuration", reference="C04", network="bridge", answer="degraded",
        says="an invalid file comes before the network configuration of a node",
        breaks=(AddFile(SECOND, "cni/net.d/00-bad.conf", "{}"),),
        wait=both(node_ready(SECOND, ready=False), OLD_ENOUGH),
        roots=(Root("cni.not-configured", "cni", f"Node {SECOND}"),), consequences=ON_THAT_NODE,
    ),
    Fault(
        name="node-network-unavailable", reference="C34", network="bridge", answer="degraded", playbook="network",
        says="a node says that the cloud has made no route for its pods",
        breaks=(Kubectl(_unavailable("True"), _unavailable("False")),), wait=OLD_ENOUGH,
        roots=(Root("cni.network-unavailable", "cni", f"Node {SECOND}"),), mentions=("no route was made",),
    ),
    Fault(
        name="kubelet-stopped", reference="K01", network="bridge", answer="degraded",
        says="the kubelet of one node is silent", breaks=(StopProcess(f"kubelet-{SECOND}"),),
        wait=both(node_ready(SECOND, ready=False), endpoints(1)),
        roots=(Root("node.not-ready", "node", f"Node {SECOND}"),), consequences=ON_THAT_NODE,
        mentions=("systemctl status kubelet",),
    ),
    Fault(
        name="controllers-stopped", reference="S17", network="bridge",
        says="the kube-controller-manager does not run when the DNS pods are deleted",
        breaks=(StopProcess("kcm"), RestartPods(DNS_PODS)), wait=NO_DNS_PODS,
        roots=(Root("dns.pods.missing", "dns-workload", str(DNS_DEPLOYMENT)),), mentions=("kube-controller-manager",),
        consequences=("dns.endpoints.*",),
    ),
)
