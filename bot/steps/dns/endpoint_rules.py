"""What the selector, the EndpointSlices and the pods of the DNS Service say together. Pure.

    selector → matches DNS pods? → are they endpoints? → ready? → on the port they serve?
"""

from typing import Any

from bot.diagnosis.causes import find, note
from bot.diagnosis.platform import may_serve_outside
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence
from bot.steps.findings import tell_skipped
from bot.steps.patience import GRACE, LAG
from bot.steps.slice_refusals import find_refused
from bot.steps.slices import CONTROLLER, find_beside
from bot.steps.wording import count, labels_text, list_names, parse_time, read_at

PATH_NOT_TESTED = "the way from clients to the Service's address was not tested"

Json = dict[str, Any]


def judge_slices(evidence: Evidence, outputs: Json) -> tuple[Finding, ...]:
    service = evidence["service"]
    skipped = tell_skipped(evidence, Layer.DNS_SERVICE)
    if service is None:
        text = "There is no DNS Service, so there are no endpoints to look at."
        return skipped or (note(Verdict.INFO, Layer.DNS_SERVICE, text, evidence=(read_at(evidence),)),)
    wrong = _selector(evidence, outputs)
    if wrong:
        return (wrong, *skipped)
    found = [*_mixed(evidence), *_endpoints(evidence), *_ports(evidence)]
    return (*(found or [_consistent(evidence)]), *skipped)


def describe_service(evidence: Evidence) -> Json:
    """Outputs for the change that mends a wrong selector. `mends`: with those labels there would be ready endpoints."""
    service = evidence["service"]
    if service is None:
        return {}
    labels = _labels_to_select(evidence)
    hit = [pod for pod in evidence["pods"] if labels and labels.items() <= pod["labels"].items()]
    others = [pod for pod in evidence["selected"] if not pod["dns"] and labels.items() <= pod["labels"].items()]
    return {
        "service": service["name"].removeprefix("Service "), "labels": labels, "ready": len(_ready_endpoints(evidence)),
        "mends": labels != service["selector"] and any(pod["ready"] for pod in hit) and not others,
    }


def _labels_to_select(evidence: Evidence) -> Json:
    """The usual label where the pods have it, else all that their workload selects them by."""
    labels = evidence["workload"]["labels"]
    if labels.get("k8s-app") == "kube-dns":
        return {"k8s-app": "kube-dns"}
    match = dict(evidence["workload"]["match"])
    return match or ({} if not evidence["pods"] else {k: v for k, v in evidence["pods"][0]["labels"].items()
                                                      if not k.endswith("-hash") and k != "pod-template-generation"})


def _live(pods: list[Json]) -> list[Json]:
    return [pod for pod in pods if not pod["deleting"] and not pod["over"]]


def lacking(selected: list[Json], slices: list[Json]) -> list[Json]:
    """Ready pods of the Service that are not among its endpoints."""
    known = {e["address"] for piece in slices for e in piece["endpoints"]}
    return [pod for pod in _live(selected) if pod["ready"] and pod["ips"] and not known & set(pod["ips"])]


def _ready_endpoints(evidence: Evidence) -> list[Json]:
    return [e for piece in evidence["slices"] for e in piece["endpoints"] if e["ready"] and not e["terminating"]]


