"""kindnet, the network of kind: routes between nodes, no tunnel. Enforces policies from kind 0.24 on."""

from bot.networks.network import Network, View

KINDNET = Network(
    name="kindnet", agents=("kindnet",), labels=(("k8s-app", "kindnet"), ("app", "kindnet")), plugins=("ptp",),
    hidden=True, containers=("kindnet-cni",),
    files=("10-kindnet.conflist",), status="kubectl -n NAMESPACE logs POD --tail=50",
    view=View("kindnet-cni", "/etc/cni/net.d"),
)
