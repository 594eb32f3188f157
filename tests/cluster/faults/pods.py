"""Faults that keep DNS pods from starting or running."""

from typing import Any

from tests.cluster.faults.api import Create, Patch, RestartPods, Wake
from tests.cluster.faults.conditions import (
    CRASHED,
    DNS_SERVES,
    NO_DNS_PODS,
    PENDING,
    Condition,
    both,
    ended_by,
    endpoints,
    waiting_for,
)
from tests.cluster.faults.fault import Fault, Injection, Root
from tests.cluster.faults.objects import DNS_DEPLOYMENT, DNS_PODS
from tests.cluster.rig.images import SHELL

DEPLOYMENT = str(DNS_DEPLOYMENT)
AFTERWARDS = ("dns.pods.not-ready", "dns.endpoints.*")
ENDED_BY_LOOP = ("dns.upstream.*", "dns.pods.crashing", *AFTERWARDS)
"""A server that asks itself is ended by its plugin loop, sooner or later."""
CONTAINERS = "/spec/template/spec/containers"
CONTAINER = f"{CONTAINERS}/0"
RECREATE = {"op": "replace", "path": "/spec/strategy", "value": {"type": "Recreate"}}


def at_once(pod_spec: dict[str, Any]) -> Patch:
    """Pods with this in their spec, and none of the old ones left beside them."""
    return Patch(DNS_DEPLOYMENT, {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None},
                                           "template": {"spec": pod_spec}}})


def container(**fields: Any) -> Patch:
    """The same for fields of the one container."""
    return Patch(DNS_DEPLOYMENT, [RECREATE, *(
        {"op": "replace", "path": f"{CONTAINER}/{name}", "value": value} for name, value in fields.items())])


def _beside(**fields: Any) -> Patch:
    """The same for a further container."""
    more = {"name": "exporter", "image": SHELL, "imagePullPolicy": "Never", **fields}
    return Patch(DNS_DEPLOYMENT, [RECREATE, {"op": "add", "path": f"{CONTAINERS}/-", "value": more}])


def _row(name: str, reference: str, says: str, how: Injection, wait: Condition, cause: str, *mentions: str) -> Fault:
    return Fault(name=name, reference=reference, says=says, breaks=(how,), wait=wait, mentions=mentions,
                 roots=(Root(cause, "dns-workload", DEPLOYMENT),), consequences=(*AFTERWARDS, "dns.pods.crashing"))


QUOTA = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "no-pods", "namespace": "kube-system"},
         "spec": {"hard": {"pods": "0"}}}
POD_FAULTS = (
    _row("dns-oom", "D23", "CoreDNS runs out of memory",
         container(resources={"limits": {"memory": "8Mi"}, "requests": {"memory": "8Mi"}}),
         both(ended_by("OOMKilled"), endpoints(0)), "dns.pods.oom", "memory"),
    _row("dns-node-selector", "D25", "CoreDNS asks for nodes that do not exist",
         at_once({"nodeSelector": {"nosuch": "label"}}), both(PENDING, endpoints(0)),
         "dns.pods.pending.unschedulable", "node selector"),
    _row("dns-image", "D26", "the image of CoreDNS does not exist", container(image="rig.invalid/coredns:v0"),
         both(waiting_for("ErrImagePull", "ImagePullBackOff"), endpoints(0)), "dns.pods.image", "rig.invalid/coredns"),
    _row("dns-bind", "D27", "CoreDNS may not open port 53",
         container(securityContext={"runAsUser": 1000, "allowPrivilegeEscalation": False,
                                    "capabilities": {"drop": ["ALL"]}}), CRASHED, "dns.pods.bind", "NET_BIND_SERVICE"),
    _row("dns-argument", "", "CoreDNS is given an argument that it does not know",
         container(args=["-conf", "/etc/coredns/Corefile", "-nosuch"]), CRASHED, "dns.pods.said", "-nosuch"),
    _row("dns-not-root", "", "CoreDNS must not run as root, and its image does",
         container(securityContext={"runAsNonRoot": True}),
         both(waiting_for("CreateContainerConfigError"), endpoints(0)), "dns.pods.container", "runAsNonRoot"),
    _row("dns-sidecar", "", "a program beside CoreDNS crashes, so that its pods are not ready",
         _beside(command=["sh", "-c", "exit 3"]), both(ended_by("Error"), endpoints(0)), "dns.pods.crashing",
         "exporter"),
    Fault(
        name="dns-own-resolver", reference="D12", says="CoreDNS is told to ask the cluster's DNS, which is itself",
        breaks=(at_once({"dnsPolicy": "ClusterFirst"}),), wait=DNS_SERVES,
        roots=(Root("dns.upstream.dns-policy", "upstream", DEPLOYMENT),), consequences=ENDED_BY_LOOP,
        mentions=("dnsPolicy: Default",),
    ),
    Fault(
        name="dns-own-nameserver", says="the settings of CoreDNS's pods name the cluster's DNS, which is itself",
        breaks=(at_once({"dnsPolicy": "None", "dnsConfig": {"nameservers": ["10.96.0.10"]}}),), wait=DNS_SERVES,
        roots=(Root("dns.upstream.dns-policy", "upstream", DEPLOYMENT),), consequences=ENDED_BY_LOOP,
        mentions=("dnsPolicy: Default", "10.96.0.10"),
    ),
    Fault(
        name="dns-insufficient-cpu", reference="D25", answer="degraded",
        says="new pods of CoreDNS ask for more than any node has, an old one serves",
        breaks=(Patch(DNS_DEPLOYMENT, [{"op": "replace", "path": f"{CONTAINER}/resources/requests/cpu",
                                        "value": "64"}]),),
        wait=PENDING, roots=(Root("dns.pods.pending.unschedulable", "dns-workload", DEPLOYMENT),),
        mentions=("Insufficient cpu",),
    ),
    Fault(
        name="dns-quota", says="a quota keeps pods of CoreDNS from being made again",
        breaks=(Create((QUOTA,)), RestartPods(DNS_PODS), Wake(DNS_DEPLOYMENT)), wait=both(NO_DNS_PODS, endpoints(0)),
        roots=(Root("dns.pods.missing", "dns-workload", DEPLOYMENT),), mentions=("quota",),
        consequences=("dns.endpoints.*",),
    ),
)
