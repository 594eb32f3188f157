"""A platform as objects of the API, with what kubelets and controllers would have written into their statuses."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.cluster.platforms.platform import NODE, Machine, Object, Platform, Workload

SINCE = "2026-01-01T08:00:00Z"
"""When everything was started that ever was."""

NODE_INFO = ("architecture", "bootID", "containerRuntimeVersion", "kernelVersion", "kubeProxyVersion", "machineID",
             "osImage", "systemUUID")
COUNTS = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "numberAvailable",
          "updatedNumberScheduled")
MOUNTS = {
    "config-volume": "/etc/coredns", "custom-config-volume": "/etc/coredns/custom",
    "kube-proxy": "/var/lib/kube-proxy", "config": "/var/lib/kube-proxy-config", "flannel-cfg": "/etc/kube-flannel",
    "kube-dns-config": "/kube-dns-config",
}


@dataclass(frozen=True, slots=True)
class Placed:
    """A pod of a workload on a machine; `number` counts on the machine, and is the end of its address."""

    workload: Workload
    machine: Machine
    number: int

    @property
    def name(self) -> str:
        if self.workload.kind == "Static":
            return f"{self.workload.name}-{self.machine.name}"
        ending = hashlib.sha256(f"{self.workload.name}{self.machine.name}{self.number}".encode()).hexdigest()[:5]
        return f"{owner_name(self.workload)}-{ending}"

    @property
    def address(self) -> str:
        return self.machine.address if self.workload.host else f"{self.machine.prefix}{self.number + 10}"


def describe(platform: Platform) -> Iterator[Object]:
    """In the order in which they can be created; `status` is written afterwards."""
    pods = place(platform)
    for name in sorted({w.namespace for w in platform.workloads} - {"kube-system", "default"}):
        yield _object("v1", "Namespace", "", name)
    yield from (_node(machine) for machine in platform.machines)
    for namespace, account in sorted({(w.namespace, w.account) for w in platform.workloads}):
        yield _object("v1", "ServiceAccount", namespace, account)
    yield from platform.objects
    for workload in platform.workloads:
        yield from _owners(workload, len([pod for pod in pods if pod.workload is workload]), platform)
    yield from (_pod(pod) for pod in pods)
    for item in platform.objects:
        if item["kind"] == "Service" and item["spec"].get("selector"):
            yield _slice(item, pods)


def place(platform: Platform) -> list[Placed]:
    """Deployments over the machines in turn; the others on each that they are for."""
    placed: list[Placed] = []
    for workload in platform.workloads:
        fit = [m for m in platform.machines if m.os == "linux" and workload.on.items() <= m.labels.items()]
        if workload.kind == "Deployment":
            fit = [m for m in fit if not m.taints] or fit
            fit = [fit[number % len(fit)] for number in range(workload.replicas)]
        placed += [Placed(workload, machine, len(placed) + index) for index, machine in enumerate(fit)]
    return placed


def _object(api: str, kind: str, namespace: str, name: str, **more: Any) -> Object:
    meta = {"name": name, **({"namespace": namespace} if namespace else {}), **more.pop("meta", {})}
    return {"apiVersion": api, "kind": kind, "metadata": meta, **more}


def _node(machine: Machine) -> Object:
    labels = {"kubernetes.io/hostname": machine.name, "kubernetes.io/os": machine.os, **machine.labels}
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status"}
    network = {"type": "NetworkUnavailable", "status": "False", "reason": "RouteCreated", "message": "a network is up"}
    spec: Object = {"taints": [{"key": key, "effect": effect} for key, effect in machine.taints]}
    if machine.range:
        spec |= {"podCIDR": machine.range, "podCIDRs": [machine.range]}
    if machine.provider:
        spec["providerID"] = machine.provider
    status = {
        "conditions": [{**condition, "lastTransitionTime": SINCE, "lastHeartbeatTime": SINCE}
                       for condition in (ready, network)],
        "addresses": [{"type": "InternalIP", "address": machine.address},
                      {"type": "Hostname", "address": machine.name}],
        "nodeInfo": {**dict.fromkeys(NODE_INFO, ""), "operatingSystem": machine.os, "kubeletVersion": "v1.34.4"},
    }
    return _object("v1", "Node", "", machine.name, meta={"labels": labels}, spec=spec, status=status)


def owner_name(workload: Workload) -> str:
    return f"{workload.name}-5d6f8c7b9" if workload.kind == "Deployment" else workload.name


def _owners(workload: Workload, pods: int, platform: Platform) -> Iterator[Object]:
    if workload.kind == "Static":
        return
    labels = dict(workload.labels)
    template = {"metadata": {"labels": labels}, "spec": _pod_spec(workload)}
    spec: Object = {"selector": {"matchLabels": labels}, "template": template}
    meta = {"labels": {**labels, **workload.own}}
    if workload.kind == "DaemonSet":
        status = dict.fromkeys(COUNTS, pods)
        yield _object("apps/v1", "DaemonSet", workload.namespace, workload.name, meta=meta, spec=spec,
                      status={**status, "numberMisscheduled": 0, "observedGeneration": 1})
        return
    counted = dict.fromkeys(("replicas", "readyReplicas", "availableReplicas"), pods)
    well = [{"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"},
            {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}]
    conditions = [{**c, "message": "", "lastTransitionTime": SINCE, "lastUpdateTime": SINCE} for c in well]
    yield _object("apps/v1", "Deployment", workload.namespace, workload.name, meta=meta,
                  spec={**spec, "replicas": workload.replicas},
                  status={**counted, "updatedReplicas": pods, "observedGeneration": 1, "conditions": conditions})
    hashed = {**labels, "pod-template-hash": owner_name(workload).rpartition("-")[2]}
    yield _object(
        "apps/v1", "ReplicaSet", workload.namespace, owner_name(workload),
        meta={"labels": hashed, "ownerReferences": [_owner("Deployment", workload.name)],
              "annotations": {"deployment.kubernetes.io/revision": "1"}},
        spec={"replicas": workload.replicas, "selector": {"matchLabels": hashed},
              "template": {"metadata": {"labels": hashed}, "spec": _pod_spec(workload)}},
        status={**counted, "fullyLabeledReplicas": pods, "observedGeneration": 1})


def _owner(kind: str, name: str) -> Object:
    """Its uid is not known before it was created, and nobody looks at it."""
    uid = hashlib.sha256(f"{kind}/{name}".encode()).hexdigest()[:32]
    return {"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": True}


def _pod_spec(workload: Workload) -> Object:
    """Each container mounts all volumes."""
    selector = {"nodeSelector": dict(workload.on)} if workload.on else {}
    mounts = [{"name": volume["name"], "mountPath": volume.get("hostPath", {}).get("path") or MOUNTS[volume["name"]]}
              for volume in workload.more.get("volumes", ())]
    containers = [{**c, "volumeMounts": mounts} for c in workload.containers] if mounts else [*workload.containers]
    return {"containers": containers, "serviceAccountName": workload.account, **selector,
            "automountServiceAccountToken": False, **({"hostNetwork": True} if workload.host else {}),
            "tolerations": [{"operator": "Exists"}], **workload.more}


def _pod(pod: Placed) -> Object:
    workload = pod.workload
    meta: Object = {"labels": dict(workload.labels)}
    if workload.kind == "Deployment":
        meta["labels"]["pod-template-hash"] = owner_name(workload).rpartition("-")[2]
    if workload.kind != "Static":
        kind = {"Deployment": "ReplicaSet"}.get(workload.kind, workload.kind)
        meta |= {"ownerReferences": [_owner(kind, owner_name(workload))]}
    running = {"running": {"startedAt": SINCE}}
    states = [{"name": c["name"], "image": c["image"], "imageID": "", "ready": True, "started": True,
               "restartCount": 0, "state": running, "lastState": {}} for c in workload.containers]
    conditions = [{"type": kind, "status": "True", "lastTransitionTime": SINCE}
                  for kind in ("PodScheduled", "Initialized", "ContainersReady", "Ready")]
    status = {"phase": "Running", "startTime": SINCE, "hostIP": pod.machine.address, "podIP": pod.address,
              "podIPs": [{"ip": pod.address}], "conditions": conditions, "containerStatuses": states}
    return _object("v1", "Pod", workload.namespace, pod.name, meta=meta,
                   spec={**_of_machine(_pod_spec(workload), pod.machine), "nodeName": pod.machine.name}, status=status)


def _of_machine(spec: Object, machine: Machine) -> Object:
    """A static pod's own file on the machine holds its name."""
    written: Object = json.loads(json.dumps(spec).replace(NODE, machine.name))
    return written


def _slice(item: Object, pods: list[Placed]) -> Object:
    meta, selector = item["metadata"], item["spec"]["selector"]
    chosen = [pod for pod in pods if pod.workload.namespace == meta["namespace"]
              and selector.items() <= pod.workload.labels.items()]
    declared = [port for pod in chosen[:1] for c in pod.workload.containers for port in c.get("ports", ())]
    named = {(port["name"], port["protocol"]): port["containerPort"] for port in declared}
    ports = [{"name": p["name"], "protocol": p["protocol"],
              "port": named.get((p["targetPort"], p["protocol"]), 0) if isinstance(p["targetPort"], str)
              else p["targetPort"]} for p in item["spec"]["ports"]]
    endpoints = [{"addresses": [pod.address], "nodeName": pod.machine.name,
                  "conditions": {"ready": True, "serving": True, "terminating": False},
                  "targetRef": {"kind": "Pod", "name": pod.name, "namespace": meta["namespace"]}} for pod in chosen]
    labels = {"kubernetes.io/service-name": meta["name"],
              "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": f"{meta['name']}-x7k2p", "namespace": meta["namespace"], "labels": labels},
            "endpoints": endpoints, "ports": ports if chosen else []}
