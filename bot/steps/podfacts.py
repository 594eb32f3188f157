"""A pod, cut down to what is judged or shown."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bot.cluster import Object
from bot.diagnosis.platform import server_container
from bot.steps.wording import cut

USUAL_SCHEDULER = "default-scheduler"
SCHEDULER = f"Scheduler {USUAL_SCHEDULER}"
"""As the object of a finding: what serves all pods that name no other."""


def spread(pods: Sequence[tuple[Object, dict[str, Any]]]) -> list[list[tuple[Object, dict[str, Any]]]]:
    """Pods with their facts in rounds: the first of each node, the second of each, and so on."""
    taken: Counter[str] = Counter()
    rounds: list[list[tuple[Object, dict[str, Any]]]] = []
    for pod, facts in pods:
        place = taken[facts["node"]]
        rounds += [[]] if place == len(rounds) else []
        rounds[place].append((pod, facts))
        taken[facts["node"]] += 1
    return rounds


def failing_container(pod: Object) -> Object | None:
    """What keeps a pod from being ready beside the container that serves DNS: an init container that does not end, or
    another one that is not ready. None where there is none, or where that one is not ready itself."""
    spec, status = pod.get("spec", {}), pod.get("status", {})
    begun = {s["name"]: s for s in status.get("initContainerStatuses", ())}
    for container in spec.get("initContainers") or ():
        state = begun.get(container["name"], {})
        ended = state.get("state", {}).get("terminated") or {}
        if state and not (state.get("ready") or state.get("started") or ended.get("exitCode") == 0):
            return dict(container)
    ready = {s["name"]: s["ready"] for s in status.get("containerStatuses", ())}
    if not ready.get(server_container(spec).get("name", "")):
        return None
    return next((dict(c) for c in spec.get("containers") or () if not ready.get(c["name"], True)), None)


def lasting_containers(spec: Object) -> list[Object]:
    """Containers, and those that start before them and go on beside them (restartPolicy Always)."""
    beside = [c for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"]
    return [*(spec.get("containers") or ()), *beside]


def find_variables(spec: Object, name: str) -> list[Object]:
    """Where the containers of a pod (`spec`: its own, or its template's) are given this environment variable."""
    return [variable for container in spec.get("containers") or () for variable in container.get("env") or ()
            if variable["name"] == name]


def is_ready(pod: Object) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions", ()))


def pod_facts(pod: Object, chosen: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Of this container, by default the one that serves DNS; times as the API writes them."""
    meta, spec, status = pod["metadata"], pod.get("spec", {}), pod.get("status", {})
    conditions = {c["type"]: c for c in status.get("conditions", [])}
    container = chosen or server_container(spec)
    statuses = (*status.get("containerStatuses", ()), *status.get("initContainerStatuses", ()))
    told: Object = next((s for s in statuses if s["name"] == container.get("name")), {})
    state, last = told.get("state", {}), told.get("lastState", {}).get("terminated") or {}
    scheduled = conditions.get("PodScheduled", {})
    return {
        "name": meta["name"], "uid": meta.get("uid", ""), "node": spec.get("nodeName", ""),
        "created": meta.get("creationTimestamp", ""), "deleting": "deletionTimestamp" in meta,
        "phase": status.get("phase", ""), "reason": status.get("reason", ""),
        "ip": status.get("podIP", ""), "ready": conditions.get("Ready", {}).get("status") == "True",
        "container": container.get("name", ""), "image": container.get("image", ""),
        "restarts": told.get("restartCount", 0), "started": state.get("running", {}).get("startedAt", ""),
        "unscheduled": _unscheduled(scheduled), "scheduler": spec.get("schedulerName", USUAL_SCHEDULER),
        "waiting": state.get("waiting", {}).get("reason", ""),
        "waiting_message": cut(state.get("waiting", {}).get("message", "")),
        "now_ended": _ended(state.get("terminated")),
        "last_ended": _ended(last), "probed": sorted(k for k in ("readinessProbe", "livenessProbe") if k in container),
        "events": [],
    }


def _unscheduled(condition: Object) -> dict[str, str]:
    if condition.get("status") != "False":
        return {}
    return {"reason": condition.get("reason", ""), "message": cut(condition.get("message", ""), 400)}


def _ended(terminated: Object | None) -> dict[str, Any]:
    if not terminated:
        return {}
    return {"reason": terminated.get("reason", ""), "code": terminated.get("exitCode", 0),
            "at": terminated.get("finishedAt", ""), "message": cut(terminated.get("message", ""))}
