"""`path.matrix`: what arrives, from whom, where? From each node, to pods, nodes, Services and outside.

By the API server, which asks pods over the pod network without any image; and, where the settings allow them, by probe
pods on a few nodes. Only what was tried is judged.
"""

import asyncio
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.policy_evaluation import Direction
from bot.steps import Evidence, Look
from bot.steps.daemons import read_networks
from bot.steps.dns.objects import Dns, DnsArgs, find_dns
from bot.steps.nodes.status import sample_nodes
from bot.steps.path.api import CLOSED, PATIENCE, ask
from bot.steps.path.hindrances import read_api_nodes, read_hindrances
from bot.steps.path.inside import try_inside
from bot.steps.path.matrix_rules import judge_matrix
from bot.steps.path.own import try_own
from bot.steps.path.peers import make_peer, node_ways, read_peers, service_ways
from bot.steps.path.probe import LABELS, run_probes
from bot.steps.policy.enforcers import read_enforcers
from bot.steps.policy.reach import ReachArgs
from bot.steps.policy.targets import read_pod, read_targets
from bot.steps.readings import items_or_skip, or_skip

Row = dict[str, Any]
UNREADABLE = "a policy that may not be read"
FILL = "x" * 3000
"""Longer than any packet between nodes may be (jumbo frames aside): in a request it makes several full ones."""


class MatrixArgs(ReachArgs):
    """Tries the ways between nodes, to pods on each of them, to Services, and out of the cluster.

    `pod`, `to`, `port`: the two ends of a connection that does not work, which are then among what is tried. `inside`:
    also from within that pod, by a command in its first container, which needs the right to run one.
    """

    inside: bool = False


async def gather_matrix(cluster: Cluster, args: MatrixArgs) -> Evidence:
    skipped: list[str] = []
    dns, listed, source, target = await asyncio.gather(
        find_dns(cluster, DnsArgs()), items_or_skip(sample_nodes(cluster), skipped),
        read_pod(cluster, args.pod, skipped), read_targets(cluster, args.to, args.port, skipped))
    nodes = list(listed or ())
    skipped += dns.skipped
    ends = await _ends(cluster, target, skipped)
    peers = [peer for pod in ends if (peer := make_peer(pod, target["rows"][0]["port"] if target else 0))]
    known = {peer["to"] for peer in peers}
    peers += [peer for peer in await read_peers(cluster, [*filter(None, [source]), *dns.pods], nodes, skipped)
              if peer["to"] not in known]
    rows = await _ask_all(cluster, peers, skipped)
    evidence: Evidence = {
        "read_at": cluster.now, "from": args.pod, "from_node": (source or {}).get("spec", {}).get("nodeName", ""),
        "target": target["name"] if target else "", "nodes": [n["metadata"]["name"] for n in nodes],
        "kernels": _kernels(nodes),
        "peers": [peer["to"] for peer in peers], "rows": rows, "probed": [], "probe_failures": {}, "skipped": skipped,
        "homes": sorted({str(pod["spec"].get("nodeName", "")) for pod in dns.pods}),
        "ends": [f"{pod['metadata']['namespace']}/{pod['metadata']['name']}" for pod in ends],
        "node_port": target["node_port"] if target else None,
    }
    ways = await _ways(cluster, peers, nodes, dns, target, skipped)
    evidence |= await try_own(cluster, ways, skipped)
    if cluster.probe:
        evidence |= await _probe(cluster, peers, ways, skipped)
    if args.inside and source:
        evidence["inside_rows"] = await try_inside(cluster, source, ways, skipped)
    evidence["api_nodes"] = await read_api_nodes(cluster, skipped)
    evidence["networks"] = await read_networks(cluster, skipped, meta=False) or []
    evidence |= await _hindrances(cluster, evidence, peers, source, skipped)
    return {**evidence, "skipped": list(dict.fromkeys(skipped))}


def _kernels(nodes: list[Object]) -> dict[str, str]:
    return {n["metadata"]["name"]: str(n.get("status", {}).get("nodeInfo", {}).get("kernelVersion", "")) for n in nodes}


async def _ends(cluster: Cluster, target: Row | None, skipped: list[str]) -> list[Object]:
    """The pods behind the target, read already."""
    sides = [row["side"] for row in target["rows"]] if target else []
    found = await asyncio.gather(*(read_pod(cluster, f"{side['namespace']}/{side['name']}", skipped)
                                   for side in sides if side["namespace"]))
    return [pod for pod in found if pod]


