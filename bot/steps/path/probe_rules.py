"""What pods saw that tried, from node to node: the decision table. Pure.

A DNS pod that is not reached at all: the way between two nodes. Reached, and not on the port for DNS: a firewall. All
DNS pods reached, and a Service not: what turns Service addresses into pods on that node.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.networks import hang_on_bridge
from bot.steps import Evidence
from bot.steps.path.api import CLOSED, READY_PORT
from bot.steps.path.probe import API, SERVICE
from bot.steps.path.rules import NOT_TESTED, SILENT, advise, tell
from bot.steps.wording import count, list_names, read_at

Row = dict[str, Any]
Pair = tuple[str, str]
"""From a node to the DNS pods of a node."""


def judge_probes(evidence: Evidence) -> list[Finding]:
    """Of what pods tried: netcheck's own, where it runs in the cluster, and those that were started for it."""
    read, own = (read_at(evidence),), list(evidence.get("own_rows", ()))
    found: list[Finding] = []
    if own:
        text = (f"netcheck tried the way from its own Pod {evidence['own']['pod']} on {evidence['own']['node']}, which "
                "tells of that node only.")
        found.append(note(Verdict.INFO, Layer.CNI, text, evidence=read))
    if any(row["outcome"] in CLOSED for row in asked(own)) and evidence["own_policies"] != []:
        found.append(_held_back(evidence, own, "netcheck's own pod does", evidence["own_policies"]))
        own = []
    if "probed" in evidence:
        text = (f"Probe pods were started on {list_names(evidence['probed'])} in namespace "
                f"{evidence['probe_namespace']}, as the settings allow, and deleted again.")
        found.append(note(Verdict.INFO, Layer.CNI, text, evidence=read))
    failed = [note(Verdict.UNKNOWN, Layer.CNI, f"{NOT_TESTED} from {node}: the probe pod there told nothing: {why}",
                   node=node, object=f"Node {node}", evidence=read)
              for node, why in sorted(evidence.get("probe_failures", {}).items())]
    rows = [*own, *evidence.get("probe_rows", ())]
    return [*found, *(_judge(evidence, rows) if rows else ()), *failed]


def list_rows(evidence: Evidence) -> list[Row]:
    """What pods tried, netcheck's own and others."""
    return [*evidence.get("own_rows", ()), *evidence.get("probe_rows", ())]


def _held_back(evidence: Evidence, rows: list[Row], who: str, policies: Iterable[str] | None) -> Finding:
    names = list_names(dict.fromkeys(policies or ()), 2) or "a policy that may not be read"
    return _not_told(evidence, rows, f"{who} not get through everywhere; {names} may be why.")


def _judge(evidence: Evidence, rows: list[Row]) -> list[Finding]:
    if not any(row["outcome"] in CLOSED for row in asked(rows)):
        return [_untroubled(evidence, rows)]
    policies = [evidence["policies"], evidence.get("probe_policies", [])]
    if any(policies) or None in policies:
        names = [name for told in policies for name in told or ()]
        return [_held_back(evidence, rows, "the pods that try do", names)]
    pairs: dict[Pair, list[Row]] = defaultdict(list)
    for row in rows:
        if row["to_node"]:
            pairs[row["from"], row["to_node"]].append(row)
    cut = {pair for pair, own in pairs.items() if all(row["outcome"] in SILENT for row in own)}
    blocked = {pair for pair, own in pairs.items() if pair not in cut and _lost(own)}
    troubled = {source for source, _ in cut | blocked}
    return [*_cut_off(evidence, cut, rows), *_dropped(evidence, {pair: pairs[pair] for pair in blocked}),
            *judge_services(evidence, [row for row in rows if row["from"] not in troubled])] or [
                _untroubled(evidence, rows)]


def asked(rows: Iterable[Row]) -> list[Row]:
    """Without the port that only tells whether a pod is reached: not every DNS server has it."""
    return [row for row in rows if row["port"] != READY_PORT]


def _not_told(evidence: Evidence, rows: list[Row], text: str) -> Finding:
    return note(Verdict.UNKNOWN, Layer.CNI, f"{NOT_TESTED}: {text}", object=evidence.get("workload", ""),
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


def _cut_off(evidence: Evidence, cut: set[Pair], tries: list[Row]) -> list[Finding]:
    found = []
    for node in culprits(cut, evidence["api_nodes"] or ()):
        own = {pair for pair in cut if node in pair}
        text = f"Over the pod network nothing passes from {_ways(own)}: DNS pods that are ready answer on no port."
        rows = [row for row in tries if (row["from"], row["to_node"]) in own]
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
        text = (f"from pods on {list_names(sorted(bad))} {SERVICE} does not always answer, while pods do themselves "
                f"and {API} is reached: look at its endpoints, or bridged traffic goes past the service proxy's rules.")
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
    return not evidence["networks"] or hang_on_bridge(evidence["networks"])


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


def _untroubled(evidence: Evidence, rows: list[Row]) -> Finding:
    odd = [row for row in asked(rows) if row["outcome"] != "ok"]
    if odd:
        text = f"{len(odd)} of {count(len(asked(rows)), 'try', 'tries')} failed or told nothing ({tell(odd[0])})."
        return _not_told(evidence, rows, text)
    others = evidence.get("unprobed", 0)
    rest = f"; not tested from {count(others, 'other node')}" if others else "; other nodes were not tested" * (
        "probed" not in evidence)
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
