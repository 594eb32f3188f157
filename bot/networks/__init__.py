"""What differs between network plugins: how each is recognised in a cluster and what is known about it.

One row of NETWORKS for each; adding one is one row here. May import: model. Called by diagnosis and steps.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Policy = Literal["yes", "no", "with an extra"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """`agents`: names of its DaemonSets. `labels`: (key, value) pairs on them. `meta`: it only calls other plugins.

    `policy`: whether NetworkPolicies are enforced. `note`: what a person should know, if anything.
    """

    name: str
    agents: tuple[str, ...]
    labels: tuple[tuple[str, str], ...] = ()
    policy: Policy = "yes"
    meta: bool = False
    note: str = ""


NETWORKS: tuple[Network, ...] = (
    Network(name="Canal", agents=("canal", "rke2-canal"), labels=(("k8s-app", "canal"),)),
    Network(name="Calico", agents=("calico-node",), labels=(("k8s-app", "calico-node"),)),
    Network(
        name="Flannel", agents=("kube-flannel-ds", "kube-flannel"), labels=(("app", "flannel"), ("k8s-app", "flannel")),
        policy="with an extra",
    ),
    Network(
        name="Weave Net", agents=("weave-net",), labels=(("name", "weave-net"),),
        note="Weave Net is no longer maintained (last release 2.8.1)",
    ),
    Network(name="Cilium", agents=("cilium", "anetd"), labels=(("k8s-app", "cilium"),)),
    Network(name="Amazon VPC CNI", agents=("aws-node",), labels=(("k8s-app", "aws-node"),), policy="with an extra"),
    Network(name="Azure CNI", agents=("azure-cns", "azure-cni"), labels=(("k8s-app", "azure-cns"),),
            policy="with an extra"),
    Network(name="kindnet", agents=("kindnet",), labels=(("k8s-app", "kindnet"),)),
    Network(name="OVN-Kubernetes", agents=("ovnkube-node",), labels=(("app", "ovnkube-node"),)),
    Network(name="OpenShift SDN", agents=("sdn",), labels=(("app", "sdn"),)),
    Network(name="Antrea", agents=("antrea-agent",), labels=(("component", "antrea-agent"),)),
    Network(name="Kube-OVN", agents=("kube-ovn-cni",), labels=(("app", "kube-ovn-cni"),)),
    Network(name="kube-router", agents=("kube-router",), labels=(("k8s-app", "kube-router"),)),
    Network(name="Multus", agents=("multus", "kube-multus-ds"), labels=(("name", "multus"),), meta=True),
)

REPLACES_PROXY = frozenset({"OVN-Kubernetes", "OpenShift SDN"})
"""Networks that bring their own way to Services: a kube-proxy is never expected beside them."""


def recognise(name: str, labels: Mapping[str, str]) -> Network | None:
    """The network whose agent a DaemonSet of this name and these labels is."""
    for network in NETWORKS:
        if name in network.agents or any(labels.get(key) == value for key, value in network.labels):
            return network
    return None


def recognise_all(daemon_sets: Iterable[Mapping[str, object]]) -> tuple[tuple[Network, Mapping[str, object]], ...]:
    """Every agent among DaemonSets in the form {name, labels, …}, in the order of NETWORKS."""
    found = []
    for item in daemon_sets:
        labels = item.get("labels")
        network = recognise(str(item.get("name", "")), labels if isinstance(labels, dict) else {})
        if network:
            found.append((network, item))
    return tuple(sorted(found, key=lambda pair: NETWORKS.index(pair[0])))
