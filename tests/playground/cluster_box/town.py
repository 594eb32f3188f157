"""A small cluster written by hand: two nodes, CoreDNS with its Service, and what was read of it."""

from dataclasses import replace
from typing import Any

import dns.message
import dns.rrset

from bot.playground.bundle import Bundle, DnsAnswer, Execution, HttpAnswer, Log, Object, Read

NAMESPACE = "kube-system"
LABELS = {"k8s-app": "kube-dns"}
COREFILE = """\
.:53 {
    errors
    health
    ready
    kubernetes cluster.local in-addr.arpa {
        pods insecure
    }
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
}
"""
ACCOUNT = "system:serviceaccount:kube-system:coredns"
DAY = 1_790_000_000.0
"""When it was recorded: 2026-09-21."""
PODS = ("coredns-1-a", "coredns-1-b")


def make_object(api: str, kind: str, name: str, namespace: str = NAMESPACE, **rest: Any) -> Object:
    metadata = {
        "name": name,
        "uid": f"{kind}-{name}",
        "resourceVersion": "7",
        "creationTimestamp": "2026-09-01T00:00:00Z",
    }
    metadata |= {"namespace": namespace} if namespace else {}
    metadata |= rest.pop("metadata", {})
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **rest}


def make_node(number: int) -> Object:
    status = {
        "conditions": [{"type": "Ready", "status": "True"}],
        "addresses": [{"type": "InternalIP", "address": f"192.0.2.{number}"}],
    }
    return make_object("v1", "Node", f"node-{number}", "", spec={"podCIDR": f"10.1.{number}.0/24"}, status=status)


def pod_spec() -> dict[str, Any]:
    ports = [
        {"name": "dns", "containerPort": 53, "protocol": "UDP"},
        {"name": "dns-tcp", "containerPort": 53, "protocol": "TCP"},
    ]
    container = {"name": "coredns", "image": "registry.example/coredns:v1.12.0", "ports": ports}
    items = [{"key": "Corefile", "path": "Corefile"}]
    return {
        "serviceAccountName": "coredns",
        "containers": [container],
        "volumes": [{"name": "config", "configMap": {"name": "coredns", "items": items}}],
    }


def make_pod(name: str, number: int, *, ready: bool = True) -> Object:
    running = {"running": {"startedAt": "2026-09-01T00:00:00Z"}}
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}}
    state = {
        "name": "coredns",
        "ready": ready,
        "restartCount": 0 if ready else 9,
        "state": running if ready else waiting,
        "lastState": {} if ready else {"terminated": {"exitCode": 1, "reason": "Error"}},
    }
    status = {
        "phase": "Running",
        "podIP": f"10.1.{number}.2",
        "podIPs": [{"ip": f"10.1.{number}.2"}],
        "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        "containerStatuses": [state],
    }
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "coredns-1", "uid": "ReplicaSet-coredns-1"}
    metadata = {"labels": {**LABELS, "pod-template-hash": "1"}, "ownerReferences": [owner]}
    spec = pod_spec() | {"nodeName": f"node-{number}"}
    return make_object("v1", "Pod", name, metadata=metadata, spec=spec, status=status)


def make_service(selector: dict[str, str]) -> Object:
    ports = [
        {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53},
        {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": "dns-tcp"},
    ]
    spec = {
        "selector": selector,
        "ports": ports,
        "type": "ClusterIP",
        "clusterIP": "10.2.0.10",
        "clusterIPs": ["10.2.0.10"],
        "ipFamilies": ["IPv4"],
    }
    return make_object("v1", "Service", "kube-dns", metadata={"labels": LABELS}, spec=spec)


def make_slice(pods: list[Object], *, ready: bool = True) -> Object:
    endpoints = [
        {
            "addresses": [pod["status"]["podIP"]],
            "conditions": {"ready": ready, "serving": ready, "terminating": False},
            "targetRef": {"kind": "Pod", "name": pod["metadata"]["name"]},
        }
        for pod in pods
    ]
    ports = [{"name": "dns", "protocol": "UDP", "port": 53}, {"name": "dns-tcp", "protocol": "TCP", "port": 53}]
    metadata = {"labels": {"kubernetes.io/service-name": "kube-dns"}, "generation": 3}
    body: dict[str, Any] = {
        "addressType": "IPv4",
        "endpoints": endpoints or None,
        "ports": ports if endpoints else None,
    }
    return make_object("discovery.k8s.io/v1", "EndpointSlice", "kube-dns-abcde", metadata=metadata, **body)


def make_workload(replicas: int = 2) -> list[Object]:
    template = {"metadata": {"labels": LABELS}, "spec": pod_spec()}
    spec = {"replicas": replicas, "selector": {"matchLabels": LABELS}, "template": template}
    status = {"replicas": replicas, "readyReplicas": replicas}
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "coredns", "uid": "Deployment-coredns"}
    inner = {"metadata": {"labels": {**LABELS, "pod-template-hash": "1"}}, "spec": pod_spec()}
    return [
        make_object("apps/v1", "Deployment", "coredns", metadata={"generation": 1}, spec=spec, status=status),
        make_object(
            "apps/v1",
            "ReplicaSet",
            "coredns-1",
            metadata={"ownerReferences": [owner], "labels": inner["metadata"]["labels"]},
            spec=spec | {"template": inner},
            status=status,
        ),
    ]


