"""What was tried, in one form, whoever tried it; and as a grid. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from bot.steps import Evidence
from bot.steps.path.peers import NODE_PORT
from bot.steps.path.rules import SILENT, WORDS, tell
from bot.steps.policy.enforcers import judge_enforcement
from bot.steps.wording import list_names, read_at

Row = dict[str, Any]
Pair = tuple[str, str]
"""From a node to the pods of a node."""
NETCHECK = "netcheck"
"""Who tries from its own pod."""
SLOW = 2
"""Seconds from which on an answer that came is called slow: packets were sent again."""


def list_tries(evidence: Evidence) -> tuple[list[Row], list[Row]]:
    """Those that count, and those that failed where a policy may be why. Each with `who` tried, and `at` which node
    ("" where that is not known: then it says nothing about ways between nodes)."""
    homes = evidence["api_nodes"] or []
    server = f"API server on {list_names(homes)}" if homes else "API server"
    rows = [{**row, "who": server, "at": homes[0] if len(homes) == 1 else "", "probe": False, "seconds": 0,
             "inside": False, "own": False}
            for row in evidence["rows"]]
    rows += [{"large": False, **row, "who": f"{who} on {row['from']}", "at": row["from"], "probe": True,
              "inside": False, "own": who == NETCHECK}
             for who, part in ((NETCHECK, "own_rows"), ("pod", "probe_rows")) for row in evidence.get(part, ())
             if row["kind"] != "outside" or row["outcome"] != "untold"]
    rows += [{"large": False, **row, "who": f"Pod {evidence['from']}", "at": evidence["from_node"], "probe": False,
              "inside": True, "own": False}
             for row in evidence.get("inside_rows", ()) if row["outcome"] != "untold"]
    rows = [{**row, "due": _is_due(evidence, row)} for row in rows]
    doubted = [row for row in rows if row["due"] and row["outcome"] != "ok" and _may_be_policy(evidence, row)]
    return [row for row in rows if row not in doubted], doubted


def _is_due(evidence: Evidence, row: Row) -> bool:
    """Whether it must arrive. With externalTrafficPolicy Local a node port without a pod on its node leads nowhere, as
    it should; to whom it answers all the same differs."""
    served = evidence.get("node_port") or {}
    return row["kind"] != NODE_PORT or not served.get("local") or row["to_node"] in served["homes"]


def is_enforced(evidence: Evidence) -> bool:
    """Whether anything may make policies true."""
    return not evidence["enforcement"] or judge_enforcement(evidence["enforcement"]).enforced is not False


def _may_be_policy(evidence: Evidence, row: Row) -> bool:
    if not is_enforced(evidence):
        return False
    behind = evidence.get("ends", ()) if row["kind"] == NODE_PORT else [row["to"]]
    return any(name in evidence["hindered"] for name in behind) or bool(held(evidence, row))


def held(evidence: Evidence, row: Row) -> list[str]:
    """Policies that may keep back whoever tried this."""
    if row["probe"]:
        return list(evidence.get("own_held", ()) if row["own"] else evidence["held"])
    return []


def by_pair(tries: Iterable[Row], kind: str, *, large: bool = False) -> dict[Pair, list[Row]]:
    """Without what was tried inside of one pod: that may have policies of its own, and says nothing about its node."""
    pairs: dict[Pair, list[Row]] = defaultdict(list)
    for row in tries:
        if row["at"] and not row["inside"] and row["kind"] == kind and row["large"] is large:
            pairs[row["at"], row["to_node"]].append(row)
    return pairs


def is_silent(rows: Iterable[Row]) -> bool:
    known = [row["outcome"] for row in rows]
    return bool(known) and all(outcome in SILENT for outcome in known)


def draw(tries: list[Row]) -> tuple[tuple[str, ...], ...]:
    """A row for each who tried and a column for each place; turned where that is narrower, since a message is."""
    cells: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in tries:
        cells[row["who"]][_place(row)].append(row)
    order = {"pod": 0, "node": 1, NODE_PORT: 2, "service": 3, "outside": 4}
    places = [place for _, place in sorted({(order[row["kind"]], _place(row)) for row in tries})]
    lines = [(who, *(_cell(told.get(place, [])) for place in places)) for who, told in sorted(cells.items())]
    if len(places) <= len(lines):
        return (("from \\ to", *places), *lines)
    return tuple(zip(("to \\ from", *places), *lines, strict=True))


def _place(row: Row) -> str:
    if row["kind"] == "pod":
        return f"pods on {row['to_node']}"
    return str(row["to"]).removeprefix("the ")


def _cell(rows: list[Row]) -> str:
    if not all(row["due"] for row in rows):
        return "no endpoint"
    small = [row["outcome"] for row in rows if not row["large"]]
    if not small:
        return ""
    if len(set(small)) > 1:
        return "by turns"
    if small[0] == "ok" and is_silent(row for row in rows if row["large"]):
        return "small only"
    slow = small[0] == "ok" and any(row["seconds"] >= SLOW for row in rows)
    return "slow" if slow else WORDS.get(small[0], "untold")


def seen(evidence: Evidence, rows: list[Row]) -> tuple[str, ...]:
    """`pod on n1 → kube-system/coredns-x on n2: TCP 8181 no answer`, those with trouble first."""
    ways: dict[str, list[str]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["outcome"] == "ok"):
        at = f" on {row['to_node']}" if row["kind"] == "pod" else ""
        what = f"{row['protocol']} {row['port']}{' with 3000 bytes' * row['large']} {tell(row)}"
        if what not in (told := ways[f"{row['who']} → {row['to']}{at}"]):
            told.append(what)
    return (*(f"{way}: {', '.join(told)}" for way, told in list(ways.items())[:4]), read_at(evidence))
