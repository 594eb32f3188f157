"""`service.selector`: which pods does the Service's selector hit, and if none, why? (page: endpoints)."""

import asyncio
from collections import defaultdict
from typing import Any

from bot.cluster import Cluster, Object
from bot.steps import Evidence, Look
from bot.steps.readings import items_or_skip
from bot.steps.services.objects import ServiceArgs, member, read_selected, read_service
from bot.steps.services.selector_rules import judge_selected
from bot.steps.wording import cut, name_of, parse_time

KINDS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
MOST_OTHERS = 100


async def gather_selector(cluster: Cluster, args: ServiceArgs) -> Evidence:
    skipped: list[str] = []
    service = await read_service(cluster, args, skipped)
    pods, unseen = await read_selected(cluster, service, skipped)
    around: dict[str, Any] = {"groups": [], "workloads": []}
    if pods is not None and not [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]:
        around = await _look_around(cluster, args.namespace, skipped)
    return {
        "service": service, "pods": None if pods is None else [_brief(pod) for pod in pods], "unseen": unseen,
        **around, "skipped": list(dict.fromkeys(skipped)), "read_at": cluster.now,
    }


def _brief(pod: Object) -> dict[str, Any]:
    facts = member(pod)
    return {key: facts[key] for key in ("name", "owner", "gone", "ready", "ports")}


async def _look_around(cluster: Cluster, namespace: str, skipped: list[str]) -> dict[str, Any]:
    """{groups: pods of the namespace by their labels, workloads: what makes pods there}."""
    pods, *made = await asyncio.gather(*(
        items_or_skip(cluster.list(kind, namespace, limit=MOST_OTHERS), skipped) for kind in ("Pod", *KINDS)))
    groups: dict[str, dict[str, Any]] = defaultdict(lambda: {"pods": 0, "labels": {}})
    for facts in map(member, pods or ()):
        if not facts["gone"]:
            groups[facts["owner"]]["pods"] += 1
            groups[facts["owner"]]["labels"] = facts["labels"]
    workloads = [_workload(kind, item) for kind, items in zip(KINDS, made, strict=True) for item in items or ()
                 if kind != "ReplicaSet" or _stands_alone(item) or _failure(item)]
    return {"groups": [{"owner": owner, **group} for owner, group in sorted(groups.items())], "workloads": workloads}


def _stands_alone(item: Object) -> bool:
    return not item["metadata"].get("ownerReferences")


def _workload(kind: str, item: Object) -> dict[str, Any]:
    meta, status = item["metadata"], item.get("status", {})
    wanted = status.get("desiredNumberScheduled", 0) if kind == "DaemonSet" else item["spec"].get("replicas", 1)
    return {
        "name": name_of(kind, meta["namespace"], meta["name"]), "plain": meta["name"], "kind": kind, "wanted": wanted,
        "labels": item["spec"]["template"]["metadata"].get("labels") or {}, "failure": _failure(item),
        "created": parse_time(meta.get("creationTimestamp")),
    }


def _failure(item: Object) -> str:
    """Why its controller cannot make pods, as it says itself."""
    told: Object = next((c for c in item.get("status", {}).get("conditions") or ()
                         if c["type"] == "ReplicaFailure" and c["status"] == "True"), {})
    return cut(str(told.get("message", "")), 300)


SELECTOR = Look(
    name="service.selector", args=ServiceArgs, gather=gather_selector, judge=judge_selected,
    reads=("get services", "list pods", "list deployments.apps", "list statefulsets.apps", "list daemonsets.apps",
           "list replicasets.apps"),
    by_hand="`kubectl -n NAMESPACE get service NAME -o yaml` (selector), `kubectl -n NAMESPACE get pods --show-labels` "
    "(https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/#does-the-service-have-any-endpointslices)",
)
