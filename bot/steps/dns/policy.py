"""`dns.policy`: do NetworkPolicies keep DNS pods from being asked, or from asking? And one client pod?

What is read grows with what is there: one list where no policy selects the DNS pods, more only where one does.
"""

import asyncio
from ipaddress import ip_network
from typing import Any

from pydantic import Field

from bot.cluster import Cluster, Object
from bot.diagnosis.platform import addresses_of, cache_addresses, dns_port, server_container
from bot.diagnosis.policy_evaluation import decide, isolates
from bot.diagnosis.policy_selectors import selects
from bot.steps import Evidence, Look
from bot.steps.dns.corefile_facts import plugins, try_corefile
from bot.steps.dns.local_cache import NAMES as CACHE_NAMES
from bot.steps.dns.objects import Dns, DnsArgs, find_dns
from bot.steps.dns.policy_rules import judge_policy
from bot.steps.podfacts import is_ready
from bot.steps.policy.calico import read_own_kind
from bot.steps.policy.clients import NOBODY, anybody, read_clients
from bot.steps.policy.enforcers import read_enforcers
from bot.steps.policy.facts import DNS_PROTOCOLS, namespace_labels, party, read_other_apis, read_policies, side
from bot.steps.policy.labels import read_namespaces, tell_namespaces
from bot.steps.policy.selection_rules import list_spaces
from bot.steps.policy.targets import read_side
from bot.steps.readings import items_or_skip


class PolicyArgs(DnsArgs):
    """Asks what NetworkPolicies say about port 53 of the DNS pods: from everybody, and from one pod.

    `pod`: "namespace/name" of a pod that cannot resolve names.
    """

    pod: str = Field(default="", pattern=r"^$|^[a-z0-9-]+/[a-z0-9.-]+$")


async def gather_policy(cluster: Cluster, args: PolicyArgs) -> Evidence:
    dns = await find_dns(cluster, args)
    space, pod = dns.namespace, args.pod
    skipped = list(dns.skipped)
    server = side(take_server(dns), None) if dns.pods or dns.workload else None
    spaces = tuple(dict.fromkeys((space, *([pod.split("/")[0]] if pod else []))))
    lists = await asyncio.gather(*(read_policies(cluster, name, skipped) for name in spaces))
    policies = [policy for told in lists for policy in told or ()]
    client = await read_side(cluster, pod, skipped)  # of a pod that is not there `dns.client` tells
    mine = [p for p in policies if any(_may_select(p, one) for one in (server, client) if one)]
    ports = server_ports(dns)
    evidence: Evidence = {
        "workload": dns.name, "namespace": space, "service": dns.service["metadata"]["name"] if dns.service else "",
        "labels": dict((dns.service or {}).get("spec", {}).get("selector") or {}), "server": server, "ports": ports,
        "ready": any(is_ready(item) for item in dns.pods), "policies": mine, "known": lists[0] is not None,
        "client": client, "client_known": lists[-1] is not None, "cache": [], "pod": pod, "servers": list_shared(dns),
        "clients": dict(NOBODY), "api": [], "upstream": [], "enforcement": None,
    }
    if mine:
        await _read_around(cluster, dns, evidence, skipped)
    others = await read_other_apis(cluster, spaces, server is not None or bool(pod), bool(mine) or not pod, skipped)
    own = await read_own_kind(cluster, space, skipped) if any("projectcalico" in told for told in others) else []
    evidence |= {"others": others, "own_kind": own}
    return {**evidence, "skipped": list(dict.fromkeys(skipped)), "read_at": cluster.now}


def take_server(dns: Dns) -> Object:
    """A DNS pod, or what one would be."""
    if dns.pods:
        return dns.pods[0]
    workload = dns.workload or {}
    template = workload["spec"]["template"]
    meta = {**template.get("metadata", {}), "name": workload["metadata"]["name"], "namespace": dns.namespace}
    return {"metadata": meta, "spec": template["spec"]}


def list_shared(dns: Dns) -> list[str]:
    """The addresses of DNS pods in their nodes' network."""
    own = [pod["status"].get("podIP", "") for pod in dns.pods if pod["spec"].get("hostNetwork")]
    return sorted({address for address in own if address})


def server_ports(dns: Dns) -> dict[str, int]:
    """The port on which DNS pods serve, by protocol."""
    return {protocol: dns_port(server_container(dns.template), protocol) or 53 for protocol in DNS_PROTOCOLS}


