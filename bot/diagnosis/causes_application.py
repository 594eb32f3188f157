"""Causes in an application's Service: what it selects, which ports it has, where its endpoints lead."""

from bot.diagnosis.cause import Cause
from bot.model.finding import Layer

PAGE = "https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/"
CONCEPT = "https://kubernetes.io/docs/concepts/services-networking/service/"
SLICES = "https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/"
BY_HAND = "`kubectl -n NAMESPACE get service NAME -o yaml`"
SLICES_BY_HAND = "`kubectl -n NAMESPACE get endpointslices -l kubernetes.io/service-name=NAME -o yaml`"
LABELS_BY_HAND = f"{BY_HAND} (selector) and `kubectl -n NAMESPACE get pods --show-labels`"

NO_ANSWER = ("service.backends.*", "ingress.backend.no-endpoints", "ingress.way.*")
"""What follows where the endpoints are wrong."""


def _service(
    code: str, title: str, meaning: str, mend: str, *, explains: tuple[str, ...] = (), by_hand: str = BY_HAND,
    source: str = f"{PAGE}#is-the-service-defined-correctly",
) -> Cause:
    return Cause(code=code, layer=Layer.SERVICE, title=title, meaning=meaning, mend=mend, explains=explains,
                 by_hand=by_hand, source=source)


