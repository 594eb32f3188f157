"""What the kernel of a node lets pass: forwarding, bridged traffic, and how large packets may be. Pure.

Overheads: VXLAN 50 bytes, as https://docs.tigera.io/calico/latest/networking/configuring/mtu has them.
"""

import re
from dataclasses import replace
from typing import Any

from bot.diagnosis.causes import find
from bot.model.finding import Finding, Verdict
from bot.networks import hang_on_bridge
from bot.steps import Evidence
from bot.steps.wording import list_names, read_at

View = dict[str, Any]
TUNNELS = {"flannel.1": 50, "vxlan.calico": 50, "cilium_vxlan": 50, "tunl0": 20, "wireguard.cali": 60,
           "flannel-wg": 80}
"""Interfaces of overlays, and what each adds to a packet."""
PODS = re.compile(r"(veth|cali|lxc|cni0|weave$)")
LARGEST_REAL = 65_000
"""Interfaces beyond that are not set: loopback, and veths of some plugins."""


def judge_settings(evidence: Evidence, node: str, view: View) -> list[Finding]:
    return [*_forwarding(evidence, node, view), *_bridged(evidence, node, view), *_tunnel(evidence, node, view)]


def _forwarding(evidence: Evidence, node: str, view: View) -> list[Finding]:
    if view["settings"]["forward"] != "0":
        return []
    text = f"Node {node} forwards nothing: net.ipv4.ip_forward is 0, so no pod there reaches anything outside its node."
    return [find("node.forwarding", text, verdict=Verdict.WARN, object=f"Node {node}", node=node,
                 evidence=(f"Node {node}: net.ipv4.ip_forward is 0, expected 1", read_at(evidence)))]


def _bridged(evidence: Evidence, node: str, view: View) -> list[Finding]:
    """Where pods hang on a bridge and kube-proxy's rules count: without the setting they are passed by."""
    value, networks = view["settings"]["bridged"], evidence["networks"]
    plain = networks == [] and any(p["type"] == "bridge" for file in view["files"][:1] for p in file["plugins"])
    if value == "1" or not evidence["proxied"] or networks is None or not (plain or hang_on_bridge(networks)):
        return []
    seen = f"is {value}" if value else "is not there (the module br_netfilter is not loaded)"
    text = (f"On node {node} net.bridge.bridge-nf-call-iptables {seen}: what pods of the same node send each other "
            "through a Service comes back from an address that nobody asked.")
    return [find("cni.bridge-filter", text, verdict=Verdict.WARN, object=f"Node {node}", node=node,
                 evidence=(f"Node {node}: net.bridge.bridge-nf-call-iptables {seen}, expected 1", read_at(evidence)))]


def _tunnel(evidence: Evidence, node: str, view: View) -> list[Finding]:
    """Packets that are too large for what carries them are lost without a word: small ones pass, large ones hang."""
    links = view["links"]
    uplink = links.get(view["uplink"], 0)
    wide: list[tuple[str, str]] = []
    inner = uplink
    for name, overhead in TUNNELS.items():
        if name in links and uplink and links[name] > uplink - overhead:
            why = f"{view['uplink']} has {uplink}, the tunnel adds {overhead}"
            wide.append((name, f"at most {uplink - overhead} ({why})"))
        if name in links and name != "tunl0":
            inner = min(inner, links[name]) if inner else links[name]
    if not wide and inner:
        wide += [(name, f"at most {inner}") for name, size in links.items()
                 if PODS.match(name) and inner < size < LARGEST_REAL][:2]
    return [_mtu(evidence, node, links, wide)] if wide else []


def _mtu(evidence: Evidence, node: str, links: dict[str, int], wide: list[tuple[str, str]]) -> Finding:
    name, most = wide[0]
    text = (f"On node {node} the interface {name} takes packets of {links[name]} bytes, expected {most}: small packets "
            "pass, large ones are lost on the way to other nodes.")
    return find("cni.mtu", text, verdict=Verdict.WARN, object=f"Node {node}", node=node,
                evidence=(*(f"Node {node}: MTU of {one} is {links[one]}, expected {limit}" for one, limit in wide[:3]),
                          read_at(evidence)))


def join_mtus(found: list[Finding], nodes: int) -> list[Finding]:
    """What all `nodes` that were seen have alike was set once for all: one fault, in the network's own settings."""
    wide = [finding for finding in found if finding.cause == "cni.mtu"]
    if nodes < 2 or len({finding.node for finding in wide}) < nodes:
        return found
    lines = [line for finding in wide for line in finding.evidence[:1]]
    text = ("On all nodes that were seen pods send larger packets than the way between nodes takes: small ones pass, "
            f"large ones are lost ({lines[0]}).")
    one = replace(wide[0], summary=text, object="Nodes", node="", evidence=(*lines[:4], wide[0].evidence[-1]))
    return [one, *(finding for finding in found if finding not in wide)]


def judge_mtus(evidence: Evidence, views: dict[str, View]) -> list[Finding]:
    """The same tunnel must be as wide on all nodes; the narrower end drops what the wider one sends."""
    found = []
    for name in TUNNELS:
        sizes = {node: view["links"][name] for node, view in views.items() if name in view["links"]}
        if len(set(sizes.values())) < 2:
            continue
        low = min(sizes, key=lambda node: (sizes[node], node))
        others = list_names(f"{size} on {node}" for node, size in sorted(sizes.items()) if node != low)
        text = f"The MTU of {name} is not the same on all nodes: {sizes[low]} on {low}, {others}."
        found.append(find("cni.mtu", text, verdict=Verdict.WARN, object=f"Node {low}", node=low,
                          evidence=(*(f"Node {node}: MTU of {name} is {size}" for node, size in sorted(sizes.items())),
                                    read_at(evidence))))
    return found
