"""The wire between the nodes: a bridge in a namespace that plays the world outside, and a cable to each node's."""

from collections.abc import Sequence
from pathlib import Path

from tests.cluster.rig.box import Box
from tests.cluster.rig.commands import run
from tests.cluster.rig.processes import Process
from tests.cluster.rig.site import LAN, UPSTREAM, Site, address_of, program

BRIDGED = Path("/proc/sys/net/bridge")
# What a company's resolver would know: two names, and that all others do not exist.
COREFILE = f""". {{
    bind {UPSTREAM}
    template IN A example.com kubernetes.io {{
        answer "{{{{ .Name }}}} 300 IN A 203.0.113.10"
    }}
    template ANY ANY . {{
        rcode NXDOMAIN
    }}
}}
"""


def lay_wire(box: Box, nodes: Sequence[str]) -> None:
    if not BRIDGED.exists():
        run("modprobe", "br_netfilter")
    _ip(box, [f"netns add {name}" for name in (LAN, *nodes)])
    _ip(box, ["link set lo up", "link add br0 type bridge", "link set br0 up", f"addr add {UPSTREAM}/24 dev br0"], LAN)
    for node in nodes:
        _ip(box, [f"link add {node} type veth peer name eth0 netns {node}", f"link set {node} master br0 up"], LAN)
        _ip(box, ["link set lo up", f"addr add {address_of(node)}/24 dev eth0", "link set eth0 up",
                  f"route add default via {UPSTREAM}"], node)  # fmt: skip
        run(*box.enter(node), "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.bridge.bridge-nf-call-iptables=1")


def describe_upstream(site: Site) -> Process:
    """The DNS server outside the cluster, which the nodes' resolv.conf names."""
    corefile = site.run / "upstream.Corefile"
    corefile.write_text(COREFILE)
    return Process("upstream", LAN, [str(program("coredns")), "-conf", str(corefile)])


def _ip(box: Box, lines: Sequence[str], namespace: str | None = None) -> None:
    run(*box.enter(namespace), "ip", "-batch", "-", stdin="\n".join(lines) + "\n")
