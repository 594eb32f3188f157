"""`dns.logs`: what the DNS server says about itself, now and before it crashed (page: debugging DNS, errors).

Log lines have no times: those of a container that has become ready are history, unless the fault can still be seen.
"""

import asyncio
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import note
from bot.diagnosis.loglines import keep_telling, last_words
from bot.diagnosis.platform import image_version, server_container
from bot.model.finding import Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.dns.corefile_facts import try_corefile
from bot.steps.dns.corefile_owner import warn_of_owner
from bot.steps.dns.log_rules import judge_lines
from bot.steps.dns.objects import Dns, DnsArgs, find_dns
from bot.steps.findings import tell_skipped
from bot.steps.pod_logs import read_log
from bot.steps.podfacts import pod_facts
from bot.steps.wording import count, list_names, read_at

MOST_PODS = 3
TAIL = 100


async def gather_logs(cluster: Cluster, args: DnsArgs) -> Evidence:
    dns = await find_dns(cluster, args)
    skipped = list(dns.skipped)
    pods = [pod_facts(pod) for pod in dns.pods]
    alive = [pod for pod in pods if pod["node"] and not pod["deleting"]]
    alive.sort(key=lambda pod: (pod["ready"], pod["name"]))
    read, corefile = await asyncio.gather(
        asyncio.gather(*(_read(cluster, dns.namespace, pod, skipped) for pod in alive[:MOST_PODS])),
        try_corefile(cluster, dns, skipped),  # a line may be about one that was corrected since
    )
    return {
        "read_at": cluster.now, "namespace": dns.namespace, "workload": dns.name, "server": dns.server,
        "version": list(image_version(dns.template)), "pods": list(read), "unread": len(alive) - len(read) + dns.unseen,
        "corefile": corefile, "mounts": _mounts(dns), "skipped": list(dict.fromkeys(skipped)),
    }


def _mounts(dns: Dns) -> dict[str, str]:
    """Folders of the server's container to the ConfigMaps in them: a Corefile may import files of others."""
    maps = {volume["name"]: volume["configMap"].get("name", "") for volume in dns.template.get("volumes") or ()
            if "configMap" in volume}
    return {mount["mountPath"].rstrip("/"): f"ConfigMap {dns.namespace}/{maps[mount['name']]}"
            for mount in server_container(dns.template).get("volumeMounts") or () if mount["name"] in maps}


async def _read(cluster: Cluster, namespace: str, pod: Object, skipped: list[str]) -> dict[str, Any]:
    """Of the container now, and of the one before where it was restarted."""
    started = bool(pod["started"] or pod["last_ended"] or pod["now_ended"])
    now = await _log(cluster, namespace, pod, False, skipped) if started else None
    before = await _log(cluster, namespace, pod, True, skipped) if pod["last_ended"] else None
    return {
        "name": pod["name"], "node": pod["node"], "ready": pod["ready"], "running": bool(pod["started"]),
        "restarts": pod["restarts"], "started": pod["started"], "now": now, "before": before,
    }


async def _log(
    cluster: Cluster, namespace: str, pod: Object, previous: bool, skipped: list[str]
) -> dict[str, Any] | None:
    log = await read_log(
        cluster, namespace, pod["name"], pod["container"], skipped, tail=TAIL, previous=previous)
    if log is None:
        return None
    lines, telling = keep_telling(log.text)
    return {"lines": lines, "telling": telling, **({"error": log.error} if log.error else {}),
            **({"last": last_words(log.text)} if previous else {})}


def judge_logs(evidence: Evidence, args: DnsArgs) -> Judgement:
    skipped = tell_skipped(evidence, Layer.DNS_WORKLOAD)
    logs = [(pod, log) for pod in evidence["pods"] for log in (pod["now"], pod["before"]) if log is not None]
    read = list({pod["name"]: pod for pod, log in logs if "error" not in log}.values())
    errors = [pod for pod in evidence["pods"] if (pod["now"] or {}).get("error") and pod["running"]]
    if not read and not errors:
        if skipped:
            return Judgement(skipped)
        text = "No DNS container has started, so there is no log to read."
        return Judgement((note(Verdict.INFO, Layer.DNS_WORKLOAD, text, evidence=(read_at(evidence),)),))
    found = warn_of_owner(judge_lines(evidence), evidence["corefile"])
    if read and not any(f.verdict in (Verdict.FAIL, Verdict.WARN) for f in found):
        text = f"{_read_text(evidence, read)}: no line speaks of a fault that stands now."
        told = (read_at(evidence),)
        found.insert(0, note(Verdict.PASS, Layer.DNS_WORKLOAD, text, object=evidence["workload"], evidence=told))
    if errors:
        text = (f"The log of {list_names(pod['name'] for pod in errors)} could not be read: "
                f"{errors[0]['now']['error']}")
        found.append(note(Verdict.UNKNOWN, Layer.DNS_WORKLOAD, text, node=errors[0]["node"],
                          evidence=(read_at(evidence),)))
    return Judgement((*found, *skipped))


def _read_text(evidence: Evidence, read: list[dict[str, Any]]) -> str:
    unread = f" ({evidence['unread']} more were not read)" if evidence["unread"] else ""
    return f"The last {TAIL} log lines of {count(len(read), 'DNS pod')}{unread}"


LOGS = Look(
    name="dns.logs", args=DnsArgs, gather=gather_logs, judge=judge_logs,
    reads=("get pods/log in {dns}", "list services", "list pods in {dns}", "get configmaps/coredns in {dns}"),
    by_hand="`kubectl -n kube-system logs -l k8s-app=kube-dns --tail=100` and, of one that crashes, `kubectl -n "
    "kube-system logs POD --previous` "
    "(https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/#check-for-errors-in-the-dns-pod)",
)
