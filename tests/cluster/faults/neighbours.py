"""A small shop to break connections in: a web server behind a Service, a client beside it, and one in another
namespace."""

from typing import Any

from tests.cluster.faults.api import Create
from tests.cluster.faults.conditions import Condition, is_true, items
from tests.cluster.faults.objects import Ref
from tests.cluster.rig import Cluster

SPACE, FRONT = "netcheck-shop", "netcheck-front"
WEB, CLIENT, VISITOR = f"{SPACE}/web", f"{SPACE}/client", f"{FRONT}/client"
"""Pods as a person names them; the first is a Service of that name, too."""
IMAGE = "docker.io/library/busybox:1.35"
PORT = 8080
ADDRESS = "10.96.77.77"
"""Of the web server's Service."""


def pod(name: str, namespace: str, *command: str, node: str = "", **container: Any) -> dict[str, Any]:
    main = {"name": "main", "image": IMAGE, "imagePullPolicy": "IfNotPresent", "command": list(command), **container}
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
            "spec": {"terminationGracePeriodSeconds": 0, "containers": [main], **({"nodeName": node} if node else {})}}


def _space(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _service(**spec: Any) -> dict[str, Any]:
    ports = [{"port": 80, "targetPort": "http"}]
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": SPACE},
            "spec": {"clusterIP": ADDRESS, "selector": {"app": "web"}, "ports": ports, **spec}}


_HTTP = {"ports": [{"name": "http", "containerPort": PORT}],
         "readinessProbe": {"httpGet": {"path": "/", "port": PORT}, "periodSeconds": 1}}


def web_server(node: str = "") -> dict[str, Any]:
    script = "mkdir /www && echo ok > /www/index.html && exec httpd -f -p 8080 -h /www"
    return pod("web", SPACE, "sh", "-c", script, node=node, **_HTTP)


def open_shop(web: str = "", client: str = "", **service: Any) -> Create:
    """`web`, `client`: the nodes they run on, where that matters. `service`: what else its Service says."""
    return Create((
        _space(SPACE), _space(FRONT), _service(**service), web_server(web),
        pod("client", SPACE, "sleep", "3600", node=client), pod("client", FRONT, "sleep", "3600", node=client),
    ))


def _is_open(cluster: Cluster) -> bool:
    pods = [item for space in (SPACE, FRONT) for item in items(cluster, "-n", space, "pods")]
    slices = items(cluster, "-n", SPACE, "endpointslices")
    ends = [end for piece in slices for end in piece.get("endpoints") or () if end["conditions"]["ready"]]
    return len(pods) == 3 and all(is_true(pod, "Ready") for pod in pods) and len(ends) == 1


def _is_closed(cluster: Cluster) -> bool:
    return not any(Ref("Namespace", name, "").find(cluster) for name in (SPACE, FRONT))


OPEN = Condition("the shop is open", _is_open)
CLOSED = Condition("the shop is gone", _is_closed)


def gets_through(pod: str, to: str, through: bool, port: int = 80) -> Condition:
    """What is sent from a pod to this address does (not) arrive, whatever any object says."""
    space, name = pod.split("/")

    def hold(cluster: Cluster) -> bool:
        tried = cluster.kubectl("-n", space, "exec", name, "--", "sh", "-c",
                                f"nc -w 2 {to} {port} </dev/null && echo arrived || true", check=False)
        return ("arrived" in tried) is through
    return Condition(f"{pod} {'reaches' if through else 'does not reach'} {to}", hold)

