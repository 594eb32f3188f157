"""The Service's EndpointSlices against its pods: none matched, matched and not ready, without a port, of another
address family, out of date. Pure."""

from typing import Any

from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement
from bot.steps.findings import tell_skipped
from bot.steps.patience import LAG
from bot.steps.services.objects import ServiceArgs, ready_endpoints
from bot.steps.slice_refusals import find_refused
from bot.steps.slices import find_beside
from bot.steps.wording import count, list_names, read_at, tell_time

SILENT = 60.0
"""Seconds without a word after which the controllers are held to be gone."""
RECENT = 600.0
"""Seconds for which a refusal counts where the endpoints of a pod that is gone are left."""
Json = dict[str, Any]


def judge_endpoints(evidence: Evidence, args: ServiceArgs) -> Judgement:
    service, slices, skipped = evidence["service"], evidence["slices"], tell_skipped(evidence, Layer.SERVICE)
    if service is None or slices is None or evidence["pods"] is None:
        text = f"Service {args.service} selects no pods, so its endpoints are not made of them."
        return Judgement(skipped or (note(Verdict.SKIPPED, Layer.SERVICE, text),))
    ready = ready_endpoints(slices)
    outputs = {"ready": len(ready), "nodes": sorted({e["node"] for e in ready if e["node"]})}
    told = (_stale(evidence), _beside(evidence), _family(evidence) or _none_ready(evidence), _portless(evidence))
    found = [finding for finding in told if finding]
    return Judgement((*(found or [_fine(evidence, len(ready))]), *skipped), outputs)


def _live(evidence: Evidence) -> list[Json]:
    return [pod for pod in evidence["pods"] if not pod["gone"]]


def _fine(evidence: Evidence, ready: int) -> Finding:
    service = evidence["service"]
    text = f"{service['name']} has {count(ready, 'ready endpoint')}; the way to them was not tested."
    lines = [f"{e['address']}: Pod {e['pod']} on {e['node']}" for e in ready_endpoints(evidence["slices"])[:4]]
    verdict = Verdict.PASS if ready else Verdict.INFO
    if not ready:
        text = f"{service['name']} has no ready endpoint, and no pods that could be one."
    return note(verdict, Layer.SERVICE, text, object=service["name"], evidence=(*lines, read_at(evidence)))


def _none_ready(evidence: Evidence) -> Finding | None:
    live, service = _live(evidence), evidence["service"]
    ends = [e for piece in evidence["slices"] for e in piece["endpoints"]]
    if not live or any(pod["ready"] for pod in live) or any(e["ready"] for e in ends):
        return None
    text = f"{service['name']} has {count(len(live), 'endpoint')}, and none is ready: clients are refused at once."
    young = evidence["read_at"] - max(pod["created"] for pod in live) < LAG
    lines = (*(f"Pod {pod['name']}: condition Ready is False, expected True" for pod in live[:3]), read_at(evidence))
    if young:
        return note(Verdict.INFO, Layer.SERVICE, f"{text} Its pods are new.", object=service["name"], evidence=lines)
    return find("service.endpoints.none-ready", text, object=service["name"], evidence=lines)


def _family(evidence: Evidence) -> Finding | None:
    """Families that the Service promises and no pod of it has an address of."""
    service, live = evidence["service"], _live(evidence)
    addresses = [ip for pod in live for ip in pod["ips"]]
    if not addresses:
        return None
    have = {"IPv6" if ":" in ip else "IPv4" for ip in addresses}
    lacking = [family for family in service["families"] if family not in have]
    if not lacking:
        return None
    whole = len(lacking) == len(service["families"])
    text = (f"{service['name']} is to serve {list_names(lacking)}, and its pods have no such address: it has no "
            "endpoint of that family.")
    return find("service.endpoints.family", text, verdict=Verdict.FAIL if whole else Verdict.WARN,
                object=service["name"], evidence=(
                    f"{service['name']}: ipFamilies {list_names(service['families'])}",
                    f"pods have {list_names(addresses, 3)}", read_at(evidence)))


