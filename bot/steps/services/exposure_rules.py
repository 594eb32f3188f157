"""Node ports and load balancers, as far as objects tell. Pure.

With externalTrafficPolicy Local a node sends what comes from outside to its own pods only, and drops it where it has
none (https://kubernetes.io/docs/reference/networking/virtual-ips/#external-traffic-policy). A load balancer asks the
health check port and leaves such nodes out; whoever asks a node port by itself does not.
"""

from typing import Any

from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement
from bot.steps.findings import tell_skipped
from bot.steps.patience import GRACE
from bot.steps.services.objects import ServiceArgs, ready_endpoints
from bot.steps.wording import cut, list_names, read_at

Json = dict[str, Any]


class ExposureArgs(ServiceArgs):
    """Looks at node ports and load balancer of a Service. `inside`: the question is about clients in the cluster."""

    inside: bool = False


def judge_exposure(evidence: Evidence, args: ExposureArgs) -> Judgement:
    service, skipped = evidence["service"], tell_skipped(evidence, Layer.SERVICE)
    if service is None or service["type"] not in ("NodePort", "LoadBalancer"):
        return Judgement(skipped or (note(Verdict.SKIPPED, Layer.SERVICE, "The Service is not offered outside."),))
    found = [f for f in (_local(evidence), _balancer(evidence, args.inside)) if f]
    blind = service["external"] == "Local" and not (evidence["slices"] is not None and evidence["nodes"]["fit"])
    return Judgement((*(found or ([] if blind and skipped else [_fine(evidence)])), *skipped))


def _fine(evidence: Evidence) -> Finding:
    service = evidence["service"]
    ports = list_names(str(p["node_port"]) for p in service["ports"] if p["node_port"]) or "none"
    at = f"; load balancer at {list_names(service['balancer'])}" if service["balancer"] else ""
    only = f", for {list_names(service['ranges'])} only" if service["ranges"] else ""
    text = f"{service['name']} is offered at node port {ports}{at}{only}; the way from outside was not tested."
    return note(Verdict.PASS, Layer.SERVICE, text, object=service["name"], evidence=(read_at(evidence),))


def _local(evidence: Evidence) -> Finding | None:
    service, slices, nodes = evidence["service"], evidence["slices"], evidence["nodes"]
    if service["external"] != "Local" or slices is None:
        return None
    homes = sorted({e["node"] for e in ready_endpoints(slices)})
    without = [name for name in nodes["fit"] if name not in homes]
    if not homes or not without:
        return None  # without any endpoint others have told; with one everywhere all is well
    ports = list_names(str(p["node_port"]) for p in service["ports"] if p["node_port"])
    lines = (f"{service['name']}: externalTrafficPolicy Local, node port {ports}",
             f"ready endpoints on {list_names(homes)}, none on {list_names(without)}", read_at(evidence))
    text = (f"{service['name']} has externalTrafficPolicy Local and ready endpoints on {list_names(homes)} only: what "
            f"comes to node port {ports} of {list_names(without)} is dropped")
    if service["type"] == "LoadBalancer":
        text = f"{text}; a load balancer leaves these nodes out by their health check."
        return note(Verdict.INFO, Layer.SERVICE, text, object=service["name"], evidence=lines)
    return find("service.node-port.local", f"{text}.", verdict=Verdict.WARN, object=service["name"], evidence=lines,
                advice=f"Ask {list_names(homes, word='or')}; or spread the pods over all nodes; or take "
                f"externalTrafficPolicy Cluster: `kubectl -n {service['namespace']} patch service {service['plain']} "
                "-p '{\"spec\":{\"externalTrafficPolicy\":\"Cluster\"}}'`, which hides clients' addresses.")


def _balancer(evidence: Evidence, inside: bool) -> Finding | None:
    """Without an address the Service still works inside the cluster."""
    service = evidence["service"]
    if service["type"] != "LoadBalancer" or service["balancer"]:
        return None
    failed = next((e for e in reversed(evidence["events"]) if e["type"] == "Warning"), None)
    line = f"{service['name']}: status.loadBalancer is empty, expected an address"
    lines = (line, *([f"Event {failed['reason']}: {failed['message']}"] if failed else []), read_at(evidence))
    if failed:
        why = f": {cut(failed['message'], 160)}"
    elif evidence["providers"] == []:
        why = f": nothing that is known to give {_class(service)} addresses runs here"
    else:
        who = list_names(evidence["providers"] or ()) or "what gives addresses here"
        why = f"; {who} has given it none"
    text = f"{service['name']} waits for a load balancer{why}."
    if inside or (not failed and evidence["read_at"] - service["created"] < GRACE):
        rest = "It is reached inside the cluster all the same." if inside else "It is new."
        return note(Verdict.INFO, Layer.SERVICE, f"{text} {rest}", object=service["name"], evidence=lines)
    return find("service.load-balancer", text, verdict=Verdict.WARN, object=service["name"], evidence=lines)


def _class(service: Json) -> str:
    return f"Services of class {service['class']}" if service["class"] else "Services"
