"""kube-router: routes by BGP (https://www.kube-router.io/docs/)."""

from bot.networks.network import Network, Port

KUBE_ROUTER = Network(
    name="kube-router", agents=("kube-router",), labels=(("k8s-app", "kube-router"),), containers=("kube-router",),
    ports=(Port("tcp", 179, "BGP"),),
    files=("10-kuberouter.conflist",), stands_in="may", status="kubectl -n NAMESPACE logs POD --tail=50",
)
