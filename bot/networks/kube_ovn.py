"""Kube-OVN (https://kubeovn.github.io/docs/)."""

from bot.networks.network import Network, Port

KUBE_OVN = Network(
    name="Kube-OVN", agents=("kube-ovn-cni",), labels=(("app", "kube-ovn-cni"),), plugins=("kube-ovn",),
    containers=("cni-server",), ranges="own", ports=(Port("udp", 6081, "Geneve"),),
    files=("01-kube-ovn.conflist",), controllers=("kube-ovn-controller",), groups=("kubeovn.io",), overhead=100,
    stands_in="may", status="kubectl -n NAMESPACE logs POD -c cni-server --tail=50",
)
