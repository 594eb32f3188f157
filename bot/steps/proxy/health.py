"""`proxy.health`: does kube-proxy listen, and what does it say of itself?

That its ports answer stands for looking at sockets on the node: 10249 on the node's loopback, 10256 on all addresses.
/healthz says 200 of a proxy that never received anything, and 503 on a node that the autoscaler is taking away, where
/livez still says 200 (pkg/proxy/healthcheck/proxy_health.go, KEP-3836): neither is proof of rules.
"""

import asyncio
from typing import Any

from pydantic import Field

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.model.errors import Forbidden
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.daemons import troubled
from bot.steps.findings import tell_skipped, weigh
from bot.steps.http_page import read_page
from bot.steps.proxy.config_rules import NO_SOCKET
from bot.steps.proxy.live import HEALTH
from bot.steps.proxy.live_rules import hangs
from bot.steps.proxy.objects import choose_pods, find_proxy
from bot.steps.wording import cut, list_names, read_at

OK, NOT_OK = 200, 503
LEAVING = "ToBeDeletedByClusterAutoscaler"


class HealthArgs(Args):
    """Asks kube-proxy's health page on up to two nodes, and whether it lives where that is not well.

    `nodes`: their names; without them those that host DNS pods.
    """

    nodes: list[str] = Field(default_factory=list, max_length=20)


async def gather_health(cluster: Cluster, args: HealthArgs) -> Evidence:
    proxy = await find_proxy(cluster)
    chosen = await choose_pods(cluster, proxy, args.nodes)
    skipped: list[str] = chosen["skipped"]
    namespace = proxy.daemon["namespace"] if proxy.daemon else ""
    asked = [pod for pod in chosen["pods"] if troubled(pod, "kube-proxy")["started"]]
    pods = await asyncio.gather(*(_ask(cluster, namespace, pod, skipped) for pod in asked))
    return {"read_at": cluster.now, "proxy": proxy.daemon["name"] if proxy.daemon else "", "pods": list(pods),
            "others": chosen["others"], "skipped": list(dict.fromkeys(skipped))}


async def _ask(cluster: Cluster, namespace: str, pod: dict[str, Any], skipped: list[str]) -> dict[str, Any]:
    facts: dict[str, Any] = {"name": pod["name"], "node": pod["node"]}
    try:
        health = await read_page(cluster, namespace, pod["name"], HEALTH, "/healthz")
        live = await read_page(cluster, namespace, pod["name"], HEALTH, "/livez") if health.status == NOT_OK else None
    except Forbidden as error:
        skipped.append(error.permission)
        return {**facts, "status": 0, "body": "", "error": "not permitted", "refused": False, "live": 0}
    return {**facts, "status": health.status, "body": cut(health.text, 400), "error": health.error,
            "refused": health.refused, "silent": health.silent, "live": live.status if live else 0}


def judge_health(evidence: Evidence, args: HealthArgs) -> Judgement:
    skipped = tell_skipped(evidence, Layer.PROXY)
    pods = [pod for pod in evidence["pods"] if pod["error"] != "not permitted"]
    if not pods:
        if skipped:
            return Judgement(skipped)
        text = "No kube-proxy pod was there to be asked for its health."
        return Judgement((note(Verdict.INFO, Layer.PROXY, text, evidence=(read_at(evidence),)),))
    found = weigh([[told] if (told := _judge(evidence, pod)) else [] for pod in pods], evidence["others"])
    well = [pod["node"] for pod in pods if pod["status"] == OK]
    if well:
        text = (f"kube-proxy on {list_names(well)} listens on port {HEALTH} and calls itself healthy, which does not "
                f"show that it ever wrote rules; {NO_SOCKET}.")
        found.insert(0, note(Verdict.INFO, Layer.PROXY, text, object=evidence["proxy"], evidence=(read_at(evidence),)))
    return Judgement((*found, *skipped))


def _judge(evidence: Evidence, pod: dict[str, Any]) -> Finding | None:
    if pod["status"] == OK:
        return None
    where = f"kube-proxy on node {pod['node']}"
    if pod["status"] == NOT_OK and pod["live"] == OK:
        text = (f"{where} answers /healthz with 503 and /livez with 200: the node is being taken out of the cluster "
                f"(taint {LEAVING}), and the proxy itself works.")
        return _tell(evidence, pod, Verdict.INFO, text)
    if pod["status"] == NOT_OK:
        text = f"{where} says itself that its rules are behind: /healthz and /livez do not answer 200."
        return find("proxy.rules", text, verdict=Verdict.WARN, object=evidence["proxy"], node=pod["node"],
                    evidence=(f"{pod['name']} /healthz: {pod['status']} {cut(pod['body'], 160)}", read_at(evidence)))
    if pod.get("silent") and any(other["status"] == OK for other in evidence["pods"]):
        return hangs(evidence, pod, f"/healthz: {pod['error']}")
    why = "nobody listens there" if pod["refused"] else pod["error"] or f"status {pod['status']}"
    return _tell(evidence, pod, Verdict.UNKNOWN, f"{where} does not answer on port {HEALTH}: {cut(why, 160)}.")


def _tell(evidence: Evidence, pod: dict[str, Any], verdict: Verdict, text: str) -> Finding:
    return note(verdict, Layer.PROXY, text, object=evidence["proxy"], node=pod["node"], evidence=(read_at(evidence),))


HEALTH_LOOK = Look(
    name="proxy.health", args=HealthArgs, gather=gather_health, judge=judge_health,
    reads=("create pods/portforward in kube-system", "get pods/portforward in kube-system", "list pods in kube-system",
           "list daemonsets.apps", "get daemonsets.apps", "list nodes", "list services"),
    by_hand="`kubectl -n kube-system port-forward POD 10256`, then `curl -i http://127.0.0.1:10256/healthz` and the "
    "same with /livez (https://kubernetes.io/docs/reference/networking/virtual-ips/)",
)
