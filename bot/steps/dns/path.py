"""`dns.path`: is DNS reached over the pod network, from node to node?

The server itself may answer and nobody get to it: the plugin's port between nodes closed, port 53 dropped by a node's
firewall. Only what was tried is judged; the rest is called not tested.
"""

import asyncio
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import note
from bot.model.errors import ClusterError
from bot.model.finding import Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.daemons import read_networks
from bot.steps.dns.objects import Dns, DnsArgs, find_dns
from bot.steps.findings import tell_skipped, unread
from bot.steps.path.api import CLOSED, try_pods
from bot.steps.path.hindrances import read_api_nodes, read_hindrances
from bot.steps.path.own import try_own
from bot.steps.path.probe import LABELS, list_targets, run_probes
from bot.steps.path.probe_rules import asked, judge_probes, list_rows
from bot.steps.path.rules import judge_ways
from bot.steps.podfacts import pod_facts, spread
from bot.steps.readings import or_skip

MOST_PODS = 2


class PathArgs(DnsArgs):
    """Has the API server ask up to two ready DNS pods over the pod network, on as many nodes as it can."""


async def gather_path(cluster: Cluster, args: PathArgs) -> Evidence:
    dns = await find_dns(cluster, args)
    pods, skipped = _choose(dns), list(dns.skipped)
    rows = await or_skip(try_pods(cluster, dns.namespace, pods), skipped) or []
    evidence: Evidence = {
        "read_at": cluster.now, "workload": dns.name, "pods": [facts["name"] for _, facts in pods], "rows": rows,
        "untried": len(dns.pods) - len(pods) + dns.unseen, "skipped": skipped,
    }
    evidence |= await _try_as_pods(cluster, dns, pods, skipped)
    if not any(row["outcome"] in CLOSED for row in [*rows, *asked(list_rows(evidence))]):
        return evidence
    nodes, found = await asyncio.gather(read_api_nodes(cluster, skipped), read_networks(cluster, skipped, meta=False))
    networks = found or []
    labels = [pod["metadata"].get("labels", {}) for pod, _ in pods]
    evidence |= {"api_nodes": nodes, "networks": networks}
    evidence["policies"] = await read_hindrances(cluster, dns.namespace, labels, "Ingress", networks, skipped)
    if "probed" in evidence:
        place = evidence["probe_namespace"]
        evidence["probe_policies"] = await read_hindrances(cluster, place, [LABELS], "Egress", networks, skipped)
    if own := evidence.get("own"):
        evidence["own_policies"] = await read_hindrances(
            cluster, own["namespace"], [own["labels"]], "Egress", networks, skipped)
    return evidence


async def _try_as_pods(
    cluster: Cluster, dns: Dns, pods: list[tuple[Object, dict[str, Any]]], skipped: list[str]
) -> Evidence:
    """What netcheck's own pod reaches, and probe pods: {} where there are neither. `own_rows` and `probe_rows`: {from,
    to, to_node, address, protocol, port, outcome, said, seconds}; `probe_failures`: why nodes were not tried."""
    found: Evidence = {}
    if not pods or not (cluster.sockets or cluster.probe):
        return found
    try:
        api = await cluster.get("Service", "kubernetes", "default")
        ways = list_targets(dns.service, pods, api["spec"])
        found = await try_own(cluster, ways, skipped)
        if cluster.probe:
            found |= await run_probes(cluster, cluster.probe, {facts["node"] for _, facts in pods}, ways, skipped)
    except ClusterError as error:
        skipped.append(unread(error))
    return found


def _choose(dns: Dns) -> list[tuple[Object, dict[str, Any]]]:
    """Ready pods with an address of their own, of as many nodes as there are."""
    ready = [(pod, facts) for pod in dns.pods if (facts := pod_facts(pod))["ready"] and not facts["deleting"]
             and facts["ip"] and not pod["spec"].get("hostNetwork")]
    return [chosen for one in spread(ready) for chosen in one][:MOST_PODS]


def judge_path(evidence: Evidence, args: PathArgs) -> Judgement:
    skipped = tell_skipped(evidence, Layer.CNI)
    if not evidence["pods"]:
        text = "No DNS pod with an address of its own is ready, so the way to one was not tested."
        return Judgement((note(Verdict.SKIPPED, Layer.CNI, text), *skipped))
    return Judgement((*judge_ways(evidence), *judge_probes(evidence), *skipped))


PATH = Look(
    name="dns.path", args=PathArgs, gather=gather_path, judge=judge_path,
    reads=("get pods/proxy in {dns}", "list pods in {dns}", "get pods", "list services", "get services", "list nodes",
           "list daemonsets.apps", "list endpointslices.discovery.k8s.io", "list networkpolicies.networking.k8s.io"),
    probes=("create pods in {probe}", "get pods in {probe}", "list pods in {probe}", "delete pods in {probe}",
            "get pods/log in {probe}", "list networkpolicies.networking.k8s.io in {probe}"),
    by_hand="`kubectl get --raw /api/v1/namespaces/kube-system/pods/POD:8181/proxy/ready` for each DNS pod; from a pod "
    "on each node `nslookup kubernetes.default` and `nslookup kubernetes.default POD-IP` "
    "(https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/#does-the-service-work-by-dns-name)",
)
