"""The states of one pod, as a kubelet reports them: waiting to be created, running, ready, crashing.

Source: Kubernetes docs, "Pod Lifecycle"; the fields are those a 1.34 kubelet wrote.
"""

import random
import uuid
from copy import deepcopy
from typing import Any

from bot.playground.bundle import Object

LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def make_pod(template: Object, owner: Object, node: str, now: str) -> Object:
    """A pod of this template, scheduled and waiting for its containers. `owner` is a ReplicaSet or a DaemonSet."""
    metadata = deepcopy(template.get("metadata") or {})
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"]}
    metadata |= {
        "name": f"{owner['metadata']['name']}-{''.join(random.choices(LETTERS, k=5))}",
        "generateName": f"{owner['metadata']['name']}-",
        "namespace": owner["metadata"]["namespace"],
        "uid": str(uuid.uuid4()),
        "creationTimestamp": now,
        "ownerReferences": [
            reference | {"uid": owner["metadata"].get("uid", ""), "controller": True, "blockOwnerDeletion": True}
        ],
    }
    metadata["labels"] = {**(metadata.get("labels") or {}), **(owner["metadata"].get("labels") or {})}
    pod: Object = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": deepcopy(template["spec"])}
    pod["spec"]["nodeName"] = node
    waiting = {"waiting": {"reason": "ContainerCreating"}}
    pod["status"] = {
        "phase": "Pending",
        "conditions": _conditions(now, scheduled=True),
        "startTime": now,
        "containerStatuses": [_container(item, waiting) for item in pod["spec"]["containers"]],
        "qosClass": "Burstable",
    }
    return pod


def set_running(pod: Object, now: str, *, ready: bool, address: str = "", host: str = "") -> Object:
    """Containers run (again: a waiting one with a past counts a restart); with `ready`, the probes have succeeded,
    too.
    """
    status = pod["status"]
    status["phase"] = "Running"
    if address:
        status |= {"podIP": address, "podIPs": [{"ip": address}], "hostIP": host, "hostIPs": [{"ip": host}]}
    status["conditions"] = _conditions(now, scheduled=True, started=True, ready=ready)
    for state in status["containerStatuses"]:
        if "running" not in state["state"]:
            state["restartCount"] += bool(state["lastState"])
            state["state"] = {"running": {"startedAt": now}}
        state |= {"ready": ready, "started": True}
    return pod


def set_crashing(pod: Object, now: str, code: int = 1) -> Object:
    """The first container has ended in error and waits to be started again."""
    status, metadata = pod["status"], pod["metadata"]
    status["phase"] = "Running"
    status["conditions"] = _conditions(now, scheduled=True, started=True, ready=False)
    state = status["containerStatuses"][0]
    where = f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
    message = f"back-off 10s restarting failed container={state['name']} pod={where}"
    state["lastState"] = {"terminated": {"exitCode": code, "reason": "Error", "startedAt": now, "finishedAt": now}}
    state["state"] = {"waiting": {"reason": "CrashLoopBackOff", "message": message}}
    state |= {"ready": False, "started": False, "restartCount": state["restartCount"] + 1}
    return pod


def make_event(pod: Object, kind: str, reason: str, message: str, now: str) -> Object:
    """`kind` is Normal or Warning. A Pending pod's events tell more than its status."""
    metadata = pod["metadata"]
    about = {"kind": "Pod", "apiVersion": "v1", **{key: metadata[key] for key in ("namespace", "name", "uid")}}
    name = f"{metadata['name']}.{''.join(random.choices('0123456789abcdef', k=16))}"
    own = {"name": name, "namespace": metadata["namespace"], "uid": str(uuid.uuid4()), "creationTimestamp": now}
    times = {"firstTimestamp": now, "lastTimestamp": now, "count": 1}
    said = {"involvedObject": about, "type": kind, "reason": reason, "message": message}
    return {"apiVersion": "v1", "kind": "Event", "metadata": own, **said, **times}


def is_ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


def _container(container: Object, state: Object) -> dict[str, Any]:
    return {
        "name": container["name"],
        "image": container.get("image", ""),
        "imageID": "",
        "state": state,
        "lastState": {},
        "ready": False,
        "started": False,
        "restartCount": 0,
    }


def _conditions(now: str, *, scheduled: bool, started: bool = False, ready: bool = False) -> list[Object]:
    table = (
        ("PodReadyToStartContainers", started),
        ("Initialized", scheduled),
        ("Ready", ready),
        ("ContainersReady", ready),
        ("PodScheduled", scheduled),
    )
    found = []
    for kind, holds in table:
        condition = {
            "type": kind,
            "status": "True" if holds else "False",
            "lastProbeTime": None,
            "lastTransitionTime": now,
        }
        if kind in ("Ready", "ContainersReady") and not holds:
            condition |= {"reason": "ContainersNotReady", "message": "containers with unready status"}
        found.append(condition)
    return found
