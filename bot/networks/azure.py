"""Azure CNI (https://learn.microsoft.com/azure/aks/concepts-network-cni-overview): addresses by Azure."""

from bot.networks.network import Network

AZURE = Network(
    name="Azure CNI", agents=("azure-cns", "azure-cni"), labels=(("k8s-app", "azure-cns"),), plugins=("azure-vnet",),
    containers=("cns-container",), policy="with an extra", ranges="own", hidden=True,
    beside=frozenset({"Cilium", "Calico"}),
    files=("10-azure.conflist", "15-azure-swift-overlay.conflist"),
    status="kubectl -n NAMESPACE logs POD -c cns-container --tail=50",
)
