"""Whose answer is it that the controller gave: the backend's, its own, or one that does not tell? Pure.

A status alone tells nothing: an application may want to answer 404 or 503. What a pod behind it answers to the same
request, and what the controller answers for a host that nobody has, are what it is compared with.
"""

from collections.abc import Sequence
from typing import Any, Literal

from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Args, Evidence, Judgement
from bot.steps.findings import tell_skipped
from bot.steps.patience import GRACE, LAG
from bot.steps.wording import cut, list_names, read_at

Json = dict[str, Any]
Sort = Literal["proven", "loaded", "redirect", "not-loaded", "backend", "closed", "unclear"]
GATEWAY_FAILURES = (502, 503, 504)
REDIRECTS = (301, 302, 307, 308)
NOT_FOUND = 404
WORST_FIRST: tuple[Sort, ...] = ("not-loaded", "backend", "closed", "unclear", "redirect", "loaded", "proven")


def judge_way(evidence: Evidence, args: Args) -> Judgement:
    ingress, skipped = evidence["ingress"], tell_skipped(evidence, Layer.INGRESS)
    if ingress is None:
        return Judgement(skipped)
    places = list(dict.fromkeys(row["place"] for row in evidence["rows"]))
    found = [_judge(evidence, place) for place in places]
    if not found and not skipped:
        why = evidence["why"] if any(backend["service"] for backend in ingress["backends"]) else \
            "it leads to no Service"
        text = f"No controller was asked for what {ingress['name']} is for: {why}; path not tested."
        found = [note(Verdict.SKIPPED, Layer.INGRESS, text, object=ingress["name"])]
    return Judgement((*found, *skipped))


def _judge(evidence: Evidence, place: str) -> Finding:
    rows = [row for row in evidence["rows"] if row["place"] == place]
    sorts = [_sort(evidence, row) for row in rows]
    worst = min(sorts, key=WORST_FIRST.index)
    meant = [row for row, sort in zip(rows, sorts, strict=True) if sort == worst]
    whole = len(meant) == len(rows)
    match worst:
        case "not-loaded" | "backend" | "closed":
            return _fault(evidence, worst, meant, whole=whole)
        case "unclear":
            return _unclear(evidence, meant)
        case _:
            return _fine(evidence, worst, meant)


def _sort(evidence: Evidence, row: Json) -> Sort:
    answer, stranger = row["answer"], evidence["strangers"].get(row["pod"])
    backend, unaltered = evidence["backends"][row["place"]], row["whole"] and not evidence["ingress"]["altered"]
    own, status, alike = _status(backend["answer"]), answer["status"], _is_alike(answer, stranger)
    if answer["refused"]:
        return "closed"
    if not status:
        return "backend" if answer["silent"] and _status(stranger) and own else "unclear"
    if own == status and (not alike or backend["answer"]["text"] == answer["text"]):
        return "proven"
    if status in GATEWAY_FAILURES:
        nobody = backend["none_ready"] or bool(backend["answer"] and backend["answer"]["refused"])
        return "backend" if nobody or (0 < own < 500 and unaltered) else "unclear"
    if status in REDIRECTS and answer["location"].startswith("https://"):
        return "redirect"
    if alike or (not row["host"] and status == NOT_FOUND):
        return "not-loaded" if status == NOT_FOUND and own not in (0, NOT_FOUND) and unaltered else "unclear"
    return "loaded"


def _status(answer: Json | None) -> int:
    return int(answer["status"]) if answer else 0


def _is_alike(answer: Json, stranger: Json | None) -> bool:
    """Whether a host that nobody has gets the same."""
    return bool(stranger) and (answer["status"], answer["text"]) == (_status(stranger), (stranger or {})["text"])


