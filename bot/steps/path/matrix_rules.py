"""The decision table: which ways are open and which not, and what that tells. Pure.

Nothing leaves a node, not even to other nodes: the node does not forward. Nodes are reached and pods on them not: what
the network plugin sends between nodes is dropped. Small packets arrive and large ones not: the path takes less than the
pods believe. Pods are reached and Services not: the service proxy. Only what is outside is not reached: the node's way
out.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Args, Evidence, Judgement
from bot.steps.findings import tell_skipped
from bot.steps.path.api import CLOSED
from bot.steps.path.probe_rules import culprits, judge_services
from bot.steps.path.rules import NOT_TESTED, advise, tell
from bot.steps.path.service_rules import (
    is_own_service,
    judge_itself,
    judge_node_ports,
    tell_node_ports,
)
from bot.steps.path.tries import Pair, Row, by_pair, draw, held, is_silent, list_tries, seen
from bot.steps.wording import count, list_names, read_at


def judge_matrix(evidence: Evidence, args: Args) -> Judgement:
    skipped = tell_skipped(evidence, Layer.CNI)
    tries, doubted = list_tries(evidence)
    failed = [note(Verdict.UNKNOWN, Layer.CNI, f"{NOT_TESTED} from {node}: the probe pod there told nothing: {why}",
                   object=f"Node {node}", node=node, evidence=(read_at(evidence),))
              for node, why in sorted(evidence["probe_failures"].items())]
    if not tries and not doubted:
        text = f"{NOT_TESTED}: there is no pod whose page is known, and no probe pods were started."
        nothing = note(Verdict.UNKNOWN, Layer.CNI, text, evidence=(read_at(evidence),))
        return Judgement((*failed, *skipped) or (nothing,))
    shown = [*tries, *doubted]
    tries = [row for row in tries if row["due"]]
    faults = _judge(evidence, tries)
    doubts = _doubts(evidence, doubted)
    if not faults and not doubts:
        faults = [_untroubled(evidence, tries)]
    return Judgement((_drawn(evidence, shown), *faults, *tell_node_ports(evidence, shown), *doubts, *failed, *skipped))


def _drawn(evidence: Evidence, tries: list[Row]) -> Finding:
    who = list_names(dict.fromkeys(row["who"] for row in tries))
    place = evidence.get("probe_namespace", "")
    started = f"; probe pods were started in namespace {place}, as the settings allow, and deleted again" * bool(
        evidence["probed"])
    text = f"{count(len(tries), 'try', 'tries')} by {who}{started}:"
    told = note(Verdict.INFO, Layer.CNI, text, evidence=(read_at(evidence),))
    return replace(told, grid=draw(tries))


def _judge(evidence: Evidence, tries: list[Row]) -> list[Finding]:
    pairs = by_pair(tries, "pod")
    cut = {pair for pair, rows in pairs.items() if is_silent(rows)}
    stuck = _stuck(tries, cut)
    rest = {pair for pair in cut if not stuck & set(pair)}
    lost = {node for pair in cut for node in pair}
    small = _small_only(tries, pairs)
    sound = [row for row in tries if row["probe"] and row["at"] not in {source for source, _ in cut}]
    return [
        *(_held_back(evidence, node, tries) for node in sorted(stuck)),
        *_cut_off(evidence, rest, tries), *_singled_out(evidence, tries), *_too_large(evidence, small, tries),
        *judge_services(evidence, sound, set(evidence["homes"]) & {row["at"] for row in sound}),
        *_shut_in(evidence, tries, lost), *_within(evidence, tries), *judge_itself(evidence, tries),
        *judge_node_ports(evidence, tries, lost), *_refused(evidence, tries),
        *_apart(evidence, tries),
    ]


def _stuck(tries: list[Row], cut: set[Pair]) -> set[str]:
    """Nodes whose pods reach no other node, not even its own address, while their own address is reached."""
    nodes = by_pair((row for row in tries if row["probe"]), "node")
    found = set()
    for node in {at for at, _ in nodes}:
        out = [rows for (at, to), rows in nodes.items() if at == node != to]
        back = [rows for (at, to), rows in nodes.items() if to == node != at]
        ways = [pair for pair in cut if pair[0] == node != pair[1]]
        if out and back and ways and all(map(is_silent, out)) and not all(map(is_silent, back)):
            found.add(node)
    return found


def _held_back(evidence: Evidence, node: str, tries: list[Row]) -> Finding:
    rows = [row for row in tries if node in (row["at"], row["to_node"]) and row["kind"] in ("pod", "node")]
    if is_silent(row for row in rows if row["kind"] == "node" and row["probe"] and row["at"] == row["to_node"] == node):
        text = (f"Pods on {node} do not even reach {node} itself, which others do: what they send is lost between them "
                "and their own node.")
        return find("cni.own-pods", text, object=f"Node {node}", node=node, evidence=seen(evidence, rows))
    text = (f"Pods on {node} reach nothing outside it, neither pods nor the addresses of other nodes, while {node} "
            "itself is reached: it does not forward what its pods send.")
    return find("node.path", text, object=f"Node {node}", node=node, evidence=seen(evidence, rows))


def _cut_off(evidence: Evidence, cut: set[Pair], tries: list[Row]) -> list[Finding]:
    found = []
    for node in culprits(cut, evidence["api_nodes"] or ()):
        own = {pair for pair in cut if node in pair}
        text = (f"Over the pod network nothing passes from {_ways(own)}: pods that are ready there do not answer"
                f"{_though(own, tries)}.")
        rows = [row for row in tries if (row["at"], row["to_node"]) in own]
        found.append(find("cni.path", text, object=f"Node {node}", node=node, advice=advise(evidence, node),
                          evidence=seen(evidence, rows)))
    return found


def _singled_out(evidence: Evidence, tries: list[Row]) -> list[Finding]:
    """Pods that nobody reaches, while whoever tried reaches another pod of the same node: the way there is open."""
    told: dict[str, list[Row]] = defaultdict(list)
    for row in tries:
        if row["at"] and row["kind"] == "pod" and not row["large"] and not row["inside"]:
            told[row["to"]].append(row)
    reached = {(row["at"], row["to_node"]) for rows in told.values() for row in rows if row["outcome"] == "ok"}
    return [find("path.single", f"Pod {to} on {rows[0]['to_node']} does not answer on port {rows[0]['port']}, while "
                 "other pods of its node are reached from the same places: something drops what is for this pod.",
                 object=f"Pod {to}", node=rows[0]["to_node"], evidence=seen(evidence, rows))
            for to, rows in told.items() if is_silent(rows) and reached >= {(r["at"], r["to_node"]) for r in rows}]


def _though(cut: Iterable[Pair], tries: list[Row]) -> str:
    """What passes all the same, which tells the network plugin from the nodes' own network."""
    nodes, same = by_pair(tries, "node"), by_pair(tries, "pod")
    told = ["the nodes themselves do"] if any(
        pair in nodes and not is_silent(nodes[pair]) for pair in cut) else []
    told += ["pods of the same node do"] if any(
        a == b and not is_silent(rows) for (a, b), rows in same.items()) else []
    return f", while {list_names(told)}" if told else ""


