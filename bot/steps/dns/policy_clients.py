"""`dns.policy_clients`: pods that policies let out only in part, or not at all: may they ask for names?

A policy that forgets port 53 looks like a DNS server that does not answer. Which pods need names nobody can read off
them, so what is told as a fault is what hardly anybody means.
"""

import asyncio
from dataclasses import replace
from typing import Any

from bot.cluster import Cluster
from bot.diagnosis.causes import note
from bot.diagnosis.policy_evaluation import isolates
from bot.diagnosis.policy_selectors import selects
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.dns.objects import DnsArgs, find_dns
from bot.steps.dns.policy import list_shared, read_cache_addresses, server_ports, take_server
from bot.steps.findings import tell_skipped
from bot.steps.policy.client_rules import judge_client
from bot.steps.policy.enforcers import read_enforcers
from bot.steps.policy.facts import read_all_policies, side
from bot.steps.policy.labels import read_namespaces, tell_namespaces
from bot.steps.readings import items_or_skip, or_skip
from bot.steps.wording import count, list_names, read_at

MOST_SPACES, MOST_PODS = 5, 20


class ClientsArgs(DnsArgs):
    """Looks for pods whose policies limit what they send, in a few namespaces, and whether they may ask for names."""


async def gather_clients(cluster: Cluster, args: ClientsArgs) -> Evidence:
    skipped: list[str] = []
    read = await or_skip(read_all_policies(cluster), skipped)
    if read is None:
        return {"spaces": None, "clients": [], "skipped": skipped, "read_at": cluster.now}
    policies, _ = read
    out = [policy for policy in policies if isolates(policy, "Egress")]
    spaces = sorted({policy["metadata"]["namespace"] for policy in out})
    evidence: Evidence = {"spaces": spaces[:MOST_SPACES], "unlooked": spaces[MOST_SPACES:], "clients": [],
                          "server": None, "skipped": skipped, "read_at": cluster.now}
    if not out:
        return evidence
    dns, known = await asyncio.gather(find_dns(cluster, args), read_namespaces(cluster, skipped))
    labels = dict(known[0]) if known else {}
    evidence |= tell_namespaces(known)
    skipped += dns.skipped
    if dns.pods or dns.workload:
        evidence |= {
            "server": side(take_server(dns), labels.get(dns.namespace)), "namespace": dns.namespace,
            "labels": dict((dns.service or {}).get("spec", {}).get("selector") or {}), "ports": server_ports(dns),
            "servers": list_shared(dns),
            "cache": await read_cache_addresses(cluster, dns, skipped), "enforcement": await read_enforcers(cluster),
        }
    here = [p for p in policies if p["metadata"]["namespace"] in (*evidence["spaces"], dns.namespace)]
    samples = await asyncio.gather(*(_sample(cluster, space, out, labels.get(space), skipped)
                                     for space in evidence["spaces"]))
    return {**evidence, "policies": here, "clients": [pod for sample in samples for pod in sample]}


async def _sample(
    cluster: Cluster, space: str, policies: list[dict[str, Any]], labels: dict[str, str] | None, skipped: list[str]
) -> list[dict[str, Any]]:
    """A pod for each set of policies that limit what pods of this namespace send."""
    pods = await items_or_skip(cluster.list("Pod", space, limit=MOST_PODS), skipped) or ()
    mine = [policy for policy in policies if policy["metadata"]["namespace"] == space]
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for pod in pods:
        taken = tuple(policy["metadata"]["name"] for policy in mine
                      if selects(policy["spec"].get("podSelector") or {}, pod["metadata"].get("labels") or {}))
        asks = pod["spec"].get("dnsPolicy", "ClusterFirst") == "ClusterFirst" and not pod["spec"].get("hostNetwork")
        if taken and asks and pod.get("status", {}).get("phase") not in ("Succeeded", "Failed"):
            found.setdefault(taken, side(pod, labels))
    return list(found.values())


def judge_clients(evidence: Evidence, args: ClientsArgs) -> Judgement:
    skipped = tell_skipped(evidence, Layer.POLICY)
    if evidence["spaces"] is None or (evidence["clients"] and not evidence["server"]):
        return Judgement(skipped)
    told: dict[str, Finding] = {}
    for client in evidence["clients"]:
        place = f"{client['namespace']}/{client['name']}"
        for finding in judge_client({**evidence, "client": client, "client_known": True, "pod": place}):
            if finding.cause == "dns.policy.client":
                told.setdefault(finding.object, _weigh(evidence, finding))
            elif finding.cause == "policy.no-namespace":
                told.setdefault(finding.object, replace(finding, verdict=Verdict.WARN))
            elif "would block" in finding.summary:
                told.setdefault(finding.object, finding)
    left = evidence["unlooked"]
    more = f"; pods of {list_names(left)} were not looked at" if left else ""
    if not told and not skipped:
        looked = f"{count(len(evidence['clients']), 'kind')} of pods that policies limit may ask for names{more}." \
            if evidence["clients"] else f"No policy limits what a pod that was looked at sends{more}."
        return Judgement((note(Verdict.PASS, Layer.POLICY, looked, evidence=(read_at(evidence),)),))
    return Judgement((*told.values(), *skipped))


def _weigh(evidence: Evidence, finding: Finding) -> Finding:
    """A fault where pods may send something but no question for a name, or where a whole namespace is shut in: mostly
    port 53 was forgotten. Some pods that may send nothing at all are meant so."""
    name = finding.object.split("/")[-1]
    mine = [p for p in evidence["policies"] if p["metadata"] == {
        "namespace": finding.object.split(" ")[1].split("/")[0], "name": name}]
    meant = any(not p["spec"].get("egress") and p["spec"].get("podSelector") for p in mine)
    if not meant:
        return replace(finding, verdict=Verdict.WARN)
    return note(Verdict.INFO, Layer.POLICY, finding.summary, object=finding.object, evidence=finding.evidence,
                advice=f"Where these pods need names: {finding.advice}")


CLIENTS = Look(
    name="dns.policy_clients", args=ClientsArgs, gather=gather_clients, judge=judge_clients,
    reads=("list networkpolicies.networking.k8s.io", "list pods", "list namespaces", "list services",
           "list daemonsets.apps", "get daemonsets.apps", "get /version"),
    by_hand="`kubectl describe networkpolicies -A` (Allowing egress traffic): 53/UDP and 53/TCP to the DNS pods "
    "(https://kubernetes.io/docs/concepts/services-networking/network-policies/#default-deny-all-egress-traffic)",
)