def _fault(evidence: Evidence, sort: Sort, rows: Sequence[Json], *, whole: bool) -> Finding:
    ingress, row, lines = evidence["ingress"], rows[0], _lines(evidence, rows)
    own = evidence["backends"][row["place"]]
    behind = f"Pod {own['pod']} answers {_said(own['answer'])}" if own["answer"] else "no pod behind it is ready"
    verdict = Verdict.FAIL if whole else Verdict.WARN
    if sort == "closed":
        text = (f"{row['workload']} is to serve {ingress['name']}, and nothing listens on port {row['port']} of "
                f"{_who(rows)}, which it declares.")
        return find("ingress.controller.closed", text, verdict=Verdict.WARN, object=str(row["workload"]),
                    evidence=lines)
    fresh = evidence["read_at"] - max(own["since"], *(r["since"] for r in rows)) < LAG
    if sort == "backend":
        text = (f"{_who(rows)}, asked for {_url(row)}, gives {_said(row['answer'])}, while {behind}: the "
                f"controller does not reach Service {ingress['namespace']}/{row['service']}.")
        if fresh:
            new = f"{text} It may have had no time yet to learn of it."
            return note(Verdict.UNKNOWN, Layer.INGRESS, new, object=ingress["name"], evidence=lines)
        return find("ingress.way.backend", text, verdict=verdict, object=ingress["name"], evidence=lines)
    text = (f"{_who(rows)}, asked for {_url(row)}, answers {_said(row['answer'])} as for a host that nobody has, while "
            f"{behind}: the controller has not loaded this rule.")
    if fresh or evidence["read_at"] - ingress["created"] < GRACE:
        new = f"{text} The Ingress is new."
        return note(Verdict.UNKNOWN, Layer.INGRESS, new, object=ingress["name"], evidence=lines)
    return find("ingress.way.not-loaded", text, verdict=verdict, object=ingress["name"], evidence=lines)


def _unclear(evidence: Evidence, rows: Sequence[Json]) -> Finding:
    row = rows[0]
    text = (f"{_who(rows)}, asked for {_url(row)}, gives {_said(row['answer'])}: whether the controller says so or the "
            f"application cannot be told, since {_doubt(evidence, row)}.")
    if not row["answer"]["status"]:
        text = (f"{_who(rows)}, asked for {_url(row)}, gave no answer of HTTP ({row['answer']['error']}), which tells "
                "nothing of the way. A controller behind a load balancer may want the PROXY protocol.")
    return note(Verdict.UNKNOWN, Layer.INGRESS, text, object=evidence["ingress"]["name"],
                evidence=_lines(evidence, rows))


def _doubt(evidence: Evidence, row: Json) -> str:
    altered = evidence["ingress"]["altered"]
    if not _status(evidence["backends"][row["place"]]["answer"]):
        return "the pods behind it told nothing"
    if not row["whole"]:
        return f"{row['path']} is only the beginning of the rule's path"
    return f"annotation {altered[0]} may make another request of it" if altered else "it fits both"


def _fine(evidence: Evidence, sort: Sort, rows: Sequence[Json]) -> Finding:
    row, own = rows[0], evidence["backends"][rows[0]["place"]]
    how = {"proven": f"as Pod {own['pod']} itself does", "redirect": "and leads to HTTPS: what is behind was not asked",
           "loaded": "otherwise than for a host that nobody has: it has loaded the rule"}[sort]
    text = (f"{_who(rows)}, asked for {_url(row)}, answers {row['answer']['status']}, {how}. What stands before the "
            "controller, and TLS, was not tested.")
    sure = sort == "proven" or (sort == "loaded" and row["answer"]["status"] < 300)
    return note(Verdict.PASS if sure else Verdict.INFO, Layer.INGRESS, text, object=evidence["ingress"]["name"],
                evidence=_lines(evidence, rows))


def _who(rows: Sequence[Json]) -> str:
    names = list_names(f"Pod {row['pod']}" for row in rows)
    return f"{names} of the controller"


def _url(row: Json) -> str:
    return f"http://{row['asks']}{row['path']}"


def _said(answer: Json) -> str:
    """`404 “404 page not found”`, or why there is no answer."""
    words = answer["text"] if not answer["text"].lstrip().startswith("<") else ""
    return f"{answer['status']}{f' “{cut(words, 60)}”' if words else ''}" if answer["status"] else str(answer["error"])


def _lines(evidence: Evidence, rows: Sequence[Json]) -> tuple[str, ...]:
    told = [f"Pod {row['pod']}, port {row['port']}, GET {_url(row)}: {_said(row['answer'])}" for row in rows[:2]]
    stranger = evidence["strangers"].get(rows[0]["pod"])
    if stranger and rows[0]["host"]:
        told.append(f"Pod {rows[0]['pod']}, for a host that nobody has: {_said(stranger)}")
    own = evidence["backends"][rows[0]["place"]]
    if own["answer"]:
        told.append(f"Pod {own['pod']}, port {own['port']}, the same request: {_said(own['answer'])}")
    return (*(cut(line, 300) for line in told), read_at(evidence))
