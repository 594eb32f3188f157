"""`service.backends`: do the pods answer on the port that the Service leads to? (page: are the Pods working).

Asked twice: by a forwarded port, which is a connection within the pod, and by the API server over the pod network.
What is refused within and over the network is not served. TCP only. Not tested by this: the Service's own address.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from bot.cluster import Cluster
from bot.model.errors import ClusterError, Forbidden, NotReached, TimedOut
from bot.steps import Evidence, Look
from bot.steps.findings import unread
from bot.steps.http_page import read_page
from bot.steps.path.api import read_words
from bot.steps.services.backend_rules import judge_backends
from bot.steps.services.objects import find_target, member, read_selected, read_service
from bot.steps.services.ports import PortArgs, is_asked
from bot.steps.wording import cut

MOST_PODS, MOST_PORTS, MOST_OTHERS = 2, 2, 3
PATIENCE = 4.0
Json = dict[str, Any]


async def gather_backends(cluster: Cluster, args: PortArgs) -> Evidence:
    skipped: list[str] = []
    service = await read_service(cluster, args, skipped)
    found, _ = await read_selected(cluster, service, skipped)
    ready = [pod for pod in map(member, found or ()) if pod["ready"] and not pod["gone"]]
    ports = [port for port in (service or {"ports": []})["ports"] if is_asked(port, args.port)]
    tcp = [port for port in ports if port["protocol"] == "TCP"][:MOST_PORTS]
    ways = [(pod, port, number) for pod in _choose(ready) for port in tcp if (number := find_target(port, pod))]
    tried = await asyncio.gather(*(_try(cluster, pod, port, number, skipped) for pod, port, number in ways))
    refused = next((pod for (pod, _, _), row in zip(ways, tried, strict=True)
                    if "refused" in (row["within"], row["over"])), None)
    others = await _try_others(cluster, refused, {number for _, _, number in ways}, skipped) if refused else []
    return {
        "service": service["name"] if service else f"Service {args.service}", "rows": tried, "others": others,
        "untried": [f"{p['port']}/{p['protocol']}" for p in ports if p not in tcp], "ready": len(ready),
        "headless": bool(service and service["headless"]), "skipped": list(dict.fromkeys(skipped)),
        "read_at": cluster.now,
    }


def _choose(ready: Sequence[Json]) -> list[Json]:
    """Of each workload, then of each node, one first: what is wrong with one is mostly wrong with all of its kind."""
    owners, nodes, chosen = set[str](), set[str](), list[Json]()
    for pod in ready:
        if pod["owner"] not in owners or pod["node"] not in nodes:
            chosen.append(pod)
            owners.add(pod["owner"])
            nodes.add(pod["node"])
    return sorted(chosen, key=lambda pod: pod["owner"] in {c["owner"] for c in chosen[:chosen.index(pod)]})[:MOST_PODS]


async def _try(cluster: Cluster, pod: Json, port: Json, number: int, skipped: list[str]) -> Json:
    within, over = await asyncio.gather(_within(cluster, pod, number, skipped), _over(cluster, pod, number, skipped))
    return {"pod": pod["name"], "owner": pod["owner"], "node": pod["node"], "port": port["port"], "number": number,
            "within": within[0], "over": over[0], "said": within[1], "over_said": over[1]}


async def _within(cluster: Cluster, pod: Json, number: int, skipped: list[str]) -> tuple[str, str]:
    """ok, refused or untold, and what was heard."""
    try:
        page = await read_page(cluster, pod["namespace"], pod["name"], number, "/", patience=PATIENCE)
    except Forbidden as error:
        skipped.append(error.permission)
        return "untold", f"{error.permission} is not permitted"
    if page.status:
        return "ok", f"HTTP {page.status}"
    if page.refused:
        return "refused", "connection refused"
    taken = page.error.startswith(("what listens", "the connection was closed"))
    return ("ok", page.error) if taken else ("untold", page.error)


async def _over(cluster: Cluster, pod: Json, number: int, skipped: list[str]) -> tuple[str, str]:
    """ok, refused, timeout, unreachable or untold, by the API server's own connection to the pod's address."""
    try:
        await cluster.ask_pod(pod["namespace"], pod["name"], number, "", patience=PATIENCE)
    except TimedOut:
        return "timeout", f"no answer within {PATIENCE:g} s"
    except NotReached as error:
        return read_words(error.why), cut(error.why)
    except ClusterError as error:
        skipped.extend([unread(error)] if isinstance(error, Forbidden) else [])
        return "untold", cut(str(error))
    return "ok", ""


async def _try_others(cluster: Cluster, pod: Json, known: set[int], skipped: list[str]) -> list[int]:
    """Ports that the containers declare and that do answer: where the Service should lead."""
    declared = [p["number"] for p in pod["ports"] if p["protocol"] == "TCP" and p["number"] not in known][:MOST_OTHERS]
    told = await asyncio.gather(*(_within(cluster, pod, number, skipped) for number in declared))
    return [number for number, (outcome, _) in zip(declared, told, strict=True) if outcome == "ok"]


BACKENDS = Look(
    name="service.backends", args=PortArgs, gather=gather_backends, judge=judge_backends,
    # Not pods/portforward and pods/proxy: whoever wants applications asked permits it, in namespaces of their choice.
    reads=("get services", "list pods"),
    by_hand="`kubectl -n NAMESPACE port-forward POD PORT`, then `curl -i http://127.0.0.1:PORT/`; `kubectl get --raw "
    "/api/v1/namespaces/NAMESPACE/pods/POD:PORT/proxy/` "
    "(https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/#are-the-pods-working)",
)
