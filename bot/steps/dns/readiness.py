"""`dns.readiness`: what keeps running DNS pods from being ready, in their own words (CoreDNS: ready)."""

import asyncio
import re
from typing import Any

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.diagnosis.platform import server_container
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.dns.objects import DnsArgs, find_dns
from bot.steps.dns.pods import read_events
from bot.steps.findings import tell_skipped
from bot.steps.http_page import read_page
from bot.steps.patience import GRACE
from bot.steps.podfacts import pod_facts
from bot.steps.readings import or_skip
from bot.steps.wording import count, cut, list_names, parse_time, read_at

MOST_PODS = 3
STARTED = JUST_NOW = 15.0
"""Seconds."""
UNHEARD = re.compile(
    r"context deadline exceeded|i/o timeout|no route to host|Client\.Timeout|network is unreachable|permission denied|"
    r"invalid argument")
"""In words of a kubelet whose probe got no answer at all; the last three are of a route or rule on the node itself."""
PATIENCE = 3.0


async def gather_readiness(cluster: Cluster, args: DnsArgs) -> Evidence:
    dns = await find_dns(cluster, args)
    skipped = list(dns.skipped)
    pods = [(pod, facts) for pod in dns.pods if (facts := pod_facts(pod))["started"] and not facts["deleting"]]
    waiting = [(pod, facts) for pod, facts in pods if not facts["ready"]][:MOST_PODS]
    pages = await asyncio.gather(*(_page(cluster, dns.namespace, pod, skipped) for pod, _ in waiting))
    for (_, facts), page in zip(waiting, pages, strict=True):
        if page.get("status") == "200":
            events = await read_events(cluster, dns.namespace, facts["uid"], skipped)
            told = next((e for e in reversed(events) if e["reason"] == "Unhealthy"), {"message": "", "last": ""})
            page |= {"probe": told["message"], "probed": told["last"]}
    return {
        "read_at": cluster.now, "workload": dns.name, "ready": sum(facts["ready"] for _, facts in pods),
        "running": len(pods), "skipped": list(dict.fromkeys(skipped)),
        "pods": [{"name": facts["name"], "node": facts["node"], "started": facts["started"], **page}
                 for (_, facts), page in zip(waiting, pages, strict=True)],
    }


async def _page(cluster: Cluster, namespace: str, pod: dict[str, Any], skipped: list[str]) -> dict[str, Any]:
    """What the readiness page says: {status, body}, or {error}."""
    probe = server_container(pod["spec"]).get("readinessProbe", {}).get("httpGet")
    if not probe or not isinstance(probe.get("port"), int) or pod["spec"].get("hostNetwork"):
        return {"error": "no readiness page that could be asked"}
    name, path = pod["metadata"]["name"], probe.get("path", "/")
    page = await or_skip(read_page(cluster, namespace, name, probe["port"], path, patience=PATIENCE), skipped)
    if page is None:
        return {"error": "not permitted"}
    return {"error": page.error} if page.error else {"status": str(page.status), "body": cut(page.text, 200)}


def judge_readiness(evidence: Evidence, args: DnsArgs) -> Judgement:
    skipped = tell_skipped(evidence, Layer.DNS_WORKLOAD)
    if not evidence["running"] and skipped:
        return Judgement(skipped)
    if not evidence["pods"]:
        running = count(evidence["running"], "running DNS pod")
        text = f"{evidence['ready']} of {running} ready, so nothing keeps one waiting." if evidence["running"] else \
            "No DNS pod runs, so none waits to become ready."
        verdict = Verdict.PASS if evidence["running"] else Verdict.INFO
        told = note(verdict, Layer.DNS_WORKLOAD, text, object=evidence["workload"], evidence=(read_at(evidence),))
        return Judgement((told, *skipped))
    old = [pod for pod in evidence["pods"] if not _is_young(pod, evidence)]
    unsynced = [pod for pod in old if "kubernetes" in pod.get("body", "")]
    unheard = [pod for pod in evidence["pods"] if pod.get("status") == "200" and UNHEARD.search(pod.get("probe", ""))
               and (pod in old or _fails_still(pod, evidence))]
    other = [pod for pod in evidence["pods"] if pod not in unsynced and pod not in unheard]
    found = [_unsynced(evidence, unsynced)] if unsynced else []
    found += [_unheard(evidence, pod) for pod in {pod["node"]: pod for pod in unheard}.values()]
    if other:
        seen = "; ".join(f"{pod['name']}: {pod.get('error') or pod['status'] + ' ' + pod['body']}" for pod in other[:3])
        text = f"{list_names(pod['name'] for pod in other)} not ready: {cut(seen, 300)}."
        found.append(note(Verdict.INFO, Layer.DNS_WORKLOAD, text, object=evidence["workload"],
                          evidence=(read_at(evidence),)))
    return Judgement((*found, *skipped))


def _fails_still(pod: dict[str, Any], evidence: Evidence) -> bool:
    """Of a pod that is new: it is no longer starting, and its probe has failed just now."""
    now = float(evidence["read_at"])
    return now - parse_time(pod["started"]) > STARTED and now - parse_time(pod["probed"]) < JUST_NOW


def _is_young(pod: dict[str, Any], evidence: Evidence) -> bool:
    return float(evidence["read_at"]) - parse_time(pod["started"]) < GRACE


def _unsynced(evidence: Evidence, pods: list[dict[str, Any]]) -> Finding:
    names = list_names(pod["name"] for pod in pods)
    text = f"{names}: plugin `kubernetes` is not ready, it has not read the cluster's names from the API server."
    return find(
        "dns.pods.unsynced", text, object=evidence["workload"], node=pods[0]["node"] if len(pods) == 1 else "",
        verdict=Verdict.WARN if evidence["ready"] else Verdict.FAIL,
        evidence=(*(f"{pod['name']} on {pod['node']}: /ready says {pod['status']} {pod['body']}" for pod in pods[:3]),
                  read_at(evidence)),
    )


def _unheard(evidence: Evidence, pod: dict[str, Any]) -> Finding:
    """Asked from within the pod it answers; asked at its address, by the kubelet of its own node, it does not."""
    text = (f"{pod['name']} says that it is ready when it is asked from within, and its own node {pod['node']} gets no "
            "answer at its address: the node does not reach its own pods.")
    return find("cni.own-pods", text, object=f"Node {pod['node']}", node=pod["node"],
                verdict=Verdict.WARN if evidence["ready"] else Verdict.FAIL, evidence=(
                    f"{pod['name']}: /ready, asked from within, says {pod['status']} {pod['body']}",
                    f"kubelet of {pod['node']}: {cut(pod['probe'])}", read_at(evidence)))


READINESS = Look(
    name="dns.readiness", args=DnsArgs, gather=gather_readiness, judge=judge_readiness,
    reads=("list events in {dns}", "create pods/portforward in {dns}", "get pods/portforward in {dns}",
           "list services", "list pods in {dns}"),
    by_hand="`kubectl -n kube-system port-forward POD 8181`, then `curl http://127.0.0.1:8181/ready` "
    "(https://coredns.io/plugins/ready/)",
)
