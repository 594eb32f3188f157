"""`service.pods`: what keeps the Service's pods from being ready? (page: are the Pods working)."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import CAUSES as KNOWN
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.dns.pod_states import classify
from bot.steps.dns.pods import read_events
from bot.steps.findings import tell_skipped
from bot.steps.nodes.status import read_nodes
from bot.steps.podfacts import SCHEDULER, pod_facts
from bot.steps.readings import or_skip
from bot.steps.services.objects import ServiceArgs, owner_of, read_selected, read_service
from bot.steps.wording import count, cut, list_names, read_at

MOST_ASKED = 20
MOST_EVENTS = 200
MOST_ILL = 3
"""Pods whose own events are asked for, where those of the namespace are more."""
CAUSES = {
    "api.scheduler": "api.scheduler", "dns.pods.pending.no-network": "service.pods.no-network",
    "dns.pods.pending.unschedulable": "service.pods.unschedulable",
    "dns.pods.sandbox": "service.pods.sandbox", "dns.pods.volume": "service.pods.volume",
    "dns.pods.container": "service.pods.container",
    "dns.pods.image": "service.pods.image", "dns.pods.oom": "service.pods.oom",
    "dns.pods.liveness": "service.pods.liveness", "dns.pods.crashing": "service.pods.crashing",
    "dns.pods.node-down": "service.pods.node-down", "dns.pods.not-ready": "service.pods.not-ready",
}
"""The states of a pod are the same whatever it serves."""
ON_NODE = frozenset({"service.pods.sandbox", "service.pods.node-down"})
"""Those that lie in the pod's node, so that what is wrong with that node explains them."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """`code`: a cause; `young` or "" where nothing can be said (yet)."""

    pod: dict[str, Any]
    code: str
    detail: str


async def gather_pods(cluster: Cluster, args: ServiceArgs) -> Evidence:
    skipped: list[str] = []
    service = await read_service(cluster, args, skipped)
    found, unseen = await read_selected(cluster, service, skipped)
    pods = [_facts(pod) for pod in found or ()]
    ill = [pod for pod in pods if not pod["ready"] and not pod["deleting"]]
    if ill:
        await _add_events(cluster, args.namespace, ill, skipped)
    homes = tuple(dict.fromkeys(pod["node"] for pod in ill if pod["node"]))
    nodes = await read_nodes(cluster, homes, skipped) if ill else {"read": {}, "total": 0, "unread": 0}
    shown = [*ill, *(pod for pod in pods if pod not in ill)][:MOST_ASKED]
    return {
        "service": args.service, "publish": bool(service and service["publish"]), "pods": shown, "nodes": nodes,
        "known": found is not None, "total": len(pods), "more": bool(unseen), "skipped": list(dict.fromkeys(skipped)),
        "ready": sum(pod["ready"] and not pod["deleting"] for pod in pods), "read_at": cluster.now,
    }


def _facts(pod: Object) -> dict[str, Any]:
    """Of the container that is not ready, where one is not."""
    spec, conditions = pod.get("spec", {}), {c["type"]: c for c in pod.get("status", {}).get("conditions", ())}
    waiting = next((s["name"] for s in pod.get("status", {}).get("containerStatuses", ()) if not s["ready"]), "")
    containers = spec.get("containers") or [{}]
    container = next((c for c in containers if c.get("name") == waiting), containers[0])
    gates = [gate["conditionType"] for gate in spec.get("readinessGates") or ()]
    shut = [name for name in gates if conditions.get(name, {}).get("status") != "True"]
    whole = conditions.get("ContainersReady", {}).get("status") == "True"
    return {**pod_facts(pod, container), "owner": owner_of(pod), "gates": shut if whole else []}


async def _add_events(cluster: Cluster, namespace: str, pods: list[dict[str, Any]], skipped: list[str]) -> None:
    """What happened to these pods, oldest first, as `classify` reads it."""
    reading = cluster.list("Event", namespace, fields="involvedObject.kind=Pod", limit=MOST_EVENTS)
    listing = await or_skip(reading, skipped)
    if listing is None:
        return
    if listing.remaining:  # they come by name: those of these pods may all be among the rest
        for pod in pods[:MOST_ILL]:
            pod["events"] = await read_events(cluster, namespace, pod["uid"], skipped)
        for pod in pods[MOST_ILL:]:
            pod["unheard"] = not pod["started"]
        return
    told: dict[str, list[dict[str, str]]] = defaultdict(list)
    for event in sorted(listing.items, key=lambda e: str(e.get("lastTimestamp") or e.get("eventTime") or "")):
        about = event.get("involvedObject", {}).get("uid", "")
        told[about].append({"reason": str(event.get("reason", "")), "message": cut(str(event.get("message", "")), 300)})
    for pod in pods:
        pod["events"] = told[pod["uid"]][-10:]


