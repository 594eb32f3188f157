"""Objects that faults are made in and found in."""

import json
from dataclasses import dataclass
from typing import Any

from tests.cluster.rig import Cluster
from tests.cluster.rig.images import DOMAIN, SHELL
from tests.cluster.rig.site import KUBERNETES


@dataclass(frozen=True, slots=True)
class Ref:
    """An object of the cluster; as a string it reads as findings name it. `namespace` is empty where it has none."""

    kind: str
    name: str
    namespace: str = "kube-system"

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def where(self) -> tuple[str, ...]:
        """kubectl's words for it, without the verb."""
        return (*(("-n", self.namespace) if self.namespace else ()), self.kind.lower(), self.name)

    def find(self, cluster: Cluster) -> dict[str, Any] | None:
        printed = cluster.kubectl("get", *self.where, "--ignore-not-found", "-o", "json")
        found: dict[str, Any] | None = json.loads(printed) if printed.strip() else None
        return found

    def read(self, cluster: Cluster) -> dict[str, Any]:
        found = self.find(cluster)
        assert found is not None, f"{self} does not exist"
        return found


def pod_on(node: str, name: str, namespace: str = "default") -> dict[str, Any]:
    """A pod that wants a network on that node, past the scheduler, and does nothing with it."""
    container = {"name": "main", "image": SHELL, "imagePullPolicy": "IfNotPresent",
                 "command": ["sleep", "3600"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace},
            "spec": {"nodeName": node, "terminationGracePeriodSeconds": 0, "containers": [container],
                     "tolerations": [{"operator": "Exists"}]}}


def slice_by_hand(name: str, service: Ref, address: str, port: int, *names: str) -> dict[str, Any]:
    """An EndpointSlice of that Service that no controller keeps: one address, and its port under each of the names."""
    ports = [{"name": each, "port": port, "protocol": "UDP" if each == "dns" else "TCP"} for each in names]
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", "ports": ports,
            "metadata": {"name": name, "namespace": service.namespace,
                         "labels": {"kubernetes.io/service-name": service.name}},
            "endpoints": [{"addresses": [address], "conditions": {"ready": True}}]}


DNS_SERVICE = Ref("Service", "kube-dns")
DNS_DEPLOYMENT = Ref("Deployment", "coredns")
COREFILE = Ref("ConfigMap", "coredns")
DNS_ACCOUNT = Ref("ServiceAccount", "coredns")
DNS_ROLE = Ref("ClusterRole", "system:coredns", "")
DNS_BINDING = Ref("ClusterRoleBinding", "system:coredns", "")
KUBELET_CONFIG = Ref("ConfigMap", "kubelet-config")
PROXY = Ref("DaemonSet", "kube-proxy")
PROXY_CONFIG = Ref("ConfigMap", "kube-proxy")
PROXY_ACCOUNT = Ref("ServiceAccount", "kube-proxy")
PROXY_BINDING = Ref("ClusterRoleBinding", "kubeadm:node-proxier", "")
PROXY_IMAGE = f"{DOMAIN}/kube-proxy:{KUBERNETES}"
NOBODY = "10.244.9.9"
"""A pod's address that no pod has."""
DNS_PODS, PROXY_PODS = "k8s-app=kube-dns", "k8s-app=kube-proxy"
"""Labels of the pods."""


@dataclass(frozen=True, slots=True)
class Agent:
    """A network plugin's agent: its DaemonSet, its pods' label, account and role, and the ports its nodes meet on."""

    network: str
    set: Ref
    pods: str
    account: Ref
    binding: Ref
    ports: str


FLANNEL = Agent(
    "flannel", Ref("DaemonSet", "kube-flannel-ds", "kube-flannel"), "app=flannel",
    Ref("ServiceAccount", "flannel", "kube-flannel"), Ref("ClusterRoleBinding", "flannel", ""), "udp dport 8472")
WEAVE = Agent(
    "weave", Ref("DaemonSet", "weave-net"), "name=weave-net", Ref("ServiceAccount", "weave-net"),
    Ref("ClusterRoleBinding", "weave-net", ""), "meta l4proto { tcp, udp } th dport 6783-6784")
CALICO = Agent(
    "calico", Ref("DaemonSet", "calico-node"), "k8s-app=calico-node", Ref("ServiceAccount", "calico-node"),
    Ref("ClusterRoleBinding", "calico-node", ""), "udp dport 4789")
