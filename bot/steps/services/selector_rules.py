"""What a Service's selector hits, and what it comes nearest to where it hits nothing. Pure."""

from difflib import SequenceMatcher
from typing import Any

from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement
from bot.steps.findings import tell_skipped
from bot.steps.patience import GRACE
from bot.steps.refusals import advise
from bot.steps.services.objects import ServiceArgs, find_target
from bot.steps.wording import count, labels_text, list_names, read_at

Json = dict[str, Any]


def judge_selected(evidence: Evidence, args: ServiceArgs) -> Judgement:
    service, pods, skipped = evidence["service"], evidence["pods"], tell_skipped(evidence, Layer.SERVICE)
    if pods is None:
        return Judgement(skipped or (note(Verdict.SKIPPED, Layer.SERVICE, f"Service {args.service} selects no pods."),))
    live = [pod for pod in pods if not pod["gone"]]
    if not live:
        return Judgement((_nothing(evidence), *skipped), {"pods": 0})
    owners = sorted({pod["owner"] for pod in live})
    mixed = _mixed(evidence, live) if len(owners) > 1 else None
    number = f"{'more than ' if evidence['unseen'] else ''}{count(len(live), 'pod')}"
    wanted = labels_text(service["selector"])
    text = f"The selector of {service['name']}, {wanted}, hits {number} of {list_names(owners)}."
    fine = note(Verdict.PASS, Layer.SERVICE, text, object=service["name"], evidence=(read_at(evidence),))
    return Judgement((mixed or fine, *skipped), {"pods": len(live)})


def _mixed(evidence: Evidence, live: list[Json]) -> Finding | None:
    """Pods of several owners are a fault only where those of one cannot be meant: by their kind, or by their ports."""
    service = evidence["service"]
    by_owner = {owner: [p for p in live if p["owner"] == owner] for owner in sorted({p["owner"] for p in live})}
    odd = [owner for owner, pods in by_owner.items() if owner.startswith("Job ") or not _fits(service, pods[0])]
    fitting = [owner for owner in by_owner if owner not in odd]
    lines = (f"{service['name']}: selector {labels_text(service['selector'])}",
             *(f"{owner}: {count(len(pods), 'pod')}, {_ports(pods[0])}" for owner, pods in list(by_owner.items())[:3]),
             read_at(evidence))
    if not odd or not fitting:
        text = f"{service['name']} selects pods of {list_names(by_owner)}: connections are shared among them."
        return note(Verdict.INFO, Layer.SERVICE, text, object=service["name"], evidence=lines)
    text = (f"{service['name']} also selects pods of {list_names(odd)}, which do not serve its ports: a part of the "
            "connections fails.")
    return find("service.selector.mixed", text, verdict=Verdict.WARN, object=service["name"], evidence=lines,
                advice=f"Add a label to the selector that only pods of {list_names(fitting)} have, or take the labels "
                f"{labels_text(service['selector'])} off the others.")


def _fits(service: Json, pod: Json) -> bool:
    """Whether the pod declares what the Service leads to, or declares nothing, which says nothing."""
    targets = [find_target(port, pod) for port in service["ports"]]
    return not pod["ports"] or any(p["number"] in targets for p in pod["ports"]) or not targets


def _ports(pod: Json) -> str:
    return f"port {list_names(str(p['number']) for p in pod['ports'])}" if pod["ports"] else "no port declared"


