"""`proxy.live`: does kube-proxy write its rules? Its own pages are asked on the nodes that matter.

Two traps: /healthz says 200 of a proxy that never received anything (nothing is pending then), so the times of
the last sync count; and a proxy that cannot reach the API server opens neither port: it waits for its node first.
Not tested by this: the way through a Service address.
"""

import asyncio
from typing import Any

from pydantic import Field

from bot.cluster import Cluster
from bot.diagnosis.causes import note
from bot.model.errors import Forbidden
from bot.model.finding import Layer, Verdict
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.daemons import troubled
from bot.steps.findings import tell_skipped, weigh
from bot.steps.http_page import read_page
from bot.steps.proxy.live_rules import judge_pod
from bot.steps.proxy.metrics import read_metrics
from bot.steps.proxy.objects import CHANGE, choose_pods, find_proxy, read_dns_slices
from bot.steps.wording import count, cut, list_names, parse_time, read_at, tell_time

METRICS, HEALTH = 10249, 10256
AT_ONCE = 4.0
"""Seconds for the health page, which is short and needs nothing."""


class LiveArgs(Args):
    """Asks kube-proxy's metrics page on up to two nodes, and its health page where that does not answer.

    `nodes`: their names; without them those that host DNS pods. Gives `suspects`: nodes whose log should be read, and
    `synced`: those whose rules are written.
    """

    nodes: list[str] = Field(default_factory=list, max_length=20)


async def gather_live(cluster: Cluster, args: LiveArgs) -> Evidence:
    proxy = await find_proxy(cluster)
    chosen = await choose_pods(cluster, proxy, args.nodes)
    skipped: list[str] = chosen["skipped"]
    namespace = proxy.daemon["namespace"] if proxy.daemon else ""
    changed, pages = await asyncio.gather(
        _last_change(cluster, skipped),
        asyncio.gather(*(_pages(cluster, namespace, pod, skipped) for pod in chosen["pods"])))
    return {
        "read_at": cluster.now, "proxy": proxy.daemon["name"] if proxy.daemon else "", **changed,
        "hosts": chosen["hosts"], "others": chosen["others"], "skipped": list(dict.fromkeys(skipped)),
        "pods": [{"name": pod["name"], "node": pod["node"], "ready": pod["ready"], **_container(pod), **page}
                 for pod, page in zip(chosen["pods"], pages, strict=True)],
    }


def _container(pod: dict[str, Any]) -> dict[str, Any]:
    container = troubled(pod, "kube-proxy")
    return {key: container[key] for key in ("started", "restarts", "waiting", "ended")}


async def _pages(cluster: Cluster, namespace: str, pod: dict[str, Any], skipped: list[str]) -> dict[str, Any]:
    """{metrics} or, where it does not answer, {metrics_error, health: {status, body} or {error}}."""
    if not troubled(pod, "kube-proxy")["started"]:
        return {"metrics_error": "no container runs"}
    try:
        page = await read_page(cluster, namespace, pod["name"], METRICS, "/metrics")
        if page.status == 200:
            return {"metrics": read_metrics(page.text)}
        if not page.refused and not page.status and not page.silent:  # no way there: the other port is no better
            return {"metrics_error": page.error}
        health = await read_page(cluster, namespace, pod["name"], HEALTH, "/healthz", patience=AT_ONCE)
    except Forbidden as error:
        skipped.append(error.permission)
        return {"metrics_error": f"not permitted ({error.permission})"}
    told = {"status": health.status, "body": cut(health.text, 300), "error": health.error, "refused": health.refused}
    return {"metrics_error": page.error or f"status {page.status}", "refused": page.refused, "health": told,
            "silent": page.silent and health.silent}


async def _last_change(cluster: Cluster, skipped: list[str]) -> dict[str, Any]:
    """{families, changed, slice}: address families of the DNS Service, and when its endpoints changed last."""
    read = await read_dns_slices(cluster, skipped)
    if read is None:
        return {"families": [], "changed": 0.0, "slice": ""}
    service, slices = read
    times = [(parse_time(s["metadata"].get("annotations", {}).get(CHANGE, "")), s["metadata"]["name"]) for s in slices]
    changed, name = max(times, default=(0.0, ""))
    return {"families": service["spec"].get("ipFamilies") or [], "changed": changed,
            "slice": f"EndpointSlice {service['metadata']['namespace']}/{name}"}


def judge_live(evidence: Evidence, args: LiveArgs) -> Judgement:
    skipped = tell_skipped(evidence, Layer.PROXY)
    if not evidence["pods"]:
        text = "No kube-proxy pod was there to be asked, so whether rules are written was not tested."
        verdict = Verdict.INFO if not skipped else Verdict.UNKNOWN
        return Judgement((note(verdict, Layer.PROXY, text, evidence=(read_at(evidence),)), *skipped),
                         {"suspects": [], "synced": []})
    judged = [(pod, judge_pod(evidence, pod)) for pod in evidence["pods"]]
    found = weigh([told for _, told in judged], evidence["others"])
    good = [pod["node"] for pod, told in judged if not told]
    if good:
        others = f" Not asked: {count(evidence['others'], 'node')} more." if evidence["others"] else ""
        text = (f"kube-proxy on {list_names(good)} has written its rules since they last changed; the way through "
                f"Service addresses was not tested.{others}")
        times = [f"{pod['name']} on {pod['node']}: {_synced(pod)}" for pod, told in judged if not told]
        found.insert(0, note(Verdict.PASS, Layer.PROXY, text, object=evidence["proxy"],
                             evidence=(*times[:4], read_at(evidence))))
    suspects = [pod["node"] for pod, told in judged if told]
    return Judgement((*found, *skipped), {"suspects": suspects, "synced": good})


def _synced(pod: dict[str, Any]) -> str:
    """With what it got from the API server: that it listens and is connected, for which notes of old ask netstat."""
    written = ", ".join(f"{family or 'rules'} {tell_time(at)}" for family, at in pod["metrics"]["synced"].items())
    answers = sum(number for code, number in pod["metrics"]["codes"].items() if code.startswith("2"))
    return f"{written}; port {METRICS} answers, and the API server has answered {answers:.0f} requests" if answers \
        else written


LIVE = Look(
    name="proxy.live", args=LiveArgs, gather=gather_live, judge=judge_live,
    reads=("create pods/portforward in kube-system", "get pods/portforward in kube-system", "list pods in kube-system",
           "list daemonsets.apps", "get daemonsets.apps", "list nodes", "list services",
           "list endpointslices.discovery.k8s.io"),
    by_hand="`kubectl -n kube-system port-forward POD 10249`, then `curl http://127.0.0.1:10249/proxyMode` and "
    "`curl -s http://127.0.0.1:10249/metrics | grep sync_proxy_rules_last` "
    "(https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/#is-kube-proxy-proxying)",
)
