"""Faults of Ingresses and HTTPRoutes. No real controller runs in the test cluster: a small proxy in a Deployment of the
name that one has stands for it, and what a Gateway's controller would say is written into the status."""

import json
from typing import Any

from tests.cluster.faults.api import Create, Delete, Kubectl
from tests.cluster.faults.conditions import NOW, Condition, age, both, grown, is_true, items
from tests.cluster.faults.fault import Answer, Fault, Injection, Root
from tests.cluster.faults.node import Await
from tests.cluster.faults.objects import Ref
from tests.cluster.faults.services import put
from tests.cluster.faults.shop import HTTP, SERVICE, SPACE, Json, ends, ready, serve, service, shop, workload
from tests.cluster.rig.images import DOOR, SHELL

INGRESS, CONTROLLER = Ref("Ingress", "web", SPACE), Ref("Deployment", "ingress-nginx-controller", SPACE)
CLASS = Ref("IngressClass", "nginx", "")
ROUTE = Ref("HTTPRoute", "web", SPACE)
GROUP = "gateway.networking.k8s.io"
UNAPPROVED = {"api-approved.kubernetes.io": "unapproved, for a test"}
DEFAULT = {"ingressclass.kubernetes.io/is-default-class": "true"}


def ingress(port: int = 80, **spec: Any) -> Json:
    backend = {"service": {"name": "web", "port": {"number": port}}}
    rules = [{"host": "shop.example", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web", "namespace": SPACE},
            "spec": {"ingressClassName": "nginx", "rules": rules, **spec}}


def ingress_class(**annotations: str) -> Json:
    return {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
            "metadata": {"name": "nginx", "annotations": annotations}, "spec": {"controller": "k8s.io/ingress-nginx"}}


def door(*rules: str) -> Json:
    """What a container has that passes requests on: `HOST=URL`."""
    return {"image": DOOR, "command": ["/door", *rules]}


def controller(**changes: Any) -> Json:
    """It has loaded the rule, where nothing else is said."""
    own = {**door("shop.example=http://web.shop.svc.cluster.local."), **changes}
    return workload(CONTROLLER.name, {"app": "controller"}, replicas=1, **own)


SHOP = shop(controller(), ingress_class(), ingress())
READY = both(ready(3), ends(2))
LONG_READY = Condition("no pod of the shop became ready within the last minute", lambda c: min(
    age(state["lastTransitionTime"]) for pod in items(c, "-n", SPACE, "pods") for state in pod["status"]["conditions"]
) > 65)
"""What has just come up may not be known to all yet."""


def row(
    name: str, reference: str, says: str, *breaks: Injection, cause: str = "", object: Ref = INGRESS,
    layer: str = "ingress", stage: tuple[Injection, ...] = (SHOP,), wait: Condition = READY, answer: Answer = "broken",
    mentions: tuple[str, ...] = (), consequences: tuple[str, ...] = (), more: tuple[str, ...] = ()
) -> Fault:
    """Without a cause it is a look-alike."""
    return Fault(
        name=name, reference=reference, says=says, stage=stage, breaks=breaks, wait=wait, mentions=mentions,
        answer=answer if cause else "ok", roots=(Root(cause, layer, str(object)),) if cause else (),
        consequences=consequences, playbook="ingress", arguments=(f"{SPACE}/web", *more))


# --- the Gateway API, where its kinds are served ------------------------------------------------------------------


def _definition(kind: str, plural: str) -> Json:
    loose = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": loose, "subresources": {"status": {}}}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": {
        "group": GROUP, "scope": "Namespaced", "names": {"kind": kind, "plural": plural}, "versions": [version]},
            "metadata": {"name": f"{plural}.{GROUP}", "annotations": UNAPPROVED}}


def _resource(kind: str, name: str, spec: Json) -> Json:
    return {"apiVersion": f"{GROUP}/v1", "kind": kind, "spec": spec, "metadata": {"name": name, "namespace": SPACE}}


def _condition(kind: str, status: str = "True", reason: str = "Accepted", message: str = "") -> Json:
    return {"type": kind, "status": status, "reason": reason, "message": message, "observedGeneration": 1,
            "lastTransitionTime": "2026-01-01T00:00:00Z"}


def _said(kind: str, name: str, status: Json) -> Kubectl:
    """What the controller says."""
    return Kubectl(("-n", SPACE, "patch", kind, name, "--subresource=status", "--type=merge", "-p",
                    json.dumps({"status": status})))


def _of_route(*conditions: Json) -> Kubectl:
    return _said("httproute", "web", {"parents": [{
        "controllerName": "example.com/gateways", "parentRef": {"name": "front"}, "conditions": list(conditions)}]})


DEFINITIONS = (_definition("Gateway", "gateways"), _definition("HTTPRoute", "httproutes"))
SERVED = Condition("the kinds of the Gateway API are served", lambda c: all(is_true(
    Ref("CustomResourceDefinition", d["metadata"]["name"], "").read(c), "Established") for d in DEFINITIONS))
GATEWAY = _resource("Gateway", "front", {"gatewayClassName": "example", "listeners": [
    {"name": "http", "port": 80, "protocol": "HTTP"}]})
TO_WEB = _resource("HTTPRoute", "web", {"parentRefs": [{"name": "front"}], "rules": [
    {"backendRefs": [{"name": "web", "port": 80}]}]})
ACCEPTED, RESOLVED = _condition("Accepted"), _condition("ResolvedRefs", reason="ResolvedRefs")
ROUTED = (Create(DEFINITIONS), Await(SERVED), shop(GATEWAY, TO_WEB),
          _said("gateway", "front", {"conditions": [ACCEPTED, _condition("Programmed", reason="Programmed")]}),
          _of_route(ACCEPTED, RESOLVED))
