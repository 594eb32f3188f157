"""Faults of a pod that asks: its own DNS configuration, and what its kubelet makes of it. netcheck is told the pod."""

from typing import Any

from tests.cluster.faults.api import Create, ForgetEvents, Remake
from tests.cluster.faults.conditions import Condition, event, is_true
from tests.cluster.faults.fault import Answer, Fault, Injection, Root
from tests.cluster.faults.node import NODES, Await, EditFile, EditKubelet, StartProcess
from tests.cluster.faults.objects import Ref

SECOND = NODES[1]
ASKER = Ref("Pod", "netcheck-asker", "default")
RUNNING = Condition(f"{ASKER} runs", lambda cluster: is_true(ASKER.read(cluster), "Ready"))


def asker(**spec: Any) -> dict[str, Any]:
    """A pod on the second node with this in its spec."""
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": ASKER.name, "namespace": ASKER.namespace},
            "spec": {"nodeName": SECOND, "terminationGracePeriodSeconds": 0, **spec, "containers": [
                {"name": "main", "image": "docker.io/library/busybox:1.35", "imagePullPolicy": "IfNotPresent",
                 "command": ["sleep", "3600"]}]}}


def remade(**spec: Any) -> Remake:
    return Remake(ASKER, asker(**spec), RUNNING)


def _row(name: str, reference: str, says: str, root: Root, *breaks: Injection, mentions: tuple[str, ...] = (),
         consequences: tuple[str, ...] = (), answer: Answer = "broken") -> Fault:
    return Fault(
        name=name, reference=reference, says=says, stage=(Create((asker(),)), Await(RUNNING)), breaks=breaks,
        roots=(root,), answer=answer, arguments=(f"pod={ASKER.namespace}/{ASKER.name}",), mentions=mentions,
        consequences=consequences,
    )


def _own_servers(*addresses: str) -> dict[str, Any]:
    searches = ["default.svc.cluster.local", "svc.cluster.local", "cluster.local"]
    return {"dnsPolicy": "None", "dnsConfig": {"nameservers": list(addresses), "searches": searches,
                                               "options": [{"name": "ndots", "value": "5"}]}}


def _dns_service(name: str, address: str) -> dict[str, Any]:
    ports = [{"name": p, "port": 53, "protocol": p.upper()} for p in ("udp", "tcp")]
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": ASKER.namespace},
            "spec": {"clusterIP": address, "selector": {"app": name}, "ports": ports}}


CLIENT_FAULTS = (
    _row("dns-address-on-a-node", "D07", "the kubelet of one node hands out another DNS address",
         Root("dns.client.resolv-conf", "client", str(ASKER)),
         EditKubelet(SECOND, {"clusterDNS": ["10.96.0.11"]}), StartProcess(f"kubelet-{SECOND}"), remade(),
         mentions=("10.96.0.11", "clusterDNS")),
    _row("kubelet-without-dns", "D36", "the kubelet of one node has no address of cluster DNS",
         Root("dns.client.missing-cluster-dns", "client", f"Node {SECOND}"),
         EditKubelet(SECOND, {"clusterDNS": []}), StartProcess(f"kubelet-{SECOND}"), remade(),
         Await(event("default", "MissingClusterDNS", "")), ForgetEvents("MissingClusterDNS"),
         consequences=("dns.client.resolv-conf", "dns.client.search")),
    _row("resolv-conf-long", "D37", "the resolv.conf of one node has more search domains than a pod may have",
         Root("dns.client.limits", "client", f"Node {SECOND}"),
         EditFile(SECOND, "resolv.conf", r"\Z", f"search {' '.join(f'd{n}.netcheck.example' for n in range(40))}\n"),
         remade(), Await(event("default", "DNSConfigForming", "Search Line limits")),
         ForgetEvents("DNSConfigForming"), ForgetEvents("CheckLimitsForResolvConf"), answer="degraded",
         mentions=("Search Line limits",)),
    _row("pod-dns-policy", "D34", "a pod asks its node's resolvers (dnsPolicy Default)",
         Root("dns.client.policy", "client", str(ASKER)), remade(dnsPolicy="Default"), mentions=("ClusterFirst",)),
    _row("pod-nameserver-second", "D34", "a pod asks another server first, and the cluster's DNS second",
         Root("dns.client.policy", "client", str(ASKER)), remade(**_own_servers("172.31.0.1", "10.96.0.10")),
         mentions=("172.31.0.1", "in this order")),
    _row("pod-ndots", "D34", "a pod does not search for names with a dot (ndots:1)",
         Root("dns.client.ndots", "client", str(ASKER)),
         remade(dnsConfig={"options": [{"name": "ndots", "value": "1"}]}), mentions=("ndots:1",), answer="degraded"),
    _row("pod-host-network", "D35", "a pod in its node's network has dnsPolicy ClusterFirst",
         Root("dns.client.host-network", "client", str(ASKER)), remade(hostNetwork=True),
         mentions=("ClusterFirstWithHostNet",)),
)

CLIENT_LOOKALIKES = (
    Fault(
        name="pod-other-dns", says="a pod asks another DNS server of the cluster's, by its Service", answer="ok",
        stage=(Create((_dns_service("dns-two", "10.96.0.53"), asker())), Await(RUNNING)),
        breaks=(remade(**_own_servers("10.96.0.53")),), arguments=(f"pod={ASKER.namespace}/{ASKER.name}",),
        mentions=("Service default/dns-two",),
    ),
)
