"""kindnet, the network of kind: routes between nodes, no tunnel. Enforces policies from kind 0.24 on."""

from bot.networks.network import Network

KINDNET = Network(
    name="kindnet", agents=("kindnet",), labels=(("k8s-app", "kindnet"), ("app", "kindnet")), plugins=("ptp",),
    containers=("kindnet-cni",),
)