def make_roles() -> list[Object]:
    rules = [{"apiGroups": [""], "resources": ["services", "pods"], "verbs": ["list", "watch"]}]
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "dns-reader"}
    subjects = [{"kind": "ServiceAccount", "name": "coredns", "namespace": NAMESPACE}]
    api = "rbac.authorization.k8s.io/v1"
    return [
        make_object(api, "ClusterRole", "dns-reader", "", rules=rules),
        make_object(api, "ClusterRoleBinding", "dns", "", roleRef=reference, subjects=subjects),
    ]


def answer_dns(pod: str, name: str, type_: str, *records: str) -> DnsAnswer:
    response = dns.message.make_response(dns.message.make_query(name, type_, id=0))
    response.answer = [dns.rrset.from_text(f"{name}.", 30, "IN", type_, record) for record in records]
    return DnsAnswer(namespace=NAMESPACE, pod=pod, port=53, name=f"{name}.", type=type_, wire=response.to_wire())


READS = (
    Read(verb="list", kind="Node", api="v1"),
    Read(verb="list", kind="Pod", api="v1", namespace=NAMESPACE),
    Read(verb="list", kind="Service", api="v1", namespace=NAMESPACE),
    Read(verb="list", kind="Event", api="v1", namespace=NAMESPACE),
    Read(verb="list", kind="EndpointSlice", api="discovery.k8s.io/v1", namespace=NAMESPACE),
    Read(verb="list", kind="Pod", api="v1", form="metadata", total=40),
    Read(verb="list", kind="NetworkPolicy", api="networking.k8s.io/v1", outcome="forbidden", message="no"),
    Read(verb="get", kind="ConfigMap", api="v1", namespace=NAMESPACE, name="coredns"),
    Read(verb="get", kind="ConfigMap", api="v1", namespace=NAMESPACE, name="kubelet-config", outcome="absent"),
)


def make_town(
    *, selector: dict[str, str] = LABELS, corefile: str = COREFILE, ready: bool = True, replicas: int = 2
) -> Bundle:
    """`selector` is that of the DNS Service; its slices are as a controller makes them of it."""
    pods = [make_pod(name, number, ready=ready) for number, name in enumerate(PODS[:replicas], 1)]
    slices = make_slice(pods if selector == LABELS else [], ready=ready)
    config = make_object("v1", "ConfigMap", "coredns", data={"Corefile": corefile})
    objects = [make_node(1), make_node(2), *pods, make_service(selector), slices, config, *make_workload(replicas)]
    log = Log(namespace=NAMESPACE, pod=PODS[0], tail=500, text="one\ntwo\nthree\n")
    pages = HttpAnswer(
        namespace=NAMESPACE, pod=PODS[0], port=8181, path="/ready", status=200, content_type="text/plain", body="OK"
    )
    command = Execution(
        namespace=NAMESPACE, pod=PODS[0], container="coredns", command=("false",), stdout="out\n", exit_code=1
    )
    return Bundle(
        name="town",
        title="A small town",
        recorded_at=DAY,
        version={"major": "1", "minor": "34", "gitVersion": "v1.34.4"},
        groups=("apps", "discovery.k8s.io", "networking.k8s.io", "rbac.authorization.k8s.io", "authorization.k8s.io"),
        objects=(*objects, *make_roles()),
        reads=READS,
        logs=(log,),
        dns=(answer_dns(PODS[0], "kubernetes.default.svc.cluster.local", "A", "10.2.0.1"),) if ready else (),
        http=(pages,),
        executions=(command,),
        roles_of=(ACCOUNT,),
    )


def with_reads(bundle: Bundle, *reads: Read) -> Bundle:
    return replace(bundle, reads=(*bundle.reads, *reads))
