"""What probe pods saw, from node to node: the decision table of DNS-10. Pure.

A DNS pod that is not reached at all: the way between two nodes. Reached, and not on the port for DNS: a firewall. All
DNS pods reached, and a Service not: what turns Service addresses into pods on that node.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence
from bot.steps.path.api import CLOSED, READY_PORT
from bot.steps.path.probe import API, SERVICE
from bot.steps.path.rules import NOT_TESTED, SILENT, advise, tell
from bot.steps.wording import count, list_names, read_at

Row = dict[str, Any]
Pair = tuple[str, str]
"""From a node to the DNS pods of a node."""
BRIDGED = frozenset({"Flannel", "Weave Net"})
"""Networks whose pods hang on a bridge. A cluster without an agent of a known network may have a plain one."""


def judge_probes(evidence: Evidence) -> list[Finding]:
    if "probed" not in evidence:
        return []
    read = (read_at(evidence),)
    started = (f"Probe pods were started on {list_names(evidence['probed'])} in namespace "
               f"{evidence['probe_namespace']}, as the settings allow, and deleted again.")
    failed = [note(Verdict.UNKNOWN, Layer.CNI, f"{NOT_TESTED} from {node}: the probe pod there told nothing: {why}",
                   node=node, object=f"Node {node}", evidence=read)
              for node, why in sorted(evidence["probe_failures"].items())]
    found = _judge(evidence) if evidence["probe_rows"] else []
    return [note(Verdict.INFO, Layer.CNI, started, evidence=read), *found, *failed]


def _judge(evidence: Evidence) -> list[Finding]:
    rows = evidence["probe_rows"]
    if not any(row["outcome"] in CLOSED for row in asked(rows)):
        return [_untroubled(evidence)]
    policies = [evidence["policies"], evidence["probe_policies"]]
    if any(policies) or None in policies:
        who = list_names(dict.fromkeys(name for names in policies for name in names or ()), 2)
        who = who or "a policy that may not be read"
        return [_not_told(evidence, rows, f"the probe pods do not get through everywhere; {who} may be why.")]
    pairs: dict[Pair, list[Row]] = defaultdict(list)
    for row in rows:
        if row["to_node"]:
            pairs[row["from"], row["to_node"]].append(row)
    cut = {pair for pair, own in pairs.items() if all(row["outcome"] in SILENT for row in own)}
    blocked = {pair for pair, own in pairs.items() if pair not in cut and _lost(own)}
    troubled = {source for source, _ in cut | blocked}
    return [*_cut_off(evidence, cut), *_dropped(evidence, {pair: pairs[pair] for pair in blocked}),
            *judge_services(evidence, [row for row in rows if row["from"] not in troubled])] or [_untroubled(evidence)]


def asked(rows: Iterable[Row]) -> list[Row]:
    """Without the port that only tells whether a pod is reached: not every DNS server has it."""
    return [row for row in rows if row["port"] != READY_PORT]


def _not_told(evidence: Evidence, rows: list[Row], text: str) -> Finding:
    return note(Verdict.UNKNOWN, Layer.CNI, f"{NOT_TESTED}: {text}", object=evidence["workload"],
                evidence=_seen(evidence, rows))


def _lost(rows: Iterable[Row]) -> list[str]:
    """The protocols over which no question to these DNS pods got through."""
    through = {row["protocol"] for row in asked(rows) if row["outcome"] not in CLOSED}
    return sorted({row["protocol"] for row in asked(rows)} - through, reverse=True)


def culprits(pairs: Iterable[Pair], innocent: Iterable[str] = ()) -> list[str]:
    """As few nodes as account for all pairs, those in most of them first; between equals not one of `innocent`."""
    left, named = set(pairs), []
    while left:
        hits = Counter(node for pair in left for node in set(pair))
        node = max(hits, key=lambda name: (hits[name], (name, name) in left, name not in innocent, name))
        named.append(node)
        left = {pair for pair in left if node not in pair}
    return named


def _cut_off(evidence: Evidence, cut: set[Pair]) -> list[Finding]:
    found = []
    for node in culprits(cut, evidence["api_nodes"] or ()):
        own = {pair for pair in cut if node in pair}
        text = f"Over the pod network nothing passes from {_ways(own)}: DNS pods that are ready answer on no port."
        rows = [row for row in evidence["probe_rows"] if (row["from"], row["to_node"]) in own]
        found.append(find("cni.path", text, object=f"Node {node}", node=node, advice=advise(evidence, node),
                          evidence=_seen(evidence, rows)))
    return found


def _dropped(evidence: Evidence, blocked: dict[Pair, list[Row]]) -> list[Finding]:
    found = []
    for node in culprits(blocked):
        own = {pair: rows for pair, rows in blocked.items() if node in pair}
        rows = [row for rows in own.values() for row in rows]
        lost = sorted({protocol for rows in own.values() for protocol in _lost(rows)}, reverse=True)
        first = next(row for row in asked(rows) if row["outcome"] in CLOSED)
        text = (f"{list_names(lost)} {first['port']} to DNS pods is dropped from {_ways(own)} ({tell(first)}), while "
                f"{'TCP passes' if lost == ['UDP'] else 'the same pods are reached otherwise'}.")
        found.append(find("node.dns-port", text, object=f"Node {node}", node=node, evidence=_seen(evidence, rows)))
    return found


def _ways(pairs: Iterable[Pair]) -> str:
    return list_names((f"{a} to {b if a != b else 'itself'}" for a, b in sorted(pairs)), 3)


def judge_services(evidence: Evidence, rows: list[Row], homes: set[str] | None = None) -> list[Finding]:
    """Of nodes whose way to every pod that was tried is open. `homes`: the nodes of DNS pods."""
    homes = {row["to_node"] for row in rows} if homes is None else homes
    sources = {row["from"] for row in rows}
    deaf = {to: {row["from"] for row in rows if row["to"] == to and row["outcome"] in CLOSED} for to in (SERVICE, API)}
    bad, apart = deaf[SERVICE], deaf[API] - deaf[SERVICE]
    own = {source: [row for row in rows if row["from"] == source and row["to"] in (SERVICE, API)] for source in sources}
    if bad == sources and not deaf[API]:
        text = (f"on no node {SERVICE} always answers, while pods do themselves and {API} is reached: look at its "
                "endpoints, or bridged traffic goes past the service proxy's rules on all nodes.")
        return [_not_told(evidence, rows, text)] if bad else []
    found = [_bridged(evidence, source, own[source])
             if source in homes - deaf[API] and _by_turns(own[source]) and _has_bridges(evidence)
             else _unproxied(evidence, source, own[source]) for source in sorted(bad)]
    if apart:
        text = f"from pods on {list_names(sorted(apart))} {API} is not reached, while {SERVICE} is, if there is one."
        found.append(_not_told(evidence, [row for row in rows if row["from"] in apart], text))
    return found


def _by_turns(own: list[Row]) -> bool:
    return {"ok", "timeout"} <= {row["outcome"] for row in own if row["to"] == SERVICE}


def _has_bridges(evidence: Evidence) -> bool:
    return not evidence["networks"] or bool(BRIDGED & set(evidence["networks"]))


def _bridged(evidence: Evidence, source: str, own: list[Row]) -> Finding:
    text = (f"From pods on {source} {SERVICE} answers by turns, though pods do at their own addresses and other "
            "nodes have no such trouble: as when it leads to the DNS pod of the same node.")
    return find("cni.bridge-filter", text, object=f"Node {source}", node=source, evidence=_seen(evidence, own))


def _unproxied(evidence: Evidence, source: str, own: list[Row]) -> Finding:
    closed = list_names(dict.fromkeys(row["to"] for row in own if row["outcome"] in CLOSED))
    text = f"From pods on {source} no way leads to {closed}, while pods are reached at their own addresses."
    pod = f"kubectl -n kube-system get pods -l k8s-app=kube-proxy -o wide --field-selector spec.nodeName={source}"
    advice = (f"Read the log of kube-proxy on {source} (`{pod}`), then `kubectl -n kube-system delete pod POD`: a new "
              "one writes all rules again.")
    return find("proxy.path", text, object=f"Node {source}", node=source, advice=advice, evidence=_seen(evidence, own))


def _untroubled(evidence: Evidence) -> Finding:
    rows = evidence["probe_rows"]
    odd = [row for row in asked(rows) if row["outcome"] != "ok"]
    if odd:
        text = f"{len(odd)} of {count(len(asked(rows)), 'try', 'tries')} failed or told nothing ({tell(odd[0])})."
        return _not_told(evidence, rows, text)
    rest = f"; not tested from {count(evidence['unprobed'], 'other node')}" if evidence["unprobed"] else ""
    text = (f"From pods on {list_names(sorted({row['from'] for row in rows}))} the DNS Service and each DNS pod answer "
            f"by UDP and TCP, and {API} is reached{rest}.")
    return note(Verdict.PASS, Layer.CNI, text, object=evidence["workload"], evidence=_seen(evidence, rows))


def _seen(evidence: Evidence, rows: list[Row]) -> tuple[str, ...]:
    """`n1 → coredns-x on n2: UDP 53 no answer, TCP 53 ok`, those with trouble first."""
    ways: dict[tuple[str, str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in sorted(rows, key=lambda row: row["outcome"] == "ok"):
        tries = ways[row["from"], row["to"], row["to_node"]][f"{row['protocol']} {row['port']}"]
        if tell(row) not in tries:
            tries.append(tell(row))
    lines = []
    for (source, to, at), ports in ways.items():
        told = (f"{port} {' and '.join(tries)}{' by turns' * (len(tries) > 1)}" for port, tries in ports.items())
        lines.append(f"{source} → {to}{f' on {at}' if at else ''}: {', '.join(told)}")
    return (*lines[:4], read_at(evidence))
