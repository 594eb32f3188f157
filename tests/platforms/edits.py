"""What can be done to a bundle to break the cluster in it, as the API server would then show it."""

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.playground.bundle import Bundle, Log, Object

Edit = Callable[[Bundle], Bundle]
NOW = "2026-01-01T09:00:00Z"


def edits(*each: Edit) -> Edit:
    def apply(bundle: Bundle) -> Bundle:
        for edit in each:
            bundle = edit(bundle)
        return bundle

    return apply


def change(kind: str, name: str, alter: Callable[[Object], Any]) -> Edit:
    """Every object of that kind whose name begins so; there must be one."""

    def apply(bundle: Bundle) -> Bundle:
        objects = [copy.deepcopy(item) for item in bundle.objects]
        meant = [item for item in objects if is_meant(item, kind, name)]
        assert meant, f"the bundle has no {kind} {name}"
        for item in meant:
            alter(item)
        return replace(bundle, objects=tuple(objects))

    return apply


def remove(kind: str, name: str) -> Edit:
    def apply(bundle: Bundle) -> Bundle:
        kept = tuple(item for item in bundle.objects if not is_meant(item, kind, name))
        assert len(kept) < len(bundle.objects), f"the bundle has no {kind} {name}"
        return replace(bundle, objects=kept)

    return apply


def add(item: Object) -> Edit:
    return lambda bundle: replace(bundle, objects=(*bundle.objects, item))


def is_meant(item: Object, kind: str, name: str) -> bool:
    return item["kind"] == kind and bool(item["metadata"]["name"].startswith(name))


def set_path(path: str, value: Any) -> Callable[[Object], None]:
    """`spec.replicas`: of the object."""

    def alter(item: Object) -> None:
        *above, last = path.split(".")
        for key in above:
            item = item[key]
        item[last] = value

    return alter


# --- pods and nodes that are ill --------------------------------------------------------------------------------------


def waits(reason: str, message: str, *, crashed: bool = False) -> Callable[[Object], None]:
    def alter(pod: Object) -> None:
        _unready(pod)
        if not crashed:
            pod["status"]["phase"] = "Pending"
        if reason == "ContainerCreating":
            pod["status"] = {k: v for k, v in pod["status"].items() if k not in ("podIP", "podIPs")}
        ended = {"exitCode": 1, "reason": "Error", "startedAt": NOW, "finishedAt": NOW, "containerID": "x"}
        pod["status"]["containerStatuses"] = [
            {**state, "ready": False, "started": False, "state": {"waiting": {"reason": reason, "message": message}},
             "restartCount": 30 if crashed else 0, "lastState": {"terminated": ended} if crashed else {}}
            for state in pod["status"]["containerStatuses"]]

    return alter


def unschedulable(message: str) -> Callable[[Object], None]:
    def alter(pod: Object) -> None:
        del pod["spec"]["nodeName"]
        said = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message,
                "lastTransitionTime": NOW}
        pod["status"] = {"phase": "Pending", "conditions": [said]}

    return alter


def _unready(pod: Object) -> None:
    for condition in pod["status"]["conditions"]:
        if condition["type"] in ("Ready", "ContainersReady"):
            condition |= {"status": "False", "reason": "ContainersNotReady"}


def not_ready(message: str) -> Callable[[Object], None]:
    def alter(node: Object) -> None:
        for condition in node["status"]["conditions"]:
            if condition["type"] == "Ready":
                condition |= {"status": "False", "reason": "KubeletNotReady", "message": message}

    return alter


def none_ready(kind: str, name: str, ready: int = 0) -> Edit:
    """The workload's own count of its ready pods, and the Service's endpoints."""
    counts = ("numberReady", "numberAvailable") if kind == "DaemonSet" else ("readyReplicas", "availableReplicas")

    def alter(item: Object) -> None:
        item["status"] |= dict.fromkeys(counts, ready)

    return change(kind, name, alter)


def no_endpoints(slice_name: str) -> Edit:
    def alter(item: Object) -> None:
        for endpoint in item["endpoints"]:
            endpoint["conditions"] |= {"ready": False, "serving": False}

    return change("EndpointSlice", slice_name, alter)


def without_pods(prefix: str, slice_name: str) -> Edit:
    def apply(bundle: Bundle) -> Bundle:
        bundle = remove("Pod", prefix)(bundle)
        return change("EndpointSlice", slice_name, set_path("endpoints", []))(bundle)

    return apply


def says(prefix: str, text: str) -> Edit:
    """The log of the pods' last container that ended."""

    def apply(bundle: Bundle) -> Bundle:
        pods = [item for item in bundle.objects if is_meant(item, "Pod", prefix)]
        logs = tuple(Log(namespace=pod["metadata"]["namespace"], pod=pod["metadata"]["name"], container=c["name"],
                         tail=1000, text=text, previous=True) for pod in pods for c in pod["spec"]["containers"])
        others = tuple(log for log in bundle.logs if not log.pod.startswith(prefix))
        return replace(bundle, logs=(*others, *logs, *(replace(log, previous=False) for log in logs)))

    return apply


def event(reason: str, message: str, about: str, namespace: str = "kube-system") -> Edit:
    """A Warning of the last minutes about a pod."""

    def apply(bundle: Bundle) -> Bundle:
        pod = next(item for item in bundle.objects if is_meant(item, "Pod", about))
        at = _time(bundle.recorded_at - 60)
        item = {"apiVersion": "v1", "kind": "Event", "type": "Warning", "reason": reason, "message": message,
                "metadata": {"name": f"{about}.1", "namespace": namespace, "uid": "event", "creationTimestamp": at},
                "involvedObject": {"kind": "Pod", "namespace": namespace, "name": pod["metadata"]["name"],
                                   "uid": pod["metadata"]["uid"]},
                "source": {"component": "kubelet", "host": pod["spec"].get("nodeName", "")},
                "reportingComponent": "kubelet",
                "count": 20, "firstTimestamp": at, "lastTimestamp": at}
        return add(item)(bundle)

    return apply


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