def _nothing(evidence: Evidence) -> Finding:
    service = evidence["service"]
    wanted = service["selector"]
    for workload in evidence["workloads"]:
        if wanted.items() <= workload["labels"].items():
            return _no_pods(evidence, workload)
    where, lines = service["name"], [f"{service['name']}: selector {labels_text(wanted)}, matches 0 pods"]
    near = _nearest(evidence)
    if near is None:
        others = [group["owner"] for group in evidence["groups"]]
        has = f"the namespace has pods of {list_names(others, 3)}" if others else "the namespace has no pods"
        if not others and evidence["read_at"] - service["created"] < GRACE:
            text = f"The selector of {where} hits nothing yet: the Service is new, and {has}."
            return note(Verdict.UNKNOWN, Layer.SERVICE, text, object=where, evidence=(*lines, read_at(evidence)))
        text = f"The selector of {where}, {labels_text(wanted)}, matches 0 pods; {has}, none with labels like it."
        return find("service.selector", text, object=where, evidence=(*lines, read_at(evidence)))
    owner, labels, differing = near
    told = list_names(f"{key} is {labels.get(key, '(not set)')}, the selector wants {wanted[key]}" for key in differing)
    fitting = {key: labels[key] for key in wanted if key in labels}
    text = f"The selector of {where}, {labels_text(wanted)}, matches 0 pods; of {owner}, {told}."
    command = f"kubectl -n {service['namespace']} set selector service {service['plain']} '{labels_text(fitting)}'"
    advice = f"If the pods of {owner} are meant: `{command}`. Else give the pods the labels that the selector wants." \
        if fitting else "Correct the selector, or give the pods its labels."
    return find("service.selector", text, object=where, advice=advice,
                evidence=(*lines, f"{owner}: labels {labels_text(labels)}", read_at(evidence)))


def _no_pods(evidence: Evidence, workload: Json) -> Finding:
    name, wanted, space = workload["name"], workload["wanted"], evidence["service"]["namespace"]
    if wanted == 0 and workload["kind"] != "DaemonSet":
        text = f"{evidence['service']['name']} has no pods: {name} is scaled to zero."
        return find("service.workload.scaled-to-zero", text, object=name,
                    evidence=(f"{name}: spec.replicas is 0, expected at least 1", read_at(evidence)),
                    advice=f"`kubectl -n {space} scale {workload['kind'].lower()} {workload['plain']} --replicas=1`, "
                    "and see who scaled it down (an autoscaler, a person).")
    failure = next((w["failure"] for w in evidence["workloads"]
                    if w["failure"] and evidence["service"]["selector"].items() <= w["labels"].items()), "")
    if not failure and evidence["read_at"] - workload["created"] < GRACE:
        text = f"{evidence['service']['name']} has no pods yet: {name} is new."
        return note(Verdict.UNKNOWN, Layer.SERVICE, text, object=name, evidence=(read_at(evidence),))
    why = f": {failure}" if failure else ", and its controller does not say why"
    text = f"{evidence['service']['name']} has no pods: {name} wants {wanted} and none is made{why}."
    advice = advise(failure, space) or (
        f"Read why: `kubectl -n {space} describe replicaset`. Where nothing is said, the kube-controller-manager may "
        "not work: `kubectl -n kube-system get pods -l component=kube-controller-manager`.")
    return find("service.workload.no-pods", text, object=name, advice=advice,
                evidence=(f"{name}: wants {wanted}, has 0", *([failure] if failure else []), read_at(evidence)))


def _nearest(evidence: Evidence) -> tuple[str, dict[str, str], list[str]] | None:
    """(owner, labels, keys that differ) of what the selector comes nearest to, by the keys that fit and by likeness."""
    wanted: dict[str, str] = evidence["service"]["selector"]
    known = [(g["owner"], g["labels"]) for g in evidence["groups"]]
    known += [(w["name"], w["labels"]) for w in evidence["workloads"] if w["kind"] != "ReplicaSet"]
    scored = [(sum(_likeness(value, labels.get(key)) for key, value in wanted.items()), owner, labels)
              for owner, labels in known]
    best = max(scored, key=lambda row: (row[0], row[1]), default=None)
    if best is None or best[0] < 0.5 * len(wanted):
        return None
    return best[1], best[2], [key for key, value in wanted.items() if best[2].get(key) != value]


def _likeness(value: str, other: str | None) -> float:
    return 0.0 if other is None else max(0.3, SequenceMatcher(None, value, other).ratio())
