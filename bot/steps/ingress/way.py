"""`ingress.way`: what does the controller itself answer to a request of the Ingress? (ING-01, ING-02.)

Over a forwarded port, so that no load balancer, node port or DNS stands between: with the host and path of a rule, with
a host that nobody has, and the same request to a pod behind it. Plain HTTP and GET only. The three beside each other
tell whose answer it is; a controller's page and an application's may look alike.
"""

import asyncio
import re
from dataclasses import asdict
from typing import Any

from bot.cluster import Cluster
from bot.steps import Evidence, Look
from bot.steps.http_page import read_page
from bot.steps.ingress.classes import choose_class, read_classes
from bot.steps.ingress.controllers import find_workloads, pick, read_pods, recognise
from bot.steps.ingress.objects import IngressArgs, read_ingress
from bot.steps.ingress.way_rules import judge_way
from bot.steps.readings import or_skip
from bot.steps.services.objects import ServiceArgs, find_target, member, read_selected, read_service
from bot.steps.services.ports import is_asked
from bot.steps.wording import cut, list_names

MOST_PODS = MOST_RULES = 2
PATIENCE = 8.0
"""Seconds. Controllers try more than one backend before they give up."""
NOBODY = "nobody.netcheck.invalid"
PORT_NAMES, PORT, PORTS = ("http", "web", "proxy"), 80, (8080, 8000)
"""Of the port that takes plain HTTP, in the controllers' own manifests and charts; the last ones where they have no
name: Traefik's own pages are at 8080."""
LITERAL = re.compile(r"^[\w/.~%-]*")
"""The part of a path before what a controller may take for a regular expression."""
Json = dict[str, Any]


async def gather_way(cluster: Cluster, args: IngressArgs) -> Evidence:
    skipped: list[str] = []
    ingress = await read_ingress(cluster, args, skipped)
    doors, why = await _find_doors(cluster, ingress, skipped) if ingress else ([], "")
    rules = _choose(ingress["backends"]) if ingress and doors else []
    backends, rows, strangers = await asyncio.gather(
        asyncio.gather(*(_ask_backend(cluster, args.namespace, rule, skipped) for rule in rules)),
        asyncio.gather(*(_ask_door(cluster, door, rule, skipped) for door in doors for rule in rules)),
        asyncio.gather(*(_ask(cluster, door, NOBODY, "/", skipped) for door in doors if any(r["host"] for r in rules))))
    return {
        "ingress": ingress, "why": why, "rows": [row for row in rows if row["answer"]],
        "strangers": {door["pod"]: told for door, told in zip(doors, strangers, strict=False) if told},
        "backends": {rule["place"]: told for rule, told in zip(rules, backends, strict=True)},
        "skipped": list(dict.fromkeys(skipped)), "read_at": cluster.now,
    }


async def _find_doors(cluster: Cluster, ingress: Json, skipped: list[str]) -> tuple[list[Json], str]:
    """{pod, node, port, workload, since} of ready pods that take requests; else why there are none to ask."""
    chosen = choose_class(ingress, await read_classes(cluster, skipped))
    known = recognise(chosen["controller"]) if chosen else None
    if not chosen or not known or not known.serves:
        return [], f"requests do not pass through pods of {known.title}" if known else "its controller is not known"
    workloads = await or_skip(find_workloads(cluster, known), skipped) or []
    own = pick(workloads, chosen)
    if workloads and not own:
        return [], f"which of {list_names(w['name'] for w in workloads)} serves its class their arguments do not tell"
    pods = [(w, pod) for w in own for pod in map(member, await read_pods(cluster, w, skipped)) if pod["ready"]]
    doors = [{"pod": f"{pod['namespace']}/{pod['name']}", "node": pod["node"], "port": port, "workload": w["name"],
              "since": pod["since"]}
             for w, pod in pods if not pod["gone"] and (port := _find_port(pod))]
    return doors[:MOST_PODS], f"no ready pod of {known.title} has a port of a usual name for plain HTTP"


def _find_port(pod: Json) -> int:
    """0 where it declares none."""
    ports = [port for port in pod["ports"] if port["protocol"] == "TCP"]
    named = [p["number"] for name in PORT_NAMES for p in ports if p["name"] == name]
    usual = [n for n in (PORT, *PORTS) for p in ports if p["number"] == n and (n == PORT or not p["name"])]
    return next(iter([*named, *usual]), 0)


def _choose(backends: list[Json]) -> list[Json]:
    """The first rule of each Service, as a request that it is for."""
    first = {backend["service"]: backend for backend in reversed(backends) if backend["service"]}
    order = [backend for backend in backends if first.get(backend["service"]) is backend]
    return [_request(rule) for rule in order[:MOST_RULES]]


def _request(rule: Json) -> Json:
    """`whole`: its path is asked for as it stands, so that the rule must be meant."""
    found = LITERAL.match(rule["path"])
    path = (found[0] if found else "") or "/"
    return {**rule, "path": path, "whole": path == rule["path"],
            "asks": rule["host"].replace("*", "netcheck") or NOBODY}


async def _ask_door(cluster: Cluster, door: Json, rule: Json, skipped: list[str]) -> Json:
    told = await _ask(cluster, door, rule["asks"], rule["path"], skipped)
    return {**door, **{key: rule[key] for key in ("place", "host", "asks", "path", "whole", "service")}, "answer": told}


async def _ask(cluster: Cluster, door: Json, host: str, path: str, skipped: list[str]) -> Json | None:
    """{status, text, location, error, refused}; None where it may not be asked."""
    namespace, name = door["pod"].split("/")
    page = await or_skip(
        read_page(cluster, namespace, name, door["port"], path, host=host, patience=PATIENCE), skipped)
    if page is None:
        return None
    where = page.location.partition("?")[0]  # what follows may be meant for the one who asked alone
    return {**asdict(page), "text": cut(page.text, 160), "location": where}


async def _ask_backend(cluster: Cluster, namespace: str, rule: Json, skipped: list[str]) -> Json:
    """{pod, since, answer} of the first ready one; `none_ready`: there is none that could have answered."""
    service = await read_service(cluster, ServiceArgs(service=f"{namespace}/{rule['service']}"), skipped)
    found, _ = await read_selected(cluster, service, skipped)
    ready = [pod for pod in map(member, found or ()) if pod["ready"] and not pod["gone"]]
    port = next((p for p in (service or {"ports": []})["ports"] if is_asked(p, rule["port"])), None)
    number = find_target(port, ready[0]) if port and ready else 0
    told: Json = {"pod": "", "since": 0.0, "answer": None, "none_ready": found is not None and not ready}
    if not number:
        return told
    door = {"pod": f"{namespace}/{ready[0]['name']}", "port": number, "since": ready[0]["since"]}
    return {**told, **door, "answer": await _ask(cluster, door, rule["asks"], rule["path"], skipped)}


WAY = Look(
    name="ingress.way", args=IngressArgs, gather=gather_way, judge=judge_way,
    # Not pods/portforward: whoever wants controllers and applications asked permits it, in namespaces of their choice.
    reads=("get ingresses.networking.k8s.io", "list ingressclasses.networking.k8s.io", "list deployments.apps",
           "get deployments.apps", "list daemonsets.apps", "get daemonsets.apps", "list pods", "get services"),
    by_hand="`kubectl -n NAMESPACE port-forward CONTROLLER-POD 8080:80`, then `curl -i -H 'Host: HOST' "
    "http://127.0.0.1:8080/PATH` (https://kubernetes.io/docs/concepts/services-networking/ingress-controllers/)",
)
