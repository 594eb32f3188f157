"""`ingress.backends`: do the Services and ports that an Ingress leads to exist, with pods behind them?

The Secrets that it names for TLS are never read.
"""

import asyncio
from typing import Any

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.findings import tell_skipped
from bot.steps.ingress.classes import choose_class, read_classes
from bot.steps.ingress.objects import IngressArgs, read_gateway_object, read_ingress, route_facts
from bot.steps.readings import one_or_skip
from bot.steps.services.objects import read_slices, ready_endpoints, service_facts
from bot.steps.wording import list_names, read_at

MOST_SERVICES = 5
TAKES_TARGETS = "k8s.io/ingress-nginx"
"""The controller that takes the port of the pods for one of the Service as well (serviceEndpoints, controller.go)."""
Json = dict[str, Any]


async def gather_backends(cluster: Cluster, args: IngressArgs) -> Evidence:
    skipped: list[str] = []
    ingress = await read_ingress(cluster, args, skipped)
    if ingress is None and not skipped:
        route = await read_gateway_object(cluster, "HTTPRoute", args.namespace, args.name, skipped)
        ingress = route_facts(route) if route else None
    names = list(dict.fromkeys(b["service"] for b in (ingress or {"backends": []})["backends"] if b["service"]))
    asked = names[:MOST_SERVICES]
    found = await asyncio.gather(*(_service(cluster, args.namespace, name, skipped) for name in asked))
    services = dict(zip(asked, found, strict=True))
    controller: str | None = ""
    if ingress and any(_is_of_pods(services.get(b["service"]), b["port"]) for b in ingress["backends"]):
        controller = await _controller(cluster, ingress, skipped)
    return {"ingress": ingress, "services": services, "controller": controller, "unseen": names[MOST_SERVICES:],
            "skipped": list(dict.fromkeys(skipped)), "read_at": cluster.now}


async def _controller(cluster: Cluster, ingress: Json, skipped: list[str]) -> str | None:
    """Of its class; "" where it is of none, or is no Ingress; None where classes could not be read."""
    classes = await read_classes(cluster, skipped) if "class" in ingress else []
    chosen = choose_class(ingress, classes) if classes else None
    return None if classes is None else str(chosen["controller"]) if chosen else ""


def _is_of_pods(service: Json | None, port: str) -> bool:
    """Whether that is a targetPort of the Service, and no port of it."""
    ports = (service or {}).get("ports") or []
    return port in {str(target) for _, _, target in ports} and port not in _declared(ports)


def _declared(ports: list[list[Any]]) -> set[str]:
    return {str(part) for label, port, _ in ports for part in (label, port)}


async def _service(cluster: Cluster, namespace: str, name: str, skipped: list[str]) -> Json | None:
    """{exists, outside, ports: [[name, port, targetPort]], ready}; None where it could not be read. `outside`: it
    stands for a name elsewhere; `ready` is None for what has no endpoints to count."""
    found = await one_or_skip(cluster.get("Service", name, namespace), skipped)
    if not found:
        return None if found is None else {"exists": False}
    service = service_facts(found)
    outside = service["type"] == "ExternalName"
    slices = None if outside else await read_slices(cluster, service, skipped)
    ports = [[port["name"], port["port"], port["target"]] for port in service["ports"]]
    ready = None if slices is None else len(ready_endpoints(slices))
    return {"exists": True, "outside": outside, "ports": ports, "ready": ready}


def judge_backends(evidence: Evidence, args: IngressArgs) -> Judgement:
    ingress, skipped = evidence["ingress"], tell_skipped(evidence, Layer.INGRESS)
    if ingress is None:
        return Judgement(skipped)
    found = [f for backend in ingress["backends"] if (f := _judge(evidence, backend))]
    found = list({f.key: f for f in reversed(found)}.values())[::-1]
    known = [name for name, service in evidence["services"].items() if service and service["exists"]]
    poor = [name for name in known if evidence["services"][name]["ready"] == 0]
    first = (poor or known or [""])[0]
    outputs = {"service": f"{args.namespace}/{first}" if first else "",
               "port": next((b["port"] for b in ingress["backends"] if b["service"] == first), "")}
    if not found and not skipped:
        found = [_fine(evidence, [f"Service {args.namespace}/{name}" for name in known])]
    return Judgement((*found, *_secrets(evidence), *skipped), outputs)


