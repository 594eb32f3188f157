"""Faults beyond the cluster: the resolvers that CoreDNS asks."""

import re

from tests.cluster.faults.api import Create
from tests.cluster.faults.conditions import DNS_SERVES, Condition, both, grown, live_pods
from tests.cluster.faults.corefile import FORWARD, RESTART, edit
from tests.cluster.faults.fault import Fault, Root
from tests.cluster.faults.node import NODES, StopProcess
from tests.cluster.faults.objects import COREFILE, DNS_DEPLOYMENT, Ref
from tests.cluster.rig import Cluster
from tests.cluster.rig.site import UPSTREAM

UPSTREAM_DEAD = StopProcess("upstream")
DEAD = Root("dns.upstream.unreachable", "upstream", str(DNS_DEPLOYMENT))


def _found_dead(cluster: Cluster) -> bool:
    pages = [cluster.kubectl("get", "--raw", f"/api/v1/namespaces/kube-system/pods/{pod['metadata']['name']}:9153/proxy"
                             "/metrics", check=False) for pod in live_pods(cluster)]
    twice = re.compile(r'healthcheck_failures_total\{[^}]*"192\.0\.2\.53:53"[^}]*\} (?!1$)', re.MULTILINE)
    return all(twice.search(page) for page in pages)


UPSTREAM_FAULTS = (
    Fault(
        name="upstream-address", reference="D13", says="the Corefile forwards to an address that does not answer",
        breaks=(edit(FORWARD, "forward . 192.0.2.53"), RESTART), wait=DNS_SERVES,
        roots=(Root("dns.upstream.unreachable", "upstream", "Resolver 192.0.2.53"),), mentions=("192.0.2.53",),
    ),
    Fault(
        name="upstream-stopped", reference="D13", says="the nodes' resolver does not run", breaks=(UPSTREAM_DEAD,),
        roots=(DEAD,), mentions=("53", "172.31.0.1"),
    ),
    Fault(
        name="upstream-one-dead", answer="degraded", says="the first of two resolvers does not answer",
        breaks=(edit(FORWARD + r" \{", f"forward . 192.0.2.53 {UPSTREAM} {{\n       policy sequential"), RESTART),
        wait=both(DNS_SERVES, Condition("CoreDNS holds 192.0.2.53 to be down", _found_dead)),
        roots=(Root("dns.upstream.partly", "upstream", str(COREFILE)),), mentions=("192.0.2.53:53",),
        consequences=("dns.upstream.unreachable",),
    ),
    Fault(
        name="upstream-taken", network="bridge", says="a Service has the resolver's address as an external address",
        breaks=(Create(({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "thief", "namespace": "default"},
                         "spec": {"selector": {"app": "nobody"}, "externalIPs": [UPSTREAM], "ports": [
                             {"name": p, "port": 53, "protocol": p.upper()} for p in ("udp", "tcp")]}},)),),
        # CoreDNS keeps a connection for ten seconds, and rules of a Service are for new ones.
        wait=both(grown(Ref("Service", "thief", "default"), 15),
                  Condition("kube-proxy leads the resolver's address away", lambda c: all(
                      f"{UPSTREAM}/32" in c.on_node(node, "iptables-save") for node in NODES))),
        roots=(Root("dns.upstream.taken", "upstream", "Service default/thief"),), mentions=(UPSTREAM,),
        consequences=("dns.upstream.*",),
    ),
)
