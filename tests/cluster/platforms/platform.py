"""The words in which a platform is described. What is not said is as kubeadm has it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Object = dict[str, Any]
NODE = "%NODE%"
"""Stands in a command for the name of the node it runs on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A node. `range`: its podCIDR, "" where the platform sets none. `pods`: the first addresses of its pods, as
    `10.244.1.`, where they do not come out of `range`."""

    name: str
    address: str
    range: str = ""
    pods: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    provider: str = ""
    os: str = "linux"
    taints: tuple[tuple[str, str], ...] = ()
    """(key, effect)"""

    @property
    def prefix(self) -> str:
        return self.pods or self.range.rpartition(".")[0] + "."


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """`replicas`: of a Deployment. Static pods are on every machine. `on`: labels of the nodes a DaemonSet is for.
    `more`: further fields of the pod's spec. `labels`: of the pods, by which they are selected."""

    kind: Literal["Deployment", "DaemonSet", "Static"]
    name: str
    labels: Mapping[str, str]
    containers: tuple[Object, ...]
    namespace: str = "kube-system"
    replicas: int = 2
    host: bool = False
    account: str = "default"
    on: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, str] = field(default_factory=dict)
    """Labels of the workload itself, beside those of its pods."""
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """`mark`: what its version ends with. `services`: its range. `groups`: API groups it serves beside the usual, with
    a kind each. `objects`: everything that is no node and no workload. `zone`: its domain."""

    name: str
    title: str
    machines: tuple[Machine, ...]
    workloads: tuple[Workload, ...]
    objects: tuple[Object, ...]
    mark: str = ""
    services: str = "10.96.0.0/16"
    groups: Mapping[str, str] = field(default_factory=dict)


def container(name: str, image: str, *ports: tuple[str, int, str], **more: Any) -> Object:
    """`ports`: (name, number, protocol)."""
    declared = [{"name": n, "containerPort": number, "protocol": protocol} for n, number, protocol in ports]
    return {"name": name, "image": image, **({"ports": declared} if declared else {}), **more}


def config_map(name: str, data: Mapping[str, str], namespace: str = "kube-system") -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace},
            "data": dict(data)}


def service(
    name: str, address: str, selector: Mapping[str, str], *, namespace: str = "kube-system", port: int | str = 53,
    labels: Mapping[str, str] | None = None,
) -> Object:
    """A Service of a DNS server; `port`: the number or name of the containers' port."""
    ports = [{"name": n, "port": 53, "targetPort": port if isinstance(port, int) else n, "protocol": protocol}
             for n, protocol in (("dns", "UDP"), ("dns-tcp", "TCP"))]
    return {"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": name, "namespace": namespace, "labels": dict(labels or {})},
            "spec": {"clusterIP": address, "selector": dict(selector), "ports": ports}}
