"""Faults of those who let objects in and give pods a node: webhooks, Pod Security, limits, the scheduler. What runs
goes on; what should be made anew is not."""

import json
from typing import Any

from tests.cluster.faults.api import Create, Kubectl, Patch, RestartPods, Wake
from tests.cluster.faults.conditions import NO_DNS_PODS, Condition, age, both, dns_pods, endpoints, event, items
from tests.cluster.faults.fault import Fault, Injection, Root
from tests.cluster.faults.node import Await, StopProcess
from tests.cluster.faults.objects import DNS_DEPLOYMENT, DNS_PODS, DNS_SERVICE
from tests.cluster.faults.services import SERVING, SHOP, put, row
from tests.cluster.faults.shop import SPACE, WEB, ends, ready, workload

REFUSED = "FailedToUpdateEndpointSlices"
SLICES, PODS = ("discovery.k8s.io", "endpointslices"), ("", "pods")
SCHEDULER = Root("api.scheduler", "api", "Scheduler default-scheduler")
AGAIN = RestartPods("app=web", SPACE)


def _webhook(of: tuple[str, str], namespace: str, policy: str = "Fail") -> Create:
    """One whose Service does not exist."""
    group, resource = of
    return Create(({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "netcheck-gate"}, "webhooks": [{
            "name": "gate.netcheck.example", "admissionReviewVersions": ["v1"], "sideEffects": "None",
            "failurePolicy": policy, "timeoutSeconds": 2,
            "clientConfig": {"service": {"name": "gate", "namespace": "default", "path": "/"}},
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            "rules": [{"apiGroups": [group], "apiVersions": ["v1"], "resources": [resource],
                       "operations": ["CREATE", "UPDATE"]}]}]},))


def _limits() -> Create:
    limits: dict[str, Any] = {"limits": [{"type": "Container", "max": {"memory": "100Mi"}}]}
    return Create(({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "small", "namespace": "kube-system"},
                    "spec": limits},))


def _template(**spec: Any) -> Patch:
    return Patch(DNS_DEPLOYMENT, {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None},
                                           "template": {"spec": spec}}})


def _waiting(namespace: str, labels: str, number: int) -> Condition:
    """What is younger is not judged yet."""
    def hold(cluster: Any) -> bool:
        pods = [pod for pod in items(cluster, "-n", namespace, "pods", "-l", labels)
                if "deletionTimestamp" not in pod["metadata"]]
        return len(pods) == number and all(
            "nodeName" not in pod["spec"] and age(pod["metadata"]["creationTimestamp"]) > 125 for pod in pods)
    return Condition(f"{number} pods have waited for two minutes", hold)


def _refused(words: str) -> Condition:
    """A rollout that makes all pods anew takes a while to get so far."""
    return Condition(f"CoreDNS's Deployment says “{words}”",
                     lambda cluster: words in json.dumps(DNS_DEPLOYMENT.read(cluster).get("status", {})))


def _no_dns_pods(name: str, says: str, *breaks: Injection, mentions: tuple[str, ...]) -> Fault:
    return Fault(
        name=f"dns-{name}", says=says, breaks=(*breaks, Wake(DNS_DEPLOYMENT)), wait=both(NO_DNS_PODS, endpoints(0)),
        roots=(Root("dns.pods.missing", "dns-workload", str(DNS_DEPLOYMENT)),), mentions=mentions,
        consequences=("dns.endpoints.*",))