def _selector(evidence: Evidence, outputs: Json) -> Finding | None:
    """A selector that matches no DNS pod although there are some. Counts at any age: it is no absence."""
    service, pods = evidence["service"], _live(evidence["pods"])
    selector, template = service["selector"], evidence["workload"]["labels"]
    if any(pod["dns"] for pod in evidence["selected"]) or not (pods or template):
        return None
    frozen = [] if selector else [e["address"] for e in _ready_endpoints(evidence)]
    if frozen and not any(piece.get("managed") == CONTROLLER for piece in evidence["slices"]):
        return None  # endpoints kept by hand or by the platform
    if not pods and selector and selector.items() <= template.items():
        return None  # the pods are missing, not the match
    ready = sum(pod["ready"] for pod in pods)
    workload = evidence["workload"]["name"]
    what = count(ready, "ready DNS pod") + (f" of {workload}" if workload else "")
    other = [pod["name"] for pod in evidence["selected"]]
    matched = f"only {list_names(other, 3)}, no DNS server" if other else "no pod"
    labels = labels_text(outputs["labels"])
    namespace, name = service["name"].removeprefix("Service ").split("/")
    text = (f"{service['name']} selects {labels_text(selector)}, which matches {matched}; "
            f"{what} {'has' if ready == 1 else 'have'} {labels}.")
    alive = {ip for pod in pods for ip in pod["ips"]}
    lasts = bool(frozen) and alive.issuperset(frozen)
    if frozen:
        lead = "still lead to them" if lasts else "do not all lead to one that lives"
        text += f" Its endpoints, which nobody keeps any more, {lead}."
    endpoints = len(_ready_endpoints(evidence))
    return find(
        "dns.service.selector", text, object=service["name"], verdict=Verdict.WARN if lasts else Verdict.FAIL,
        evidence=(f"{service['name']}: spec.selector is {labels_text(selector)}, expected {labels}",
                  f"EndpointSlices of {name}: {count(endpoints, 'ready endpoint')}",
                  *(f"Pod {namespace}/{pod['name']}: labels {labels_text(pod['labels'])}" for pod in pods[:2]),
                  read_at(evidence)),
        advice=f"Set the selector to {labels}: `kubectl -n {namespace} set selector service {name} {labels}`",
    )


def _mixed(evidence: Evidence) -> list[Finding]:
    strangers = [pod for pod in _live(evidence["selected"]) if not pod["dns"] and pod["ready"]]
    if not strangers:
        return []
    name = evidence["service"]["name"]
    text = f"{name} also selects {list_names(pod['name'] for pod in strangers)}, which serve no DNS."
    told = [f"Pod {pod['name']}: labels {labels_text(pod['labels'])}, no port 53" for pod in strangers[:2]]
    seen = f"{name}: spec.selector is {labels_text(evidence['service']['selector'])}, expected to match DNS pods only"
    return [find("dns.endpoints.mixed", text, verdict=Verdict.WARN, object=name,
                 evidence=(seen, *told, read_at(evidence)))]


def _endpoints(evidence: Evidence) -> list[Finding]:
    service, now = evidence["service"], float(evidence["read_at"])
    name = service["name"]
    endpoints = [e for piece in evidence["slices"] for e in piece["endpoints"] if not e["terminating"]]
    ready, pods = _ready_endpoints(evidence), _live(evidence["selected"])
    beside = _beside(evidence)
    if beside:
        return [beside]
    late = lacking(evidence["selected"], evidence["slices"])
    own = {ip for pod in pods for ip in pod["ips"]}
    verdict = Verdict.WARN if any(e["address"] in own for e in ready) else Verdict.FAIL
    refused = find_refused(
        evidence, name, min(pod["since"] for pod in late), verdict,
        f"Pod {late[0]['name']}: ready, in no EndpointSlice") if late else None
    if refused:
        return [refused]
    stale = _stale(evidence, now)
    slices = count(len(evidence["slices"]), "EndpointSlice")
    told = (f"{slices}, {count(len(endpoints), 'endpoint')}, {len(ready)} ready", read_at(evidence))
    if stale:
        return [find("dns.endpoints.stale", f"{name}: {stale}.", object=name, evidence=told, verdict=verdict)]
    if ready:
        return []
    if any(pod["ready"] for pod in pods) or (pods and all(now - parse_time(p["created"]) < GRACE for p in pods)):
        text = f"{name} has no ready endpoint yet; its pods became ready, or were made, a moment ago. Look again."
        return [note(Verdict.UNKNOWN, Layer.DNS_SERVICE, text, object=name, evidence=told)]
    if not pods and (not service["selector"] or may_serve_outside(evidence["version"])):
        return []
    if endpoints or pods:
        number = max(len(endpoints), len(pods))
        text = f"{name} has {count(number, 'endpoint')} and 0 are ready: its pods do not pass their readiness probes."
        return [find("dns.endpoints.none-ready", text, object=name, evidence=told)]
    text = f"{name} has no endpoints: no pod matches {labels_text(service['selector'])}."
    return [find("dns.endpoints.empty", text, object=name, evidence=told)]


