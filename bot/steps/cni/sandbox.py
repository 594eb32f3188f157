"""`cni.sandbox`: pods that have a node and get no network there, and which plugin says why.

An event is history once its pod has started or is gone, or once the network's agent on that node has become ready: the
kubelet tries again by itself. Agents that start after their node leave such events behind on every healthy cluster. No
event is no evidence of health; events expire within the hour.
"""

import asyncio
import re
from itertools import chain
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import find, note
from bot.model.errors import ClusterError
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.cni.sandbox_words import DENIED, name_culprit, normalise, read_message
from bot.steps.daemons import daemon_facts, find_agents, is_gone, list_pods, read_networks
from bot.steps.dns.objects import DnsArgs, find_dns
from bot.steps.findings import tell_skipped
from bot.steps.readings import items_or_skip, one_or_skip, or_skip
from bot.steps.wording import count, cut, list_names, parse_time, read_at

REASON = "FailedCreatePodSandBox"
MOST_EVENTS = 20
MOST_AGENTS = 3
SETTLING = 20.0
"""Seconds after an agent became ready: one without a probe is ready before it has written what the plugin looks for."""
MOST_PODS, MOST_WAITING = 2, 5
"""Groups of events whose newest pod is read, to tell now from then."""
SANDBOXED = "PodReadyToStartContainers"
FRESH = 600.0
"""Seconds: the kubelet tries again every few seconds, and events of one pod are thinned out to one in five minutes."""


class SandboxArgs(Args):
    """Reads the events of pods whose network could not be set up, in all namespaces."""


async def read_failures(cluster: Cluster, skipped: list[str]) -> list[dict[str, Any]]:
    """Groups of events, the newest first, with the `state` of each one's pod now; shared by the looks that ask on which
    nodes pods get no network. Raises Forbidden and other ClusterErrors for the events."""
    listing = await cluster.list("Event", fields=f"reason={REASON}", limit=MOST_EVENTS)
    waiting = await _list_waiting(cluster, skipped) if listing.remaining else []
    more = await asyncio.gather(*(_told_of(cluster, pod["metadata"], skipped) for pod in waiting))
    groups = _group((*listing.items, *chain(*more)))
    fresh = [group for group in groups if cluster.now - parse_time(group["at"]) < FRESH][:MOST_PODS]
    known = await _known(cluster) if fresh else {}
    known |= {pod["metadata"]["uid"]: pod for pod in waiting}
    states = await asyncio.gather(*(_state(cluster, group, known, skipped) for group in fresh))
    for group, state in zip(fresh, states, strict=True):
        group["state"] = state
    return groups


async def gather_sandbox(cluster: Cluster, args: SandboxArgs) -> Evidence:
    skipped: list[str] = []
    groups = await or_skip(read_failures(cluster, skipped), skipped)
    if groups is None:
        return {"read_at": cluster.now, "groups": None, "networks": [], "skipped": skipped}
    networks = await read_networks(cluster, []) if groups else []
    nodes = {group["node"] for group in groups if group["state"] == "waiting"}
    agents = await or_skip(_agents_since(cluster, nodes, skipped), skipped) if nodes else None
    return {"read_at": cluster.now, "groups": groups, "networks": networks, "agents": agents or {}, "skipped": skipped}


async def _agents_since(cluster: Cluster, nodes: set[str], skipped: list[str]) -> dict[str, str]:
    """Since when each node's agents of the network are ready; without the nodes where one is not, or none is known.
    Raises ClusterError."""
    known = [item for network, item in await find_agents(cluster) if not network.meta][:MOST_AGENTS]
    daemons = [daemon_facts(await cluster.get("DaemonSet", item["name"], item["namespace"])) for item in known]
    found: dict[str, str] = {}
    for node in nodes:
        pods = [pod for daemon in daemons for pod in await list_pods(cluster, daemon, skipped, node) or ()
                if not is_gone(pod)]
        if pods and all(pod["ready"] for pod in pods):
            found[node] = max((pod["since"] for pod in pods), key=parse_time)
    return found


async def _list_waiting(cluster: Cluster, skipped: list[str]) -> list[Object]:
    """Events come by name, not by age, so the first of many may all be old. Then pods are looked for that wait now: one
    of each node, on two nodes."""
    listing = await or_skip(
        cluster.list("Pod", fields="status.phase=Pending,spec.nodeName!=", limit=MOST_WAITING), skipped)
    waiting = [pod for pod in (listing.items if listing else ()) if state_of(pod.get("status", {})) == "waiting"]
    return list({pod["spec"]["nodeName"]: pod for pod in reversed(waiting)}.values())[:MOST_PODS]


async def _told_of(cluster: Cluster, meta: Object, skipped: list[str]) -> tuple[Object, ...]:
    fields = f"reason={REASON},involvedObject.uid={meta['uid']}"
    reading = cluster.list("Event", meta["namespace"], fields=fields, limit=MOST_EVENTS)
    return await items_or_skip(reading, skipped) or ()


def node_of(event: Object) -> str:
    return str(event.get("source", {}).get("host") or event.get("reportingInstance") or "")


