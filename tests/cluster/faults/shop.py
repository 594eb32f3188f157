"""A small application to break: the namespace `shop` with the Deployment `web`, which serves a page on port 8080, and a
Service before it. Everything about it that a row does not say is in order."""

from typing import Any

from tests.cluster.faults.api import Create
from tests.cluster.faults.conditions import Condition, items
from tests.cluster.faults.objects import Ref
from tests.cluster.rig import Cluster
from tests.cluster.rig.images import SHELL

SPACE = "shop"
WEB, SERVICE, CLIENT = Ref("Deployment", "web", SPACE), Ref("Service", "web", SPACE), Ref("Pod", "client", SPACE)
Json = dict[str, Any]
HTTP = {"name": "http", "containerPort": 8080}
TO_HTTP = {"name": "http", "port": 80, "targetPort": "http"}
NAMESPACE: Json = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}}


def serve(where: str = "8080") -> list[str]:
    """The command of a container with a page: `8080`, or `127.0.0.1:8080`."""
    script = f"mkdir -p /tmp/www; echo shop > /tmp/www/index.html; exec httpd -f -p {where} -h /tmp/www"
    return ["/bin/sh", "-c", script]


def container(**changes: Any) -> Json:
    return {"name": "web", "image": SHELL, "imagePullPolicy": "Never", "command": serve(), "ports": [HTTP],
            "readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 1}, **changes}


def workload(
    name: str = "web", labels: dict[str, str] | None = None, *, kind: str = "Deployment", replicas: int = 2,
    pod: Json | None = None, spec: Json | None = None, **changes: Any
) -> Json:
    """`changes` are to its one container, `pod` to the spec of its pods."""
    own = labels or {"app": name}
    template = {"metadata": {"labels": own}, "spec": {
        "terminationGracePeriodSeconds": 1, "containers": [container(**changes)], **(pod or {})}}
    at_once = {"strategy": {"type": "Recreate"}} if kind == "Deployment" else {}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": SPACE}, "spec": {
        "replicas": replicas, "selector": {"matchLabels": own}, "template": template, **at_once, **(spec or {})}}


def client() -> Json:
    """A pod that asks."""
    return {"apiVersion": "v1", "kind": "Pod", "spec": {"terminationGracePeriodSeconds": 1, "containers": [
        {"name": "main", "image": SHELL, "imagePullPolicy": "Never", "command": ["sleep", "3600"]}]},
            "metadata": {"name": CLIENT.name, "namespace": SPACE, "labels": {"app": "client"}}}


def service(name: str = "web", namespace: str = SPACE, *, labels: dict[str, str] | None = None, **spec: Any) -> Json:
    meta = {"name": name, "namespace": namespace, "labels": labels or {}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta,
            "spec": {"selector": {"app": "web"}, "ports": [TO_HTTP], **spec}}


def shop(*more: Json) -> Create:
    """The shop in order, and what else belongs to it."""
    return Create((NAMESPACE, workload(), service(), *more))


# --- what is waited for -------------------------------------------------------------------------------------------


def _pods(cluster: Cluster) -> list[Json]:
    return [pod for pod in items(cluster, "-n", SPACE, "pods") if "deletionTimestamp" not in pod["metadata"]]


def _is(pod: Json, kind: str) -> bool:
    return any(c["type"] == kind and c["status"] == "True" for c in pod["status"].get("conditions", ()))


def ready(number: int) -> Condition:
    """So many pods are ready, and no others are there."""
    return Condition(f"{number} pods of the shop are ready",
                     lambda c: [_is(pod, "Ready") for pod in _pods(c)] == [True] * number)


def started(number: int) -> Condition:
    """So many pods run whose containers are up, ready or not."""
    def hold(cluster: Cluster) -> bool:
        return [pod["status"]["phase"] for pod in _pods(cluster)] == ["Running"] * number
    return Condition(f"{number} pods of the shop run", hold)


def ends(number: int, name: str = "web", *, ready: bool = True) -> Condition:
    """The slices of the Service hold so many endpoints that are (not) ready."""
    def hold(cluster: Cluster) -> bool:
        slices = items(cluster, "-n", SPACE, "endpointslices", "-l", f"kubernetes.io/service-name={name}")
        found = [e["conditions"]["ready"] for piece in slices for e in piece.get("endpoints") or ()]
        return found.count(ready) == number
    return Condition(f"{name} has {number} endpoints that are {'' if ready else 'not '}ready", hold)


def waiting(*reasons: str) -> Condition:
    def hold(cluster: Cluster) -> bool:
        states = [s["state"] for pod in _pods(cluster) for s in pod["status"].get("containerStatuses", ())]
        return any(state.get("waiting", {}).get("reason") in reasons for state in states)
    return Condition(f"a pod of the shop waits for {' or '.join(reasons)}", hold)