def _ways(pairs: Iterable[Pair]) -> str:
    return list_names((f"{a} to {b if a != b else 'itself'}" for a, b in sorted(pairs)), 3)


def _small_only(tries: list[Row], pairs: dict[Pair, list[Row]]) -> set[Pair]:
    large = by_pair(tries, "pod", large=True)
    return {pair for pair, rows in large.items()
            if is_silent(rows) and any(row["outcome"] == "ok" for row in pairs.get(pair, ()))}


def _too_large(evidence: Evidence, pairs: set[Pair], tries: list[Row]) -> list[Finding]:
    found = []
    for node in culprits(pairs, evidence["api_nodes"] or ()):
        own = {pair for pair in pairs if node in pair}
        rows = [row for row in tries if (row["at"], row["to_node"]) in own and row["kind"] == "pod"]
        text = (f"Large packets are lost from {_ways(own)}: a short request is answered, and the same one with 3000 "
                "bytes more is not. The path takes less than the pods' MTU.")
        found.append(find("cni.path-large", text, object=f"Node {node}", node=node, evidence=seen(evidence, rows)))
    return found


def _within(evidence: Evidence, tries: list[Row]) -> list[Finding]:
    """What the pod itself does not reach while another pod of the same node does. Its own Service is another matter."""
    tries = [row for row in tries if not is_own_service(evidence, row)]
    others = {(row["at"], row["to"]) for row in tries if row["probe"] and row["outcome"] == "ok"}
    lost = [row for row in tries if row["inside"] and row["outcome"] in CLOSED and (row["at"], row["to"]) in others]
    if not lost:
        return []
    to = list_names(dict.fromkeys(row["to"] for row in lost), 3)
    text = (f"From within Pod {evidence['from']} no way leads to {to}, while another pod on the same node gets there: "
            "look at policies of all kinds, and at what stands before the pod itself (a sidecar, a service mesh).")
    return [find("path.pod", text, object=f"Pod {evidence['from']}", evidence=seen(evidence, lost))]