def _beside(evidence: Evidence) -> Finding | None:
    if not evidence["service"]["selector"] or not evidence["selected"] or evidence["unseen"]:
        return None
    return find_beside("dns.endpoints.beside", evidence, {ip for pod in evidence["selected"] for ip in pod["ips"]})


def _stale(evidence: Evidence, now: float) -> str:
    """Where pods and EndpointSlices have disagreed for longer than the controller takes."""
    late = [pod["name"] for pod in lacking(evidence["selected"], evidence["slices"])
            if now - pod["since"] > LAG and now - evidence["service"]["changed"] > LAG]
    if late:
        return f"{list_names(late)} {'is' if len(late) == 1 else 'are'} ready and not among its endpoints"
    if not evidence["selected"] and any(piece.get("managed") == CONTROLLER for piece in evidence["slices"]):
        left = [e["address"] for e in _ready_endpoints(evidence)] if evidence["service"]["selector"] else []
        return f"its endpoints {list_names(left)} belong to pods that are gone" if left else ""
    own = {ip for pod in evidence["selected"] for ip in pod["ips"]}
    gone = [e["address"] for e in _ready_endpoints(evidence) if e["address"] not in own]
    if gone and evidence["selected"] and not evidence["unseen"] and evidence["service"]["selector"]:
        settled = all(now - parse_time(p["created"]) > LAG and now - p["since"] > LAG for p in evidence["selected"])
        return f"its endpoints {list_names(gone)} belong to no pod that it selects" if settled else ""
    return ""


def _ports(evidence: Evidence) -> list[Finding]:
    """What the slices say against the ports that the DNS containers declare; undeclared ports prove nothing."""
    service, ready = evidence["service"], _ready_endpoints(evidence)
    pods = [pod for pod in _live(evidence["selected"]) if pod["dns"]]
    if not ready or not pods:
        return []
    wrong = []
    for port in service["ports"]:
        expected = pods[0]["ports"].get(port["protocol"], 0)
        if port["port"] != 53 or not expected:
            continue
        seen = {p["port"] for piece in evidence["slices"] for p in piece["ports"]
                if p["protocol"] == port["protocol"] and p["name"] == port["name"]}
        if seen != {expected}:
            leads = f"leads to {list_names(map(str, sorted(seen)))}" if seen - {0} else "leads to no port of the pods"
            wrong.append(f"port 53/{port['protocol']} (targetPort {port['target']}) {leads}, DNS listens on {expected}")
    if not wrong:
        return []
    dead = len(wrong) == sum(port["port"] == 53 for port in service["ports"]) or "53/UDP" in wrong[0]
    return [find(
        "dns.service.target-port", f"{service['name']}: {'; '.join(wrong)}.", object=service["name"],
        verdict=Verdict.FAIL if dead else Verdict.WARN, evidence=(*wrong, read_at(evidence)),
        advice=f"Set targetPort to {pods[0]['ports'].get('UDP') or 53}: "
        f"`kubectl -n {service['name'].split(' ')[1].split('/')[0]} edit service {service['name'].split('/')[1]}`",
    )]


def _consistent(evidence: Evidence) -> Finding:
    service = evidence["service"]
    ready = len({e["address"] for e in _ready_endpoints(evidence)})
    if not ready:
        text = f"{service['name']} has no endpoints, and no DNS pod is known: DNS may be served outside the cluster."
        return note(Verdict.INFO, Layer.DNS_SERVICE, text, object=service["name"], evidence=(read_at(evidence),))
    text = f"{service['name']} has {count(ready, 'ready endpoint')}, as its pods are; {PATH_NOT_TESTED}."
    return note(Verdict.PASS, Layer.DNS_SERVICE, text, object=service["name"], evidence=(read_at(evidence),))
