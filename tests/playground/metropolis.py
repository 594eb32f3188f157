"""A cluster as big as clusters get: a recorded one with more nodes, pods and Services, and all images on the nodes.

Pods and Services beside those of the cluster itself are bare: no run may read them one by one.
"""

from dataclasses import replace

from bot.playground.bundle import Bundle, Object, Read

NODES, PODS, SERVICES = 500, 5000, 2000
IMAGES = 50
"""What a kubelet lists at most (nodeStatusMaxImages)."""
POLICIES = Read(verb="list", kind="NetworkPolicy", api="networking.k8s.io/v1")
"""Beside those of the recording there are none, which is known, since whatever is new here is made by hand."""


def grow(bundle: Bundle, *, nodes: int = NODES, pods: int = PODS, services: int = SERVICES) -> Bundle:
    """To so many of each, where it has fewer."""
    have = {kind: sum(item["kind"] == kind for item in bundle.objects) for kind in ("Node", "Pod", "Service")}
    objects = [_with_images(item) if item["kind"] == "Node" else item for item in bundle.objects]
    pattern = next(item for item in reversed(objects) if item["kind"] == "Node")
    objects += [_node(pattern, number) for number in range(nodes - have["Node"])]
    objects += [_pod(number) for number in range(pods - have["Pod"])]
    objects += [_service(number) for number in range(services - have["Service"])]
    return replace(bundle, objects=tuple(objects), reads=(*bundle.reads, POLICIES))


def _with_images(node: Object) -> Object:
    digest = "0123456789abcdef" * 4
    names = [f"registry.example.org/shop/part-{n}" for n in range(IMAGES)]
    images = [{"names": [f"{name}@sha256:{digest}", f"{name}:1"], "sizeBytes": 10_000_000} for name in names]
    return {**node, "status": {**node["status"], "images": images}}


def _node(pattern: Object, number: int) -> Object:
    """What its network wrote beside it is left out: no two nodes have the same address. None of them is new."""
    name, address = f"more-{number:03}", f"172.31.{1 + number // 250}.{1 + number % 250}"
    meta = {key: value for key, value in pattern["metadata"].items() if key != "annotations"}
    addresses = [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}]
    return {**pattern, "metadata": {**meta, "name": name, "uid": name, "creationTimestamp": "2026-01-01T08:00:00Z"},
            "status": {**pattern["status"], "addresses": addresses}}


def _pod(number: int) -> Object:
    labels = {"app": f"part-{number % 500}"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": _named(number, labels),
            "spec": {"nodeName": f"more-{number % 400:03}", "containers": [{"name": "web", "image": "web:1"}]},
            "status": {"phase": "Running"}}


def _service(number: int) -> Object:
    address = f"10.100.{number // 256}.{number % 256}"
    spec = {"clusterIP": address, "clusterIPs": [address], "selector": {"app": f"part-{number % 500}"},
            "ports": [{"port": 80, "targetPort": 8080, "protocol": "TCP"}], "type": "ClusterIP"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _named(number, {}), "spec": spec}


def _named(number: int, labels: dict[str, str]) -> Object:
    return {"name": f"more-{number:04}", "namespace": "shop", "uid": f"more-{number}", "labels": labels}