REFUSALS = (
    row("slices-refused", "SVC-05", "a webhook that does not answer keeps EndpointSlices from being written",
        "service.endpoints.refused", Await(SERVING), _webhook(SLICES, SPACE), put(workload(replicas=3)),
        answer="degraded",
        wait=both(ready(3), event(SPACE, REFUSED, "failed calling webhook")),
        mentions=("gate.netcheck.example", "validatingwebhookconfigurations")),
    row("no-slices-refused", "SVC-05", "a webhook that does not answer keeps a Service from getting any endpoints",
        "service.endpoints.refused", Await(SERVING), _webhook(SLICES, SPACE),
        Kubectl(("-n", SPACE, "delete", "endpointslices", "-l", "kubernetes.io/service-name=web")),
        wait=both(ready(2), event(SPACE, REFUSED, "failed to create EndpointSlice")),
        mentions=("gate.netcheck.example",)),
    Fault(
        name="dns-slices-refused",
        says="a webhook that does not answer keeps the EndpointSlices of kube-dns as they were",
        breaks=(_webhook(SLICES, "kube-system"), RestartPods(DNS_PODS)),
        wait=both(dns_pods(2), event("kube-system", REFUSED, "failed calling webhook")),
        roots=(Root("service.endpoints.refused", "service", str(DNS_SERVICE)),), mentions=("gate.netcheck.example",),
        consequences=("dns.endpoints.*",),
    ),
    row("webhook", "SVC-03", "a webhook that does not answer keeps the Service's pods from being made",
        "service.workload.no-pods", _webhook(PODS, SPACE), AGAIN, Wake(WEB), wait=both(ready(0), ends(0)), object=WEB,
        mentions=("gate.netcheck.example", "validatingwebhookconfigurations")),
    row("pod-security", "SVC-03", "the namespace's Pod Security forbids the Service's pods",
        "service.workload.no-pods", Kubectl(
            ("label", "namespace", SPACE, "pod-security.kubernetes.io/enforce=restricted"),
            ("label", "namespace", SPACE, "pod-security.kubernetes.io/enforce-")),
        AGAIN, Wake(WEB), wait=both(ready(0), ends(0)), object=WEB,
        mentions=("restricted", f"kubectl label namespace {SPACE}")),
    _no_dns_pods("webhook", "a webhook that does not answer keeps pods of CoreDNS from being made again",
                 _webhook(PODS, "kube-system"), RestartPods(DNS_PODS), mentions=("gate.netcheck.example",)),
    _no_dns_pods("limit-range", "a LimitRange forbids the memory that CoreDNS may take", _limits(),
                 RestartPods(DNS_PODS), mentions=("describe limitrange",)),
    _no_dns_pods("priority-class", "CoreDNS is of a PriorityClass that does not exist",
                 _template(priorityClassName="netcheck-high"), Await(_refused("netcheck-high")),
                 mentions=("PriorityClass netcheck-high",)),
    Fault(
        name="scheduler-stopped", network="bridge", says="the scheduler does not run when the DNS pods are deleted",
        breaks=(StopProcess("sched"), RestartPods(DNS_PODS)), wait=_waiting("kube-system", DNS_PODS, 2),
        roots=(SCHEDULER,), mentions=("kube-scheduler",), consequences=("dns.endpoints.*",),
    ),
    row("no-scheduler", "SVC-05", "the scheduler does not run when pods of Service and DNS are made anew",
        SCHEDULER.cause, StopProcess("sched"), RestartPods(DNS_PODS), AGAIN, object="Scheduler default-scheduler",
        layer="api", network="bridge", mentions=("kube-scheduler",),
        wait=both(_waiting("kube-system", DNS_PODS, 2), _waiting(SPACE, "app=web", 2)),
        consequences=("dns.*", "service.*")),
    row("scheduler-name", "SVC-05", "the Service's pods name a scheduler that does not run",
        "service.pods.unschedulable", put(workload(pod={"schedulerName": "gpu-scheduler"})), object=WEB,
        wait=_waiting(SPACE, "app=web", 2), mentions=("gpu-scheduler",),
        consequences=("service.endpoints.none-ready",)),
    Fault(
        name="service-webhook-ignored", playbook="service", arguments=(f"{SPACE}/web",), stage=(SHOP,), answer="ok",
        says="a webhook for EndpointSlices does not answer, and need not",
        breaks=(_webhook(SLICES, SPACE, "Ignore"), put(workload(replicas=3))), wait=both(ready(3), ends(3)),
    ),
)
