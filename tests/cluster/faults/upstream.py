"""Faults beyond the cluster: the resolvers that CoreDNS asks."""

from tests.cluster.faults.conditions import both, dns_pods, endpoints
from tests.cluster.faults.corefile import FORWARD, RESTART, edit
from tests.cluster.faults.fault import Fault, Root
from tests.cluster.faults.node import StopProcess
from tests.cluster.faults.objects import DNS_DEPLOYMENT

UPSTREAM_DEAD = StopProcess("upstream")
DEAD = Root("dns.upstream.unreachable", "upstream", str(DNS_DEPLOYMENT))

UPSTREAM = (
    Fault(
        name="upstream-address", reference="D13", says="the Corefile forwards to an address that does not answer",
        breaks=(edit(FORWARD, "forward . 192.0.2.53"), RESTART), wait=both(dns_pods(2), endpoints(2)),
        roots=(Root("dns.upstream.unreachable", "upstream", "Resolver 192.0.2.53"),), mentions=("192.0.2.53",),
    ),
    Fault(
        name="upstream-stopped", reference="D13", says="the nodes' resolver does not run", breaks=(UPSTREAM_DEAD,),
        roots=(DEAD,), mentions=("53", "172.31.0.1"),
    ),
)
