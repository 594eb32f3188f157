"""Healthy clusters that look ill, by their objects: nothing may be called broken there."""

from typing import Any

from tests.cluster.faults.api import Create, Patch, Rename, scale
from tests.cluster.faults.conditions import DNS_SERVES, Condition, both, dns_pods, endpoints
from tests.cluster.faults.corefile import RESTART, edit
from tests.cluster.faults.fault import Fault, Injection, Network
from tests.cluster.faults.objects import COREFILE, DNS_BINDING, DNS_DEPLOYMENT, DNS_ROLE, DNS_SERVICE
from tests.cluster.faults.pods import at_once, container
from tests.cluster.rig import Cluster

OTHER = "dns-release-coredns"
BOTH = (("dns", "UDP"), ("dns-tcp", "TCP"))
LABELS = {"k8s-app": "kube-dns", "app.kubernetes.io/name": "coredns"}
CUSTOM = """\
import custom/*.override
.:53 {
    errors
    health {
        lameduck 5s
    }
    ready
    autopath @kubernetes
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods verified
        fallthrough in-addr.arpa ip6.arpa
    }
    hosts {
        192.0.2.80 printer.example
        fallthrough
    }
    prometheus :9153
    forward . /etc/resolv.conf
}
corp.example:53 {
    errors
    forward . /etc/resolv.conf
}
import custom/*.server
"""


def ok(
    name: str, reference: str, says: str, *breaks: Injection, wait: Condition = DNS_SERVES, network: Network = "any"
) -> Fault:
    return Fault(name=name, reference=reference, says=says, breaks=breaks, wait=wait, network=network, answer="ok")


def _object(kind: str, name: str, namespace: str, version: str = "v1", **fields: Any) -> dict[str, Any]:
    labels = fields.pop("labels", {})
    return {"apiVersion": version, "kind": kind, **fields,
            "metadata": {"name": name, "labels": labels, **({"namespace": namespace} if namespace else {})}}


def _service(name: str, namespace: str, **spec: Any) -> dict[str, Any]:
    ports = [{"name": "dns", "port": 53, "protocol": "UDP"}]
    return _object("Service", name, namespace, labels=LABELS, spec={"ports": ports, **spec})


SECOND_DNS = Create((
    _object("Namespace", "netcheck-extra", ""), _service("extra", "netcheck-extra", selector={"app": "nobody"}),
    _object("Deployment", "web", "netcheck-extra", "apps/v1", spec={
        "replicas": 1, "selector": {"matchLabels": LABELS}, "template": {"metadata": {"labels": LABELS}, "spec": {
            "containers": [{"name": "coredns", "image": "rig.invalid/coredns:v0"}]}}}),
))


def _lead_to(port: int) -> Patch:
    return Patch(DNS_SERVICE, {"spec": {"ports": [
        {"name": name, "port": 53, "protocol": protocol, "targetPort": port} for name, protocol in BOTH]}})


def _ports(number: int) -> list[dict[str, Any]]:
    return [{"name": name, "containerPort": number, "protocol": protocol} for name, protocol in BOTH]


def _is_rolling_out(cluster: Cluster) -> bool:
    status = DNS_DEPLOYMENT.read(cluster)["status"]
    return bool(status.get("updatedReplicas") and status.get("availableReplicas", 0) < status.get("replicas", 0))


LOOKALIKES = (
    ok("healthy", "", "nothing is wrong", wait=DNS_SERVES),
    ok("one-replica", "H07", "CoreDNS has one replica", scale(DNS_DEPLOYMENT, 1),
       wait=both(dns_pods(1), endpoints(1))),
    ok("node-port", "H13", "a Service has a NodePort, on which no program listens", Create((
        _object("Service", "netcheck-port", "default", spec={
            "type": "NodePort", "selector": {"app": "nobody"}, "ports": [{"port": 80}]}),))),
    ok("role-renamed", "H31", "role and binding of CoreDNS have other names", Rename(DNS_ROLE, OTHER),
       Rename(DNS_BINDING, OTHER, {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                                               "name": OTHER}})),
    ok("deployment-renamed", "", "the Deployment of CoreDNS has another name", Rename(DNS_DEPLOYMENT, OTHER)),
    ok("service-unlabelled", "", "kube-dns has no labels",
       Patch(DNS_SERVICE, [{"op": "remove", "path": "/metadata/labels"}])),
    ok("second-coredns", "", "another CoreDNS, for something else, does not work", SECOND_DNS),
    ok("headless-services", "H09", "headless Services with the labels of cluster DNS stand beside it", Create((
        _service("headless", "kube-system", clusterIP="None", selector={"k8s-app": "kube-dns"}),
        _service("headless", "default", clusterIP="None", publishNotReadyAddresses=True, selector={"app": "nobody"}),
    ))),
    ok("corefile-unusual", "H34", "a Corefile without loop, reload and cache, with autopath, imports and more blocks",
       Patch(COREFILE, {"data": {"Corefile": CUSTOM}}), RESTART),
    ok("dns-port-declared-wrong", "",
       "CoreDNS serves another port than its containers declare, and kube-dns leads there",
       edit(r"\A\.:53", ".:5353"), _lead_to(5353), RESTART),
    ok("dns-port-by-flag", "", "CoreDNS is told its port by a flag, and its Corefile names none", edit(r"\A\.:53", "."),
       container(args=["-conf", "/etc/coredns/Corefile", "-dns.port", "1053"], ports=_ports(1053)), _lead_to(1053),
       RESTART),
    ok("dns-host-network", "", "CoreDNS is in its nodes' network, where dnsPolicy ClusterFirst is Default",
       at_once({"hostNetwork": True, "dnsPolicy": "ClusterFirst"}), RESTART),
    ok("rollout", "", "a rollout of CoreDNS is under way",
       Patch(DNS_DEPLOYMENT, {"spec": {"minReadySeconds": 60, "template": {"metadata": {
           "annotations": {"netcheck/rollout": "under way"}}}}}),
       wait=Condition("a rollout is under way", _is_rolling_out)),
)