def judge_pods(evidence: Evidence, args: ServiceArgs) -> Judgement:
    skipped = tell_skipped(evidence, Layer.SERVICE)
    if not evidence["known"] or not evidence["pods"]:
        text = f"Service {args.service} has no pods that could be looked at."
        return Judgement(skipped or (note(Verdict.SKIPPED, Layer.SERVICE, text),), {"ready": 0} if not skipped else {})
    troubles = [t for pod in evidence["pods"] if not pod["deleting"] and (t := _trouble(pod, evidence)).code]
    groups: dict[tuple[str, str, str], list[Trouble]] = defaultdict(list)
    for trouble in troubles:
        node = trouble.pod["node"] if trouble.code in ON_NODE else ""
        groups[trouble.code, trouble.pod["owner"], node].append(trouble)
    told = tuple(_tell(evidence, code, owner, node, group) for (code, owner, node), group in groups.items())
    outputs = {"ready": evidence["ready"]}
    if told:
        return Judgement((*told, *skipped), outputs)
    more = "; it has more, which were not read" if evidence["more"] else ""
    text = f"{evidence['ready']} of {count(evidence['total'], 'pod')} of Service {args.service} ready{more}."
    return Judgement((note(Verdict.PASS, Layer.SERVICE, text, evidence=(read_at(evidence),)), *skipped), outputs)


def _trouble(pod: dict[str, Any], evidence: Evidence) -> Trouble:
    if pod["gates"] and not pod["ready"]:
        told = f"its containers are ready, readinessGate {list_names(pod['gates'])} is not True"
        return Trouble(pod, "service.pods.gate", told)
    state = classify(pod, evidence)
    unsaid = pod.get("unheard") and state.code == "dns.pods.not-ready"  # its events may say why
    if pod["phase"] in ("Succeeded", "Failed") or state.code == "restarted" or unsaid:
        return Trouble(pod, "", "")
    probe = next((e["message"] for e in reversed(pod["events"]) if e["reason"] == "Unhealthy"), "")
    answered = "statuscode: 4" in probe  # what answers so will not begin to fit by waiting, as one that is not up does
    if "eadiness probe" in probe and (state.code == "dns.pods.not-ready" or (state.code == "young" and answered)):
        return Trouble(pod, "service.pods.probe", probe)
    return Trouble(pod, CAUSES.get(state.code, state.code), state.detail)


def _tell(evidence: Evidence, code: str, owner: str, node: str, group: list[Trouble]) -> Finding:
    pods = list_names((t.pod["name"] for t in group), 3)
    number = count(len(group), "pod")
    detail = next((t.detail for t in group if t.detail), "")
    lines = (*(cut(f"Pod {t.pod['name']} on {t.pod['node'] or 'no node'}: {t.detail}", 400) for t in group[:3]),
             read_at(evidence))
    if code == "young":
        text = f"{number} of {owner} not ready yet ({pods}): {detail}. Look again in a minute."
        serves = evidence["ready"] or evidence["publish"]
        return note(Verdict.INFO if serves else Verdict.UNKNOWN, Layer.SERVICE, text, object=owner, evidence=lines)
    text = f"{number} of {owner} not ready ({pods}): {detail}."
    if evidence["publish"]:
        return note(Verdict.INFO, Layer.SERVICE, f"{text} The Service publishes pods that are not ready.", object=owner,
                    evidence=lines)
    verdict = Verdict.WARN if evidence["ready"] else Verdict.FAIL
    mend = KNOWN[code].mend.replace("NAMESPACE", evidence["service"].split("/")[0])
    about = SCHEDULER if code == "api.scheduler" else owner
    return find(code, text, verdict=verdict, object=about, node=node, evidence=lines,
                advice=mend.replace("POD", group[0].pod["name"]))


PODS = Look(
    name="service.pods", args=ServiceArgs, gather=gather_pods, judge=judge_pods,
    reads=("get services", "list pods", "list events", "list nodes", "get nodes"),
    by_hand="`kubectl -n NAMESPACE get pods -l SELECTOR -o wide`, `kubectl -n NAMESPACE describe pod POD` "
    "(https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/#are-the-pods-working)",
)
