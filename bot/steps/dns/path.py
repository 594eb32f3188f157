"""`dns.path`: is DNS reached over the pod network, from node to node? (DNS-10, CONN-04)

The server itself may answer and nobody get to it: the plugin's port between nodes closed, port 53 dropped by a node's
firewall. Only what was tried is judged; the rest is called not tested.
"""

import asyncio
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import note
from bot.diagnosis.policy_evaluation import Direction, isolates
from bot.diagnosis.policy_selectors import selects
from bot.model.errors import ClusterError, Forbidden, NotFound
from bot.model.finding import Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.daemons import find_networks
from bot.steps.dns.objects import Dns, DnsArgs, find_dns
from bot.steps.findings import tell_skipped, unread
from bot.steps.nodes.status import SAMPLE
from bot.steps.path.api import CLOSED, try_pods
from bot.steps.path.probe import LABELS, gather_probes
from bot.steps.path.probe_rules import asked, judge_probes
from bot.steps.path.rules import judge_ways
from bot.steps.podfacts import pod_facts, spread
from bot.steps.policy.facts import NAMED

MOST_PODS = 2
CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
OTHER_POLICIES = (
    ("Calico", "GlobalNetworkPolicy", "crd.projectcalico.org/v1"),
    ("Calico", "NetworkPolicy", "crd.projectcalico.org/v1"),
    ("Canal", "GlobalNetworkPolicy", "crd.projectcalico.org/v1"),
    ("Canal", "NetworkPolicy", "crd.projectcalico.org/v1"),
    ("Cilium", "CiliumClusterwideNetworkPolicy", "cilium.io/v2"),
    ("Cilium", "CiliumNetworkPolicy", "cilium.io/v2"),
)
"""Policies beside Kubernetes' own: (network, kind, api)."""


class PathArgs(DnsArgs):
    """Has the API server ask up to two ready DNS pods over the pod network, on as many nodes as it can."""


async def gather_path(cluster: Cluster, args: PathArgs) -> Evidence:
    dns = await find_dns(cluster, args)
    pods, skipped, rows = _choose(dns), list(dns.skipped), []
    try:
        rows = await try_pods(cluster, dns.namespace, pods)
    except Forbidden as error:
        skipped.append(unread(error))
    evidence: Evidence = {
        "read_at": cluster.now, "workload": dns.name, "pods": [facts["name"] for _, facts in pods], "rows": rows,
        "untried": len(dns.pods) - len(pods) + dns.unseen, "skipped": skipped,
    }
    evidence |= await gather_probes(cluster, dns, pods, skipped)
    if not any(row["outcome"] in CLOSED for row in [*rows, *asked(evidence.get("probe_rows", ()))]):
        return evidence
    nodes, networks = await asyncio.gather(_api_nodes(cluster, skipped), _networks(cluster, skipped))
    labels = [pod["metadata"].get("labels", {}) for pod, _ in pods]
    evidence |= {"api_nodes": nodes, "networks": networks}
    evidence["policies"] = await _policies(cluster, dns.namespace, labels, "Ingress", networks, skipped)
    if "probed" in evidence:
        place = evidence["probe_namespace"]
        evidence["probe_policies"] = await _policies(cluster, place, [LABELS], "Egress", networks, skipped)
    return evidence


def _choose(dns: Dns) -> list[tuple[Object, dict[str, Any]]]:
    """Ready pods with an address of their own, of as many nodes as there are."""
    ready = [(pod, facts) for pod in dns.pods if (facts := pod_facts(pod))["ready"] and not facts["deleting"]
             and facts["ip"] and not pod["spec"].get("hostNetwork")]
    return [chosen for one in spread(ready) for chosen in one][:MOST_PODS]


async def _api_nodes(cluster: Cluster, skipped: list[str]) -> list[str] | None:
    """The nodes that API servers run on, [] where they do not, None where it cannot be told."""
    try:
        labels = "kubernetes.io/service-name=kubernetes"
        slices, nodes = await asyncio.gather(
            cluster.list("EndpointSlice", "default", labels=labels), cluster.list("Node", limit=SAMPLE))
        known = [*nodes.items]
        if nodes.remaining:
            known += (await cluster.list("Node", labels=CONTROL_PLANE, limit=SAMPLE)).items
    except ClusterError as error:
        skipped.append(unread(error))
        return None
    addresses = {a for piece in slices.items for e in piece.get("endpoints") or () for a in e["addresses"]}
    at = {a["address"]: node["metadata"]["name"] for node in known for a in node["status"].get("addresses", ())}
    return sorted({at[a] for a in addresses}) if addresses and addresses <= at.keys() else []


async def _networks(cluster: Cluster, skipped: list[str]) -> list[str]:
    try:
        return [network.name for network in await find_networks(cluster) if not network.meta]
    except ClusterError as error:
        skipped.append(unread(error))
    return []


async def _policies(
    cluster: Cluster, namespace: str, labels: list[dict[str, str]], way: Direction, networks: list[str],
    skipped: list[str],
) -> list[str] | None:
    """Policies that may be why these pods are not reached, or reach nothing; None where one kind may not be read. Those
    of a network plugin count whatever they select."""
    kinds = [("NetworkPolicy", ""), *((kind, api) for network, kind, api in OTHER_POLICIES if network in networks)]
    found: list[str] = []
    for kind, api in kinds:
        where = "" if "Global" in kind or "Clusterwide" in kind else namespace
        try:  # as `dns.policy` reads them
            listing = await (cluster.list(kind, where, api=api, limit=NAMED, form="metadata") if api else
                             cluster.list(kind, where))
        except NotFound:
            continue
        except ClusterError as error:
            skipped.append(unread(error))
            return None
        found += [f"{kind} {item['metadata']['name']}" for item in listing.items if api or _isolates(item, labels, way)]
    return found


def _isolates(policy: Object, labels: list[dict[str, str]], way: Direction) -> bool:
    """Whether it limits what one of the pods gets or sends, or may do so."""
    selector = policy["spec"].get("podSelector") or {}
    return isolates(policy, way) and any(selects(selector, own) is not False for own in labels)


def judge_path(evidence: Evidence, args: PathArgs) -> Judgement:
    skipped = tell_skipped(evidence, Layer.CNI)
    if not evidence["pods"]:
        text = "No DNS pod is ready, so the way to one was not tested."
        return Judgement((note(Verdict.SKIPPED, Layer.CNI, text), *skipped))
    return Judgement((*judge_ways(evidence), *judge_probes(evidence), *skipped))


PATH = Look(
    name="dns.path", args=PathArgs, gather=gather_path, judge=judge_path,
    reads=("get pods/proxy in {dns}", "list pods in {dns}", "list services", "list nodes", "list daemonsets.apps",
           "list endpointslices.discovery.k8s.io", "list networkpolicies.networking.k8s.io"),
    probes=("create pods in {probe}", "get pods in {probe}", "list pods in {probe}", "delete pods in {probe}",
            "get pods/log in {probe}", "list networkpolicies.networking.k8s.io in {probe}"),
    by_hand="`kubectl get --raw /api/v1/namespaces/kube-system/pods/POD:8181/proxy/ready` for each DNS pod; from a pod "
    "on each node `nslookup kubernetes.default` and `nslookup kubernetes.default POD-IP` "
    "(https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/#does-the-service-work-by-dns-name)",
)