NO_BACKEND = _condition("ResolvedRefs", "False", "BackendNotFound", "Service shop/web does not exist")
NOT_ALLOWED = _condition("Accepted", "False", "NotAllowedByListeners", "no listener allows routes of this namespace")

INGRESS_FAULTS = (
    row("ingress-class", "I01", "an Ingress is of a class that does not exist", put(ingress(ingressClassName="ngins")),
        cause="ingress.class.missing", mentions=("ngins", "nginx")),
    row("ingress-no-class", "ING-01", "an Ingress names no class and none is the default",
        put(ingress(ingressClassName=None)), cause="ingress.class.none"),
    row("ingress-no-controller", "ING-01", "the controller of the Ingress's class is not installed", Delete(CONTROLLER),
        cause="ingress.controller.missing", object=CLASS, answer="degraded", wait=both(ready(2), grown(INGRESS))),
    row("ingress-controller-not-ready", "ING-01", "no pod of the Ingress controller is ready",
        put(controller(readinessProbe={"tcpSocket": {"port": 9}, "periodSeconds": 1})),
        cause="ingress.controller.not-ready", object=CONTROLLER,
        wait=Condition("the controller has no ready pod", lambda c: not CONTROLLER.read(c)["status"].get(
            "readyReplicas"))),
    row("ingress-backend-port", "ING-02", "an Ingress leads to the port of the pods instead of the Service's",
        put(ingress(8080)), cause="ingress.backend.port", mentions=("8080", "80")),
    row("ingress-backend-selector", "S01", "the Service behind an Ingress selects no pod",
        put(service(selector={"app": "webb"})), cause="service.selector", layer="service", object=SERVICE,
        wait=ends(0), consequences=("ingress.backend.no-endpoints", "ingress.way.backend")),
    row("ingress-not-loaded", "ING-01", "the controller has not loaded a rule of the Ingress",
        put(controller(**door("other.example=http://web.shop.svc.cluster.local."))), cause="ingress.way.not-loaded",
        mentions=("http://shop.example/", "404"), wait=both(READY, grown(INGRESS))),
    row("ingress-unreached", "ING-02", "the controller does not reach the pods behind the Ingress",
        put(controller(**door("shop.example=http://127.0.0.1:9"))), cause="ingress.way.backend",
        mentions=("502", "200"), wait=both(READY, LONG_READY)),
    row("ingress-silent", "ING-02", "what the controller sends to the pods behind the Ingress is lost",
        put(controller(**door("shop.example=http://192.0.2.1"))), cause="ingress.way.backend",
        mentions=("no answer within",), wait=both(READY, LONG_READY)),
    row("ingress-closed", "ING-01", "the controller listens on another port than the one it declares",
        put(controller(ports=[{**HTTP, "containerPort": 8081}])), cause="ingress.controller.closed", answer="degraded",
        object=CONTROLLER, mentions=("8081",)),
    row("route-backend-missing", "ING-06", "an HTTPRoute leads to a Service that does not exist", Delete(SERVICE),
        Kubectl(_of_route(ACCEPTED, NO_BACKEND).do, _of_route(ACCEPTED, RESOLVED).do), cause="ingress.backend.missing",
        object=SERVICE, stage=ROUTED, wait=ready(2), consequences=("gateway.unresolved",)),
    row("route-not-accepted", "ING-06", "the Gateway does not accept an HTTPRoute",
        Kubectl(_of_route(NOT_ALLOWED, RESOLVED).do, _of_route(ACCEPTED, RESOLVED).do), cause="gateway.not-accepted",
        object=ROUTE, stage=ROUTED, mentions=("NotAllowedByListeners",), wait=ready(2)),
    row("route-no-gateway", "ING-06", "an HTTPRoute names a Gateway that does not exist",
        Delete(Ref("Gateway", "front", SPACE)), cause="gateway.missing", object=ROUTE, stage=ROUTED, wait=ready(2)),
)
NO_SECRET = 'W1126 01:00:00.000000 7 controller.go:1] Error getting SSL certificate "shop/web-tls": it was not found'
INGRESS_LOOKALIKES = (
    row("ingress-healthy", "", "an Ingress, its controller and its Service are in order"),
    row("ingress-default-class", "ING-01", "an Ingress names no class, and there is a default one",
        put(ingress_class(**DEFAULT)), put(ingress(ingressClassName=None))),
    row("ingress-log", "ING-05", "the Ingress controller logs that a Secret is missing, which netcheck never reads",
        put(controller(image=SHELL, command=["/bin/sh", "-c", f"echo '{NO_SECRET}'; " + serve()[2]])),
        put(ingress(tls=[{"hosts": ["shop.example"], "secretName": "web-tls"}])), wait=both(ready(3), ends(2)),
        mentions=("shop/web-tls",), more=("log=yes",)),
    row("ingress-app-404", "ING-02", "the application behind the Ingress answers 404, in the controller's words",
        put(workload(**door())), mentions=("answers 404, as Pod",), wait=both(READY, LONG_READY)),
    row("ingress-app-502", "ING-02", "the application behind the Ingress answers 502 by itself",
        put(workload(**door("shop.example=http://127.0.0.1:9"))), mentions=("answers 502, as Pod",),
        wait=both(READY, LONG_READY)),
    row("route-healthy", "ING-06", "an HTTPRoute and its Gateway are accepted", stage=ROUTED, wait=both(ready(2), NOW)),
)