def _group(events: tuple[Object, ...]) -> list[dict[str, Any]]:
    """By node and by message without ids, the newest event of each standing for it; newest groups first."""
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    for event in events:
        message = normalise(event.get("message", ""))
        about = event.get("involvedObject", {})
        at = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp", "")
        row = groups.setdefault((node_of(event), message), {
            "node": node_of(event), "message": message, "at": "", "pods": [], "state": "past"})
        name = f"{about.get('namespace', '')}/{about.get('name', '')}"
        if name not in row["pods"]:
            row["pods"].append(name)
        if parse_time(at) >= parse_time(row["at"]):
            row |= {"at": at, "namespace": about.get("namespace", ""), "pod": about.get("name", ""),
                    "uid": about.get("uid", "")}
    return sorted(groups.values(), key=lambda row: -parse_time(row["at"]))


async def _known(cluster: Cluster) -> dict[str, Object]:
    """The DNS pods by uid, which every run about DNS has read anyhow: they are mostly whom the events are about."""
    try:
        return {pod["metadata"]["uid"]: pod for pod in (await find_dns(cluster, DnsArgs())).pods}
    except (ClusterError, KeyError):
        return {}


async def _state(cluster: Cluster, group: dict[str, Any], known: dict[str, Object], skipped: list[str]) -> str:
    """`waiting`: it is still without a sandbox; `started`, `gone`, or `unknown`."""
    uid = group["uid"]
    pod = known.get(uid) or await one_or_skip(cluster.get("Pod", group["pod"], group["namespace"]), skipped)
    if pod is None:
        return "unknown"
    if not pod or (uid and pod["metadata"].get("uid") != uid) or "deletionTimestamp" in pod["metadata"]:
        return "gone"
    return state_of(pod.get("status", {}))


def state_of(status: Object) -> str:
    """By a pod's status. What still waits when its sandbox is there, network and all, waits for something else."""
    if any(c["type"] == SANDBOXED and c["status"] == "True" for c in status.get("conditions", [])):
        return "started"
    states = [*status.get("containerStatuses", []), *status.get("initContainerStatuses", [])]
    has_begun = any("running" in s.get("state", {}) or "terminated" in s.get("state", {}) for s in states)
    return "started" if has_begun or status.get("podIP") else "waiting"


def judge_sandbox(evidence: Evidence, args: SandboxArgs) -> Judgement:
    skipped = tell_skipped(evidence, Layer.CNI)
    if evidence["groups"] is None:
        return Judgement(skipped, {"nodes": []})
    waiting = [group for group in evidence["groups"] if group["state"] == "waiting" and not _is_over(evidence, group)]
    if not waiting:
        past = sum(len(group["pods"]) for group in evidence["groups"])
        text = "No event of the last hour says that a pod waits for a network." if not past else \
            (f"Events of the last hour tell of {count(past, 'pod')} without a network; none that was looked at waits "
             "now.")
        return Judgement((note(Verdict.INFO, Layer.CNI, text, evidence=(read_at(evidence),)), *skipped), {"nodes": []})
    return Judgement((*(_tell(evidence, group) for group in waiting), *skipped),
                     {"nodes": list(dict.fromkeys(group["node"] for group in waiting))})


def _is_over(evidence: Evidence, group: dict[str, Any]) -> bool:
    """Whether the last try that failed came before the node's agent was there to answer."""
    since = evidence.get("agents", {}).get(group["node"], "")
    return bool(since) and parse_time(group["at"]) <= parse_time(since) + SETTLING


def _tell(evidence: Evidence, group: dict[str, Any]) -> Finding:
    code, means = read_message(group["message"], evidence["networks"])
    if denied := DENIED.search(group["message"]):
        return _denied(evidence, group, code, denied)
    what = "are not started" if code.startswith("node.") else "get no network"
    text = f"On node {group['node']} pods {what}: {means} ({cut(group['message'], 160).rstrip('.')})."
    about = name_culprit(code, group["message"], group["node"])
    return find(code, text, verdict=Verdict.WARN, object=about, node=group["node"], evidence=_seen(evidence, group))


def _seen(evidence: Evidence, group: dict[str, Any]) -> tuple[str, ...]:
    return (f"{REASON}, {group['at']}: {cut(group['message'])}", f"pods: {list_names(group['pods'], 3)}",
            read_at(evidence))


def _denied(evidence: Evidence, group: dict[str, Any], code: str, denied: re.Match[str]) -> Finding:
    """The plugin's account is the same on all nodes."""
    account, right = f"ServiceAccount {denied['space']}/{denied['name']}", f"{denied['verb']} {denied['resource']}"
    user = f"system:serviceaccount:{denied['space']}:{denied['name']}"
    return find(code, f"On node {group['node']} pods get no network: {account}, which the network plugin uses, may not "
                f"{right}.", verdict=Verdict.WARN, object=account, node=group["node"], evidence=_seen(evidence, group),
                advice=f"Give {account} its ClusterRole and ClusterRoleBinding again, as in the plugin's manifest "
                f"(`kubectl get clusterrolebindings -o wide | grep {denied['name']}`); check with `kubectl auth can-i "
                f"{right} --as={user}`. The kubelet tries again by itself.")


SANDBOX = Look(
    name="cni.sandbox", args=SandboxArgs, gather=gather_sandbox, judge=judge_sandbox,
    reads=("list events", "get pods", "list pods", "list daemonsets.apps"),
    by_hand="`kubectl get events -A --field-selector reason=FailedCreatePodSandBox` "
    "(https://kubernetes.io/docs/tasks/administer-cluster/migrating-from-dockershim/"
    "troubleshooting-cni-plugin-related-errors/)",
)
