"""`proxy.conntrack`: is the kernel's table of connections full? (kubernetes#71261).

Counted by `conntrack`, which kube-proxy's image has, where `pods/exec` is allowed. How many may be there kube-proxy
tells by its configuration, unless that leaves the kernel's own limit, which cannot be read from there.
"""

import asyncio
from typing import Any

from pydantic import Field

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.model.errors import ClusterError, Forbidden
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.daemons import troubled
from bot.steps.findings import tell_skipped, weigh
from bot.steps.http_page import read_page
from bot.steps.nodes.status import sample_nodes
from bot.steps.proxy.config_fields import pick_running
from bot.steps.proxy.live import METRICS
from bot.steps.proxy.objects import choose_pods, find_proxy
from bot.steps.readings import items_or_skip
from bot.steps.wording import cut, read_at

FULL = 0.9


class ConntrackArgs(Args):
    """Counts the connections that the kernels of up to two nodes keep track of.

    `nodes`: their names; without them those that host DNS pods.
    """

    nodes: list[str] = Field(default_factory=list, max_length=20)


async def gather_conntrack(cluster: Cluster, args: ConntrackArgs) -> Evidence:
    proxy = await find_proxy(cluster)
    chosen = await choose_pods(cluster, proxy, args.nodes)
    skipped: list[str] = chosen["skipped"]
    namespace = proxy.daemon["namespace"] if proxy.daemon else ""
    asked = [pod for pod in chosen["pods"] if troubled(pod, "kube-proxy")["started"]]
    pods, cores = await asyncio.gather(
        asyncio.gather(*(_count(cluster, namespace, pod, skipped) for pod in asked)), _cores(cluster, skipped))
    return {"read_at": cluster.now, "pods": [{**pod, "cores": cores.get(pod["node"], 0)} for pod in pods],
            "others": chosen["others"], "skipped": list(dict.fromkeys(skipped))}


async def _cores(cluster: Cluster, skipped: list[str]) -> dict[str, int]:
    nodes = await items_or_skip(sample_nodes(cluster), skipped) or ()
    told = {n["metadata"]["name"]: str(n.get("status", {}).get("capacity", {}).get("cpu", "")) for n in nodes}
    return {name: int(cpu) for name, cpu in told.items() if cpu.isdigit()}


async def _count(cluster: Cluster, namespace: str, pod: dict[str, Any], skipped: list[str]) -> dict[str, Any]:
    facts: dict[str, Any] = {"name": pod["name"], "node": pod["node"], "number": None, "error": "",
                             "per_core": None, "least": None, "unasked": ""}
    try:
        number = await cluster.execute(namespace, pod["name"], "kube-proxy", ("conntrack", "-C"))
        page = await read_page(cluster, namespace, pod["name"], METRICS, "/configz")
    except Forbidden as error:
        skipped.append(error.permission)
        return {**facts, "error": "not permitted"}
    except ClusterError as error:
        return {**facts, "error": cut(str(error))}
    running = pick_running(page.text) or {}
    read = number.stdout.strip()
    return {**facts, "number": int(read) if read.isdigit() else None, "error": "" if read.isdigit() else number.stderr,
            "unasked": "" if running else page.error or f"status {page.status}",
            "per_core": running.get("per_core"), "least": running.get("least")}


def judge_conntrack(evidence: Evidence, args: ConntrackArgs) -> Judgement:
    skipped = tell_skipped(evidence, Layer.PROXY)
    pods = [pod for pod in evidence["pods"] if pod["error"] != "not permitted"]
    if not pods:
        text = "How many connections the kernels keep track of was not looked at: no kube-proxy pod could be asked."
        return Judgement(skipped or (note(Verdict.INFO, Layer.PROXY, text, evidence=(read_at(evidence),)),))
    found = weigh([[_judge(evidence, pod)] for pod in pods], evidence["others"])
    return Judgement((*found, *skipped))


def _judge(evidence: Evidence, pod: dict[str, Any]) -> Finding:
    where, number, most = f"The kernel of {pod['node']}", pod["number"], _limit(pod)
    if number is None:
        text = f"How many connections the kernel of {pod['node']} keeps track of was not told: {cut(pod['error'], 160)}"
        return _tell(evidence, pod, Verdict.UNKNOWN, text)
    if most and number > FULL * most:
        text = f"{where} keeps track of {number} connections, of {most} that it may; beyond, new ones are dropped."
        return find("proxy.conntrack", text, verdict=Verdict.WARN, object=f"Node {pod['node']}", node=pod["node"],
                    evidence=(f"{pod['name']} conntrack -C: {number}, limit {most}", read_at(evidence)))
    if pod["unasked"]:
        text = f"{where} keeps track of {number} connections; how many it may could not be asked: {pod['unasked']}"
        return _tell(evidence, pod, Verdict.UNKNOWN, cut(text, 300))
    of = f" of {most}" if most else "; kube-proxy leaves the limit to the kernel, and it is not known"
    text = f"{where} keeps track of {number} connections{of}."
    return _tell(evidence, pod, Verdict.PASS if most else Verdict.INFO, text)


def _limit(pod: dict[str, Any]) -> int:
    """What kube-proxy sets: so many for each core, and no fewer than the least; 0 where it sets nothing."""
    per_core, least = pod["per_core"], pod["least"] or 0
    return max(per_core * pod["cores"], least) if per_core and pod["cores"] else 0


def _tell(evidence: Evidence, pod: dict[str, Any], verdict: Verdict, text: str) -> Finding:
    return note(verdict, Layer.PROXY, text, object=f"Node {pod['node']}", node=pod["node"],
                evidence=(read_at(evidence),))


CONNTRACK = Look(
    name="proxy.conntrack", args=ConntrackArgs, gather=gather_conntrack, judge=judge_conntrack,
    reads=("list pods in kube-system", "list daemonsets.apps", "get daemonsets.apps", "list nodes", "list services",
           "create pods/portforward in kube-system", "get pods/portforward in kube-system"),
    execs=("create pods/exec in kube-system", "get pods/exec in kube-system"),
    by_hand="`kubectl -n kube-system exec POD -- conntrack -C`, and on the node `sysctl "
    "net.netfilter.nf_conntrack_max` (https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/)",
)