def _may_select(policy: dict[str, Any], pod: dict[str, Any]) -> bool:
    here = policy["metadata"]["namespace"] == pod["namespace"] and not pod["host"]
    return here and bool(selects(policy["spec"].get("podSelector") or {}, pod["labels"]))


async def _read_around(cluster: Cluster, dns: Dns, evidence: Evidence, skipped: list[str]) -> None:
    """What it takes to know whom the policies hit: who asks, whom the server asks, whether anything enforces them."""
    server, mine = evidence["server"], evidence["policies"]
    evidence["enforcement"] = await read_enforcers(cluster)
    if server:
        server["namespace_labels"] = await namespace_labels(cluster, dns.namespace, skipped)
        taken = [policy for policy in mine if _may_select(policy, server)]
        if _depends(taken, evidence):
            evidence["clients"] = await read_clients(cluster, evidence, skipped)
        if any(isolates(policy, "Egress") for policy in taken):
            evidence["api"] = await _api_addresses(cluster, skipped)
            evidence["upstream"] = await _upstreams(cluster, dns, skipped)
    if client := evidence["client"]:
        client["namespace_labels"] = await namespace_labels(cluster, client["namespace"], skipped)
        evidence["cache"] = await read_cache_addresses(cluster, dns, skipped)
        if any(list_spaces(policy["spec"]) for policy in mine):
            evidence |= tell_namespaces(await read_namespaces(cluster, skipped))


def _depends(policies: list[dict[str, Any]], evidence: Evidence) -> bool:
    """Whether some pods may ask and others not: only then does it matter who they are."""
    server, crowd, ports = party(evidence["server"]), anybody(evidence["server"]), evidence["ports"]
    return None in [decide(policies, "Ingress", server, crowd, p, ports[p]).allowed for p in DNS_PROTOCOLS]


async def _api_addresses(cluster: Cluster, skipped: list[str]) -> list[list[Any]]:
    """[[address, port]] of the API servers: policies see them, not the Service's address."""
    reading = cluster.list("EndpointSlice", "default", labels="kubernetes.io/service-name=kubernetes")
    slices = await items_or_skip(reading, skipped) or ()
    return [[address, port["port"]] for item in slices for port in item.get("ports") or ()
            for end in item.get("endpoints") or () for address in end["addresses"]]


async def _upstreams(cluster: Cluster, dns: Dns, skipped: list[str]) -> list[str]:
    """The addresses that the root zone is forwarded to; "" for a resolver that only the node knows."""
    corefile = await try_corefile(cluster, dns, skipped)
    forwards = [directive["args"] for _, directive in plugins(corefile, "forward")]
    targets = [str(target) for zone, *targets in forwards if zone == "." for target in targets]
    return list(dict.fromkeys(map(_address, targets)))


def _address(target: str) -> str:
    host = target.split("://")[-1]
    try:
        return str(ip_network(host.rpartition(":")[0] if host.count(":") == 1 else host.strip("[]")).network_address)
    except ValueError:
        return ""


async def read_cache_addresses(cluster: Cluster, dns: Dns, skipped: list[str]) -> list[str]:
    """Where a node-local cache is asked in place of the DNS pods; [] where there is none."""
    sets = await items_or_skip(cluster.list("DaemonSet", form="metadata"), skipped) or ()
    if not any(item["metadata"]["name"] in CACHE_NAMES for item in sets):
        return []
    return cache_addresses(dns.kubelet.dns) or addresses_of(dns.service)


POLICY = Look(
    name="dns.policy", args=PolicyArgs, gather=gather_policy, judge=judge_policy,
    reads=("list services", "list pods", "get pods", "get namespaces", "list namespaces",
           "list networkpolicies.networking.k8s.io", "list daemonsets.apps", "get daemonsets.apps", "get /version",
           "list endpointslices.discovery.k8s.io", "get configmaps/coredns in {dns}",
           "list globalnetworkpolicies.crd.projectcalico.org", "list networkpolicies.crd.projectcalico.org",
           "list ciliumnetworkpolicies.cilium.io", "list ciliumclusterwidenetworkpolicies.cilium.io",
           "list adminnetworkpolicies.policy.networking.k8s.io",
           "list baselineadminnetworkpolicies.policy.networking.k8s.io"),
    by_hand="`kubectl -n kube-system get networkpolicies -o yaml`, `kubectl -n NAMESPACE describe networkpolicies` "
    "(https://kubernetes.io/docs/concepts/services-networking/network-policies/)",
)