def _shut_in(evidence: Evidence, tries: list[Row], lost: set[str]) -> list[Finding]:
    """Nodes from which only what is outside the cluster is not reached."""
    known = [row for row in tries if row["kind"] == "outside" and row["probe"]]
    out = {row["at"]: row for row in known if row["outcome"] in (*CLOSED, "ok")}
    bad = {at for at, row in out.items() if row["outcome"] != "ok"}
    if bad and bad == out.keys():
        text = (f"{NOT_TESTED} out of the cluster: the nodes' own resolver answers pods on no node; it may not answer "
                "pods, or nobody.")
        return [note(Verdict.UNKNOWN, Layer.NODE, text, evidence=seen(evidence, list(out.values())))]
    return [find("node.egress", f"From pods on {at} nothing outside the cluster is reached (UDP 53 of the node's own "
                 f"resolver: {tell(out[at])}), while from pods on other nodes it is.", object=f"Node {at}", node=at,
                 evidence=seen(evidence, list(out.values()))) for at in sorted(bad - lost)]


def _refused(evidence: Evidence, tries: list[Row]) -> list[Finding]:
    """Pods that say themselves that nothing listens: there the network has done its part."""
    told: dict[str, list[Row]] = defaultdict(list)
    for row in (row for row in tries if row["kind"] == "pod" and not row["large"]):
        told[row["to"]].append(row)
    refused = {to: rows for to, rows in told.items() if all(row["outcome"] == "refused" for row in rows)}
    return [_rejected(evidence, to, rows) if rows[0].get("path") else find(
        "path.refused", f"Pod {to} is reached and refuses connections on port {rows[0]['port']}: nothing listens "
        "there.", object=f"Pod {to}", evidence=seen(evidence, rows)) for to, rows in refused.items()]


def _rejected(evidence: Evidence, to: str, rows: list[Row]) -> Finding:
    """Its own kubelet is answered on this very port, and finds the pod ready."""
    node = rows[0]["to_node"]
    text = (f"Connections to {to} on {node} are refused on port {rows[0]['port']}, where its kubelet finds it ready: "
            "not the pod refuses, but something on the way to it, such as a firewall that rejects.")
    return find("cni.path", text, object=f"Node {node}", node=node, advice=advise(evidence, node),
                evidence=seen(evidence, rows))


def _apart(evidence: Evidence, tries: list[Row]) -> list[Finding]:
    """What the API server does not reach where it is not known to be on one node: no way between nodes was tried."""
    silent = [row for row in tries if not row["at"] and row["outcome"] in CLOSED]
    if not silent:
        return []
    where = "runs on several nodes" if evidence["api_nodes"] else "is not known to run on a node"
    text = (f"{NOT_TESTED} between nodes: the API server {where}, and does not get through to "
            f"{list_names(dict.fromkeys(row['to'] for row in silent), 3)}. Probe pods could tell.")
    return [note(Verdict.UNKNOWN, Layer.CNI, text, evidence=seen(evidence, silent))]


def _doubts(evidence: Evidence, doubted: list[Row]) -> list[Finding]:
    if not doubted:
        return []
    names = [name for row in doubted for name in evidence["hindered"].get(row["to"]) or held(evidence, row)]
    who = list_names(dict.fromkeys(names), 2)
    text = (f"{NOT_TESTED} to {list_names(dict.fromkeys(row['to'] for row in doubted), 3)}: not all of it gets "
            f"through, and {who} may be why.")
    return [note(Verdict.UNKNOWN, Layer.POLICY, text, evidence=seen(evidence, doubted))]


def _untroubled(evidence: Evidence, tries: list[Row]) -> Finding:
    odd = [row for row in tries if row["outcome"] != "ok"]
    if odd:
        text = f"{len(odd)} of {count(len(tries), 'try', 'tries')} failed or told nothing ({tell(odd[0])})."
        return note(Verdict.UNKNOWN, Layer.CNI, f"{NOT_TESTED} wholly: {text}", evidence=seen(evidence, odd))
    more_ways = "" if evidence.get("own_rows") else ", to Services and by UDP"
    left = "" if evidence["probed"] else (f"; from other nodes{more_ways} nothing was tried: that takes probe pods, "
                                          "which the settings may allow")
    nodes = sorted({row["to_node"] for row in tries if row["kind"] == "pod"})
    unseen = sorted(set(evidence["nodes"]) - set(nodes))
    more = f"; no pod to try was found on {list_names(unseen)}" if unseen else ""
    text = f"All that was tried arrived: pods on {list_names(nodes)}, with short and long requests{more}{left}."
    return note(Verdict.PASS, Layer.CNI, text, evidence=seen(evidence, tries))
