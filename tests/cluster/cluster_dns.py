"""Cluster DNS on a real cluster, as the tests break, mend and ask about it."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cluster.rig import Cluster

SYSTEM = ("-n", "kube-system")
DEPLOYMENT, SERVICE, CONFIG_MAP = (
    "Deployment kube-system/coredns", "Service kube-system/kube-dns", "ConfigMap kube-system/coredns")
ROLE = "ClusterRole system:coredns"


def ask(cluster: Cluster, *arguments: str, kubeconfig: Path | None = None) -> dict[str, Any]:
    done = cluster.netcheck("run", "dns", *arguments, "--output", "json", kubeconfig=kubeconfig)
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def roots(report: dict[str, Any]) -> frozenset[tuple[str, str]]:
    return frozenset((finding["cause"], finding["object"]) for finding in report["root_causes"])


def until(what: str, is_so: Callable[[], bool], patience: float = 90.0) -> None:
    deadline = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < deadline, f"not within {patience:g} s: {what}"
        time.sleep(0.3)


def pods(cluster: Cluster) -> list[dict[str, Any]]:
    listed = cluster.kubectl(*SYSTEM, "get", "pods", "-l", "k8s-app=kube-dns", "-o", "json")
    items: list[dict[str, Any]] = json.loads(listed)["items"]
    return [pod for pod in items if "deletionTimestamp" not in pod["metadata"]]


def is_healthy(cluster: Cluster) -> bool:
    """Two ready pods, and both are endpoints."""
    label = "kubernetes.io/service-name=kube-dns"
    slices = json.loads(cluster.kubectl(*SYSTEM, "get", "endpointslices", "-l", label, "-o", "json"))["items"]
    ready = [e for piece in slices for e in piece.get("endpoints") or [] if e["conditions"]["ready"]]
    ready_pods = [pod for pod in pods(cluster) if condition(pod, "Ready") == "True"]
    return len(ready_pods) == 2 and len(ready) == 2


def condition(pod: dict[str, Any], kind: str) -> str:
    return next((c["status"] for c in pod["status"].get("conditions", []) if c["type"] == kind), "")


def restart(cluster: Cluster) -> None:
    """All at once, so that no pod goes on with what it had."""
    old = {pod["metadata"]["uid"] for pod in pods(cluster)}
    cluster.kubectl(*SYSTEM, "delete", "pod", "-l", "k8s-app=kube-dns", "--grace-period=1", "--wait=false")
    until("old pods are gone", lambda: not old & {pod["metadata"]["uid"] for pod in pods(cluster)})


def have_crashed(cluster: Cluster) -> bool:
    states = [status for pod in pods(cluster) for status in pod["status"].get("containerStatuses", [])]
    return len(states) == 2 and all(s.get("lastState", {}).get("terminated") and not s["ready"] for s in states)


def patch(cluster: Cluster, kind: str, name: str, body: Any, how: str = "merge") -> None:
    where = SYSTEM if kind != "clusterrole" else ()
    cluster.kubectl(*where, "patch", kind, name, "--type", how, "-p", json.dumps(body))


def read(cluster: Cluster, kind: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cluster.kubectl(*SYSTEM, "get", kind, name, "-o", "json"))
    return found
