"""In which state one DNS pod is: which cause its status and events speak for. Pure.

    gone · ready · restarted · young      nothing wrong (yet)
    pending.* · sandbox · volume · image · container  never started
    oom · liveness · crashing             ended
    node-down · not-ready                 runs, and gets no queries
"""

import re
from dataclasses import dataclass
from typing import Any

from bot.steps import Evidence
from bot.steps.patience import GRACE
from bot.steps.podfacts import USUAL_SCHEDULER
from bot.steps.wording import parse_time

RECENT = 600.0
"""Seconds after which an ended container no longer says anything about now."""
NO_NETWORK_TAINTS = re.compile(r"node\.kubernetes\.io/(not-ready|network-unavailable|unreachable)|agent-not-ready")
PASSES = re.compile(r"kube-root-ca\.crt|failed to sync (configmap|secret) cache")
"""What kubelets say of a volume for a moment, while what is in it is on its way to them."""
OTHER_OBSTACLES = re.compile(r"Insufficient|didn't match|affinity|unschedulable|topology|volume", re.IGNORECASE)
BAD_IMAGE = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})
NOT_MADE = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})
NEVER_RAN = frozenset({"StartError", "ContainerCannotRun"})
ABSENT = re.compile(r"configmap|secret|volume|mount", re.IGNORECASE)
"""In words of the kubelet about a container that it could not make: what it needs is not there."""
NO_SANDBOX = frozenset({"FailedCreatePodSandBox", "NetworkNotReady"})

Pod = dict[str, Any]


@dataclass(frozen=True, slots=True)
class State:
    """`code`: a cause, or `young`, `restarted`, "" (fine). `detail`: what the API says, without a full stop."""

    code: str
    detail: str = ""


def is_gone(pod: Pod) -> bool:
    """On its way out, evicted or completed: nobody waits for it."""
    return bool(pod["deleting"]) or pod["phase"] in ("Succeeded", "Failed")


def is_ready(pod: Pod) -> bool:
    return bool(pod["ready"]) and not is_gone(pod)


def classify(pod: Pod, evidence: Evidence) -> State:
    """Positive evidence counts at any age; only what is absent or not ready is excused by youth."""
    now = float(evidence["read_at"])
    if not pod["node"]:
        return _unscheduled(pod, evidence, now)
    ended = _ended(pod, now)
    if is_ready(pod):
        return _serving(pod, ended, now)
    if ended:
        return ended
    if pod["waiting"] in BAD_IMAGE:
        return State("dns.pods.image", f"{pod['waiting']}: {pod['waiting_message'] or pod['image']}")
    if pod["waiting"] in NOT_MADE:
        code = "dns.pods.volume" if ABSENT.search(pod["waiting_message"]) else "dns.pods.container"
        return State(code, f"{pod['waiting']}: {pod['waiting_message']}")
    down = evidence["nodes"]["read"].get(pod["node"], {})
    if down and not down["ready"]:
        return State("dns.pods.node-down", f"node {pod['node']} is not ready")
    return _not_started(pod, now) if not pod["started"] else _not_ready(pod, now)


def _unscheduled(pod: Pod, evidence: Evidence, now: float) -> State:
    why = pod["unscheduled"]
    if why:
        nodes = evidence["nodes"]
        all_down = bool(nodes["read"]) and not nodes["unread"] and not any(n["ready"] for n in nodes["read"].values())
        by_taint = NO_NETWORK_TAINTS.search(why["message"]) and not OTHER_OBSTACLES.search(_fit(why["message"]))
        code = "dns.pods.pending.no-network" if by_taint or all_down else "dns.pods.pending.unschedulable"
        return State(code, f"{why['reason']}: {why['message']}")
    if now - parse_time(pod["created"]) < GRACE:
        return State("young", "not scheduled yet")
    name = pod.get("scheduler", USUAL_SCHEDULER)
    if name != USUAL_SCHEDULER:
        told = f"it names the scheduler {name} (schedulerName), which has not looked at it: PodScheduled is not set"
        return State("dns.pods.pending.unschedulable", told)
    return State("api.scheduler", "no scheduler has looked at it: PodScheduled is not set")


def _fit(message: str) -> str:
    """The part that says why nodes do not fit; what follows is about preemption."""
    return message.split(" preemption:")[0]


def _ended(pod: Pod, now: float) -> State | None:
    """How the container ended, if it ended just now or is kept from starting again."""
    last = pod["now_ended"] or pod["last_ended"]
    if not last or (pod["waiting"] != "CrashLoopBackOff" and now - parse_time(last["at"]) > RECENT):
        return None
    times = f"restarted {pod['restarts']} times, last ended {last['at']}"
    if last["reason"] == "OOMKilled" or "OOM-killed" in last.get("message", ""):  # the second before it could start
        return State("dns.pods.oom", f"OOMKilled (exit code {last['code']}), {times}")
    if last["reason"] in NEVER_RAN:  # there is no log of it: the runtime's own message says why
        return State("dns.pods.container", f"{last['reason']}: {last.get('message') or times}")
    if any("liveness probe" in event["message"].lower() for event in pod["events"] if event["reason"] == "Killing"):
        return State("dns.pods.liveness", f"ended by the kubelet after failed liveness probes, {times}")
    if last["code"] == 0 and pod["waiting"] != "CrashLoopBackOff":
        return None
    return State("dns.pods.crashing", f"{last['reason'] or 'ended'} (exit code {last['code']}), {times}")


def _serving(pod: Pod, ended: State | None, now: float) -> State:
    """A ready pod that ended shortly ago: worth a word, and a fault only where it will end again."""
    if ended is None:
        return State("")
    if ended.code == "dns.pods.crashing" or now - parse_time(pod["started"]) > RECENT:
        return State("restarted", f"ready now; {ended.detail}")
    return ended


def _not_started(pod: Pod, now: float) -> State:
    young = now - parse_time(pod["created"]) < GRACE
    for event in reversed(pod["events"]):
        if event["reason"] in NO_SANDBOX:
            return State("dns.pods.sandbox", f"{event['reason']}: {event['message']}")
        if event["reason"] in ("FailedMount", "FailedAttachVolume") and not (young and PASSES.search(event["message"])):
            return State("dns.pods.volume", f"{event['reason']}: {event['message']}")
    what = pod["waiting"] or pod["phase"]
    if young:
        return State("young", f"{what} since {pod['created']}")
    return State("dns.pods.not-ready", f"{what} since {pod['created']}, and no event says why")


def _not_ready(pod: Pod, now: float) -> State:
    told = [e["message"] for e in pod["events"] if e["reason"] == "Unhealthy" and "eadiness" in e["message"]]
    detail = told[-1] if told else "condition Ready is False"
    if now - parse_time(pod["started"]) < GRACE:
        return State("young", f"started {pod['started']}, not ready yet ({detail})")
    return State("dns.pods.not-ready", f"running since {pod['started']}, not ready: {detail}")
