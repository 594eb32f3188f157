"""Causes in Ingresses, Gateways and HTTPRoutes: nobody serves them, or they lead nowhere."""

from bot.diagnosis.cause import Cause
from bot.model.finding import Layer

PAGE = "https://kubernetes.io/docs/concepts/services-networking/ingress/"
GATEWAY_PAGE = "https://kubernetes.io/docs/concepts/services-networking/gateway/"
BY_HAND = "`kubectl -n NAMESPACE describe ingress NAME` and `kubectl get ingressclasses`"
WAY_BY_HAND = (
    "`kubectl -n NAMESPACE port-forward CONTROLLER-POD 8080:80`, then `curl -i -H 'Host: HOST' http://127.0.0.1:8080/`")
GATEWAY_BY_HAND = "`kubectl -n NAMESPACE get httproute NAME -o yaml`, `kubectl -n NAMESPACE get gateway NAME -o yaml`"


def _ingress(
    code: str, title: str, meaning: str, mend: str, *, by_hand: str = BY_HAND, source: str = PAGE,
    explains: tuple[str, ...] = (),
) -> Cause:
    return Cause(code=code, layer=Layer.INGRESS, title=title, meaning=meaning, mend=mend, by_hand=by_hand,
                 source=source, explains=explains)


INGRESS: tuple[Cause, ...] = (
    _ingress(
        "ingress.missing", "The Ingress does not exist",
        "Neither an Ingress nor an HTTPRoute or Gateway has that name in that namespace.",
        "Create it, or use the name that exists: `kubectl get ingresses -A`.", by_hand="`kubectl get ingresses -A`",
    ),
    _ingress(
        "ingress.class.missing", "The Ingress is of a class that does not exist",
        "Controllers serve the Ingresses of their own class. Nobody serves this one, so nothing listens for it.",
        "Set ingressClassName to a class that exists, or install the controller of that class.",
        source=f"{PAGE}#ingress-class",
    ),
    _ingress(
        "ingress.class.none", "The Ingress names no class and there is no default",
        "Without a class, and without an IngressClass marked as default, no controller need serve the Ingress.",
        "Set ingressClassName, or mark one IngressClass as default.", source=f"{PAGE}#default-ingress-class",
    ),
    _ingress(
        "ingress.controller.missing", "The controller of the Ingress's class does not run",
        "The class exists, and no workload of its controller is known in the cluster.",
        "Install the controller, or set ingressClassName to the class of one that runs.",
        by_hand=f"{BY_HAND}, `kubectl get deployments,daemonsets -A`",
        source="https://kubernetes.io/docs/concepts/services-networking/ingress-controllers/",
    ),
    _ingress(
        "ingress.controller.not-ready", "No pod of the Ingress controller is ready",
        "Nobody serves Ingresses of its class until one is.",
        "See why: `kubectl -n NAMESPACE describe pods`, `kubectl -n NAMESPACE logs POD`.",
        by_hand="`kubectl get deployments,daemonsets -A`",
        source="https://kubernetes.io/docs/concepts/services-networking/ingress-controllers/",
    ),
    _ingress(
        "ingress.backend.missing", "An Ingress leads to a Service that does not exist",
        "A backend is a Service of the Ingress's own namespace. For this path the controller answers 503 or 404.",
        "Create the Service, or correct the name.", explains=("gateway.unresolved", "ingress.way.*"),
    ),
    _ingress(
        "ingress.backend.port", "An Ingress leads to a port that the Service does not have",
        "The port of a backend is one of the Service's, by number or name; not that of the pods.",
        "Correct the port of the backend.", explains=("gateway.unresolved", "ingress.way.*"),
    ),
    _ingress(
        "ingress.backend.no-endpoints", "An Ingress leads to a Service without a ready endpoint",
        "The controller has nowhere to send requests to and answers 503.",
        "`netcheck run service NAMESPACE/NAME` says why the Service has none.",
        by_hand="`kubectl -n NAMESPACE get endpointslices -l kubernetes.io/service-name=NAME`",
        explains=("ingress.way.*",),
    ),
    _ingress(
        "ingress.way.not-loaded", "The controller does not know a rule of the Ingress",
        "Asked for the rule's host, a pod of the controller answers 404, as for any host that it does not know, while "
        "a pod behind it answers the same request otherwise. The Ingress is there, and the controller has made no way "
        "of it: it watches other namespaces or classes, lacks a right, or found the Ingress invalid.",
        "Read the controller's log (`netcheck run ingress NAMESPACE/NAME log=yes` quotes it) and what it has said of "
        "the Ingress: `kubectl -n NAMESPACE describe ingress NAME`.", by_hand=WAY_BY_HAND,
    ),
    _ingress(
        "ingress.way.backend", "The controller does not reach the Service behind the Ingress",
        "Asked for the rule's host, a pod of the controller answers 502, 503 or 504, or nothing in time, while a pod "
        "behind it answers when it is asked directly, or none is there to be asked.",
        "See policies between the controller's namespace and the pods, and the way from its node to theirs: `netcheck "
        "run connectivity from=CONTROLLER-POD to=SERVICE`. Where the pods speak HTTPS or gRPC, tell the controller so.",
        by_hand=WAY_BY_HAND,
    ),
    _ingress(
        "ingress.controller.closed", "Nothing listens on the port of the Ingress controller",
        "A pod of the controller is ready and declares a port for HTTP, on which connections are refused from within.",
        "Read its log: `kubectl -n NAMESPACE logs POD`. Where plain HTTP was turned off on purpose, do not declare it.",
        by_hand="`kubectl -n NAMESPACE port-forward POD 8080:PORT`",
    ),
    _ingress(
        "gateway.missing", "An HTTPRoute names a Gateway that does not exist",
        "A route hangs on the Gateways of its parentRefs. Without one nobody serves it.",
        "Create the Gateway, or correct parentRefs.", by_hand=GATEWAY_BY_HAND, source=GATEWAY_PAGE,
        explains=("gateway.unclaimed",),
    ),
    _ingress(
        "gateway.unclaimed", "No controller takes care of a Gateway or route",
        "A controller says in the status whether it accepts what it serves. There is no word of one.",
        "Check gatewayClassName, and that the controller of that GatewayClass runs: `kubectl get gatewayclasses`.",
        by_hand=GATEWAY_BY_HAND, source=GATEWAY_PAGE,
    ),
    _ingress(
        "gateway.not-accepted", "A controller does not accept a Gateway or route",
        "The condition Accepted is False; its reason and message say why.",
        "Correct what the condition's message says.", by_hand=GATEWAY_BY_HAND, source=GATEWAY_PAGE,
        explains=("gateway.not-programmed", "gateway.unresolved"),
    ),
    _ingress(
        "gateway.unresolved", "A Gateway or route names something that cannot be used",
        "The condition ResolvedRefs is False: a Service, Secret or other object that it names does not exist, is of a "
        "kind that is not supported, or may not be used from that namespace.",
        "Correct what the condition's message says; across namespaces a ReferenceGrant is needed.",
        by_hand=GATEWAY_BY_HAND, source=GATEWAY_PAGE,
    ),
    _ingress(
        "gateway.not-programmed", "A Gateway is accepted and not in effect",
        "The condition Programmed is False: the controller has not set up what should take the connections.",
        "Read the condition's message and the controller's log.", by_hand=GATEWAY_BY_HAND, source=GATEWAY_PAGE,
    ),
)
