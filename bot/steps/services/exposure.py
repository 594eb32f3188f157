"""`service.exposure`: is the Service reached from outside: at its node ports, at its load balancer?

A program that listens on a node port is not looked for: service proxies of today have none.
"""

import asyncio
from typing import Any

from bot.cluster import Cluster, Object
from bot.steps import Evidence, Look
from bot.steps.nodes.status import list_fit, read_nodes
from bot.steps.readings import items_or_skip, or_skip
from bot.steps.services.exposure_rules import ExposureArgs, judge_exposure
from bot.steps.services.objects import read_service, read_slices
from bot.steps.wording import cut

PROVIDERS = ("metallb", "cloud-controller", "ccm", "kube-vip", "purelb", "porter", "openelb", "svclb", "load-balancer",
             "loadbalancer", "cilium", "kube-router", "antrea")
"""Parts of names of DaemonSets and Deployments that give addresses to Services of type LoadBalancer, or may."""
MOST_EVENTS = 20


async def gather_exposure(cluster: Cluster, args: ExposureArgs) -> Evidence:
    skipped: list[str] = []
    service = await read_service(cluster, args, skipped)
    evidence: Evidence = {"service": service, "slices": None, "nodes": {}, "events": [], "providers": None}
    if service and service["type"] in ("NodePort", "LoadBalancer"):
        slices, nodes = await asyncio.gather(read_slices(cluster, service, skipped), read_nodes(cluster, (), skipped))
        evidence |= {"slices": slices, "nodes": {"fit": list_fit(nodes["read"]), "unread": nodes["unread"]}}
        if service["type"] == "LoadBalancer":
            events, providers = await asyncio.gather(
                _events(cluster, service, skipped), or_skip(_providers(cluster), skipped))
            evidence |= {"events": events, "providers": providers}
    return {**evidence, "skipped": list(dict.fromkeys(skipped)), "read_at": cluster.now}


async def _events(cluster: Cluster, service: dict[str, Any], skipped: list[str]) -> list[dict[str, str]]:
    """What controllers say about the Service, the newest last. No event proves nothing: they expire."""
    fields = f"involvedObject.kind=Service,involvedObject.name={service['plain']}"
    reading = cluster.list("Event", service["namespace"], fields=fields, limit=MOST_EVENTS)
    events = await items_or_skip(reading, skipped) or ()
    told = [{"reason": str(e.get("reason", "")), "type": str(e.get("type", "")), "last": _last(e),
             "message": cut(str(e.get("message", "")), 300)} for e in events]
    return sorted(told, key=lambda event: event["last"])


def _last(event: Object) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or "")


async def _providers(cluster: Cluster) -> list[str]:
    """What may give the Service an address, by the names of workloads. Raises ClusterError."""
    listings = await asyncio.gather(cluster.list("DaemonSet", form="metadata"),
                                    cluster.list("Deployment", form="metadata"))
    names = [item["metadata"]["name"] for listing in listings for item in listing.items]
    return sorted({name for name in names if any(part in name for part in PROVIDERS)})


EXPOSURE = Look(
    name="service.exposure", args=ExposureArgs, gather=gather_exposure, judge=judge_exposure,
    reads=("get services", "list endpointslices.discovery.k8s.io", "list nodes", "list events",
           "list daemonsets.apps", "list deployments.apps"),
    by_hand="`kubectl -n NAMESPACE describe service NAME` (LoadBalancer Ingress, NodePort, External Traffic Policy, "
    "Events) (https://kubernetes.io/docs/concepts/services-networking/service/#publishing-services-service-types)",
)
