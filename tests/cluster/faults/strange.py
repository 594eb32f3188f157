"""Faults that somebody else than the authors of the looks thought of: each was answered wrongly once."""

import re
from typing import Any

from tests.cluster.faults.api import Create, Patch, scale
from tests.cluster.faults.conditions import (
    CRASHED,
    Condition,
    both,
    daemon_pods,
    dns_pods,
    ended_by,
    endpoints,
    live_pods,
    waiting_for,
)
from tests.cluster.faults.corefile import RESTART, edit
from tests.cluster.faults.fault import Fault, Injection, Root
from tests.cluster.faults.node import NODES, OnNode
from tests.cluster.faults.objects import COREFILE, DNS_DEPLOYMENT, DNS_SERVICE, PROXY
from tests.cluster.faults.pods import AFTERWARDS, container
from tests.cluster.faults.services import ASKED, SHOP
from tests.cluster.faults.shop import SPACE, ends, ready
from tests.cluster.rig import Cluster
from tests.cluster.rig.images import SHELL
from tests.cluster.rig.site import UPSTREAM, address_of

FIRST_NODE, SECOND = NODES
RANGE = "10.244.1.0/24"
PROXY_ON_SECOND = f"pgrep -f '^/usr/local/bin/kube-proxy.*override={SECOND}'"
SERVING = both(dns_pods(2), endpoints(2))
FIRST = r"^    errors\n"
NOBODY = "10.244.9.9"


def _corefile(name: str, says: str, change: Injection, cause: str, *mentions: str) -> Fault:
    return Fault(
        name=f"corefile-{name}", says=says, breaks=(change, RESTART), wait=SERVING, mentions=mentions,
        roots=(Root(cause, "dns-workload", str(COREFILE)),),
        consequences=("dns.query.*", "dns.upstream.unreachable", "node.dns-port"),
    )


def _by_hand(namespace: str, service: str, port: int, *names: str) -> Create:
    ports = [{"name": name, "port": port, "protocol": "UDP" if name == "dns" else "TCP"} for name in names]
    return Create(({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", "ports": ports,
        "metadata": {"name": "by-hand", "namespace": namespace, "labels": {"kubernetes.io/service-name": service}},
        "endpoints": [{"addresses": [NOBODY], "conditions": {"ready": True}}]},))


def _beside(**fields: Any) -> Patch:
    """A further container in the DNS pods, and none of the old pods left."""
    more = {"name": "exporter", "image": SHELL, "imagePullPolicy": "Never", **fields}
    return Patch(DNS_DEPLOYMENT, [{"op": "replace", "path": "/spec/strategy", "value": {"type": "Recreate"}},
                                  {"op": "add", "path": "/spec/template/spec/containers/-", "value": more}])


def _pods(name: str, says: str, how: tuple[Injection, ...], wait: Condition, cause: str, *mentions: str) -> Fault:
    return Fault(name=name, says=says, breaks=how, wait=wait, mentions=mentions,
                 roots=(Root(cause, "dns-workload", str(DNS_DEPLOYMENT)),),
                 consequences=(*AFTERWARDS, "dns.pods.crashing"))


def _found_dead(cluster: Cluster) -> bool:
    pages = [cluster.kubectl("get", "--raw", f"/api/v1/namespaces/kube-system/pods/{pod['metadata']['name']}:9153/proxy"
                             "/metrics", check=False) for pod in live_pods(cluster)]
    twice = re.compile(r'healthcheck_failures_total\{[^}]*"192\.0\.2\.53:53"[^}]*\} (?!1$)', re.MULTILINE)
    return all(twice.search(page) for page in pages)


