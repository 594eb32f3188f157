"""What probe pods saw, from node to node: the decision table of DNS-10. Pure."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence
from bot.steps.path_rules import NOT_TESTED, advise, tell
from bot.steps.wording import count, list_names, read_at

Row = dict[str, Any]
Pair = tuple[str, str]
"""From a node to the DNS pods of a node."""
SERVICE, API = "the DNS Service", "the API server's Service"


def judge_probes(evidence: Evidence) -> list[Finding]:
    rows = evidence["probe_rows"]
    told = [note(Verdict.UNKNOWN, Layer.CNI, f"{NOT_TESTED} from {node}: the probe pod there gave nothing: {why}",
                 node=node, object=f"Node {node}") for node, why in sorted(evidence["probe_failures"].items())]
    if not rows:
        return told
    if not any(row["outcome"] in ("ok", "refused") for row in rows):
        text = (f"{NOT_TESTED}: no probe pod got through to anything, which a policy on namespace "
                f"{evidence['probe_namespace']} would do as well.")
        return [*told, note(Verdict.UNKNOWN, Layer.CNI, text, evidence=_seen(evidence, rows))]
    pods = [row for row in rows if row["to"] not in (SERVICE, API)]
    cut, blocked = _pairs(pods, {"UDP", "TCP"}), _pairs(pods, {"UDP"}) | _pairs(pods, {"TCP"})
    blocked -= cut
    troubled = {source for source, _ in cut | blocked}
    found = [*_cut_off(evidence, cut), *_dropped(evidence, pods, blocked),
             *_services(evidence, [row for row in rows if row["from"] not in troubled])]
    return [*(found or [_passed(evidence)]), *told]


def _pairs(pods: list[Row], lost: set[str]) -> set[Pair]:
    """Pairs over which all tries by these protocols were lost."""
    pairs = {(row["from"], row["to_node"]) for row in pods}
    return {pair for pair in pairs if (own := [row for row in pods if (row["from"], row["to_node"]) == pair
                                               and row["protocol"] in lost])
            and {row["protocol"] for row in own} == lost
            and all(row["outcome"] in ("timeout", "unreachable", "refused") for row in own)}


def culprits(pairs: set[Pair], innocent: Iterable[str] = ()) -> list[str]:
    """As few nodes as account for all pairs, those in most of them first; between equals not one of `innocent`."""
    left, named = set(pairs), []
    while left:
        hits = Counter(node for pair in left for node in set(pair))
        node = max(hits, key=lambda name: (hits[name], (name, name) in pairs, name not in innocent, name))
        named.append(node)
        left = {pair for pair in left if node not in pair}
    return named


def _cut_off(evidence: Evidence, cut: set[Pair]) -> list[Finding]:
    found = []
    for node in culprits(cut, evidence.get("api_nodes") or ()):
        own = sorted(pair for pair in cut if node in pair)
        ways = list_names((f"{a} to {b}" for a, b in own), 3)
        text = f"Over the pod network nothing passes from {ways}: neither UDP nor TCP to DNS pods that are ready."
        rows = [row for row in evidence["probe_rows"] if (row["from"], row["to_node"]) in own]
        found.append(find("cni.path", text, object=f"Node {node}", node=node, advice=advise(evidence, node),
                          evidence=_seen(evidence, rows)))
    return found


def _dropped(evidence: Evidence, pods: list[Row], blocked: set[Pair]) -> list[Finding]:
    found = []
    for node in culprits(blocked):
        own = sorted(pair for pair in blocked if node in pair)
        rows = [row for row in pods if (row["from"], row["to_node"]) in own]
        lost = next(row for row in rows if row["outcome"] != "ok")
        passes = "TCP" if lost["protocol"] == "UDP" else "UDP"
        ways = list_names((f"{a} to {b}" if a != b else f"{a} to itself" for a, b in own), 3)
        text = (f"{lost['protocol']} {lost['port']} to DNS pods is dropped from {ways} ({tell(lost)}), while {passes} "
                "passes.")
        found.append(find("node.dns-port", text, object=f"Node {node}", node=node, evidence=_seen(evidence, rows)))
    return found


def _services(evidence: Evidence, rows: list[Row]) -> list[Finding]:
    """Of nodes whose way to every DNS pod is open: what fails there is what turns Service addresses into pods."""
    homes = {row["to_node"] for row in rows if row["to"] not in (SERVICE, API)}
    sources = sorted({row["from"] for row in rows})
    bad = {source: own for source in sources
           if (own := [row for row in rows if row["from"] == source and row["to"] in (SERVICE, API)
                       and row["outcome"] not in ("ok", "untold")])}
    good = [row for row in rows if row["to"] == SERVICE and row["outcome"] == "ok"]
    if len(bad) > 1 and len(bad) == len(sources) and all(row["to"] == SERVICE for own in bad.values() for row in own) \
            and not good:
        text = (f"{SERVICE} gives no answer at {evidence['address']} on any node, while each DNS pod does and the API "
                "server's Service is reached: it is the Service or its endpoints rather than the service proxy.")
        rows = [row for own in bad.values() for row in own]
        return [note(Verdict.UNKNOWN, Layer.DNS_SERVICE, text, evidence=_seen(evidence, rows))]
    mixed = all(source in homes and _is_mixed(rows, source) for source in bad) and set(sources) - set(bad)
    code = "cni.bridge-filter" if bad and mixed else "proxy.path"
    return [_service(evidence, code, source, own) for source, own in bad.items()]


def _is_mixed(rows: list[Row], source: str) -> bool:
    told = {row["outcome"] for row in rows if row["from"] == source and row["to"] == SERVICE}
    return "ok" in told and "timeout" in told


def _service(evidence: Evidence, code: str, source: str, own: list[Row]) -> Finding:
    what = list_names(dict.fromkeys(row["to"] for row in own))
    often = "fails when it leads to the DNS pod of that node" if code == "cni.bridge-filter" else "is not reached"
    text = f"On {source} {what} {often}, while each DNS pod is reached from there at its own address."
    return find(code, text, object=f"Node {source}", node=source, evidence=_seen(evidence, own))


def _passed(evidence: Evidence) -> Finding:
    rows = evidence["probe_rows"]
    nodes = sorted({row["from"] for row in rows})
    lost = sum(row["outcome"] != "ok" for row in rows)
    rest = f"; {count(lost, 'try', 'tries')} told nothing" if lost else ""
    others = f"; not tested from {list_names(evidence['unprobed'])}" if evidence["unprobed"] else ""
    text = (f"From pods on {list_names(nodes)} the DNS Service and each DNS pod answer by UDP and TCP, and the API "
            f"server's Service is reached{rest}{others}.")
    return note(Verdict.PASS, Layer.CNI, text, object=evidence["workload"], evidence=_seen(evidence, rows))


def _seen(evidence: Evidence, rows: list[Row]) -> tuple[str, ...]:
    """`n1 → coredns-x on n2: UDP 53 no answer, TCP 53 ok`, those with trouble first."""
    ways: dict[tuple[str, str, str], dict[str, str]] = {}
    for row in rows:
        tries = ways.setdefault((row["from"], row["to"], row["to_node"]), {})
        key, said = f"{row['protocol']} {row['port']}", tell(row)
        tries[key] = said if tries.get(key, said) == said else "now and again"
    lines = [f"{source} → {to}{f' on {at}' if at else ''}: {', '.join(f'{key} {said}' for key, said in tries.items())}"
             for (source, to, at), tries in ways.items()]
    lines.sort(key=lambda line: all(part.endswith(" ok") for part in line.split(", ")))
    return (*lines[:4], read_at(evidence))
