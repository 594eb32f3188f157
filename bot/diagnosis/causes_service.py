"""Causes in the DNS Service, its EndpointSlices, and the answers that DNS pods give."""

from bot.diagnosis.cause import Cause
from bot.diagnosis.commands import KUBERNETES, ask_dns
from bot.model.finding import Layer

DNS_PAGE = "https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/"
UP_PAGE = f"{DNS_PAGE}#is-dns-service-up"
ENDPOINTS_PAGE = f"{DNS_PAGE}#are-dns-endpoints-exposed"
SERVICE_PAGE = "https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/"
SPECIFICATION = "https://github.com/kubernetes/dns/blob/master/docs/specification.md"
SERVICE_BY_HAND = "`kubectl -n kube-system get service kube-dns -o yaml`"
SLICES_BY_HAND = "`kubectl -n kube-system get endpointslices -l kubernetes.io/service-name=kube-dns`"


def _service(
    code: str, title: str, meaning: str, mend: str, *, explains: tuple[str, ...] = ("dns.endpoints.*",),
    by_hand: str = SERVICE_BY_HAND, source: str = UP_PAGE,
) -> Cause:
    return Cause(
        code=code, layer=Layer.DNS_SERVICE, title=title, meaning=meaning, mend=mend, explains=explains, by_hand=by_hand,
        source=source,
    )