STRANGE_FAULTS = (
    _corefile("hosts", "the Corefile has `hosts` without `fallthrough`",
              edit(FIRST, "    errors\n    hosts {\n        192.0.2.80 printer.example\n    }\n"),
              "dns.corefile.shadowed", "`fallthrough`"),
    _corefile("template", "a template of the Corefile denies all names of the cluster",
              edit(FIRST, "    errors\n    template ANY ANY cluster.local {\n        rcode NXDOMAIN\n    }\n"),
              "dns.corefile.shadowed", "template ANY ANY cluster.local"),
    _corefile("bind", "CoreDNS is bound to localhost", edit(FIRST, "    errors\n    bind 127.0.0.1\n"),
              "dns.corefile.bind", "bind 127.0.0.1"),
    _corefile("port", "the Corefile's server block has another port than the Service leads to",
              edit(r"\A\.:53", ".:5353"), "dns.corefile.port", "5353"),
    _pods("corefile-twice", "the Corefile has two server blocks for the same zone and port",
          (edit(r"\Z", ".:53 {\n    forward . /etc/resolv.conf\n}\n"), RESTART), CRASHED, "dns.pods.said",
          "already defined"),
    _pods("dns-argument", "CoreDNS is given an argument that it does not know",
          (container(args=["-conf", "/etc/coredns/Corefile", "-nosuch"]),), CRASHED, "dns.pods.said", "-nosuch"),
    _pods("dns-not-root", "CoreDNS must not run as root, and its image does",
          (container(securityContext={"runAsNonRoot": True}),),
          both(waiting_for("CreateContainerConfigError"), endpoints(0)), "dns.pods.container", "runAsNonRoot"),
    _pods("dns-sidecar", "a program beside CoreDNS crashes, so that its pods are not ready",
          (_beside(command=["sh", "-c", "exit 3"]),), both(ended_by("Error"), endpoints(0)), "dns.pods.crashing",
          "exporter"),
    Fault(
        name="upstream-one-dead", answer="degraded", says="the first of two resolvers does not answer",
        breaks=(edit(r"forward \. /etc/resolv\.conf \{",
                     f"forward . 192.0.2.53 {UPSTREAM} {{\n       policy sequential"), RESTART),
        wait=both(SERVING, Condition("CoreDNS holds 192.0.2.53 to be down", _found_dead)),
        roots=(Root("dns.upstream.partly", "upstream", str(COREFILE)),), mentions=("192.0.2.53:53",),
        consequences=("dns.upstream.unreachable",),
    ),
    Fault(
        name="upstream-taken", network="bridge", says="a Service has the resolver's address as an external address",
        breaks=(Create(({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "thief", "namespace": "default"},
                         "spec": {"selector": {"app": "nobody"}, "externalIPs": [UPSTREAM], "ports": [
                             {"name": p, "port": 53, "protocol": p.upper()} for p in ("udp", "tcp")]}},)),),
        wait=Condition("kube-proxy leads the resolver's address away", lambda c: all(
            f"{UPSTREAM}/32" in c.on_node(node, "iptables-save") for node in NODES)),
        roots=(Root("dns.upstream.taken", "upstream", "Service default/thief"),), mentions=(UPSTREAM,),
        consequences=("dns.upstream.*",),
    ),
    Fault(
        name="dns-near-only", reference="SVC-15", answer="degraded",
        says="kube-dns leads to pods of the client's node only, and one node has none",
        breaks=(Patch(DNS_SERVICE, {"spec": {"internalTrafficPolicy": "Local"}}), scale(DNS_DEPLOYMENT, 1)),
        wait=both(dns_pods(1), endpoints(1)),
        roots=(Root("service.internal-local", "service", str(DNS_SERVICE)),), mentions=("internalTrafficPolicy",),
    ),
    Fault(
        name="dns-slice-by-hand", answer="degraded", says="somebody added an address to kube-dns that no pod has",
        breaks=(_by_hand("kube-system", DNS_SERVICE.name, 53, "dns", "dns-tcp"),), wait=both(dns_pods(2), endpoints(3)),
        roots=(Root("dns.endpoints.beside", "dns-service", "EndpointSlice kube-system/by-hand"),), mentions=(NOBODY,),
    ),
    Fault(
        name="service-slice-by-hand", answer="degraded", playbook="service", arguments=ASKED, stage=(SHOP,),
        says="somebody added an address to the Service that no pod has",
        breaks=(_by_hand(SPACE, "web", 8080, "http"),), wait=both(ready(2), ends(3)),
        roots=(Root("service.endpoints.beside", "service", f"EndpointSlice {SPACE}/by-hand"),), mentions=(NOBODY,),
    ),
    Fault(
        name="dns-route-swallows", network="bridge", says="a node's route swallows what goes to another's pods",
        breaks=(OnNode(FIRST_NODE, ("ip", "route", "replace", "blackhole", RANGE), (
            "sh", "-c", f"ip route del blackhole {RANGE}; ip route add {RANGE} via {address_of(SECOND)}")),),
        roots=(Root("cni.path", "cni", f"Node {SECOND}"),), mentions=("no route",),
    ),
    Fault(
        name="dns-bridge-down", network="bridge", answer="degraded", says="the bridge of a node is down",
        breaks=(OnNode(SECOND, ("ip", "link", "set", "cni0", "down"), ("ip", "link", "set", "cni0", "up")),),
        wait=endpoints(1),
        roots=(Root("cni.own-pods", "cni", f"Node {SECOND}"),), mentions=("cni0",),
        consequences=("dns.pods.not-ready", "dns.upstream.unreachable"),
    ),
    Fault(
        name="proxy-host-network", network="bridge", playbook="kube-proxy",
        says="kube-proxy does not run in its nodes' network",
        breaks=(Patch(PROXY, {"spec": {"template": {"spec": {"hostNetwork": False}}}}),), wait=daemon_pods(PROXY, 2),
        roots=(Root("proxy.host-network", "proxy", str(PROXY)),), mentions=("hostNetwork",), consequences=("proxy.*",),
    ),
    Fault(
        name="proxy-hangs", network="bridge", playbook="kube-proxy", answer="degraded",
        says="kube-proxy of a node is stopped where it stands",
        breaks=(OnNode(SECOND, ("sh", "-c", f"kill -STOP $({PROXY_ON_SECOND})"),
                       ("sh", "-c", f"kill -CONT $({PROXY_ON_SECOND})")),),
        roots=(Root("proxy.hangs", "proxy", str(PROXY)),), mentions=("hangs",), consequences=("proxy.*",),
    ),
    Fault(
        name="dns-port-declared-wrong", answer="ok",
        says="CoreDNS serves another port than its containers declare, and kube-dns leads there",
        breaks=(edit(r"\A\.:53", ".:5353"), Patch(DNS_SERVICE, {"spec": {"ports": [
            {"name": name, "port": 53, "protocol": protocol, "targetPort": 5353}
            for name, protocol in (("dns", "UDP"), ("dns-tcp", "TCP"))]}}), RESTART), wait=SERVING,
    ),
    Fault(
        name="np-forbids-nothing", network="bridge", answer="ok", playbook="network-policy",
        says="policies allow everything, and nothing enforces them",
        breaks=tuple(Create(({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {
            "name": "allow-all", "namespace": space}, "spec": {
                "podSelector": {}, "ingress": [{}], "egress": [{}], "policyTypes": ["Ingress", "Egress"]}},))
            for space in ("default", "kube-system")),
    ),
)
