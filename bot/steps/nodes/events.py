"""`node.events`: what was told about the nodes lately. Events last an hour: none is no proof of health.

Only a series that says that a node comes and goes is a fault by itself; other events tell when something happened that
other looks judge as it is now.
"""

from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.findings import tell_skipped
from bot.steps.nodes.conditions import OfNodeArgs
from bot.steps.readings import or_skip
from bot.steps.wording import count, cut, list_names, parse_time, read_at, tell_time

MOST = 200
RECENT = 3600.0
SERIES = 3
TOLD = {
    "NodeNotReady": "it ceased to be ready", "Rebooted": "it was rebooted", "SystemOOM": "it ran out of memory",
    "EvictionThresholdMet": "it began to evict pods",
    "MissingClusterDNS": "its kubelet has no DNS server to give to pods",
    "CheckLimitsForResolvConf": "its resolv.conf cannot be read, or holds more than pods can use",
    "DNSConfigForming": "its resolv.conf cannot be read, or holds more than pods can use",
    "CIDRNotAvailable": "no pod range was left for it", "IPVSDeprecation": "kube-proxy's mode ipvs is deprecated",
    "FailedToStartNodeHealthcheck": "kube-proxy could not open its health port",
    "FreeDiskSpaceFailed": "no disk space could be freed",
    "ContainerGCFailed": "its container runtime did not answer", "ImageGCFailed": "images could not be removed",
}
"""Reasons that concern the network or explain why agents are missing; any other is only counted."""


class EventArgs(OfNodeArgs):
    """Reads the events about nodes.

    `node`: the name of one; without it those about all nodes are read.
    """


async def gather_events(cluster: Cluster, args: EventArgs) -> Evidence:
    skipped: list[str] = []
    which = "involvedObject.kind=Node" + (f",involvedObject.name={args.node}" if args.node else "")
    listing = await or_skip(cluster.list("Event", fields=which, limit=MOST), skipped)
    if listing is None:
        return {"read_at": cluster.now, "events": None, "more": 0, "skipped": skipped}
    recent = [event for event in listing.items if cluster.now - _last(event) < RECENT]
    return {"read_at": cluster.now, "events": [_facts(event) for event in recent], "more": listing.remaining,
            "skipped": skipped}


def _last(event: Object) -> float:
    series = event.get("series") or {}
    return parse_time(series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime")
                      or event["metadata"].get("creationTimestamp"))


def _facts(event: Object) -> dict[str, Any]:
    times = (event.get("series") or {}).get("count") or event.get("count") or 1
    return {"node": event["involvedObject"].get("name", ""), "reason": event.get("reason", ""), "times": times,
            "last": _last(event), "warning": event.get("type") == "Warning", "message": cut(event.get("message", ""))}


def judge_events(evidence: Evidence, args: EventArgs) -> Judgement:
    skipped, events = tell_skipped(evidence, Layer.NODE), evidence["events"]
    if events is None:
        return Judgement(skipped)
    found = [told for rows in _group(events) if (told := _judge(evidence, rows))]
    others = sorted({e["reason"] for e in events if e["warning"] and e["reason"] not in TOLD})
    rest = f"; others warn of {list_names(others)}" if others else ""
    cut_off = " (more were not read)" if evidence["more"] else ""
    if not found:
        text = f"No event of the last hour speaks of trouble with a node's network{rest}{cut_off}."
        found = [note(Verdict.INFO, Layer.NODE, text, evidence=(read_at(evidence),))]
    return Judgement((*found, *skipped))


def _group(events: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for event in events:
        if event["reason"] in TOLD:
            groups.setdefault((event["node"], event["reason"]), []).append(event)
    return list(groups.values())


def _judge(evidence: Evidence, rows: list[dict[str, Any]]) -> Finding | None:
    node, reason, last = rows[0]["node"], rows[0]["reason"], max(row["last"] for row in rows)
    times = sum(row["times"] for row in rows)
    often = count(times, "time")
    told = f"Event {reason} of node {node}: {often}, last {tell_time(last)}: {cut(rows[-1]['message'], 160)}"
    if reason == "NodeNotReady" and times >= SERIES:
        text = f"Node {node} comes and goes: it ceased to be ready {often} in an hour, last at {tell_time(last)}."
        return find("node.flaps", text, verdict=Verdict.WARN, object=f"Node {node}", node=node,
                    evidence=(told, read_at(evidence)))
    text = f"Of node {node} it was told that {TOLD[reason]}, {often}, last at {tell_time(last)}."
    return note(Verdict.INFO, Layer.NODE, text, object=f"Node {node}", node=node, evidence=(told, read_at(evidence)))


EVENTS = Look(
    name="node.events", args=EventArgs, gather=gather_events, judge=judge_events, reads=("list events",),
    by_hand="`kubectl get events -A --field-selector involvedObject.kind=Node` "
    "(https://kubernetes.io/docs/tasks/debug/debug-cluster/)",
)
