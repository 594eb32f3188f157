"""Faults that no object shows: a firewall of the nodes on port 53."""

from tests.cluster.faults.fault import Fault, Root
from tests.cluster.faults.node import Firewall
from tests.cluster.faults.objects import DNS_SERVICE

PATH = "DNS-10: queries by the way that pods take"


def _row(name: str, reference: str, says: str, *rules: str) -> Fault:
    return Fault(
        name=name, reference=reference, says=says, network="bridge", awaits=PATH,
        breaks=(Firewall(rules, hooks=("forward", "output")),),
        roots=(Root("dns.path*", "dns-service", str(DNS_SERVICE)),), mentions=("53",),
    )


FIREWALL = (
    _row("firewall-53", "D41", "the nodes' firewall drops DNS", "udp dport 53 drop", "tcp dport 53 drop"),
    _row("firewall-53-udp", "D41", "the nodes' firewall drops DNS over UDP, TCP passes", "udp dport 53 drop"),
)
