"""`service.endpoints`: do the EndpointSlices hold the Service's ready pods? (page: EndpointSlices).

Slices are read, not the older Endpoints object, which a cluster need not have.
"""

import asyncio
from typing import Any

from bot.cluster import Cluster
from bot.steps import Evidence, Look
from bot.steps.readings import one_or_skip
from bot.steps.services.endpoint_rules import judge_endpoints
from bot.steps.services.objects import ServiceArgs, member, read_selected, read_service, read_slices
from bot.steps.slice_refusals import read_refusal
from bot.steps.slices import let_follow
from bot.steps.wording import parse_time

CONTROLLER = "kube-controller-manager"


async def gather_endpoints(cluster: Cluster, args: ServiceArgs) -> Evidence:
    skipped: list[str] = []
    service = await read_service(cluster, args, skipped)
    if service:
        await let_follow(cluster, service["changed"])
    pods, unseen = await read_selected(cluster, service, skipped)
    slices = await read_slices(cluster, service, skipped) if service else None
    members = None if pods is None else [_brief(member(pod)) for pod in pods]
    evidence: Evidence = {"service": service, "pods": members, "unseen": unseen, "slices": slices, "lease": {},
                          "refused": {}}
    if members and slices is not None and _differ(members, slices):
        evidence["lease"], evidence["refused"] = await asyncio.gather(
            _lease(cluster, skipped), read_refusal(cluster, args.namespace, args.name, skipped))
    return {**evidence, "skipped": list(dict.fromkeys(skipped)), "read_at": cluster.now}


def _brief(pod: dict[str, Any]) -> dict[str, Any]:
    return {key: pod[key] for key in ("name", "uid", "owner", "ips", "ready", "since", "created", "gone", "node")}


def _differ(pods: list[dict[str, Any]], slices: list[dict[str, Any]]) -> bool:
    ready = {pod["uid"] for pod in pods if pod["ready"] and not pod["gone"]}
    held = {e["uid"] for piece in slices for e in piece["endpoints"] if e["ready"] and not e["terminating"]}
    return ready != held - {""}  # what somebody wrote by hand is of no pod


async def _lease(cluster: Cluster, skipped: list[str]) -> dict[str, Any]:
    """When the controllers said last that they are there, and for how long that holds; {} where it is not known."""
    lease = await one_or_skip(cluster.get("Lease", CONTROLLER, "kube-system"), skipped)
    if not lease:  # controllers elsewhere, or without one
        return {}
    spec = lease["spec"]
    return {"renewed": parse_time(spec.get("renewTime")), "seconds": spec.get("leaseDurationSeconds", 15)}


ENDPOINTS = Look(
    name="service.endpoints", args=ServiceArgs, gather=gather_endpoints, judge=judge_endpoints,
    reads=("get services", "list pods", "list endpointslices.discovery.k8s.io", "list events",
           "get leases.coordination.k8s.io"),
    by_hand="`kubectl -n NAMESPACE get endpointslices -l kubernetes.io/service-name=NAME -o yaml` "
    "(https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/#does-the-service-have-any-endpointslices)",
)
