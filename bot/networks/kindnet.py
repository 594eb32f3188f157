"""kindnet, the network of kind: routes between nodes, no tunnel. Enforces policies from kind 0.24 on,
whose first image is kindnetd:v20240813 (kubernetes-sigs/kind#842, #3612)."""

from bot.networks.network import Enforcer, Network, View

KINDNET = Network(
    name="kindnet", agents=("kindnet",), labels=(("k8s-app", "kindnet"), ("app", "kindnet")), plugins=("ptp",),
    hidden=True, containers=("kindnet-cni",),
    enforcer=Enforcer(since="v20240813"),
    files=("10-kindnet.conflist",), status="kubectl -n NAMESPACE logs POD --tail=50",
    view=View("kindnet-cni", "/etc/cni/net.d"),
)