APPLICATION: tuple[Cause, ...] = (
    _service(
        "service.missing", "The Service does not exist",
        "Nothing has that name in that namespace, so its name does not resolve and it has no address.",
        "Create it, or use the name that exists.", by_hand="`kubectl get services -A`",
        source=f"{PAGE}#does-the-service-exist",
    ),
    _service(
        "service.elsewhere", "The Service is in another namespace",
        "A short name means the Service of the asking pod's own namespace. One of that name is elsewhere.",
        "Call it NAME.NAMESPACE, or create it where it was expected.", by_hand="`kubectl get services -A`",
        source=f"{PAGE}#does-the-service-work-by-dns-name",
    ),
    _service(
        "service.address.outside", "The Service's address lies outside the cluster's ranges",
        "No ServiceCIDR holds it: the Service is from a backup, or outlived the range that it was given an address of. "
        "It works, and nobody keeps that address for it: firewalls, routes and proxies that go by the range leave it "
        "out, and once somebody uses these addresses for something else, it does not.",
        "Make the range anew, a ServiceCIDR with the range in spec.cidrs (`kubectl explain servicecidr.spec`), or make "
        "the Service anew without clusterIP: delete it, and create it from its manifest.",
        by_hand="`kubectl get servicecidrs` and `kubectl -n NAMESPACE get service NAME`",
        source="https://kubernetes.io/docs/tasks/network/extend-service-ip-ranges/",
    ),
    _service(
        "service.proxy-name", "kube-proxy is told to ignore the Service",
        "The label service.kubernetes.io/service-proxy-name leaves the Service to another service proxy. Where that "
        "does not run, its address leads nowhere, although its endpoints are in order. Neither does kube-proxy serve "
        "what the label service.kubernetes.io/headless calls headless.",
        "Take the label off, or install the proxy that it names.", explains=("proxy.path",),
        source="https://kubernetes.io/docs/reference/labels-annotations-taints/"
        "#servicekubernetesioservice-proxy-name",
    ),
    _service(
        "service.selector", "The Service selects no pod",
        "The selector does not match the labels of any pod in the Service's namespace, so it has no endpoints: clients "
        "are refused at once.",
        "Set the selector to labels that the pods have, or label the pods.", by_hand=LABELS_BY_HAND,
        explains=("service.endpoints.*", *NO_ANSWER), source=f"{PAGE}#does-the-service-have-any-endpointslices",
    ),
    _service(
        "service.selector.mixed", "The Service also selects pods that do not serve it",
        "Pods of another workload have the same labels. Connections are shared among all, so some fail.",
        "Make the selector narrower, or take its labels off the other pods.", by_hand=LABELS_BY_HAND,
        explains=("service.endpoints.no-port", "service.port.name", *NO_ANSWER),
        source=f"{PAGE}#does-the-service-have-any-endpointslices",
    ),
    _service(
        "service.workload.scaled-to-zero", "The Service's workload is scaled to zero",
        "The selector is right, and no pod is wanted.",
        "`kubectl -n NAMESPACE scale deployment NAME --replicas=1`, and see who scaled it down.",
        by_hand="`kubectl -n NAMESPACE get deployments`", explains=("service.endpoints.*", *NO_ANSWER),
        source=f"{PAGE}#are-the-pods-working",
    ),
    _service(
        "service.workload.no-pods", "The Service's pods cannot be made",
        "Pods are wanted and none exists: the controller is refused (quota, Pod Security, ServiceAccount), or does not "
        "work.",
        "Read why: `kubectl -n NAMESPACE describe replicaset`, and check the kube-controller-manager.",
        by_hand="`kubectl -n NAMESPACE describe replicaset`", explains=("service.endpoints.*", *NO_ANSWER),
        source=f"{PAGE}#are-the-pods-working",
    ),
    _service(
        "service.port", "The Service has no such port",
        "Clients ask a port that the Service does not have: nothing is there to lead them on.",
        "Ask a port that the Service has, or add the port.",
    ),
    _service(
        "service.port.name", "targetPort names a port that the pods do not have",
        "A targetPort that is a name must be the name of a container's port. Where it is not, the endpoints are ready "
        "and have no port, so that nothing is sent to them.",
        "Correct targetPort, or name the container's port so.",
        explains=("service.endpoints.no-port", *NO_ANSWER),
    ),
    _service(
        "service.port.protocol", "The protocols of Service and pods differ",
        "The Service's port is of one protocol, the pods' port of another: nothing that is sent arrives.",
        "Set `protocol` of the Service's port to that of the container's port.",
        explains=("service.endpoints.no-port", *NO_ANSWER),
    ),
    _service(
        "service.headless.port", "A headless Service is asked at its port instead of the pods'",
        "The name of a headless Service gives the addresses of pods. No proxy stands between, so the port of the pods "
        "must be asked (targetPort).",
        "Ask the pods' port, or give the Service a cluster address.", source=f"{CONCEPT}#headless-services",
    ),
    _service(
        "service.endpoints.none-ready", "The Service has endpoints, and none is ready",
        "The selector is right and pods are there; none of them is ready, so clients are refused at once.",
        "See why the pods are not ready: `kubectl -n NAMESPACE describe pods -l SELECTOR`.", by_hand=SLICES_BY_HAND,
        explains=NO_ANSWER, source=f"{PAGE}#does-the-service-have-any-endpointslices",
    ),
    _service(
        "service.endpoints.no-port", "The Service's endpoints have no port",
        "The pods are ready, and the EndpointSlice has no port to send to.",
        "Compare targetPort with the names of the containers' ports.", by_hand=SLICES_BY_HAND,
        explains=NO_ANSWER, source=SLICES,
    ),
    _service(
        "service.endpoints.family", "The Service is of an address family that its pods do not have",
        "Endpoints are made for each family of the Service out of the pods' addresses of that family; there are none.",
        "Set ipFamilies to a family that the pods have, or give the cluster's pods both families.",
        by_hand=f"{BY_HAND} (ipFamilies), `kubectl -n NAMESPACE get pods -o wide`", explains=NO_ANSWER,
        source="https://kubernetes.io/docs/concepts/services-networking/dual-stack/",
    ),
    _service(
        "service.endpoints.stale", "The Service's endpoints are out of date",
        "Ready pods that the selector hits are not among the endpoints, or endpoints are left of pods that are gone: "
        "the EndpointSlice controller does not work.",
        "Check the kube-controller-manager (`kubectl -n kube-system get pods`, `kubectl -n kube-system get lease "
        "kube-controller-manager -o yaml`).",
        by_hand=SLICES_BY_HAND, explains=("service.endpoints.none-ready", *NO_ANSWER), source=SLICES,
    ),
    _service(
        "service.endpoints.refused", "The API server refuses the Service's EndpointSlices",
        "The pods are ready and the controller works, but what it writes is not let in: an admission webhook that does "
        "not answer, a policy, or a quota. Clients go on being led to the pods of before, or to none.",
        "Read the event (`kubectl -n NAMESPACE describe service NAME`), and bring back or take away what refuses: "
        "`kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations`.",
        by_hand="`kubectl -n NAMESPACE get events --field-selector reason=FailedToUpdateEndpointSlices`",
        explains=("service.endpoints.*", "dns.endpoints.*", "dns.query.silent", *NO_ANSWER),
        source="https://kubernetes.io/docs/concepts/cluster-administration/admission-webhooks-good-practices/",
    ),
    _service(
        "service.endpoints.beside", "Somebody added addresses to the Service that belong to none of its pods",
        "Service proxies take all EndpointSlices with the Service's name in their label, whoever made them. One that "
        "no controller keeps leads a part of all connections to an address where none of its pods is.",
        "Delete the EndpointSlice, or its label kubernetes.io/service-name; where the address is meant, give it a "
        "Service of its own without a selector.",
        by_hand=SLICES_BY_HAND, explains=NO_ANSWER, source=SLICES,
    ),
)
