"""Faults of the way itself, which no object shows: asked about by the playbook connectivity, with probe pods."""

from typing import Any

from tests.cluster.faults.agents import CUT, NO_NETWORK
from tests.cluster.faults.api import Create, Patch, Remake
from tests.cluster.faults.bridge import BRIDGE_FILE
from tests.cluster.faults.fault import Answer, Fault, Injection, Network, Proxy, Root
from tests.cluster.faults.neighbours import (
    ADDRESS,
    CLIENT,
    CLOSED,
    OPEN,
    SPACE,
    WEB,
    gets_through,
    open_shop,
    web_server,
)
from tests.cluster.faults.node import NODES, Await, EditFile, Firewall, Sysctl
from tests.cluster.faults.objects import CALICO, FLANNEL, WEAVE, Ref
from tests.cluster.faults.policy_reach import CALICO_DENY, DENY, DENY_ALL

FIRST, SECOND = NODES
PORT = "eth0"
NODE_PORT = 30077
THEMSELVES: tuple[tuple[str, str, Network], ...] = (
    ("", "", "bridge"), ("-calico", " on calico", "calico"), ("-flannel", " on flannel", "flannel"))
AGENTS: tuple[tuple[Network, str], ...] = (
    ("flannel", FLANNEL.ports), ("weave", WEAVE.ports), ("calico", CALICO.ports))


def _row(
    name: str, says: str, *breaks: Injection, network: Network = "bridge", proxy: Proxy = "iptables",
    root: Root | None = None, answer: Answer | None = None, **more: Any
) -> Fault:
    return Fault(
        name=f"conn-{name}", says=says, network=network, proxy=proxy, playbook="connectivity", probe=True,
        breaks=breaks, roots=(root,) if root else (), answer=answer or ("broken" if root else "ok"), **more)


def _at(cause: str, layer: str) -> Root:
    return Root(cause, layer, f"Node {SECOND}")


def _asked(name: str, says: str, *breaks: Injection, **more: Any) -> Fault:
    return _row(name, says, *breaks, stage=(open_shop(), Await(OPEN)), cleared=CLOSED,
                arguments=(f"from={CLIENT}", f"to={WEB}"), **more)


def _by_itself(name: str, says: str, *breaks: Injection, **more: Any) -> Fault:
    """The web server on the second node asks its own Service."""
    return _row(name, says, *breaks, stage=(open_shop(web=SECOND), Await(OPEN)), cleared=CLOSED,
                arguments=(f"from={WEB}", f"to={WEB}", "inside=yes"), **more)


def _at_port(name: str, says: str, *breaks: Injection, policy: str = "Cluster", **more: Any) -> Fault:
    """The shop's Service has a node port."""
    ports = [{"port": 80, "targetPort": "http", "nodePort": NODE_PORT}]
    offered = open_shop(web=FIRST, type="NodePort", ports=ports, externalTrafficPolicy=policy)
    return _row(name, says, *breaks, stage=(offered, Await(OPEN)), cleared=CLOSED, arguments=(f"to={WEB}",), **more)


def _healthy(network: Network, proxy: Proxy = "iptables") -> Fault:
    name = network if proxy == "iptables" else proxy
    return _row(f"healthy-{name}", f"all ways are open on {name}", network=network, proxy=proxy)


