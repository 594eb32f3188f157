"""`service.exists`: is there such a Service, and what kind is it? (page: does the Service exist)."""

from difflib import get_close_matches
from typing import Any

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.model.errors import NotFound
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.findings import tell_skipped
from bot.steps.left_out import find_left_out, read_proxies
from bot.steps.readings import or_skip
from bot.steps.services.objects import ServiceArgs, read_service, tell_port
from bot.steps.wording import list_names, read_at

MOST_NEAR = 3
NOWHERE: dict[str, Any] = {"space": True, "elsewhere": [], "near": []}


async def gather_existence(cluster: Cluster, args: ServiceArgs) -> Evidence:
    skipped: list[str] = []
    service = await read_service(cluster, args, skipped)
    around = None if service or skipped else await or_skip(_look_around(cluster, args), skipped)
    proxies = await read_proxies(cluster, service["proxy_name"], skipped) if service else []
    return {"read_at": cluster.now, "service": service, **(around or NOWHERE), "skipped": skipped, "proxies": proxies}


async def _look_around(cluster: Cluster, args: ServiceArgs) -> dict[str, Any]:
    """{space: whether the namespace exists, elsewhere: namespaces with one of that name, near: names like it}.
    Raises ClusterError."""
    named = await cluster.list("Service", fields=f"metadata.name={args.name}", form="metadata")
    here = await cluster.list("Service", args.namespace, form="metadata")
    space = bool(here.items) or await _exists(cluster, args.namespace)
    names = sorted(item["metadata"]["name"] for item in here.items)
    return {"space": space, "elsewhere": sorted(item["metadata"]["namespace"] for item in named.items)[:20],
            "near": get_close_matches(args.name, names, n=MOST_NEAR, cutoff=0.6)}


async def _exists(cluster: Cluster, namespace: str) -> bool:
    try:
        await cluster.get("Namespace", namespace)
    except NotFound:
        return False
    return True


def judge_existence(evidence: Evidence, args: ServiceArgs) -> Judgement:
    service, skipped = evidence["service"], tell_skipped(evidence, Layer.SERVICE)
    if service is None:
        unknown = note(Verdict.UNKNOWN, Layer.SERVICE, f"Whether Service {args.service} exists could not be told.",
                       evidence=(read_at(evidence),))
        return Judgement((unknown, *skipped) if skipped else (_absent(evidence, args),))
    ignored = None if service["headless"] else find_left_out(evidence)
    outputs = {"kind": _kind(service), "selects": bool(service["selector"]), "headless": service["headless"]}
    return Judgement((ignored or _present(evidence), *skipped), outputs)


def _kind(service: dict[str, Any]) -> str:
    return "headless" if service["headless"] else str(service["type"])


def _present(evidence: Evidence) -> Finding:
    service = evidence["service"]
    where = {"headless": "headless", "ExternalName": f"ExternalName for {service['external_name']}"}.get(
        _kind(service), f"{service['type']} at {list_names(service['addresses'])}")
    ports = f", port {list_names(map(tell_port, service['ports']))}" if service["ports"] else ""
    text = f"{service['name']} exists: {where}{ports}."
    return note(Verdict.PASS, Layer.SERVICE, text, object=service["name"], evidence=(read_at(evidence),))


def _absent(evidence: Evidence, args: ServiceArgs) -> Finding:
    name, lines = f"Service {args.service}", (f"Service {args.service}: not found", read_at(evidence))
    elsewhere = evidence["elsewhere"]
    if elsewhere:
        full = f"{args.name}.{elsewhere[0]}"
        text = f"There is no {name}; one of that name is in namespace {list_names(elsewhere, word='or')}."
        told = f"Service {list_names(f'{space}/{args.name}' for space in elsewhere)}: found"
        return find("service.elsewhere", text, object=name, evidence=(lines[0], told, lines[1]),
                    advice=f"From other namespaces call it by a name with the namespace in it: {full}, or "
                    f"{full}.svc.cluster.local. Or create {name}.")
    if not evidence["space"]:
        text = f"There is no {name}: the namespace {args.namespace} does not exist."
        return find("service.missing", text, object=name, evidence=lines,
                    advice="Use the right namespace: `kubectl get services -A`.")
    near = f" Did you mean {list_names(evidence['near'], word='or')}?" if evidence["near"] else ""
    return find("service.missing", f"There is no {name}.{near}", object=name, evidence=lines,
                advice=f"Create it, or use the name that exists: `kubectl -n {args.namespace} get services`.")


EXISTS = Look(
    name="service.exists", args=ServiceArgs, gather=gather_existence, judge=judge_existence,
    reads=("get services", "list services", "get namespaces", "list daemonsets.apps"),
    by_hand="`kubectl -n NAMESPACE get service NAME -o yaml`, `kubectl get services -A` "
    "(https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/#does-the-service-exist)",
)
