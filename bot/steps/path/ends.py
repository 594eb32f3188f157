"""`path.ends`: are both ends of a connection alive, and where are they?"""

import asyncio
from ipaddress import ip_address
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.findings import tell_skipped
from bot.steps.podfacts import pod_facts
from bot.steps.policy.reach import ReachArgs
from bot.steps.policy.targets import read_pod, read_targets
from bot.steps.wording import cut, list_names, read_at

Row = dict[str, Any]


class EndsArgs(ReachArgs):
    """Looks at the two ends of a connection: whether they have addresses, of which family, and on which nodes.

    `pod`: "namespace/name" of the pod that connects. `to`, `port`: the Service or pod it connects to.
    """


async def gather_ends(cluster: Cluster, args: EndsArgs) -> Evidence:
    skipped: list[str] = []
    source, target = await asyncio.gather(
        read_pod(cluster, args.pod, skipped), read_targets(cluster, args.to, args.port, skipped))
    sides = [row["side"] for row in target["rows"]] if target else []
    pods = await asyncio.gather(*(read_pod(cluster, f"{side['namespace']}/{side['name']}" if side["namespace"] else "",
                                       skipped) for side in sides))
    ends = [end_facts(pod) if pod else {**_BARE, "name": side["name"], "addresses": [side["address"]]}
            for pod, side in zip(pods, sides, strict=True)]
    return {"read_at": cluster.now, "pod": args.pod, "source": end_facts(source) if source else None,
            "to": target["name"] if target else "", "kind": target["kind"] if target else "",
            "why": target["why"] if target else "", "ends": ends, "skipped": list(dict.fromkeys(skipped))}


_BARE: Row = {"node": "", "host": False, "ready": True, "phase": "Running", "waits": ""}


def end_facts(pod: Object) -> Row:
    facts, status = pod_facts(pod), pod.get("status", {})
    waits = facts["unscheduled"].get("message") or ": ".join(filter(None, (facts["waiting"], facts["waiting_message"])))
    return {"name": f"Pod {pod['metadata']['namespace']}/{facts['name']}", "node": facts["node"],
            "host": bool(pod["spec"].get("hostNetwork")), "ready": facts["ready"], "phase": facts["phase"],
            "waits": cut(waits), "addresses": [one["ip"] for one in status.get("podIPs") or ()]}


def judge_ends(evidence: Evidence, args: EndsArgs) -> Judgement:
    source, skipped = evidence["source"], tell_skipped(evidence, Layer.CLIENT)
    read = (read_at(evidence),)
    found: list[Finding] = []
    if evidence["pod"] and not source and not skipped:
        text = f"There is no Pod {evidence['pod']} to connect from."
        found.append(note(Verdict.UNKNOWN, Layer.CLIENT, text, evidence=read))
    if evidence["to"] and not evidence["ends"]:
        text = f"{evidence['to']} leads to nobody: {evidence['why']}."
        found.append(note(Verdict.UNKNOWN, Layer.SERVICE, text, evidence=read))
    ends = [*([source] if source else []), *evidence["ends"]]
    found += [_lifeless(evidence, end) for end in ends if not end["addresses"]]
    if found:
        return Judgement((*found, *skipped))
    if apart := _apart(evidence):
        return Judgement((apart, *skipped))
    if not ends:
        return Judgement(skipped or (note(Verdict.SKIPPED, Layer.CLIENT, "No connection was asked about."),))
    told = f"{_where(source)} → {_to(evidence)}" if source and evidence["ends"] else list_names(map(_where, ends))
    return Judgement((note(Verdict.INFO, Layer.CLIENT, f"{told}.", evidence=read), *skipped))


def _lifeless(evidence: Evidence, end: Row) -> Finding:
    """No fault by itself: what keeps it from starting is told by whoever looks at pods."""
    why = f" ({end['waits']})" if end["waits"] else ""
    text = f"{end['name']} has no address: it is {end['phase'] or 'not started'}{why}, so no way leads from or to it."
    read = (read_at(evidence),)
    return note(Verdict.UNKNOWN, Layer.CLIENT, text, object=end["name"], node=end["node"], evidence=read)


def _apart(evidence: Evidence) -> Finding | None:
    """Two pods that have no family of addresses in common."""
    source, ends = evidence["source"], evidence["ends"]
    if not source or not ends or any(_families(source) & _families(end) for end in ends):
        return None
    of = {end["name"]: list_names(sorted(f"IPv{number}" for number in _families(end))) for end in (source, ends[0])}
    told = " and ".join(f"{name} has {families}" for name, families in of.items())
    lines = [f"{end['name']}: status.podIPs {list_names(end['addresses'])}" for end in (source, ends[0])]
    return find("path.family", f"{told}: no packet can go from the one to the other.", object=source["name"],
                evidence=(*lines, read_at(evidence)))


def _families(end: Row) -> set[int]:
    return {ip_address(address).version for address in end["addresses"]}


def _where(end: Row) -> str:
    at = f" on {end['node']}" if end["node"] else ""
    host = ", in the network of its node" if end["host"] else ""
    ready = "" if end["ready"] else ", not ready"
    return f"{end['name']} ({end['addresses'][0]}{at}{host}{ready})"


def _to(evidence: Evidence) -> str:
    ends, source = evidence["ends"], evidence["source"]
    same = {end["node"] == source["node"] for end in ends if end["node"]}
    places = {(True,): "the same node", (False,): "another node"}
    place = places.get(tuple(sorted(same)), "")
    behind = list_names(map(_where, ends), 3)
    told = f"{evidence['to']}, behind which is {behind}" if evidence["kind"] == "Service" else behind
    return f"{told}{f': {place}' if place else ''}"


ENDS = Look(
    name="path.ends", args=EndsArgs, gather=gather_ends, judge=judge_ends,
    reads=("get pods", "get services", "list endpointslices.discovery.k8s.io"),
    by_hand="`kubectl -n NAMESPACE get pods -o wide`, `kubectl -n NAMESPACE get endpointslices` "
    "(https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/)",
)
