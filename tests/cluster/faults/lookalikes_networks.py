"""Healthy networks that look ill: asked about the network plugin, nothing may be called broken there."""

from typing import Any

from tests.cluster.faults.api import Create
from tests.cluster.faults.conditions import NOW, Condition, both, daemon_pods, grown, node_ready
from tests.cluster.faults.fault import Fault, Injection, Network
from tests.cluster.faults.node import NODES, RemakeNode, StopProcess
from tests.cluster.faults.objects import Ref
from tests.cluster.rig.images import SHELL

SECOND = NODES[1]
NO_RANGE_LEFT = {
    "apiVersion": "v1", "kind": "Event", "metadata": {"name": "netcheck-no-range", "namespace": "default"},
    "involvedObject": {"apiVersion": "v1", "kind": "Node", "name": SECOND, "uid": SECOND},
    "reason": "CIDRNotAvailable", "message": f"Node {SECOND} status is now: CIDRNotAvailable", "type": "Normal",
    "source": {"component": "cidrAllocator"}, "lastTimestamp": "2026-01-01T00:00:00Z",
}
ALL: tuple[Network, ...] = ("bridge", "flannel", "weave", "calico")


def _ok(name: str, reference: str, says: str, network: Network, *breaks: Injection, wait: Condition = NOW) -> Fault:
    return Fault(name=name, reference=reference, says=says, network=network, playbook="cni", answer="ok",
                 breaks=breaks, wait=wait)


def _sleeping(daemon: str, **labels: str) -> dict[str, Any]:
    """A DaemonSet by the name of a network's, whose pods run and do nothing."""
    container = {"name": "main", "image": SHELL, "imagePullPolicy": "IfNotPresent",
                 "command": ["sleep", "3600"]}
    spec = {"hostNetwork": True, "terminationGracePeriodSeconds": 0, "tolerations": [{"operator": "Exists"}],
            "containers": [container]}
    return {"apiVersion": "apps/v1", "kind": "DaemonSet",
            "metadata": {"name": daemon, "namespace": "default", "labels": labels},
            "spec": {"selector": {"matchLabels": labels},
                     "template": {"metadata": {"labels": labels}, "spec": spec}}}


def _beside(name: str, says: str, network: Network, daemon: dict[str, Any]) -> Fault:
    ref = Ref("DaemonSet", daemon["metadata"]["name"], "default")
    return _ok(name, "H29", says, network, Create((daemon,)), wait=daemon_pods(ref, len(NODES)))


LOOKALIKES_OF_NETWORKS = (
    *(_ok(f"cni-healthy-{network}", "H20", "nothing is wrong with the network plugin", network) for network in ALL),
    _ok("calico-no-range-left", "H16", "an event says that no range is left, which Calico does not use", "calico",
        Create((NO_RANGE_LEFT,))),
    _ok("calico-node-without-range", "H21", "a node has no podCIDR, which Calico does not use", "calico",
        StopProcess("kcm"), RemakeNode(SECOND, ""),
        wait=both(node_ready(SECOND, ready=True), grown(Ref("Node", SECOND, "")))),
    _beside("multus-on-flannel", "Multus, which calls other plugins, runs beside Flannel", "flannel",
            _sleeping("kube-multus-ds", name="multus")),
    _beside("calico-on-flannel", "Calico's policies on Flannel's network, by hand", "flannel",
            _sleeping("calico-node", **{"k8s-app": "calico-node"})),
)
