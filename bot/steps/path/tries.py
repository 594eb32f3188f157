"""What was tried, in one form, whoever tried it; and as a grid. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from bot.steps import Evidence
from bot.steps.path.rules import SILENT, WORDS
from bot.steps.policy.enforcement import judge_enforcement
from bot.steps.wording import list_names

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
    doubted = [row for row in rows if row["outcome"] != "ok" and _may_be_policy(evidence, row)]
    return [row for row in rows if row not in doubted], doubted


def _may_be_policy(evidence: Evidence, row: Row) -> bool:
    if evidence["enforcement"] and judge_enforcement(evidence["enforcement"]).enforced is False:
        return False
    return row["to"] in evidence["hindered"] or bool(held(evidence, row))


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
    """A row for each who tried, a column for each place."""
    cells: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in tries:
        cells[row["who"]][_place(row)].append(row)
    order = {"pod": 0, "node": 1, "service": 2, "outside": 3}
    places = sorted({(order[row["kind"]], _place(row)) for row in tries})
    head = ("from \\ to", *(place for _, place in places))
    return (head, *((who, *(_cell(told.get(place, [])) for _, place in places)) for who, told in sorted(cells.items())))


def _place(row: Row) -> str:
    if row["kind"] == "pod":
        return f"pods on {row['to_node']}"
    return str(row["to"]).removeprefix("the ")


def _cell(rows: list[Row]) -> str:
    small = [row["outcome"] for row in rows if not row["large"]]
    if not small:
        return ""
    if len(set(small)) > 1:
        return "by turns"
    if small[0] == "ok" and is_silent(row for row in rows if row["large"]):
        return "small only"
    slow = small[0] == "ok" and any(row["seconds"] >= SLOW for row in rows)
    return "slow" if slow else WORDS.get(small[0], "untold")
