"""`service.ports`: do the Service's ports lead to ports of its pods? (page: is the Service defined correctly).

What containers declare is information only: a port may be served without. So a number that is not declared is no fault,
while a name must be there, with the same protocol, or the endpoints have no port at all
(https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports).
"""

from dataclasses import replace
from typing import Any

from pydantic import Field

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.findings import tell_skipped
from bot.steps.services.objects import (
    ServiceArgs,
    find_target,
    member,
    read_selected,
    read_service,
    tell_port,
)
from bot.steps.wording import list_names, read_at

Json = dict[str, Any]


class PortArgs(ServiceArgs):
    """Compares the Service's ports with those of its pods. `port`: number or name of the one that is asked about."""

    port: str = Field(default="", pattern=r"^$|^[a-z0-9-]{1,63}$")


async def gather_ports(cluster: Cluster, args: PortArgs) -> Evidence:
    skipped: list[str] = []
    service = await read_service(cluster, args, skipped)
    pods, _ = await read_selected(cluster, service, skipped)
    live = [pod for pod in map(member, pods or ()) if not pod["gone"]]
    brief = [{key: pod[key] for key in ("name", "owner", "ports")} for pod in live]
    return {"read_at": cluster.now, "service": service, "pods": brief, "skipped": list(dict.fromkeys(skipped))}


def is_asked(port: Json, asked: str) -> bool:
    return asked in ("", str(port["port"]), port["name"])


def judge_ports(evidence: Evidence, args: PortArgs) -> Judgement:
    service, skipped = evidence["service"], tell_skipped(evidence, Layer.SERVICE)
    if service is None:
        return Judgement(skipped)
    ports = [port for port in service["ports"] if is_asked(port, args.port)]
    if not ports and (args.port or not service["headless"]):
        return Judgement((_not_declared(evidence, args.port), *skipped))
    judged = [_judge_port(evidence, port, bool(args.port)) for port in ports]
    found = [finding for finding in judged if finding]
    if any(not finding or finding.verdict is not Verdict.FAIL for finding in judged):  # the others serve
        found = [replace(f, verdict=Verdict.WARN) if f.verdict is Verdict.FAIL else f for f in found]
    if not found and not skipped:
        told = list_names(map(tell_port, ports)) or "none, as a headless Service may"
        text = f"The ports of {service['name']} fit those of its pods: {told}."
        found = [note(Verdict.PASS, Layer.SERVICE, text, object=service["name"], evidence=(read_at(evidence),))]
    return Judgement((*found, *skipped))


def _not_declared(evidence: Evidence, asked: str) -> Finding:
    service = evidence["service"]
    has = list_names(f"{p['port']}/{p['protocol']}" for p in service["ports"]) or "no port"
    meant = next((p for p in service["ports"] if str(p["target"]) == asked), None)
    hint = f" {asked} is the port of its pods; the Service's is {meant['port']}." if meant else ""
    return find("service.port", f"{service['name']} has no port {asked}: it has {has}.{hint}", object=service["name"],
                evidence=(f"{service['name']}: ports {has}, expected {asked}", read_at(evidence)),
                advice=f"Ask port {meant['port'] if meant else has}, or add port {asked} to the Service.")


def _judge_port(evidence: Evidence, port: Json, asked: bool) -> Finding | None:
    service, pods = evidence["service"], evidence["pods"]
    if service["headless"] and port["target"] != port["port"]:
        return _headless(evidence, port, asked)
    if not pods:
        return None
    if isinstance(port["target"], str):
        return _by_name(evidence, port)
    declared = [p for pod in pods for p in pod["ports"] if p["number"] == port["target"]]
    protocols = sorted({p["protocol"] for p in declared})
    if port["protocol"] in protocols or not any(pod["ports"] for pod in pods):
        return None
    line = f"{service['name']}: port {tell_port(port)}; containers declare {_declared(pods)}"
    if protocols and port["protocol"] != "TCP":  # TCP is tried, and need not be guessed at
        text = (f"Port {port['port']}/{port['protocol']} of {service['name']} leads to {port['target']} of its pods, "
                f"which they declare as {list_names(protocols)}.")
        return find("service.port.protocol", text, verdict=Verdict.WARN, object=service["name"],
                    evidence=(line, read_at(evidence)))
    text = (f"Port {port['port']} of {service['name']} leads to {port['target']}/{port['protocol']}, which no "
            f"container declares (they declare {_declared(pods)}); that is allowed.")
    return note(Verdict.INFO, Layer.SERVICE, text, object=service["name"], evidence=(line, read_at(evidence)))


def _declared(pods: list[Json]) -> str:
    ports = {(p["number"], p["protocol"], p["name"]) for pod in pods for p in pod["ports"]}
    told = [f"{number}/{protocol}{f' ({name})' if name else ''}" for number, protocol, name in sorted(ports)]
    return list_names(told) or "none"


def _by_name(evidence: Evidence, port: Json) -> Finding | None:
    service, pods, name = evidence["service"], evidence["pods"], port["target"]
    lacking = [pod for pod in pods if not find_target(port, pod)]
    if not lacking:
        return None
    other = sorted({p["protocol"] for pod in lacking for p in pod["ports"] if p["name"] == name})
    lines = (f"{service['name']}: port {tell_port(port)}", f"containers declare {_declared(lacking)}",
             read_at(evidence))
    verdict = Verdict.FAIL if len(lacking) == len(pods) else Verdict.WARN
    who = "its pods" if verdict is Verdict.FAIL else f"{len(lacking)} of its {len(pods)} pods"
    if other:
        text = (f"Port {port['port']} of {service['name']} is {port['protocol']}, and the port “{name}” of {who} is "
                f"{list_names(other)}: their endpoints have no port.")
        return find("service.port.protocol", text, verdict=verdict, object=service["name"], evidence=lines)
    text = f"targetPort “{name}” of {service['name']} is no port name of {who}: their endpoints have no port."
    return find("service.port.name", text, verdict=verdict, object=service["name"], evidence=lines, advice=(
        f"Name a port that they declare ({_declared(lacking)}) or its number as targetPort: `kubectl -n "
        f"{service['namespace']} edit service {service['plain']}`. Or give the container's port the name {name}."))


def _headless(evidence: Evidence, port: Json, asked: bool) -> Finding:
    """The name of a headless Service gives pod addresses: nobody translates its port."""
    service, target = evidence["service"], port["target"]
    number = next((n for pod in evidence["pods"] if (n := find_target(port, pod))), target)
    lines = (f"{service['name']}: clusterIP None, port {tell_port(port)}", read_at(evidence))
    text = f"{service['name']} is headless: its name gives the pods' addresses, so clients must ask {number}"
    if asked:
        return find("service.headless.port", f"{text}, not {port['port']}.", object=service["name"], evidence=lines,
                    advice=f"Connect to port {number}, or give the Service a cluster address (delete it and create it "
                    "without clusterIP None), which translates its port.")
    text = f"{text} ({port['port']} is for SRV records only)."
    return note(Verdict.INFO, Layer.SERVICE, text, object=service["name"], evidence=lines)


PORTS = Look(
    name="service.ports", args=PortArgs, gather=gather_ports, judge=judge_ports,
    reads=("get services", "list pods"),
    by_hand="`kubectl -n NAMESPACE get service NAME -o yaml` (ports), `kubectl -n NAMESPACE get pods -l SELECTOR -o "
    "yaml` (containerPort) "
    "(https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/#is-the-service-defined-correctly)",
)
