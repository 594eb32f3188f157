"""The way to DNS pods, tried by the API server: asked for a pod's page (`pods/proxy`), it dials the pod's own address
over the pod network. Where it runs on a node, that is a way between nodes, tested without any image.

TCP only. Where it runs apart from the nodes, what it cannot reach says nothing about them. Gathers, concludes nothing.
"""

import asyncio
from typing import Any

from bot.cluster import Cluster, Headers, Object
from bot.diagnosis.platform import dns_port, server_container
from bot.model.errors import ClusterError, Forbidden, NotReached, TimedOut
from bot.steps.wording import cut

Row = dict[str, Any]
CLOSED = frozenset({"timeout", "unreachable", "refused"})
"""Outcomes of a try that did not get through."""
MARKS = (
    ("connection refused", "refused"),
    ("timeout", "timeout"),
    ("no route to host", "unreachable"),
    ("unreachable", "unreachable"),
    ("connect: invalid argument", "unreachable"),   # a route of kind blackhole: EINVAL
    ("connect: permission denied", "unreachable"),  # of kind prohibit: EACCES
)
"""Go's words for what became of a connection, which are all that the API server passes on; the first that fits."""
READY_PORT = 8181
PATIENCE = 5.0
QUICK = 2.0
_LENGTH = int.from_bytes(b"GE", "big")
"""What a DNS server over TCP takes the first two letters of `GET /…` for: the length of the message that follows."""
SHAPED = "x" * (_LENGTH + len("GE") - len("GET / HTTP/1"))
_FILLER: Headers = (("X-Netcheck", "x" * int.from_bytes(b".1", "big")),)
"""A request so long that a DNS server answers it. Path: the first message ends before the `.1` at the line's end, which
is the length of the second. Header: enough bytes for that one. Its id is the line's end, and the answer begins with it:
so the API server sees a line that is not HTTP and says so at once, where a short request would wait three seconds for
the server to give up (seen with CoreDNS 1.14; RFC 1035 4.1.1 and 4.2.2)."""


def row(pod: dict[str, Any], port: int, outcome: str, said: str = "") -> dict[str, Any]:
    """One try, and what came of it: ok, timeout, refused, unreachable or untold."""
    return {"to": pod["name"], "to_node": pod["node"], "protocol": "TCP", "port": port, "outcome": outcome,
            "said": cut(said)}


async def try_pods(cluster: Cluster, namespace: str, pods: list[tuple[Object, dict[str, Any]]]) -> list[Row]:
    """One row for each pod that answers DNS over TCP; for another, one more that tells whether it is reached at all.
    Raises Forbidden."""
    rows = await asyncio.gather(*(_try_pod(cluster, namespace, pod, facts) for pod, facts in pods))
    return [one for told in rows for one in told]


async def _try_pod(cluster: Cluster, namespace: str, pod: Object, facts: dict[str, Any]) -> list[Row]:
    port = dns_port(server_container(pod["spec"])) or 53
    quick, said = await ask(cluster, namespace, facts["name"], port, SHAPED, _FILLER, QUICK)
    if quick == "ok":
        return [row(facts, port, quick)]
    ready = await ask(cluster, namespace, facts["name"], READY_PORT, "ready", (), PATIENCE)
    if not {quick, ready[0]} <= CLOSED:
        # Not every server answers that, and not every proxy lets it pass: what counts is the plain request.
        quick, said = await ask(cluster, namespace, facts["name"], port, "", (), PATIENCE)
    return [row(facts, port, quick, said), row(facts, READY_PORT, *ready)]


async def ask(
    cluster: Cluster, namespace: str, pod: str, port: int, path: str, headers: Headers, patience: float
) -> tuple[str, str]:
    try:
        await cluster.ask_pod(namespace, pod, port, path, headers=headers, patience=patience)
    except Forbidden:
        raise
    except TimedOut:
        return "timeout", f"no answer within {patience:g} s"
    except NotReached as error:
        return read_words(error.why), error.why
    except ClusterError as error:
        return "untold", str(error)
    return "ok", ""


def read_words(why: str) -> str:
    """What became of a try (MARKS). Words that are no trouble with the connection mean that
    somebody is there who does not speak HTTP."""
    if not why.startswith("dial "):
        return "ok" if "EOF" in why or "malformed HTTP" in why or "connection reset" in why else "untold"
    return next((outcome for mark, outcome in MARKS if mark in why), "untold")
