"""Causes on the ways to an application's Service: by name, from outside, through policies, to pods of the same node;
and of Services that lead to something else than selected pods."""

from bot.diagnosis.cause import Cause
from bot.diagnosis.commands import ask_dns
from bot.model.finding import Layer

PAGE = "https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/"
CONCEPT = "https://kubernetes.io/docs/concepts/services-networking/service/"
VIRTUAL = "https://kubernetes.io/docs/reference/networking/virtual-ips/"
BY_HAND = "`kubectl -n NAMESPACE get service NAME -o yaml`"
NAME_BY_HAND = ask_dns("NAME.NAMESPACE.svc.cluster.local")


def _way(
    code: str, title: str, meaning: str, mend: str, *, by_hand: str = BY_HAND, source: str = CONCEPT,
    explains: tuple[str, ...] = (),
) -> Cause:
    return Cause(code=code, layer=Layer.SERVICE, title=title, meaning=meaning, mend=mend, by_hand=by_hand,
                 source=source, explains=explains)


WAYS: tuple[Cause, ...] = (
    _way(
        "service.node-port.local", "A node port answers on some nodes only",
        "With externalTrafficPolicy Local a node sends what comes from outside to its own pods, and drops it where it "
        "has none. Clients that ask another node time out.",
        "Ask nodes that have a pod, spread the pods over all nodes, or take externalTrafficPolicy Cluster.",
        source=f"{VIRTUAL}#external-traffic-policy",
    ),
    _way(
        "service.load-balancer", "The Service waits for a load balancer",
        "A Service of type LoadBalancer gets its outside address from a controller. None has given it one: there is "
        "no such controller, or it failed. Inside the cluster the Service works all the same.",
        "Read its events (`kubectl -n NAMESPACE describe service NAME`). On a cluster without a cloud install what "
        "gives addresses, such as MetalLB, or use a NodePort.",
        by_hand="`kubectl -n NAMESPACE describe service NAME`", source=f"{CONCEPT}#loadbalancer",
    ),
    _way(
        "service.internal-local", "Pods on some nodes cannot reach the Service",
        "With internalTrafficPolicy Local a client is led to pods of its own node only. Where there are none its "
        "connections are dropped.",
        "Run a pod on every node (a DaemonSet), or take internalTrafficPolicy Cluster.",
        source=f"{VIRTUAL}#internal-traffic-policy",
    ),
    _way(
        "service.headless.stateful-set", "A StatefulSet names a Service that does not exist",
        "The pods of a StatefulSet have names of their own under the Service that its serviceName says. It does not "
        "exist, so these names do not resolve.",
        "Create that headless Service, or create the StatefulSet anew with the right serviceName.",
        by_hand="`kubectl -n NAMESPACE get statefulsets -o yaml` (serviceName)", source=f"{CONCEPT}#headless-services",
    ),
    _way(
        "service.external-name.address", "An ExternalName is an address",
        "The Service's name becomes a CNAME for what externalName says. A CNAME leads to a name; an address there is "
        "taken for a name that does not exist.",
        "Make it a Service without a selector, and an EndpointSlice with the address.",
        source=f"{CONCEPT}#externalname",
    ),
    _way(
        "service.external-name.loop", "An ExternalName leads to itself",
        "The Service's name is a CNAME for the same name.",
        "Set externalName to the name that is meant.", source=f"{CONCEPT}#externalname",
    ),
    _way(
        "service.external-name.dead", "The name behind an ExternalName does not exist",
        "DNS says that there is no such name.",
        "Correct externalName, or create that name in its zone.", source=f"{CONCEPT}#externalname",
        by_hand=f"{BY_HAND} (externalName), then `nslookup` of it from a pod",
    ),
    _way(
        "service.external-name.unanswered", "The name behind an ExternalName does not resolve",
        "DNS pods get no answer for it from the resolvers that they ask.",
        "`netcheck run external-dns-resolution NAME` says which resolver does not answer.",
        by_hand=f"{BY_HAND} (externalName), then `nslookup` of it from a pod", source=f"{CONCEPT}#externalname",
    ),
    _way(
        "service.manual.no-slice", "A Service without a selector has no EndpointSlice",
        "Without a selector nobody makes endpoints for it: whoever made the Service must. A slice belongs to it by the "
        "label kubernetes.io/service-name.",
        "Create an EndpointSlice with the label kubernetes.io/service-name=NAME, or give the Service a selector.",
        by_hand="`kubectl -n NAMESPACE get endpointslices --show-labels`",
        explains=("ingress.backend.no-endpoints", "ingress.way.*"),
        source=f"{CONCEPT}#services-without-selectors",
    ),
    _way(
        "service.manual.port-name", "The port names of Service and EndpointSlice differ",
        "A port of the Service leads to the port of the same name in its EndpointSlices. There is none.",
        "Name the ports alike in both.", by_hand="`kubectl -n NAMESPACE get endpointslices -o yaml`",
        source=f"{CONCEPT}#services-without-selectors",
    ),
    _way(
        "service.manual.no-pod", "Endpoints made by hand lead to pods that are gone",
        "The EndpointSlice of a Service without a selector names addresses out of the nodes' pod ranges, and no pod "
        "has them. A pod that is made anew gets another address, and nobody writes it into such a slice.",
        "Give the Service a selector, which keeps its endpoints up to date, or write the addresses that are there now.",
        by_hand="`kubectl -n NAMESPACE get endpointslices -o wide` and `kubectl get pods -A -o wide`",
        explains=("ingress.way.*",), source=f"{CONCEPT}#services-without-selectors",
    ),
    _way(
        "service.name.unknown", "DNS does not know the Service",
        "The Service exists, and DNS pods say that its name does not: they have not heard of it, or leave its "
        "namespace out.",
        "`netcheck run dns name=NAME.NAMESPACE` looks at CoreDNS and its Corefile.", by_hand=NAME_BY_HAND,
        source=f"{PAGE}#does-the-service-work-by-dns-name",
    ),
    _way(
        "service.name.wrong", "DNS gives another address than the Service has",
        "The answer is old, or a line of the Corefile alters it.",
        "`netcheck run dns name=NAME.NAMESPACE` looks at CoreDNS and its Corefile.", by_hand=NAME_BY_HAND,
        source=f"{PAGE}#does-the-service-work-by-dns-name",
    ),
    _way(
        "service.name.unanswered", "No DNS pod answers for the Service's name",
        "The Service may be in order; clients that ask for it by name do not find it.",
        "`netcheck run dns` says what is wrong with DNS.", by_hand=NAME_BY_HAND,
        source=f"{PAGE}#does-the-service-work-by-dns-name",
    ),
)
