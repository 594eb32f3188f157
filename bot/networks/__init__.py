"""What differs between network plugins: how each is recognised in a cluster and what is known about it.

One file for each, one line in NETWORKS. Weave Net, Flannel and Calico were seen at work and at fault on a real
cluster; what is said about the others comes from their own documentation. May import: model. Called by diagnosis and
steps.
"""

from collections.abc import Iterable, Mapping

from bot.networks.antrea import ANTREA
from bot.networks.aws import AMAZON_VPC
from bot.networks.azure import AZURE
from bot.networks.bridge import BRIDGE
from bot.networks.calico import CALICO
from bot.networks.canal import CANAL
from bot.networks.cilium import CILIUM
from bot.networks.flannel import FLANNEL
from bot.networks.generic import GENERIC as GENERIC
from bot.networks.kindnet import KINDNET
from bot.networks.kube_ovn import KUBE_OVN
from bot.networks.kube_router import KUBE_ROUTER
from bot.networks.multus import MULTUS
from bot.networks.network import Enforcer as Enforcer
from bot.networks.network import Install as Install
from bot.networks.network import Network as Network
from bot.networks.network import Port as Port
from bot.networks.network import Right as Right
from bot.networks.network import Sign as Sign
from bot.networks.network import View as View
from bot.networks.openshift import OPENSHIFT_SDN, OVN_KUBERNETES
from bot.networks.weave import WEAVE

NETWORKS: tuple[Network, ...] = (
    CANAL, CALICO, FLANNEL, WEAVE, CILIUM, AMAZON_VPC, AZURE, KINDNET, OVN_KUBERNETES, OPENSHIFT_SDN, ANTREA,
    KUBE_OVN, KUBE_ROUTER, MULTUS, BRIDGE,
)


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


def find_network(name: str) -> Network | None:
    return next((network for network in NETWORKS if network.name == name), None)


def hang_on_bridge(names: Iterable[str]) -> bool:
    """Whether pods of one of these networks hang on a bridge of their node."""
    return any(network.bridged for name in names if (network := find_network(name)))


def find_plugin(word: str) -> Network | None:
    """The network whose plugin an event of a pod names."""
    return next((network for network in NETWORKS if word in network.plugins), None)
