"""The Service that is asked about, with its pods and EndpointSlices, read once a run by all looks of this package."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from bot.cluster import Cluster, Object
from bot.diagnosis.platform import addresses_of
from bot.steps import Args
from bot.steps.left_out import is_called_headless, proxy_name
from bot.steps.podfacts import lasting_containers
from bot.steps.readings import items_or_skip, one_or_skip, or_skip
from bot.steps.wording import labels_text, last_written, name_object, parse_time

MOST_PODS = 100
"""Pods of a Service that are read; where there are more, their number is told."""
NAMED = r"^[a-z0-9-]+/[a-z0-9.-]+$"
Json = dict[str, Any]


class ServiceArgs(Args):
    """Looks at one Service: `service`, "namespace/name"."""

    service: str = Field(pattern=NAMED)

    @property
    def namespace(self) -> str:
        return self.service.split("/")[0]

    @property
    def name(self) -> str:
        return self.service.split("/")[1]


async def read_service(cluster: Cluster, args: ServiceArgs, skipped: list[str]) -> Json | None:
    """Its facts; None where there is none, or where it could not be read, which goes into `skipped`."""
    service = await one_or_skip(cluster.get("Service", args.name, args.namespace), skipped)
    return service_facts(service) if service else None


def service_facts(service: Object) -> Json:
    spec, meta = service["spec"], service["metadata"]
    kind = spec.get("type", "ClusterIP")
    return {
        "name": name_object("Service", service), "plain": meta["name"], "namespace": meta["namespace"], "type": kind,
        "headless": kind != "ExternalName" and spec.get("clusterIP") == "None", "addresses": addresses_of(service),
        "selector": spec.get("selector") or {}, "families": spec.get("ipFamilies") or [],
        "ports": [_port(port) for port in spec.get("ports") or ()],
        "publish": bool(spec.get("publishNotReadyAddresses")), "external_name": spec.get("externalName", ""),
        "internal": spec.get("internalTrafficPolicy", "Cluster"), "distribution": spec.get("trafficDistribution", ""),
        "external": spec.get("externalTrafficPolicy", ""), "affinity": spec.get("sessionAffinity", "None"),
        "class": spec.get("loadBalancerClass", ""), "ranges": spec.get("loadBalancerSourceRanges") or [],
        "balancer": [b.get("ip") or b.get("hostname") or "" for b in
                     service.get("status", {}).get("loadBalancer", {}).get("ingress") or ()],
        "proxy_name": proxy_name(service), "called_headless": is_called_headless(service),
        "uid": meta.get("uid", ""), "created": parse_time(meta.get("creationTimestamp")),
        "changed": last_written(service),
    }


def _port(port: Object) -> Json:
    return {"name": port.get("name", ""), "port": port["port"], "protocol": port.get("protocol", "TCP"),
            "target": port.get("targetPort") or port["port"], "node_port": port.get("nodePort", 0),
            "app": port.get("appProtocol", "")}


async def read_selected(cluster: Cluster, service: Json | None, skipped: list[str]) -> tuple[list[Object] | None, int]:
    """The pods that its selector hits, in order, and how many more there are; None where it has no selector, or they
    could not be read."""
    if not service or not service["selector"]:
        return None, 0
    wanted = labels_text(service["selector"])
    listing = await or_skip(cluster.list("Pod", service["namespace"], labels=wanted, limit=MOST_PODS), skipped)
    if listing is None:
        return None, 0
    return sorted(listing.items, key=lambda pod: str(pod["metadata"]["name"])), listing.remaining


async def read_slices(cluster: Cluster, service: Json, skipped: list[str]) -> list[Json] | None:
    """None where they could not be read."""
    labels = f"kubernetes.io/service-name={service['plain']}"
    reading = cluster.list("EndpointSlice", service["namespace"], labels=labels, limit=50)
    items = await items_or_skip(reading, skipped)
    return None if items is None else [slice_facts(item) for item in items]


def slice_facts(item: Object) -> Json:
    ends = [
        {"address": (e.get("addresses") or [""])[0], "pod": (e.get("targetRef") or {}).get("name", ""),
         "uid": (e.get("targetRef") or {}).get("uid", ""), "node": e.get("nodeName", ""),
         "ready": (e.get("conditions") or {}).get("ready", True) is not False,
         "terminating": bool((e.get("conditions") or {}).get("terminating"))}
        for e in item.get("endpoints") or ()
    ]
    return {
        "name": item["metadata"]["name"], "family": item.get("addressType", ""), "endpoints": ends,
        "ports": [{"name": p.get("name") or "", "port": p.get("port"), "protocol": p.get("protocol", "TCP")}
                  for p in item.get("ports") or ()],
        "managed": (item["metadata"].get("labels") or {}).get("endpointslice.kubernetes.io/managed-by", ""),
    }


def member(pod: Object) -> Json:
    """A pod as one of those behind a Service."""
    meta, spec, status = pod["metadata"], pod.get("spec", {}), pod.get("status", {})
    conditions = {c["type"]: c for c in status.get("conditions", [])}
    ready: Object = conditions.get("Ready", {})
    return {
        "name": meta["name"], "uid": meta.get("uid", ""), "namespace": meta["namespace"],
        "labels": dict(meta.get("labels") or {}), "owner": owner_of(pod),
        "node": spec.get("nodeName", ""), "host": bool(spec.get("hostNetwork")),
        "ips": [ip["ip"] for ip in status.get("podIPs", [])], "ready": ready.get("status") == "True",
        "since": parse_time(ready.get("lastTransitionTime")), "created": parse_time(meta.get("creationTimestamp")),
        "gone": "deletionTimestamp" in meta or status.get("phase") in ("Succeeded", "Failed"),
        "running": status.get("phase") == "Running", "ports": declared_ports(spec),
    }


def owner_of(pod: Object) -> str:
    """`Deployment shop/web`: who made the pod, by its owner's name (a ReplicaSet has that of its Deployment and the
    hash); the pod itself where nobody did."""
    meta = pod["metadata"]
    owner = next((o for o in meta.get("ownerReferences") or () if o.get("controller")), None)
    if owner is None:
        return f"Pod {meta['namespace']}/{meta['name']}"
    kind, name = owner["kind"], owner["name"]
    tail = f"-{(meta.get('labels') or {}).get('pod-template-hash', '')}"
    if kind == "ReplicaSet" and len(tail) > 1 and name.endswith(tail):
        kind, name = "Deployment", name.removesuffix(tail)
    return f"{kind} {meta['namespace']}/{name}"


def declared_ports(spec: Object) -> list[Json]:
    return [{"name": p.get("name", ""), "number": p["containerPort"], "protocol": p.get("protocol", "TCP")}
            for c in lasting_containers(spec) for p in c.get("ports") or ()]


def find_target(port: Json, pod: Json) -> int:
    """The number of the pod's port that this port of the Service leads to; 0 where the pod has none of that name."""
    if isinstance(port["target"], int):
        return port["target"]
    return next((p["number"] for p in pod["ports"]
                 if p["name"] == port["target"] and p["protocol"] == port["protocol"]), 0)


def ready_endpoints(slices: Sequence[Json]) -> list[Json]:
    return [e for piece in slices for e in piece["endpoints"] if e["ready"] and not e["terminating"]]


def tell_port(port: Json) -> str:
    """`http 80/TCP → 8080`."""
    name = f"{port['name']} " if port["name"] else ""
    return f"{name}{port['port']}/{port['protocol']} → {port['target']}"
