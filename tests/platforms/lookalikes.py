"""Healthy clusters that look ill, as further edits of healthy bundles. Most look-alikes are a platform as it is:

    H01 k3s · H02 gke · H03 gke-cloud-dns · H05 node-local-dns · H07 kind, k3s · H20 eks, kubeadm · H21 eks, cilium,
    openshift · H22 eks (Fargate) · H29 rke2 (Canal) · H31, H32 all of them · H34 k3s, aks, openshift
"""

import copy

from bot.playground.bundle import Bundle, Object
from tests.platforms.edits import Edit, add, change, edits, is_meant, set_path

BARE_COREFILE = """.:53 {
    errors
    health
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods verified
        fallthrough in-addr.arpa ip6.arpa
    }
    autopath @kubernetes
    prometheus :9153
    forward . 192.0.2.53 192.0.2.54
}
corp.example.org:53 {
    errors
    forward . 192.0.2.60
}
"""


def like(kind: str, name: str, alter: Edit, new: str) -> Edit:
    """A further object like that one, under a name of its own."""

    def apply(bundle: Bundle) -> Bundle:
        item: Object = copy.deepcopy(next(x for x in bundle.objects if is_meant(x, kind, name)))
        item["metadata"] |= {"name": new, "uid": new}
        return edits(add(item), alter)(bundle)

    return apply


def node(name: str, labels: Object, taint: str = "", os: str = "linux") -> Edit:
    def alter(item: Object) -> None:
        item["metadata"]["labels"] = {"kubernetes.io/os": os, "kubernetes.io/hostname": name, **labels}
        item["spec"] = {"taints": [{"key": taint, "effect": "NoSchedule"}]} if taint else {}
        item["status"]["nodeInfo"]["operatingSystem"] = os
        item["status"]["addresses"] = [{"type": "InternalIP", "address": "192.168.10.99"},
                                       {"type": "Hostname", "address": name}]

    return like("Node", "node-", change("Node", name, alter), name)


def daemons(platform_agent: str, name: str, labels: Object) -> Edit:
    """Another agent beside the one that is there."""

    def alter(item: Object) -> None:
        item["metadata"]["labels"] = labels
        item["spec"]["selector"]["matchLabels"] = labels
        item["spec"]["template"]["metadata"]["labels"] = labels

    return like("DaemonSet", platform_agent, change("DaemonSet", name, alter), name)


LOOKALIKES: dict[str, tuple[str, Edit]] = {
    "H22 a virtual node runs no kube-proxy": ("aks", node(
        "virtual-node-aci", {"type": "virtual-kubelet"}, "virtual-kubelet.io/provider")),
    "H22 a Windows node runs no Linux agents": ("aks", node("akswin000000", {}, os="windows")),
    "H29 Multus beside the network": ("kubeadm", daemons("calico-node", "kube-multus-ds", {"name": "multus"})),
    "H34 a Corefile without loop, reload and cache, with autopath and a block more": ("kubeadm", change(
        "ConfigMap", "coredns", set_path("data.Corefile", BARE_COREFILE))),
}
"""What is done to which platform."""