def _portless(evidence: Evidence) -> Finding | None:
    """A slice with ready endpoints and no port: a named targetPort that the pods do not have."""
    service = evidence["service"]
    bare = [piece for piece in evidence["slices"] if not piece["ports"] and any(e["ready"] for e in piece["endpoints"])]
    if not bare or not service["ports"] or service["headless"]:
        return None
    whole = len(bare) == len([piece for piece in evidence["slices"] if piece["endpoints"]])
    text = (f"EndpointSlice {service['namespace']}/{bare[0]['name']} of {service['name']} has ready endpoints and no "
            "port: nothing is sent to them.")
    return find("service.endpoints.no-port", text, verdict=Verdict.FAIL if whole else Verdict.WARN,
                object=service["name"], evidence=(
                    f"EndpointSlice {bare[0]['name']}: ports is empty, expected {len(service['ports'])}",
                    read_at(evidence)))


def _stale(evidence: Evidence) -> Finding | None:
    """Ready pods that are not among the endpoints, or endpoints of pods that are gone."""
    service, now = evidence["service"], float(evidence["read_at"])
    if evidence["unseen"]:
        return None
    held = {e["uid"]: e for piece in evidence["slices"] for e in piece["endpoints"] if e["uid"]}
    live = {pod["uid"]: pod for pod in _live(evidence)}
    missing = [pod for pod in live.values() if pod["ready"] and pod["uid"] not in held and _has_family(pod, service)]
    dead = [e for uid, e in held.items() if uid not in {pod["uid"] for pod in evidence["pods"]} and e["ready"]]
    if not missing and not dead:
        return None
    lines = [*(f"Pod {pod['name']}: ready since {tell_time(pod['since'])}, in no EndpointSlice" for pod in missing[:2]),
             *(f"endpoint {e['address']}: Pod {e['pod']} is gone, or not selected" for e in dead[:2])]
    whole = not [e for uid, e in held.items() if uid in live and e["ready"]]
    verdict = Verdict.FAIL if whole else Verdict.WARN
    begun = max(min((pod["since"] for pod in missing), default=now - RECENT), service["created"])
    refused = find_refused(evidence, service["name"], begun, verdict, *lines[:2])
    if refused:
        return refused
    silent = _silent(evidence)
    if silent:
        lines.append(silent)
    since = max([service["changed"], *(pod["since"] for pod in missing)])
    if not silent and now - since < LAG:
        text = f"The endpoints of {service['name']} follow its pods: {lines[0]}."
        return note(Verdict.INFO, Layer.SERVICE, text, object=service["name"], evidence=(*lines, read_at(evidence)))
    what = f"{count(len(missing), 'ready pod')} missing from them, {count(len(dead), 'endpoint')} of other pods"
    text = f"The endpoints of {service['name']} are out of date: {what}."
    return find("service.endpoints.stale", text, verdict=verdict, object=service["name"],
                evidence=(*lines, read_at(evidence)))


def _beside(evidence: Evidence) -> Finding | None:
    if evidence["unseen"] or not evidence["pods"]:
        return None
    return find_beside("service.endpoints.beside", evidence, {ip for pod in evidence["pods"] for ip in pod["ips"]})


def _has_family(pod: Json, service: Json) -> bool:
    have = {"IPv6" if ":" in ip else "IPv4" for ip in pod["ips"]}
    return not service["families"] or bool(have & set(service["families"]))


def _silent(evidence: Evidence) -> str:
    lease, now = evidence["lease"], float(evidence["read_at"])
    if not lease or now - lease["renewed"] < max(SILENT, lease["seconds"]):
        return ""
    return (f"Lease kube-system/kube-controller-manager: renewed last at {tell_time(lease['renewed'])}, expected every "
            f"few seconds")
