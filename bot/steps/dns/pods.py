"""`dns.pods`: are the DNS pods there, scheduled, started, ready? (pages: debugging DNS resolution, kubeadm)."""

import asyncio
from collections import defaultdict
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import find, note
from bot.diagnosis.platform import may_serve_outside
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.dns.objects import Dns, DnsArgs, find_dns
from bot.steps.dns.pod_states import State, classify, is_gone, is_ready
from bot.steps.dns.pod_words import ADVICE, summarise
from bot.steps.findings import tell_skipped
from bot.steps.nodes.status import read_nodes
from bot.steps.patience import LAG
from bot.steps.podfacts import SCHEDULER, failing_container, pod_facts
from bot.steps.readings import items_or_skip
from bot.steps.refusals import advise
from bot.steps.wording import count, cut, last_written, list_names, read_at

EVENT_PODS = 2
"""Pods whose events are read; what they say is mostly the same for all."""
PER_NODE = frozenset({"dns.pods.sandbox", "dns.pods.node-down", "dns.pods.not-ready"})
"""States whose cause may lie in one node, so that each node's pods make a finding of their own."""


async def gather_pods(cluster: Cluster, args: DnsArgs) -> Evidence:
    dns = await find_dns(cluster, args)
    skipped = list(dns.skipped)
    pods = [_facts(pod) for pod in dns.pods]
    suspects = [pod for pod in pods if not is_ready(pod) and not is_gone(pod)][:EVENT_PODS]
    uids = [pod["uid"] for pod in suspects]
    events, nodes = await asyncio.gather(
        asyncio.gather(*(read_events(cluster, dns.namespace, uid, skipped) for uid in uids)),
        read_nodes(cluster, tuple(sorted({pod["node"] for pod in pods if pod["node"]})), skipped),
    )
    for pod, told in zip(suspects, events, strict=True):
        pod["events"] = told
    version = {} if dns.workload or pods else await cluster.version()
    return {
        "read_at": cluster.now, "namespace": dns.namespace, "version": version.get("gitVersion", ""),
        "workload": workload_facts(dns), "pods": pods, "unseen": dns.unseen, "nodes": nodes, "skipped": skipped,
    }


def _facts(pod: Object) -> dict[str, Any]:
    """`beside`: the name of another container than the DNS server's, which keeps the pod from being ready."""
    other = failing_container(pod)
    return {**pod_facts(pod, other), "beside": other["name"] if other else ""}


async def read_events(cluster: Cluster, namespace: str, uid: str, skipped: list[str]) -> list[dict[str, Any]]:
    """The newest few. No event proves nothing: they expire within the hour."""
    reading = cluster.list("Event", namespace, fields=f"involvedObject.uid={uid}", limit=30)
    events = await items_or_skip(reading, skipped) or ()
    told = [
        {"reason": event.get("reason", ""), "message": cut(str(event.get("message", "")), 400),
         "last": event.get("lastTimestamp") or event.get("eventTime") or ""}
        for event in events
    ]
    return sorted(told, key=lambda event: str(event["last"]))[-6:]


def workload_facts(dns: Dns) -> dict[str, Any]:
    item: Object = dns.workload or {}
    spec, status = item.get("spec", {}), item.get("status", {})
    wanted = spec.get("replicas", 1) if dns.kind == "Deployment" else status.get("desiredNumberScheduled", 0)
    failures = [condition for condition in status.get("conditions", [])
                if condition["type"] == "ReplicaFailure" and condition["status"] == "True"]
    return {
        "name": dns.name if item else "", "kind": dns.kind if item else "", "wanted": wanted if item else 0,
        "updated": status.get("updatedReplicas", status.get("updatedNumberScheduled", 0)),
        "settled": status.get("observedGeneration", 0) >= item.get("metadata", {}).get("generation", 0),
        "changed": last_written(dns.workload), "failure": cut(failures[0].get("message", ""), 400) if failures else "",
    }


