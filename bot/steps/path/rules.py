"""What the API server's tries say: nothing wrong, not tested, or which node is cut off or drops DNS's port. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.networks import Port, find_network
from bot.steps import Evidence
from bot.steps.wording import list_names, read_at

Row = dict[str, Any]
SILENT = frozenset({"timeout", "unreachable"})
KERNEL = re.compile(r"(\d+)\.(\d+)")
CHECKSUMS_MENDED = (5, 7)
NOT_TESTED = "Path not tested"
REST = "UDP, the Service's address and other nodes were not tested"
WORDS = {"ok": "ok", "timeout": "no answer", "refused": "connection refused", "unreachable": "no route"}


@dataclass(frozen=True, slots=True)
class Way:
    """To one pod: the tries, of which the first went to DNS's port."""

    pod: str
    node: str
    rows: tuple[Row, ...]

    @property
    def state(self) -> str:
        """answered, blocked (reached, but not on DNS's port), cut (not reached at all) or untold."""
        first, rest = self.rows[0]["outcome"], {row["outcome"] for row in self.rows[1:]}
        if first == "ok":
            return "answered"
        if rest and ((first in SILENT and rest <= SILENT) or {first, *rest} == {"refused"}):
            return "cut"  # where a pod that its kubelet finds ready refuses on every port, something before it does
        return "blocked" if rest & {"ok", "refused"} and first in SILENT | {"refused"} else "untold"

    def line(self, source: str) -> str:
        tries = ", ".join(f"{row['protocol']} {row['port']} {tell(row)}" for row in self.rows)
        return f"{source} → {self.pod} on {self.node}: {tries}"


def tell(row: Row) -> str:
    return WORDS.get(row["outcome"]) or str(row["said"])[:80]


def judge_ways(evidence: Evidence) -> list[Finding]:
    """The API server is one client, on a node or apart from them: only from a node does silence tell something."""
    ways = [Way(name, rows[0]["to_node"], tuple(rows))
            for name, told in groupby(evidence["rows"], key=lambda row: row["to"]) if (rows := list(told))]
    if not {way.state for way in ways} & {"cut", "blocked"}:
        return _untroubled(evidence, ways)
    homes, policies = evidence["api_nodes"], evidence["policies"]
    if not homes:
        where = "is not known to run on a node" if homes is None else "does not run on a node of the cluster"
        text = f"{NOT_TESTED}: the API server {where}, and it does not reach every DNS pod over the pod network."
        return [_tell(Verdict.SKIPPED, evidence, ways, text)]
    if policies is None or policies:
        who = list_names(policies or (), 2) or "a policy that may not be read"
        text = f"{NOT_TESTED}: the API server on {list_names(homes)} does not reach every DNS pod; {who} may be why."
        return [_tell(Verdict.UNKNOWN, evidence, ways, text)]
    return [*_cut_off(evidence, ways), *_dropped(evidence, ways)]


def _untroubled(evidence: Evidence, ways: list[Way]) -> list[Finding]:
    good = list_names(way.pod for way in ways if way.state == "answered")
    if good:
        rest = "" if evidence.get("probe_rows") or evidence.get("own_rows") else f"; {REST}"
        untold = list_names(way.pod for way in ways if way.state == "untold")
        rest += f"; of {untold} it could not be told" if untold else ""
        text = f"The API server gets answers by TCP over the pod network from {good}{rest}."
        return [_tell(Verdict.PASS, evidence, ways, text)]
    if not ways:
        return []  # a permission was missing, which is told
    text = f"{NOT_TESTED}: by pods/proxy the API server passes no question on to the DNS pods."
    return [_tell(Verdict.UNKNOWN, evidence, ways, text)]


def _tell(verdict: Verdict, evidence: Evidence, ways: list[Way], text: str) -> Finding:
    return note(verdict, Layer.CNI, text, object=evidence["workload"], evidence=_seen(evidence, ways))


def _seen(evidence: Evidence, ways: list[Way]) -> tuple[str, ...]:
    homes = evidence.get("api_nodes")
    source = f"API server on {list_names(homes)}" if homes else "API server"
    return (*(way.line(source) for way in ways[:4]), read_at(evidence))


def _cut_off(evidence: Evidence, ways: list[Way]) -> list[Finding]:
    homes, nodes = list_names(evidence["api_nodes"]), _nodes(ways, "cut")
    pods = list_names(way.pod for way in ways if way.state == "cut")
    got = list_names(dict.fromkeys(tell(row) for way in ways if way.state == "cut" for row in way.rows), word="or")
    text = (f"Pods on {list_names(nodes)} are not reached over the pod network from {homes}: the API server there gets "
            f"{got} on any port of {pods}, which the kubelet finds ready.")
    return [
        find("cni.path", text, object=f"Node {node}", node=node, advice=advise(evidence, node),
             evidence=_seen(evidence, ways))
        for node in _culprits(evidence["api_nodes"], nodes, _nodes(ways, "answered"))
    ]


def _culprits(homes: list[str], cut: list[str], answered: list[str]) -> list[str]:
    """Of several nodes that are not reached, while no other is, the one they are not reached from is the likelier."""
    alone = len(cut) > 1 and not set(answered) - set(homes)
    return homes if cut and len(homes) == 1 and alone else cut


def advise(evidence: Evidence, node: str) -> str:
    """How to open the way between this node and the others, by what the network plugin sends."""
    ports = next((found.ports for name in evidence["networks"] if (found := find_network(name)) and found.ports), ())
    what = list_names(map(str, ports), word="or") or "what the network plugin sends between nodes"
    return (f"Let {what} pass between {node} and the other nodes, both ways: see security groups, and `nft list "
            f"ruleset` and `iptables-save` on {node}. See too whether the network's interface there is up and has a "
            "route to the other nodes' pods (`ip -br link`, `ip route`); then the log of the network agent there."
            + _suspect_checksums(evidence, ports))


def _suspect_checksums(evidence: Evidence, ports: Sequence[Port]) -> str:
    """Older kernels can send VXLAN packets with wrong checksums (https://github.com/k3s-io/k3s/issues/2013)."""
    old = {name: kernel for name, kernel in evidence.get("kernels", {}).items()
           if (found := KERNEL.match(kernel)) and (int(found[1]), int(found[2])) < CHECKSUMS_MENDED}
    if not old or not any("VXLAN" in port.use for port in ports):
        return ""
    name, kernel = min(old.items())
    return (f" Where nothing is dropped, suspect the offload of checksums, which kernels before 5.7 spoil in VXLAN "
            f"({name} has {kernel}): `ethtool -K flannel.1 tx-checksum-ip-generic off` on each node, with the tunnel's "
            "name there (`ip -d link show type vxlan`).")


def _dropped(evidence: Evidence, ways: list[Way]) -> list[Finding]:
    """WARN: whether UDP passes, by which most questions are put, this way cannot tell."""
    found, homes = [], list_names(evidence["api_nodes"])
    for node in _nodes(ways, "blocked"):
        hit = [way for way in ways if way.state == "blocked" and way.node == node]
        first, other = hit[0].rows[:2]
        text = (f"TCP {first['port']} to {list_names(way.pod for way in hit)} on {node} is blocked: the API server on "
                f"{homes} gets {tell(first)}, and reaches port {other['port']} of the same pod. UDP was not tested.")
        found.append(find("node.dns-port", text, verdict=Verdict.WARN, object=f"Node {node}", node=node,
                          evidence=_seen(evidence, ways)))
    return found


def _nodes(ways: Iterable[Way], state: str) -> list[str]:
    return sorted({way.node for way in ways if way.state == state})
