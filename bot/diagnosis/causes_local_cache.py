"""Causes in NodeLocal DNSCache."""

from bot.diagnosis.cause import Cause, Scope
from bot.model.finding import Layer

CACHE_PAGE = "https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/"
CACHE_BY_HAND = ("`kubectl -n kube-system get daemonset node-local-dns` and `kubectl -n kube-system get pods -l "
                 "k8s-app=node-local-dns -o wide`")


def _cache(
    code: str, title: str, meaning: str, mend: str, *, by_hand: str = CACHE_BY_HAND, scope: Scope = "cluster",
    explains: tuple[str, ...] = (),
) -> Cause:
    return Cause(code=code, layer=Layer.DNS_SERVICE, title=title, meaning=meaning, mend=mend, by_hand=by_hand,
                 source=CACHE_PAGE, scope=scope, explains=explains)


CACHE: tuple[Cause, ...] = (
    _cache(
        "dns.local-cache.template", "The configuration of the node-local DNS cache is an unfilled template",
        "The manifest is a template: __PILLAR__DNS__SERVER__, __PILLAR__LOCAL__DNS__ and __PILLAR__DNS__DOMAIN__ must "
        "be replaced before it is applied. Two others are filled in by the cache itself.",
        "Replace them with sed as the page says, and apply it again.",
        by_hand="`kubectl -n kube-system get configmap node-local-dns -o yaml`", explains=("dns.local-cache.down",),
    ),
    _cache(
        "dns.local-cache.missing", "The node-local DNS cache is gone, and kubelets still send pods to it",
        "Pods ask the link-local address of clusterDNS, on which nobody listens any more: the DaemonSet of the cache "
        "does not exist, while its Service kube-dns-upstream was left behind.",
        "Install the cache again, or set clusterDNS in the kubelets' configuration to the clusterIP of the DNS "
        "Service, restart the kubelets and recreate the pods.",
        by_hand="`kubectl get daemonsets -A`, and clusterDNS in the kubelet's configuration",
    ),
    _cache(
        "dns.local-cache.address", "Kubelets send pods to another address than the node-local DNS cache has",
        "Pods ask the link-local address of clusterDNS; the cache binds another one.",
        "Set clusterDNS in the kubelets' configuration to an address that the cache binds, or the other way round.",
        by_hand="`kubectl -n kube-system get configmap node-local-dns -o yaml` (bind), and clusterDNS in the kubelet's "
        "configuration",
    ),
    _cache(
        "dns.local-cache.upstream", "The node-local DNS cache does not reach the DNS pods",
        "The cache asks Service kube-dns-upstream for names of the cluster, over TCP. Other names it asks elsewhere, "
        "so those still resolve.",
        "Set the selector of Service kube-dns-upstream to the labels of the DNS pods, with ports 53/UDP and 53/TCP.",
        by_hand="`kubectl -n kube-system get service kube-dns-upstream -o yaml` and `kubectl -n kube-system get "
        "endpointslices -l kubernetes.io/service-name=kube-dns-upstream`",
    ),
    _cache(
        "dns.local-cache.down", "The node-local DNS cache is down on a node", scope="node",
        meaning="Pods of the node ask the cache at its link-local address; nothing else answers there.",
        mend="`kubectl -n kube-system describe pod POD` and `kubectl -n kube-system logs POD --previous` of the "
        "cache's pod on that node.",
    ),
)
