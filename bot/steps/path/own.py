"""Tries from the pod that netcheck itself runs in, by plain connections: where that is in this cluster, they cost no
right and no image. What they show is the way from one pod on one node, and never a node apart from it. Gathers,
concludes nothing."""

import asyncio
from typing import Any

from bot.cluster import Cluster, Dial, Sockets
from bot.steps import Evidence
from bot.steps.dns.wire import Question, frame
from bot.steps.path.probe import NAME
from bot.steps.readings import one_or_skip

Row = dict[str, Any]
DNS_PORT = 53


async def try_own(cluster: Cluster, ways: list[Row], skipped: list[str]) -> Evidence:
    """{} where netcheck runs elsewhere. `own`: {pod, node, namespace, labels}; `own_rows`: as those of probe pods.
    Neither long requests, nor what only a probe pod knows the address of."""
    sockets = cluster.sockets
    if not sockets:
        return {}
    namespace, name = sockets.pod.split("/", 1)
    pod = await one_or_skip(cluster.get("Pod", name, namespace), skipped)
    if pod == {}:
        skipped.append(f"what netcheck's own pod reaches: its hostname is not its name, there is no Pod {sockets.pod}.")
    if not pod or pod["spec"].get("hostNetwork"):
        return {}
    node, labels = str(pod["spec"].get("nodeName", "")), dict(pod["metadata"].get("labels") or {})
    rows = await asyncio.gather(*(_try(sockets, way, node) for way in ways if way["address"] and not way.get("large")))
    return {"own": {"pod": sockets.pod, "node": node, "namespace": namespace, "labels": labels}, "own_rows": rows}


async def _try(sockets: Sockets, way: Row, node: str) -> Row:
    end = await sockets.dial(Dial(protocol=way["protocol"], address=way["address"], port=way["port"], sends=_say(way)))
    return {"from": node, **way, "outcome": end.outcome, "said": end.said, "seconds": end.seconds}


def _say(way: Row) -> bytes:
    """A question about DNS, which any server there answers; elsewhere a connection is enough."""
    if way["protocol"] == "TCP" and way["port"] != DNS_PORT:
        return b""
    framed = frame(1, Question(NAME))
    return framed if way["protocol"] == "TCP" else framed[2:]
