"""What a finding about DNS pods says: one sentence and one piece of advice for each state."""

from typing import Any

from bot.steps import Evidence
from bot.steps.wording import count, cut

SAYS = {
    "dns.pods.pending.no-network": "cannot be scheduled: no node is ready",
    "dns.pods.pending.unschedulable": "cannot be scheduled",
    "api.scheduler": "get no node",
    "dns.pods.sandbox": "have a node and get no network",
    "dns.pods.volume": "cannot mount a volume",
    "dns.pods.image": "cannot pull their image",
    "dns.pods.container": "cannot be made as they are written",
    "dns.pods.oom": "ran out of memory",
    "dns.pods.liveness": "are ended by the kubelet again and again",
    "dns.pods.crashing": "crash",
    "dns.pods.node-down": "stand on a node that is not ready",
    "dns.pods.not-ready": "run, and are not ready",
}

ADVICE = {
    "dns.pods.crashing": "`kubectl -n {namespace} logs {pod} --previous` says why it ended.",
    "dns.pods.pending.unschedulable": "`kubectl -n {namespace} describe pod {pod}`: free capacity, or correct node "
    "selector, affinity or tolerations in the workload.",
    "dns.pods.image": "`kubectl -n {namespace} describe pod {pod}`: correct the image name, or the access to the "
    "registry.",
    "dns.pods.not-ready": "`kubectl -n {namespace} describe pod {pod}` and `kubectl -n {namespace} logs {pod}`.",
    "dns.pods.sandbox": "`kubectl -n {namespace} describe pod {pod}` names the plugin that fails; look at its agent on "
    "node {node}.",
    "dns.pods.node-down": "`kubectl describe node {node}`",
}


def summarise(code: str, pods: list[dict[str, Any]], detail: str, evidence: Evidence) -> str:
    workload = evidence["workload"]["name"] or f"namespace {evidence['namespace']}"
    total = sum(not pod["deleting"] for pod in evidence["pods"])
    return cut(f"{len(pods)} of {count(total, 'DNS pod')} of {workload} {SAYS[code]}: {detail}.", 400)