def _fine(evidence: Evidence, known: list[str]) -> Finding:
    name, unseen = evidence["ingress"]["name"], evidence["unseen"]
    more = f"; {list_names(unseen)} {'was' if len(unseen) == 1 else 'were'} not looked at" if unseen else ""
    text = f"{name} leads to {list_names(known)}, with these ports; path not tested{more}." if known else \
        f"{name} leads to no Service of its namespace; what else it may lead to was not looked at."
    return note(Verdict.PASS if known and not unseen else Verdict.INFO, Layer.INGRESS, text, object=name,
                evidence=(read_at(evidence),))


def _judge(evidence: Evidence, backend: Json) -> Finding | None:
    ingress, name = evidence["ingress"], backend["service"]
    service = evidence["services"].get(name)
    if not name or service is None:
        return None
    full, line = f"Service {ingress['namespace']}/{name}", f"{ingress['name']}: {backend['place']} leads to {name}"
    if not service["exists"]:
        text = f"{ingress['name']} leads {backend['place']} to {full}, which does not exist."
        return find("ingress.backend.missing", text, object=full,
                    evidence=(line, f"{full}: not found", read_at(evidence)))
    ports = service["ports"]
    if service.get("outside") and not ports and backend["port"].isdigit():
        return None  # such a Service needs no ports: controllers ask the name that it stands for at this one
    controller = evidence["controller"]
    if _is_of_pods(service, backend["port"]) and (controller is None or TAKES_TARGETS in controller):
        verdict = Verdict.UNKNOWN if controller is None else Verdict.INFO
        text = (f"{ingress['name']} leads {backend['place']} to port {backend['port']} of {full}, which is that of its "
                "pods: ingress-nginx takes it for the Service's, other controllers do not.")
        return note(verdict, Layer.INGRESS, text, object=ingress["name"], evidence=(line, read_at(evidence)))
    if backend["port"] and backend["port"] not in _declared(ports):
        has = list_names(f"{port}{f' ({label})' if label else ''}" for label, port, _ in ports) or "none"
        text = f"{ingress['name']} leads {backend['place']} to port {backend['port']} of {full}, which has {has}."
        return find("ingress.backend.port", text, object=ingress["name"],
                    evidence=(f"{line}:{backend['port']}", f"{full}: ports {has}", read_at(evidence)))
    if service["ready"] == 0:
        text = f"{ingress['name']} leads {backend['place']} to {full}, which has no ready endpoint."
        return find("ingress.backend.no-endpoints", text, object=full,
                    evidence=(line, f"{full}: 0 ready endpoints, expected at least 1", read_at(evidence)))
    return None


def _secrets(evidence: Evidence) -> list[Finding]:
    secrets = evidence["ingress"]["secrets"]
    if not secrets:
        return []
    text = f"Secret {list_names(secrets)} for TLS was not looked at: netcheck never reads Secrets."
    return [note(Verdict.SKIPPED, Layer.INGRESS, text)]


BACKENDS = Look(
    name="ingress.backends", args=IngressArgs, gather=gather_backends, judge=judge_backends,
    reads=("get ingresses.networking.k8s.io", "get httproutes.gateway.networking.k8s.io", "get services",
           "list endpointslices.discovery.k8s.io", "list ingressclasses.networking.k8s.io"),
    by_hand="`kubectl -n NAMESPACE describe ingress NAME` (Rules, Default backend) "
    "(https://kubernetes.io/docs/concepts/services-networking/ingress/#the-ingress-resource)",
)
