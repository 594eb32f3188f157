"""Causes in a pod's own DNS configuration, and in what kubelets make of it."""

from bot.diagnosis.cause import Cause
from bot.model.finding import Layer

POLICY_PAGE = "https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#pod-s-dns-policy"
CONFIG_PAGE = "https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#pod-dns-config"
LOCAL_PAGE = (
    "https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/"
    "#check-the-local-dns-configuration-first"
)
SPEC_BY_HAND = "`kubectl -n NAMESPACE get pod POD -o yaml` (dnsPolicy, dnsConfig, hostNetwork)"
FILE_BY_HAND = "`kubectl -n NAMESPACE exec POD -- cat /etc/resolv.conf`"
NODE_BY_HAND = "`kubectl get events -A --field-selector source=kubelet,type=Warning`"


def _client(
    code: str, title: str, meaning: str, mend: str, *, by_hand: str = SPEC_BY_HAND, source: str = POLICY_PAGE,
    explains: tuple[str, ...] = (),
) -> Cause:
    return Cause(code=code, layer=Layer.CLIENT, title=title, meaning=meaning, mend=mend, by_hand=by_hand,
                 source=source, explains=explains)


CLIENT: tuple[Cause, ...] = (
    _client(
        "dns.client.host-network", "A pod in its node's network does not ask the cluster's DNS",
        "With hostNetwork, dnsPolicy ClusterFirst is silently treated as Default: the pod has its node's resolv.conf, "
        "and names of the cluster do not resolve in it.",
        "Set dnsPolicy: ClusterFirstWithHostNet in the pod's template, and recreate the pod.",
    ),
    _client(
        "dns.client.policy", "A pod is not told to ask the cluster's DNS",
        "Its dnsPolicy is Default (the node's resolvers) or None (what stands in dnsConfig), so names of the cluster "
        "do not resolve in it.",
        "Set dnsPolicy: ClusterFirst in the pod's template, or give the cluster's DNS address and search list in "
        "dnsConfig, and recreate the pod.",
    ),
    _client(
        "dns.client.resolv-conf", "A pod's resolv.conf names another server than the cluster's DNS",
        "The file is written when the pod starts: it still holds the address that the kubelet handed out then.",
        "Recreate the pod; if the new one has the same file, set clusterDNS in the kubelet's configuration of its node "
        "to the clusterIP of the DNS Service and restart the kubelet.",
        by_hand=FILE_BY_HAND, source=LOCAL_PAGE,
    ),
    _client(
        "dns.client.search", "A pod does not search the cluster's domains",
        "Short names such as web or web.shop are completed by the search list of resolv.conf, which lacks the "
        "cluster's domains; full names (web.shop.svc.cluster.local) resolve.",
        "Use dnsPolicy ClusterFirst, or add NAMESPACE.svc.cluster.local, svc.cluster.local and cluster.local to "
        "dnsConfig.searches; or ask for full names.",
        by_hand=FILE_BY_HAND, source=CONFIG_PAGE,
    ),
    _client(
        "dns.client.ndots", "A pod has fewer ndots than short names need",
        "Names with at least so many dots are asked as they stand first. Alpine's resolver never searches for them "
        "then, others do it second.",
        "Leave ndots at 5, or at 2 at least; or ask for full names (web.shop.svc.cluster.local).", source=CONFIG_PAGE,
    ),
    _client(
        "dns.client.missing-cluster-dns", "A kubelet has no clusterDNS",
        "The kubelet cannot tell its pods where the cluster's DNS is; those with dnsPolicy ClusterFirst get the node's "
        "resolvers, and names of the cluster do not resolve in them.",
        "Set clusterDNS in the kubelet's configuration of the node (/var/lib/kubelet/config.yaml) to the clusterIP of "
        "the DNS Service, restart the kubelet and recreate the node's pods.",
        by_hand=NODE_BY_HAND, source=LOCAL_PAGE,
        explains=("dns.client.policy", "dns.client.resolv-conf", "dns.client.search", "dns.client.ndots"),
    ),
    _client(
        "dns.client.limits", "A kubelet leaves out resolvers or search domains",
        "resolv.conf may hold 3 nameservers and a limited search list; what the node's file or a pod's dnsConfig holds "
        "beyond that is dropped, so names under the dropped domains do not resolve.",
        "Shorten the node's resolv.conf (the kubelet's resolvConf) or the pod's dnsConfig.", by_hand=NODE_BY_HAND,
        source="https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/#known-issues",
    ),
)