def judge_pods(evidence: Evidence, args: DnsArgs) -> Judgement:
    workload = evidence["workload"]
    live = [pod for pod in evidence["pods"] if not is_gone(pod)]
    ready = [pod for pod in live if is_ready(pod)]
    outputs = {"ready": len(ready), "running": sum(pod["phase"] == "Running" for pod in live),
               "wanted": workload["wanted"], "workload": workload["name"], "pods": [pod["name"] for pod in live]}
    findings = [*_absent(evidence, live), *_states(evidence, live, ready)]
    if live and not any(f.verdict in (Verdict.FAIL, Verdict.WARN, Verdict.UNKNOWN) for f in findings):
        findings.insert(0, _all_ready(evidence, live, ready))
    return Judgement((*findings, *tell_skipped(evidence, Layer.DNS_WORKLOAD)), outputs)


def _absent(evidence: Evidence, live: list[dict[str, Any]]) -> list[Finding]:
    workload = evidence["workload"]
    if live:
        return _fewer(evidence, live)
    told = (read_at(evidence),)
    if not workload["name"]:
        if evidence["skipped"]:
            text = f"No DNS pod was found in {evidence['namespace']}, and not everything could be looked at."
            return [note(Verdict.UNKNOWN, Layer.DNS_WORKLOAD, text, evidence=told)]
        if may_serve_outside(evidence["version"]):
            text = "No DNS pod was found: this platform can serve DNS outside the cluster."
            return [note(Verdict.INFO, Layer.DNS_WORKLOAD, text, evidence=told)]
        text = f"No DNS server was found in {evidence['namespace']}: no pod, Deployment or DaemonSet runs one."
        seen = f"Namespace {evidence['namespace']}: workloads that run a DNS server: none, expected one"
        return [find("dns.workload.missing", text, object=f"Namespace {evidence['namespace']}", evidence=(seen, *told))]
    if workload["wanted"] == 0 and workload["kind"] == "Deployment":
        text = f"{workload['name']} is scaled to zero: spec.replicas is 0, at least 1 is needed."
        kind, path = workload["name"].split(" ")
        namespace, name = path.split("/")
        advice = f"`kubectl -n {namespace} scale {kind.lower()} {name} --replicas=2`, and find out what scaled it down."
        return [find("dns.pods.scaled-to-zero", text, object=workload["name"], advice=advice,
                     evidence=(f"{workload['name']}: spec.replicas is 0, expected at least 1", *told))]
    why = workload["failure"]
    text = f"{workload['name']} wants {count(workload['wanted'], 'pod')} and has none" + (f": {why}" if why else ".")
    under_way = not workload["settled"] or evidence["pods"]  # those that are ending make room for the next
    if not why and under_way and float(evidence["read_at"]) - workload["changed"] < LAG:
        return [note(Verdict.UNKNOWN, Layer.DNS_WORKLOAD, f"{text} Its controller has not caught up yet; look again.",
                     evidence=(read_at(evidence),))]
    if not why:
        text += " No controller has said why: the kube-controller-manager may not work."
    seen = f"{workload['name']}: wanted {workload['wanted']}, pods 0; {cut(why) or 'no condition says why'}"
    advice = advise(why, evidence["namespace"])
    return [find("dns.pods.missing", cut(text, 400), object=workload["name"], evidence=(seen, *told), advice=advice)]


def _fewer(evidence: Evidence, live: list[dict[str, Any]]) -> list[Finding]:
    """Some are there, and the controller says that it may not make the others: the next restart takes one more."""
    workload, why = evidence["workload"], evidence["workload"]["failure"]
    if not why or min(len(live), workload["updated"]) >= workload["wanted"]:
        return []
    number = count(workload["wanted"], "pod")
    text = f"{workload['name']} wants {number} as its template says, and cannot make them all: {why}"
    seen = f"{workload['name']}: wanted {workload['wanted']}, pods {len(live)}, of its template {workload['updated']}"
    return [find("dns.pods.missing", cut(text, 400), verdict=Verdict.WARN, object=workload["name"],
                 evidence=(seen, read_at(evidence)), advice=advise(why, evidence["namespace"]))]


