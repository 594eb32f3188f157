"""What the pages of one kube-proxy speak for. Pure. No finding: it has written its rules since they last changed.

Sources: pkg/proxy/healthcheck/proxy_health.go, pkg/proxy/metrics, KEP-3866; seen on 1.34: of a family whose rules
cannot be written there is a time of queueing and none of syncing, while /healthz goes on to say 200.
"""

from typing import Any

from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence
from bot.steps.nodes.kubelet import UNREACHED, find_no_way
from bot.steps.proxy.objects import tell_crash
from bot.steps.wording import cut, list_names, parse_time, read_at, tell_time

Pod = dict[str, Any]

PATIENCE = 60.0
"""Seconds in which a proxy must have begun, and must have written what was queued: twice its usual sync period."""
PROMPT = 5.0
"""Seconds in which one that works writes what was queued; it gathers changes for one."""


def judge_pod(evidence: Evidence, pod: Pod) -> list[Finding]:
    if not pod["started"]:
        return [_crashed(evidence, pod)]
    metrics = pod.get("metrics")
    if metrics is None:
        return [_without_metrics(evidence, pod)]
    return [found] if (found := _rules(evidence, pod, metrics)) else []


def _age(evidence: Evidence, at: float) -> float:
    return float(evidence["read_at"]) - at


def _fault(evidence: Evidence, pod: Pod, code: str, text: str, *told: str) -> Finding:
    return find(code, text, verdict=Verdict.WARN, object=evidence["proxy"], node=pod["node"],
                evidence=(*told, read_at(evidence)))


def _remark(evidence: Evidence, pod: Pod, verdict: Verdict, text: str) -> Finding:
    return note(verdict, Layer.PROXY, text, object=evidence["proxy"], node=pod["node"], evidence=(read_at(evidence),))


def _crashed(evidence: Evidence, pod: Pod) -> Finding:
    crash = tell_crash(pod)
    if not crash:
        why = pod["waiting"] or "no container"
        text = f"{pod['name']} on node {pod['node']} does not run ({why}), and was not asked."
        return _remark(evidence, pod, Verdict.UNKNOWN, text)
    return _fault(evidence, pod, "proxy.crashing", f"kube-proxy on node {pod['node']} crashes: {crash}.",
                  f"{pod['name']}: {pod['waiting'] or 'ended'}, last ended {pod['ended']['at']}")


def _without_metrics(evidence: Evidence, pod: Pod) -> Finding:
    """Neither page, or only the health page: nothing is known of its rules, and the log must tell."""
    unreached = find_no_way(evidence, pod["node"], f"port-forward to {pod['name']}", pod["metrics_error"]) \
        if UNREACHED.search(pod["metrics_error"]) else None
    if unreached:
        return unreached
    health: dict[str, Any] = pod.get("health") or {}
    if health.get("status") == 503 and '"nodeEligible":false' in health.get("body", "").replace(" ", ""):
        text = (f"kube-proxy on node {pod['node']} answers /healthz with 503 because the node is about to be removed "
                "by the autoscaler; the proxy itself works.")
        return _remark(evidence, pod, Verdict.INFO, text)
    if pod.get("silent") and any("metrics" in other for other in evidence["pods"]):
        return hangs(evidence, pod, f"/metrics and /healthz: {health['error']}")
    if _age(evidence, parse_time(pod["started"])) < PATIENCE:
        text = f"kube-proxy on node {pod['node']} started a moment ago and does not serve its pages yet."
        return _remark(evidence, pod, Verdict.INFO, text)
    if health.get("status"):
        text = (f"kube-proxy on node {pod['node']} answers /healthz with {health['status']} and does not serve its "
                "metrics, so whether it ever wrote rules was not tested.")
        return _remark(evidence, pod, Verdict.UNKNOWN, text)
    if pod.get("refused") and health.get("refused"):
        text = (f"kube-proxy on node {pod['node']} listens on neither of its ports (10249, 10256), as one that waits "
                "for the API server does; its log tells.")
    else:
        text = f"kube-proxy on node {pod['node']} could not be asked: {cut(pod['metrics_error'], 160)}"
    return _remark(evidence, pod, Verdict.UNKNOWN, text)


def hangs(evidence: Evidence, pod: Pod, told: str) -> Finding:
    """That others answer shows that the way there is not to blame."""
    text = (f"kube-proxy on node {pod['node']} takes connections on its ports and answers nothing, while others answer "
            "at once: the process hangs, and writes no rules.")
    return _fault(evidence, pod, "proxy.hangs", text, f"{pod['name']} {told}")


def _rules(evidence: Evidence, pod: Pod, metrics: dict[str, Any]) -> Finding | None:
    queued, synced = metrics["queued"], metrics["synced"]
    started = parse_time(pod["started"])
    told = f"{pod['name']} /metrics: queued {_times(queued)}; synced {_times(synced)}"
    refused = _refusals(metrics["codes"])
    if not any(synced.values()):
        if _age(evidence, started) < PATIENCE:
            text = f"kube-proxy on node {pod['node']} started a moment ago and has not written rules yet."
            return _remark(evidence, pod, Verdict.INFO, text)
        if refused and not any(code.startswith("2") for code in metrics["codes"]):
            text = f"kube-proxy on node {pod['node']} gets nothing but errors from the API server ({refused})."
            return _fault(evidence, pod, "proxy.api", text, told, f"rest_client_requests_total: {refused}")
        text = f"kube-proxy on node {pod['node']} runs since {pod['started']} and has never written its rules."
        answers = f"answers of the API server: {refused or 'no error'}"
        return _fault(evidence, pod, "proxy.unsynced", text, told, answers)
    behind = {family: _age(evidence, at) for family, at in queued.items() if at > synced.get(family, 0.0)
              and (not family or not evidence["families"] or family in evidence["families"])}
    needed = [family for family, age in behind.items() if age > PATIENCE]
    if needed:
        what = list_names(family or "Services" for family in needed)
        text = (f"kube-proxy on node {pod['node']} cannot write its rules for {what}: what was queued at "
                f"{tell_time(queued[needed[0]])} is not written yet.")
        return _fault(evidence, pod, "proxy.rules", text, told, f"failed writes counted: {metrics['failures']:.0f}")
    if behind and max(behind.values()) > PROMPT:
        text = f"kube-proxy on node {pod['node']} has not written yet what was queued a moment ago; its log tells why."
        return _remark(evidence, pod, Verdict.INFO, text)
    return _stale(evidence, pod, told, max(queued.values(), default=0.0), max(synced.values()))


def _stale(evidence: Evidence, pod: Pod, told: str, queued: float, synced: float) -> Finding | None:
    """Endpoints changed, and the proxy was never told: it has lost the API server since its last good sync."""
    changed = float(evidence["changed"])
    if not queued or _age(evidence, changed) < PATIENCE or queued >= changed - 5.0:
        return None
    text = (f"The rules of kube-proxy on node {pod['node']} are older than the endpoints: {evidence['slice']} changed "
            f"at {tell_time(changed)}, the last change it heard of was at {tell_time(queued)}.")
    return _fault(evidence, pod, "proxy.stale", text, told, f"last written {tell_time(synced)}")


def _times(times: dict[str, float]) -> str:
    return ", ".join(f"{family or 'all'} {tell_time(at) if at else 'never'}" for family, at in times.items()) or "never"


def _refusals(codes: dict[str, float]) -> str:
    bad = {code: number for code, number in codes.items() if not code.startswith(("1", "2", "3"))}
    return ", ".join(f"{code} {number:.0f} times" for code, number in sorted(bad.items()))