SERVICE: tuple[Cause, ...] = (
    _service(
        "dns.service.missing", "The DNS Service does not exist",
        "Pods are told to ask an address that no Service has: lookups time out.",
        "Create the Service again with the address that kubelets hand out as clusterIP, ports 53/UDP and 53/TCP, and "
        "the DNS pods' labels as selector.",
    ),
    _service(
        "dns.service.address", "Kubelets hand out another address than the DNS Service has",
        "Pods get their nameserver from the kubelet's clusterDNS; no Service answers there.",
        "Create the Service again with the address that is handed out; or set clusterDNS in the kubelet's "
        "configuration to the Service's clusterIP, restart the kubelets and recreate the pods.",
        by_hand="`kubectl -n kube-system get service kube-dns` and `kubectl -n kube-system get configmap "
        "kubelet-config -o yaml` (clusterDNS)",
        explains=("dns.query.wrong",),
    ),
    _service(
        "dns.service.type", "The DNS Service has no cluster address",
        "Pods reach DNS by the Service's clusterIP; a headless or ExternalName Service has none.",
        "Delete the Service and create it with type ClusterIP and the address that kubelets hand out.",
        explains=("dns.service.*", "dns.endpoints.*", "dns.query.wrong"),
    ),
    _service(
        "dns.service.ports", "The DNS Service lacks a port",
        "DNS needs 53/UDP and 53/TCP: long answers and the node-local cache use TCP, nearly everything else UDP.",
        "Add the port to the Service: port 53, both protocols, named dns and dns-tcp.", explains=(),
    ),
    _service(
        "dns.service.selector", "The DNS Service selects no DNS pod",
        "DNS pods run, but the Service's selector does not match their labels, so it has no endpoints: clients are "
        "refused at once.",
        "Set the Service's selector to the labels of the DNS pods.",
        by_hand="`kubectl -n kube-system get service kube-dns -o yaml` (selector), `kubectl -n kube-system get pods "
        "--show-labels`, `kubectl -n kube-system get endpointslices -l kubernetes.io/service-name=kube-dns`",
        source=f"{SERVICE_PAGE}#does-the-service-have-any-endpointslices",
    ),
    _service(
        "dns.service.target-port", "The DNS Service forwards to a port that no DNS pod serves",
        "The endpoints exist, but the port behind them is not the one on which the DNS server listens.",
        "Set targetPort to the port of the DNS container.", by_hand=SLICES_BY_HAND,
        source=f"{SERVICE_PAGE}#is-the-service-defined-correctly",
    ),
    _service(
        "dns.endpoints.none-ready", "The DNS Service has endpoints, and none is ready",
        "The selector is right and pods are there; none of them passes its readiness probe.",
        "See why the DNS pods are not ready.", by_hand=SLICES_BY_HAND, source=ENDPOINTS_PAGE, explains=(),
    ),
    _service(
        "dns.endpoints.empty", "The DNS Service has no endpoints",
        "There is no pod behind the Service: clients are refused at once.",
        "See why there are no DNS pods.", by_hand=SLICES_BY_HAND, source=ENDPOINTS_PAGE, explains=(),
    ),
    _service(
        "dns.endpoints.stale", "The endpoints of the DNS Service are out of date",
        "Ready DNS pods match the selector but are not among the endpoints, or endpoints point to pods that are gone: "
        "the EndpointSlice controller does not work.",
        "Check the kube-controller-manager (`kubectl -n kube-system get pods`, `kubectl -n kube-system get lease "
        "kube-controller-manager -o yaml`).",
        by_hand=SLICES_BY_HAND, source="https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/",
        explains=("dns.endpoints.empty", "dns.endpoints.none-ready"),
    ),
    _service(
        "dns.endpoints.beside", "Somebody added addresses to the DNS Service that belong to none of its pods",
        "Service proxies take all EndpointSlices with the Service's name in their label, whoever made them. One that "
        "no controller keeps leads a part of all questions to an address where no DNS pod is.",
        "Delete the EndpointSlice, or its label kubernetes.io/service-name.",
        by_hand=SLICES_BY_HAND, source="https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/",
        explains=("dns.query.silent",),
    ),
    _service(
        "dns.endpoints.mixed", "The DNS Service also selects pods that are no DNS servers",
        "Some queries go to pods that do not answer DNS: lookups fail now and then.",
        "Make the selector narrower, or take its labels off the other pods.", by_hand=SLICES_BY_HAND,
        source=ENDPOINTS_PAGE, explains=(),
    ),
    _service(
        "dns.query.silent", "A DNS pod does not answer",
        "The pod was asked directly, past Service and network, and gave no answer in time.",
        "Read its log, and restart it: `kubectl -n kube-system delete pod POD`.", explains=(),
        by_hand=ask_dns(KUBERNETES),
    ),
    _service(
        "dns.query.servfail", "A DNS pod cannot answer for the cluster's own names",
        "It answers SERVFAIL for kubernetes.default: it has not read Services from the API server.",
        "See why it cannot read from the API server: permissions, or the way to the API server.", explains=(),
        by_hand=f"`kubectl -n kube-system logs POD`; {ask_dns(KUBERNETES)}",
    ),
    _service(
        "dns.query.zone", "A DNS pod does not serve the cluster's zone",
        "Cluster names get NXDOMAIN or REFUSED: the query was passed on, or no server block takes it.",
        "Correct the zone of the `kubernetes` block in the Corefile.", explains=(), source=SPECIFICATION,
        by_hand=f"{ask_dns('dns-version.cluster.local TXT')} (expected: \"1.1.0\")",
    ),
    _service(
        "dns.query.wrong", "A DNS pod gives wrong answers",
        "The address in the answer is not that of the Service.",
        "Restart that pod (`kubectl -n kube-system delete pod POD`); look for rewrite, hosts or template lines in the "
        "Corefile.", explains=(), source=SPECIFICATION,
        by_hand=f"{ask_dns(KUBERNETES)}, against `kubectl -n default get service kubernetes`",
    ),
    _service(
        "dns.query.negative", "Names that do not exist get an address",
        "A wildcard, template or rewrite answers for every name, so a mistyped Service name leads somewhere.",
        "Look for template, rewrite or a wildcard upstream in the Corefile.", explains=(), source=SPECIFICATION,
        by_hand=f"{ask_dns('no-such-name.default.svc.cluster.local')} (expected: NXDOMAIN)",
    ),
    Cause(
        code="dns.name.not-found", layer=Layer.CLIENT, title="The name asked for does not exist",
        meaning="Every DNS pod says that there is no such name, tried with each search suffix.",
        by_hand="`kubectl get services -A`: the full name of a Service is NAME.NAMESPACE.svc.ZONE",
        mend="Create the Service, or use the name that exists. A short name works only inside its own namespace.",
        source=f"{SERVICE_PAGE}#does-the-service-work-by-dns-name",
    ),
    Cause(
        code="dns.name.unresolved", layer=Layer.CLIENT, title="The name asked for could not be resolved",
        meaning="No DNS pod could say whether the name exists.",
        by_hand=ask_dns("NAME"),
        mend="See what keeps DNS from answering: the upstream resolver for names outside the cluster, the DNS pods for "
        "those inside.",
        source=f"{SERVICE_PAGE}#does-the-service-work-by-dns-name",
    ),
    Cause(
        code="dns.name.headless-empty", layer=Layer.SERVICE, title="The headless Service asked for has no ready pod",
        meaning="A headless Service has a name only as long as a pod of it is ready.",
        by_hand="`kubectl -n NAMESPACE get endpointslices -l kubernetes.io/service-name=NAME`",
        mend="See why its pods are not ready, or set publishNotReadyAddresses.", source=SPECIFICATION,
    ),
)