CONNECTIVITY = (
    *(_row(f"overlay-{network}", "the nodes' firewall drops what the network sends between nodes",
           Firewall((f"iifname != lo {ports} drop",), hooks=("input",)), network=network, root=CUT, reference="C23",
           consequences=NO_NETWORK, mentions=(ports.split()[-1][-4:],)) for network, ports in AGENTS),
    _row("large", "packets above 1400 bytes are lost on the link of a node", Firewall(
        (f"iifname {PORT} meta length > 1400 drop", f"oifname {PORT} meta length > 1400 drop"), nodes=(SECOND,)),
        root=_at("cni.path-large", "cni"), reference="C22", mentions=("MTU",)),
    _row("large-flannel", "packets of the overlay above 1400 bytes are lost between the nodes", Firewall(
        ("iifname != lo udp dport 8472 meta length > 1400 drop",), hooks=("input",)), network="flannel",
        root=_at("cni.path-large", "cni"), reference="C22", mentions=("MTU",)),
    _row("forward", "a node does not forward what its pods send out of it", Firewall(
        (f"iifname {PORT} drop", f"oifname {PORT} drop"), nodes=(SECOND,)), root=_at("node.path", "node"),
        reference="C29", mentions=("ip_forward",)),
    _row("bridge-filter", "bridged traffic of a node goes past the service proxy's rules",
         Sysctl(SECOND, "net.bridge.bridge-nf-call-iptables", "0"), root=_at("cni.bridge-filter", "cni"),
         reference="C28", mentions=("br_netfilter",)),
    _row("rules", "Service addresses are not translated on a node", Firewall(
        ("ip daddr 10.96.0.0/12 notrack",), hooks=("prerouting",), nodes=(SECOND,)), root=_at("proxy.path", "proxy"),
        mentions=("kube-proxy",)),
    _row("outside", "pods of a node reach nothing outside the cluster", Firewall(
        ("ip daddr 172.31.0.1 drop",), nodes=(SECOND,)), root=_at("node.egress", "node"), mentions=("masquerad",)),
    _asked("refused", "a Service leads to a port on which its pod does not listen",
           Patch(Ref("Service", "web", SPACE), {"spec": {"ports": [{"port": 80, "targetPort": 8081}]}}),
           root=Root("service.backends.refused", "service", f"Service {WEB}"), reference="S05", mentions=("8081",),
           consequences=("path.refused",)),
    _asked("policy", "a policy keeps the one pod from the other, and all ways are open", Create((DENY_ALL,)),
           network="calico", root=Root("policy.ingress", "policy", str(DENY)), reference="N02", mentions=("8080/TCP",),
           wait=gets_through(CLIENT, ADDRESS, through=False)),
    _row("other-kind", "a policy of Calico's own kind keeps the pod out, as it finds itself", Create((CALICO_DENY,)),
         network="calico", stage=(open_shop(), Await(OPEN)), cleared=CLOSED, reference="N08",
         arguments=(f"from={CLIENT}", f"to={WEB}", "inside=yes"), wait=gets_through(CLIENT, ADDRESS, through=False),
         answer="unknown", mentions=("GlobalNetworkPolicy deny-web may be why",)),
    _by_itself("hairpin", "a pod does not come back to itself by its own Service",
               EditFile(SECOND, BRIDGE_FILE, '"hairpinMode": true', '"hairpinMode": false'),
               Remake(Ref("Pod", "web", SPACE), web_server(SECOND), OPEN), network="bridge", reference="C27",
               root=_at("cni.hairpin", "cni"), wait=gets_through(WEB, ADDRESS, through=False),
               mentions=("hairpinMode",)),
    *(_by_itself(f"itself{suffix}", f"a pod reaches itself by its own Service{on}", network=network,
                 wait=gets_through(WEB, ADDRESS, through=True)) for suffix, on, network in THEMSELVES),
    _at_port("node-port", "the firewall of a node drops a Service's node port", Firewall(
        (f"iifname {PORT} tcp dport {NODE_PORT} drop",), hooks=("prerouting",), nodes=(SECOND,)),
        root=_at("node.node-port", "node"), reference="P20", mentions=(str(NODE_PORT),)),
    _at_port("node-port-nftables",
             "in mode nftables node ports are served at the nodes' own addresses, and answer there",
             network="bridge", proxy="nftables", reference="P13", mentions=("answers pods on n1 and n2",)),
    _at_port("node-port-local", "a node without a pod of the Service leads its node port nowhere, as it should",
             policy="Local", reference="S09", mentions=("need not answer",)),
    _asked("open-pair", "a pod reaches a Service", wait=gets_through(CLIENT, ADDRESS, through=True)),
    _healthy("flannel"), _healthy("flannel-hostgw"), _healthy("weave"), _healthy("calico"),
    _healthy("bridge", "nftables"),
)
