"""Causes in NetworkPolicies: what they keep apart, names first, and what makes them other than they were meant."""

from bot.diagnosis.cause import Cause
from bot.model.finding import Layer

PAGE = "https://kubernetes.io/docs/concepts/services-networking/network-policies/"

NOT_ASKED = ("dns.policy.client", "dns.endpoints.none-ready", "dns.pods.not-ready", "dns.pods.liveness")
ASKS_NOBODY = (
    "dns.upstream.unreachable", "dns.upstream.stub", "dns.pods.api-path", "dns.pods.unsynced", "dns.pods.not-ready",
    "dns.pods.crashing", "dns.endpoints.none-ready", "dns.query.*",
)

POLICY: tuple[Cause, ...] = (
    Cause(
        code="dns.policy.isolated", layer=Layer.POLICY, title="A NetworkPolicy cuts the DNS pods off both ways",
        explains=(*NOT_ASKED, *ASKS_NOBODY),
        meaning="One policy selects the DNS pods for Ingress and for Egress (often a default-deny of the whole "
        "namespace): they can neither be asked, nor ask the API server or other resolvers.",
        by_hand="`kubectl -n kube-system get networkpolicies -o yaml`",
        mend="Add policies that allow 53/UDP and 53/TCP to the DNS pods from everywhere, and from them to the "
        "resolvers and to the API servers.",
        source=f"{PAGE}#default-deny-all-ingress-and-all-egress-traffic",
    ),
    Cause(
        code="dns.policy.ingress", layer=Layer.POLICY, title="NetworkPolicies keep pods from asking the DNS pods",
        explains=NOT_ASKED,
        meaning="A policy in the namespace of the DNS pods selects them for Ingress, and no rule of any policy there "
        "allows port 53 from the pods that ask. Lookups time out, although the DNS server itself is healthy.",
        by_hand="`kubectl -n kube-system get networkpolicies -o yaml` (podSelector, ingress), and `kubectl -n "
        "kube-system get pods -l k8s-app=kube-dns --show-labels`",
        mend="Add a policy that allows 53/UDP and 53/TCP to the DNS pods from everywhere.",
        source=f"{PAGE}#default-deny-all-ingress-traffic",
    ),
    Cause(
        code="dns.policy.egress", layer=Layer.POLICY, title="NetworkPolicies keep the DNS pods from asking",
        explains=ASKS_NOBODY,
        meaning="A policy selects the DNS pods for Egress, and no rule allows what they need: the API servers, from "
        "which they learn the cluster's names, and the resolvers that they forward other names to.",
        by_hand="`kubectl -n kube-system get networkpolicies -o yaml` (egress), and `kubectl -n default get "
        "endpointslices -l kubernetes.io/service-name=kubernetes` (policies see these addresses, not the Service's)",
        mend="Add a policy that allows the DNS pods 53/UDP and 53/TCP to the resolvers, and TCP to the API servers' "
        "addresses and port.",
        source=f"{PAGE}#default-deny-all-egress-traffic",
    ),
    Cause(
        code="dns.policy.other", layer=Layer.POLICY, title="A policy of Calico's own kind cuts the DNS pods off",
        explains=(*NOT_ASKED, *ASKS_NOBODY),
        meaning="A GlobalNetworkPolicy selects the DNS pods and allows nothing, often a default-deny for the whole "
        "cluster, and no other policy allows them anything.",
        by_hand="`kubectl get globalnetworkpolicies.crd.projectcalico.org -o yaml` (selector, types, rules)",
        mend="Leave system namespaces out of it (`kubectl edit globalnetworkpolicies.crd.projectcalico.org NAME`, "
        "namespaceSelector: kubernetes.io/metadata.name not in {'kube-system'}), or allow the DNS pods port 53 from "
        "everywhere, and the resolvers and API servers that they ask, by a policy of a lower order.",
        source="https://docs.tigera.io/calico/latest/network-policy/get-started/kubernetes-default-deny",
    ),
    Cause(
        code="dns.policy.client", layer=Layer.POLICY, title="NetworkPolicies keep a pod from asking for names",
        meaning="A policy in the pod's own namespace selects it for Egress, and no rule allows port 53 to the DNS "
        "pods, or to the node-local cache, which is an address of the node and is matched by ipBlock only. DNS works "
        "from other namespaces.",
        by_hand="`kubectl -n NAMESPACE get networkpolicies -o yaml` (egress)",
        mend="Add a policy that allows the namespace's pods 53/UDP and 53/TCP to the DNS pods; with NodeLocal DNSCache "
        "also an ipBlock with the cache's address.",
        source=f"{PAGE}#default-deny-all-egress-traffic",
    ),
    Cause(
        code="policy.not-enforced", layer=Layer.POLICY, title="NetworkPolicies exist and nothing enforces them",
        meaning="The API server takes policies whether or not anything acts on them. Flannel and plain bridges do not "
        "by themselves: what these policies forbid passes all the same, and whoever wrote them believes it does not.",
        by_hand="`kubectl get networkpolicies -A`; try what one of them forbids, from a pod: it passes",
        mend="Run a network plugin, or an enforcer beside it, that acts on them. All that they forbid ends then.",
        source=f"{PAGE}#prerequisites",
    ),
    Cause(
        code="policy.selects-nothing", layer=Layer.POLICY,
        title="A NetworkPolicy selects no pod, by a label mistyped",
        explains=("path.pod",),
        meaning="The policy's podSelector takes no pod of its namespace, and pods there differ from it in one label. "
        "What it should allow stays forbidden where another policy isolates the pods; what it should forbid passes.",
        by_hand="`kubectl -n NAMESPACE describe networkpolicy NAME` (PodSelector) and `kubectl -n NAMESPACE get pods "
        "--show-labels`",
        mend="Correct the podSelector.",
        source=f"{PAGE}#networkpolicy-resource",
    ),
    Cause(
        code="policy.no-namespace", layer=Layer.POLICY, title="A rule of a NetworkPolicy names no namespace",
        explains=("path.pod",),
        meaning="The rule's namespaceSelector takes no namespace, since labels are meant and not names: it allows "
        "nobody. Each namespace has the label kubernetes.io/metadata.name with its own name.",
        by_hand="`kubectl -n NAMESPACE describe networkpolicy NAME` and `kubectl get namespaces --show-labels`",
        mend="Name the namespace by a label that it has, such as kubernetes.io/metadata.name, or label the namespace.",
        source=f"{PAGE}#targeting-a-namespace-by-its-name",
    ),
    Cause(
        code="policy.egress", layer=Layer.POLICY, title="NetworkPolicies keep a pod from sending",
        explains=("dns.policy.client", "path.pod", "ingress.way.backend", "cni.controller"),
        meaning="A policy in the pod's namespace selects it for Egress, and no rule of any such policy allows this "
        "destination and port. Policies see pods and servers behind a Service, with the port there, not the Service's "
        "address: the API server is its own address and port, mostly 6443.",
        by_hand="`kubectl -n NAMESPACE describe networkpolicies` (Allowing egress traffic)",
        mend="Add a policy, or a rule, that allows it.",
        source=f"{PAGE}#the-two-sorts-of-pod-isolation",
    ),
    Cause(
        code="policy.ingress", layer=Layer.POLICY, title="NetworkPolicies keep a pod from being reached",
        explains=("path.pod", "ingress.way.backend"),
        meaning="A policy in the namespace of the destination selects the pod for Ingress, and no rule of any such "
        "policy allows this source and port. Within one item of `from` all selectors must match; ports are those of "
        "the pod, not of the Service.",
        by_hand="`kubectl -n NAMESPACE describe networkpolicies` (Allowing ingress traffic)",
        mend="Add a policy, or a rule, that allows it.",
        source=f"{PAGE}#the-two-sorts-of-pod-isolation",
    ),
)
