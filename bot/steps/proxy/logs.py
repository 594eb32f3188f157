"""`proxy.logs`: what kube-proxy says about itself on suspect nodes, now and before it crashed.

A line counts while nothing after it says that it was overcome, and while it is young; `nodePortAddresses is unset` is
a notice of every healthy proxy that is logged as an error, and counts for nothing.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import Field

from bot.cluster import Cluster
from bot.diagnosis.causes import note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.daemons import ended_lately, list_unready, troubled
from bot.steps.findings import tell_skipped, weigh
from bot.steps.pod_logs import read_log
from bot.steps.proxy.klog import keep_telling
from bot.steps.proxy.log_rules import PATTERNS, judge_pod
from bot.steps.proxy.objects import MOST_NODES, choose_pods, find_proxy, tell_crash
from bot.steps.wording import list_names, read_at

TAIL = 200


class LogArgs(Args):
    """Reads kube-proxy's log on up to two nodes, and on two more where it crashes.

    `nodes`: their names; without them those that host DNS pods. `survey`: whether of more than twenty pods all are
    looked at for being ready.
    """

    nodes: list[str] = Field(default_factory=list, max_length=20)
    survey: bool = False


async def gather_logs(cluster: Cluster, args: LogArgs) -> Evidence:
    proxy = await find_proxy(cluster)
    chosen = await choose_pods(cluster, proxy, args.nodes)
    skipped: list[str] = chosen["skipped"]
    namespace = proxy.daemon["namespace"] if proxy.daemon else ""
    crashed = chosen["down"]
    if args.survey and proxy.daemon and not proxy.static:
        known = {pod["name"] for pod in (*chosen["pods"], *crashed)}
        more = await list_unready(cluster, proxy.daemon, skipped)
        crashed = [*crashed, *(pod for pod in more if pod["name"] not in known and tell_crash(troubled(pod)))]
    down = crashed[:MOST_NODES]
    pods = await asyncio.gather(*(_read(cluster, namespace, pod, skipped) for pod in (*chosen["pods"], *down)))
    for pod in pods:
        pod["addresses"] = chosen["nodes"].get(pod["node"], {}).get("addresses", [])
    return {
        "read_at": cluster.now, "proxy": proxy.daemon["name"] if proxy.daemon else "",
        "account": f"ServiceAccount {namespace}/{proxy.daemon['account']}" if proxy.daemon else "",
        "pods": list(pods), "others": max(0, chosen["others"] - len(down)), "skipped": list(dict.fromkeys(skipped)),
        "whole": proxy.daemon is not None and not proxy.daemon["ready"],
        "unread": [pod["node"] for pod in crashed[MOST_NODES:]],
    }


async def _read(cluster: Cluster, namespace: str, pod: dict[str, Any], skipped: list[str]) -> dict[str, Any]:
    container = troubled(pod, "kube-proxy")
    now = await _log(cluster, namespace, pod["name"], container["name"], False, skipped) \
        if container["started"] or container["ended"] else None
    before = await _log(cluster, namespace, pod["name"], container["name"], True, skipped) \
        if container["restarts"] and (not container["ready"] or ended_lately(container, cluster.now)) else None
    return {"name": pod["name"], "node": pod["node"], "ready": pod["ready"], "started": container["started"],
            "restarts": container["restarts"], "ended": container["ended"], "now": now, "before": before}


async def _log(
    cluster: Cluster, namespace: str, pod: str, container: str, previous: bool, skipped: list[str]
) -> dict[str, Any] | None:
    log = await read_log(cluster, namespace, pod, container, skipped, tail=TAIL, previous=previous)
    if log is None:
        return None
    whole = not log.error and len(log.text.splitlines()) < TAIL
    return {"lines": keep_telling(PATTERNS, log.text, cluster.now), "whole": whole, "error": log.error}


def judge_logs(evidence: Evidence, args: LogArgs) -> Judgement:
    skipped = tell_skipped(evidence, Layer.PROXY)
    asked = [pod for pod in evidence["pods"] if pod["now"] is not None or pod["before"] is not None]
    if not asked:
        if skipped:
            return Judgement(skipped)
        text = "No kube-proxy container has run on these nodes, so there is no log to read."
        return Judgement((note(Verdict.INFO, Layer.PROXY, text, evidence=(read_at(evidence),)),))
    read = [pod for pod in asked if not _error(pod)]
    judged = [judge_pod(evidence, pod) for pod in asked]
    found = _presume(evidence, asked, weigh(judged, evidence["others"]))
    if read and not any(f.verdict in (Verdict.FAIL, Verdict.WARN) for f in found):
        text = f"The log of kube-proxy on {list_names(pod['node'] for pod in read)} speaks of no fault that stands now."
        found.insert(0, note(Verdict.INFO, Layer.PROXY, text, object=evidence["proxy"], evidence=(read_at(evidence),)))
    unread = [note(Verdict.UNKNOWN, Layer.PROXY, f"The log of {pod['name']} could not be read: {_error(pod)}",
                   object=evidence["proxy"], node=pod["node"], evidence=(read_at(evidence),))
              for pod in asked if _error(pod)]
    return Judgement((*found, *unread, *skipped))


def _presume(evidence: Evidence, asked: Sequence[dict[str, Any]], found: list[Finding]) -> list[Finding]:
    """Where all that crash and whose log was read tell of one fault, the rest is taken to crash for it, too: of the
    whole DaemonSet where none of its pods is ready, else of the nodes where one crashes."""
    down = [pod["node"] for pod in asked if not pod["ready"]]
    alike = [f for f in found if f.cause and f.node == down[0]] if len(down) > 1 else []
    alike = [f for f in alike if {g.node for g in found if g.cause == f.cause} == set(down)]
    if evidence.get("whole") and evidence["others"]:
        known = {f.cause for f in alike}
        return [replace(f, node="", summary=f"{f.summary} No kube-proxy of this cluster is ready.")
                if f.cause in known else f for f in found]
    told = list_names(down)
    return [*found, *(replace(f, node=node, verdict=Verdict.WARN, evidence=(read_at(evidence),), summary=(
        f"kube-proxy on node {node} crashes, too; its log was not read. Those of {told} say the same: {f.summary}"))
        for f in alike for node in evidence.get("unread", ()))]


def _error(pod: dict[str, Any]) -> str:
    return str((pod["now"] or {}).get("error", ""))


LOGS = Look(
    name="proxy.logs", args=LogArgs, gather=gather_logs, judge=judge_logs,
    reads=("get pods/log in kube-system", "list pods in kube-system", "get pods in kube-system", "list daemonsets.apps",
           "get daemonsets.apps", "list nodes", "list services"),
    by_hand="`kubectl -n kube-system logs -l k8s-app=kube-proxy --tail=100` and, of one that crashes, `kubectl -n "
    "kube-system logs POD --previous` "
    "(https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/#is-the-kube-proxy-working)",
)