async def _ask_all(cluster: Cluster, peers: list[Row], skipped: list[str]) -> list[Row]:
    told = await asyncio.gather(*(or_skip(_ask(cluster, peer), skipped) for peer in peers if peer["path"]))
    return [row for rows in told for row in rows or ()]


async def _ask(cluster: Cluster, peer: Row) -> list[Row]:
    """A page of the pod, and where it comes the same with a long address. Pods of a known page only: whether another
    one is not reached or waits for something else to be said cannot be told from here. Raises Forbidden."""
    namespace, name = peer["to"].split("/")
    page = peer["path"].lstrip("/")
    outcome, said = await ask(cluster, namespace, name, peer["port"], page, (), PATIENCE)
    rows = [{"from": "", **peer, "large": False, "outcome": outcome, "said": said}]
    if outcome == "ok":
        long = f"{page}{'&' if '?' in page else '?'}netcheck={FILL}"
        outcome, said = await ask(cluster, namespace, name, peer["port"], long, (), PATIENCE)
        rows.append({"from": "", **peer, "large": True, "outcome": outcome, "said": said})
    return rows


async def _ways(
    cluster: Cluster, peers: list[Row], nodes: list[Object], dns: Dns, target: Row | None, skipped: list[str]
) -> list[Row]:
    """What a pod can try: other pods, with short and long requests, nodes, Services, and what is outside."""
    api = await or_skip(cluster.get("Service", "kubernetes", "default"), skipped)
    pods = [{**peer, "large": large} for peer in peers for large in (False, True) if peer["path"] or not large]
    return [*pods, *node_ways(nodes, target), *service_ways(dns, api, target)]


async def _probe(cluster: Cluster, peers: list[Row], ways: list[Row], skipped: list[str]) -> Evidence:
    place = cluster.probe
    assert place is not None
    return await or_skip(run_probes(cluster, place, {peer["to_node"] for peer in peers}, ways, skipped), skipped) or {}


async def _hindrances(
    cluster: Cluster, evidence: Evidence, peers: list[Row], source: Object | None, skipped: list[str]
) -> Evidence:
    """{hindered: {pod: names of policies that may be why it is not reached}, held: those that may keep probe pods back,
    own_held: netcheck's own, inside_held: the pod that was named}."""
    tries = [row for part in ("rows", "own_rows", "probe_rows", "inside_rows") for row in evidence.get(part, ())]
    if not any(row["outcome"] in CLOSED for row in tries):
        return {"hindered": {}, "held": [], "own_held": [], "inside_held": [], "enforcement": None}
    networks, hindered = evidence["networks"], {}

    async def keep(namespace: str, labels: dict[str, str], way: Direction) -> list[str]:
        names = await read_hindrances(cluster, namespace, [labels], way, networks, skipped)
        return [UNREADABLE] if names is None else names

    for peer in peers:
        if names := await keep(peer["namespace"], peer["labels"], "Ingress"):
            hindered[peer["to"]] = names
    own, labels = evidence.get("own"), dict((source or {}).get("metadata", {}).get("labels") or {})
    inside = evidence["from"].split("/")[0] if "inside_rows" in evidence else ""
    return {"hindered": hindered,
            "held": await keep(evidence["probe_namespace"], LABELS, "Egress") if evidence["probed"] else [],
            "own_held": await keep(own["namespace"], own["labels"], "Egress") if own else [],
            "inside_held": await keep(inside, labels, "Egress") if inside else [],
            "enforcement": await read_enforcers(cluster)}


MATRIX = Look(
    name="path.matrix", args=MatrixArgs, gather=gather_matrix, judge=judge_matrix,
    reads=("get pods/proxy in {dns}", "list pods", "get pods", "list services", "get services", "list nodes",
           "list daemonsets.apps", "get daemonsets.apps", "get /version", "list endpointslices.discovery.k8s.io",
           "list networkpolicies.networking.k8s.io"),
    probes=("create pods in {probe}", "get pods in {probe}", "list pods in {probe}", "delete pods in {probe}",
            "get pods/log in {probe}", "list networkpolicies.networking.k8s.io in {probe}"),
    execs=("create pods/exec in {dns}", "get pods/exec in {dns}"),  # in truth in the namespace of the pod
    by_hand="from a pod on each node `nc -w 3 POD-IP PORT`, and the same to the Service's address (`kubectl get pods,"
    "services -A -o wide`); from where the API server runs `kubectl get --raw "
    "/api/v1/namespaces/NAMESPACE/pods/POD:PORT/proxy/` "
    "(https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/)",
)