def _states(evidence: Evidence, live: list[dict[str, Any]], ready: list[dict[str, Any]]) -> list[Finding]:
    groups: dict[tuple[str, str], list[tuple[dict[str, Any], State]]] = defaultdict(list)
    for pod in live:
        state = classify(pod, evidence)
        groups[state.code, pod["node"] if state.code in PER_NODE else ""].append((pod, state))
    findings = []
    for (code, node), members in sorted(groups.items()):
        if code == "young":
            findings.append(_young(evidence, members, ready))
        elif code == "restarted":
            names = list_names(pod["name"] for pod, _ in members)
            findings.append(note(Verdict.INFO, Layer.DNS_WORKLOAD, f"{names}: {members[0][1].detail}.",
                                 evidence=(read_at(evidence),)))
        elif code:
            findings.append(_fault(evidence, code, node, members, ready))
    return findings


def _fault(
    evidence: Evidence, code: str, node: str, members: list[tuple[dict[str, Any], State]], ready: list[dict[str, Any]]
) -> Finding:
    pods = [pod for pod, _ in members]
    lines = [cut(f"{pod['name']} on {pod['node'] or 'no node'}: {_by(pod)}{state.detail}")
             for pod, state in members[:3]]
    return find(
        code, summarise(code, pods, _by(pods[0]) + members[0][1].detail, evidence), node=node,
        verdict=Verdict.WARN if ready else Verdict.FAIL, evidence=(*lines, read_at(evidence)),
        object=SCHEDULER if code == "api.scheduler" else
        evidence["workload"]["name"] or f"Pod {evidence['namespace']}/{pods[0]['name']}",
        advice=ADVICE.get(code, "").format(namespace=evidence["namespace"], node=node, pod=pods[0]["name"] + (
            f" -c {pods[0]['beside']}" if pods[0].get("beside") and "logs" in ADVICE.get(code, "") else "")),
    )


def _by(pod: dict[str, Any]) -> str:
    return f"container {pod['beside']}: " if pod.get("beside") else ""


def _young(
    evidence: Evidence, members: list[tuple[dict[str, Any], State]], ready: list[dict[str, Any]]
) -> Finding:
    """Youth excuses not being ready, and is no reason for doubt where others serve."""
    names = list_names(pod["name"] for pod, _ in members)
    text = f"{names}: {members[0][1].detail}, too young to be judged; look again in two minutes."
    verdict = Verdict.INFO if ready else Verdict.UNKNOWN
    return note(verdict, Layer.DNS_WORKLOAD, text, object=evidence["workload"]["name"], evidence=(read_at(evidence),))


def _all_ready(evidence: Evidence, live: list[dict[str, Any]], ready: list[dict[str, Any]]) -> Finding:
    nodes = sorted({pod["node"] for pod in ready})
    unseen = " (more were not read)" if evidence["unseen"] else ""
    unseen += "" if evidence["workload"]["name"] else " (how many are wanted is not known)"
    text = f"{len(ready)} of {count(len(live), 'DNS pod')} ready{unseen}, on {count(len(nodes), 'node')}"
    lonely = evidence["nodes"]["total"] > 1 and len(nodes) == 1 and len(live) == len(ready)
    if lonely:
        text += f": if {nodes[0]} fails, DNS is gone until the pods start elsewhere"
    verdict, name = Verdict.INFO if lonely else Verdict.PASS, evidence["workload"]["name"]
    return note(verdict, Layer.DNS_WORKLOAD, f"{text}.", object=name, evidence=(read_at(evidence),))


PODS = Look(
    name="dns.pods", args=DnsArgs, gather=gather_pods, judge=judge_pods,
    reads=("list services", "list pods in {dns}", "get replicasets.apps in {dns}", "get deployments.apps in {dns}",
           "list deployments.apps in {dns}", "list daemonsets.apps in {dns}", "list events in {dns}", "list nodes",
           "get nodes", "get configmaps/kubelet-config in kube-system"),
    by_hand="`kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide` "
    "(https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/#check-if-the-dns-pod-is-running)",
)
