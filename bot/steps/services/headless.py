"""`service.headless`: have the pods of a StatefulSet their own names under this headless Service?

A pod's own name is POD.SERVICE.NAMESPACE, where SERVICE is the StatefulSet's serviceName; that Service must exist, be
headless, and select the pods (https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-network-id).
"""

from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.findings import tell_skipped
from bot.steps.readings import items_or_skip, one_or_skip
from bot.steps.services.objects import ServiceArgs, read_service
from bot.steps.wording import name_object, read_at


async def gather_stateful(cluster: Cluster, args: ServiceArgs) -> Evidence:
    skipped: list[str] = []
    service = await read_service(cluster, args, skipped)
    sets: list[dict[str, Any]] = []
    if service and service["selector"]:
        found = await items_or_skip(cluster.list("StatefulSet", args.namespace), skipped) or ()
        sets = [await _facts(cluster, item, service, skipped) for item in found if _is_selected(item, service)]
    return {"service": service, "sets": sets, "skipped": list(dict.fromkeys(skipped)), "read_at": cluster.now}


def _is_selected(item: Object, service: dict[str, Any]) -> bool:
    labels = item["spec"]["template"]["metadata"].get("labels") or {}
    return bool(service["selector"].items() <= labels.items())


async def _facts(cluster: Cluster, item: Object, service: dict[str, Any], skipped: list[str]) -> dict[str, Any]:
    """`named`: whether the Service of its serviceName is there, None where it is this one or could not be read."""
    meta, name = item["metadata"], item["spec"].get("serviceName", "")
    named: bool | None = None
    if name != service["plain"]:
        found = await one_or_skip(cluster.get("Service", name, meta["namespace"]), skipped) if name else {}
        named = None if found is None else bool(found)
    return {"name": name_object("StatefulSet", item), "plain": meta["name"], "service": name, "named": named}


def judge_stateful(evidence: Evidence, args: ServiceArgs) -> Judgement:
    service, skipped = evidence["service"], tell_skipped(evidence, Layer.SERVICE)
    if service is None:
        return Judgement(skipped)
    found = [f for f in (_mismatch(evidence, item, args) for item in evidence["sets"]) if f]
    if not found and not skipped:
        sets = [item["name"] for item in evidence["sets"]]
        text = f"{service['name']} gives {sets[0]} the names of its pods." if sets else \
            f"{service['name']} is headless, and no StatefulSet stands behind it: its name gives the pods' addresses."
        found = [note(Verdict.PASS, Layer.SERVICE, text, object=service["name"], evidence=(read_at(evidence),))]
    return Judgement((*found, *skipped))


def _mismatch(evidence: Evidence, item: dict[str, Any], args: ServiceArgs) -> Finding | None:
    name, other = evidence["service"]["name"], item["service"]
    if other == args.name:
        return None
    line = f"{item['name']}: spec.serviceName is {other or '(empty)'}, expected {args.name}"
    if item["named"] is not False:
        text = f"The pods of {item['name']} have their names under Service {other}, not under {name}."
        return note(Verdict.INFO, Layer.SERVICE, text, object=item["name"], evidence=(line, read_at(evidence)))
    text = (f"{item['name']} names the Service {other or '(none)'}, which does not exist: pods have no names of their "
            f"own such as {item['plain']}-0.{args.name}.{args.namespace}.")
    return find("service.headless.stateful-set", text, verdict=Verdict.WARN, object=item["name"],
                evidence=(line, f"Service {args.namespace}/{other}: not found", read_at(evidence)),
                advice=f"serviceName cannot be changed: delete {item['name']} with `kubectl -n {args.namespace} delete "
                f"statefulset {item['plain']} --cascade=orphan` and create it with serviceName {args.name}; or create "
                f"a headless Service {other or args.name}.")


STATEFUL = Look(
    name="service.headless", args=ServiceArgs, gather=gather_stateful, judge=judge_stateful,
    reads=("get services", "list statefulsets.apps"),
    by_hand="`kubectl -n NAMESPACE get statefulsets -o yaml` (serviceName) "
    "(https://kubernetes.io/docs/concepts/services-networking/service/#headless-services)",
)
