"""Service proxies beside kube-proxy's own DaemonSet: another DaemonSet that runs kube-proxy, or kube-router with its
proxy on. On the same nodes they write the same Services' rules twice; on others (another architecture, Windows) they
belong together. Seen on 1.34: both are Running and Ready, the later one does not get ports 10249 and 10256 and tries
again every five seconds, and only its log says so. kube-router: https://www.kube-router.io/docs/user-guide/
"""

from pathlib import PurePosixPath
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import find
from bot.model.finding import Finding, Verdict
from bot.steps import Evidence
from bot.steps.daemons import daemon_facts, read_places, why_not_there
from bot.steps.nodes.status import is_young, list_fit
from bot.steps.wording import count, list_names, read_at

NAME, ROUTER = "kube-proxy", "kube-router"
OFF = "--run-service-proxy=false"
MOST = 3
"""DaemonSets that are read beside kube-proxy's."""


async def read_others(cluster: Cluster, daemon: dict[str, Any]) -> list[dict[str, Any]]:
    """[{name, plain, namespace, desired, ready, created, rolling, shared, alone}] of those that write rules: names of
    the nodes (of those read) on which both belong, and on which only this one does. Raises ClusterError."""
    sets = (await cluster.list("DaemonSet", form="metadata")).items
    named = [item["metadata"] for item in sets if _looks_like_one(item["metadata"])]
    known = (daemon["namespace"], daemon["plain"])
    beside = [meta for meta in named if (meta["namespace"], meta["name"]) != known][:MOST]
    full = [await cluster.get("DaemonSet", meta["name"], meta["namespace"]) for meta in beside]
    own = await _places(cluster, daemon) if full else set()
    return [await _facts(cluster, item, own) for item in full if _writes_rules(item)]


def _looks_like_one(meta: Object) -> bool:
    names = (meta["name"], meta.get("labels", {}).get("k8s-app", ""))
    return "deletionTimestamp" not in meta and any(name in (ROUTER, NAME) or name.startswith(f"{NAME}-")
                                                   for name in names)


def _writes_rules(item: Object) -> bool:
    """By what its containers run: kube-proxy (of that name, or in an image of that name), or kube-router unless it is
    told not to."""
    for container in item["spec"]["template"]["spec"].get("containers") or ():
        words = [*(container.get("command") or ()), *(container.get("args") or ())]
        image = container.get("image", "").partition("@")[0].rpartition("/")[2].partition(":")[0]
        program = PurePosixPath(words[0]).name if words else ""
        if NAME in (image, program) or (ROUTER in (image, program) and not any(OFF in word for word in words)):
            return True
    return False


async def _places(cluster: Cluster, daemon: dict[str, Any]) -> set[str]:
    places = await read_places(cluster, daemon)
    return {name for name, place in places.items() if not why_not_there(daemon, place)}


async def _facts(cluster: Cluster, item: Object, own: set[str]) -> dict[str, Any]:
    facts = daemon_facts(item)
    places = await _places(cluster, facts)
    kept = ("name", "plain", "namespace", "desired", "ready", "created", "rolling")
    return {**{key: facts[key] for key in kept}, "shared": sorted(places & own), "alone": sorted(places - own)}


def served_by_others(evidence: Evidence) -> set[str]:
    """Nodes that are not for kube-proxy's DaemonSet, because another one is for them."""
    return {name for other in evidence.get("others", ()) for name in other["alone"]}


def judge_others(evidence: Evidence) -> list[Finding]:
    fit = {*list_fit(evidence["nodes"]["read"])}
    found = []
    for other in evidence.get("others", ()):
        shared = [name for name in other["shared"] if name in fit]
        if shared and other["desired"] and evidence["proxy"]["desired"]:
            found.append(_two(evidence, other, shared))
        elif other["ready"] < other["desired"] and not other["rolling"] and not is_young(other, evidence):
            text = (f"{other['name']} has {other['ready']} of {count(other['desired'], 'pod')} ready: Service "
                    "addresses do not work on its other nodes, or are frozen as they were.")
            found.append(find("proxy.not-covering", text, verdict=Verdict.WARN, object=other["name"],
                              evidence=(f"{other['name']}: desired {other['desired']}, ready {other['ready']}",
                                        read_at(evidence))))
    return found


def _two(evidence: Evidence, other: dict[str, Any], shared: list[str]) -> Finding:
    text = (f"Two service proxies run on {list_names(shared)}: {evidence['proxy']['name']} and {other['name']} each "
            "write rules for the same Services.")
    return find("proxy.two", text, verdict=Verdict.WARN, object=other["name"], evidence=(
        f"{evidence['proxy']['name']}: desired {evidence['proxy']['desired']}, expected no other on the same nodes",
        f"{other['name']}: desired {other['desired']}, made {other['created']}", read_at(evidence)),
        advice="Keep one of the two. If it is not this one that is meant, "
        f"`kubectl -n {other['namespace']} delete daemonset {other['plain']}`; rules of another mode stay until "
        "`kube-proxy --cleanup` (kube-router: `--cleanup-config`) on the node, or its restart.")
