"""`service.address`: does the Service's own address lie in a range that the cluster gives addresses out of? (SVC-07).

ServiceCIDRs say which those are, from 1.33 on (https://kubernetes.io/docs/reference/networking/virtual-ips/). A Service
from a backup, or one that outlived its range, goes on working: seen on 1.34, where a ServiceCIDR whose finalizer was
taken off leaves its Services as they were, and no event tells of it.
"""

import ipaddress
from typing import Any

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.findings import tell_skipped
from bot.steps.readings import served_or_skip
from bot.steps.services.objects import ServiceArgs, read_service
from bot.steps.wording import list_names, read_at


async def gather_address(cluster: Cluster, args: ServiceArgs) -> Evidence:
    skipped: list[str] = []
    service = await read_service(cluster, args, skipped)
    addresses = service["addresses"] if service else []
    ranges = await _ranges(cluster, skipped) if addresses else []
    return {"read_at": cluster.now, "service": service["name"] if service else f"Service {args.service}",
            "addresses": addresses, "ranges": ranges, "skipped": skipped}


async def _ranges(cluster: Cluster, skipped: list[str]) -> list[dict[str, Any]]:
    """[] where the cluster has no such objects, or they cannot be read."""
    listing = await served_or_skip(cluster.list("ServiceCIDR"), skipped)
    return [{"range": cidr, "name": item["metadata"]["name"], "going": "deletionTimestamp" in item["metadata"]}
            for item in (listing.items if listing else ()) for cidr in item.get("spec", {}).get("cidrs") or ()]


def judge_address(evidence: Evidence, args: ServiceArgs) -> Judgement:
    skipped = tell_skipped(evidence, Layer.SERVICE)
    if not evidence["addresses"]:
        text = f"{evidence['service']} has no address of its own."
        return Judgement(skipped or (note(Verdict.SKIPPED, Layer.SERVICE, text),))
    if not evidence["ranges"]:
        text = "This cluster has no ServiceCIDRs (they come with 1.33), so the range of Services is not known."
        return Judgement(skipped or (note(Verdict.SKIPPED, Layer.SERVICE, text),))
    outside = [a for a in evidence["addresses"] if not any(_holds(each, a) for each in evidence["ranges"])]
    return Judgement((_outside(evidence, outside) if outside else _inside(evidence), *skipped))


def _holds(each: dict[str, Any], address: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(each["range"], strict=False)


def _inside(evidence: Evidence) -> Finding:
    """One that is going away is kept by the API server as long as addresses of it are in use."""
    names = {each["name"]: each["going"] for each in evidence["ranges"]
             if any(_holds(each, address) for address in evidence["addresses"])}
    going = all(names.values())
    text = f"{evidence['service']} has its address {list_names(evidence['addresses'])} from ServiceCIDR " \
        f"{list_names(names)}" + (", which is being deleted and waits for the last Service of it." if going else ".")
    return note(Verdict.INFO if going else Verdict.PASS, Layer.SERVICE, text, object=evidence["service"],
                evidence=(read_at(evidence),))


def _outside(evidence: Evidence, outside: list[str]) -> Finding:
    ranges = list_names((f"{each['name']} ({each['range']})" for each in evidence["ranges"]), 4)
    text = f"{evidence['service']} has the address {list_names(outside)}, which lies in no ServiceCIDR: {ranges}."
    return find("service.address.outside", text, verdict=Verdict.WARN, object=evidence["service"], evidence=(
        f"{evidence['service']}: spec.clusterIPs {list_names(outside)}, expected an address in {ranges}",
        read_at(evidence)))


ADDRESS = Look(
    name="service.address", args=ServiceArgs, gather=gather_address, judge=judge_address,
    reads=("get services", "list servicecidrs.networking.k8s.io"),
    by_hand="`kubectl get servicecidrs` and `kubectl -n NAMESPACE get service NAME -o jsonpath={.spec.clusterIPs}` "
    "(https://kubernetes.io/docs/tasks/network/extend-service-ip-ranges/)",
)
