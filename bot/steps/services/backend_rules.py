"""What the pods behind a Service answered, asked directly. Pure."""

from typing import Any

from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement
from bot.steps.findings import tell_skipped
from bot.steps.services.ports import PortArgs
from bot.steps.wording import count, cut, list_names, read_at

Json = dict[str, Any]


def judge_backends(evidence: Evidence, args: PortArgs) -> Judgement:
    rows, skipped = evidence["rows"], tell_skipped(evidence, Layer.SERVICE)
    if not rows:
        why = "no pod of it is ready" if not evidence["ready"] else "it has no TCP port with a target that they have"
        text = f"Pods of {evidence['service']} were not asked: {why}."
        return Judgement((note(Verdict.SKIPPED, Layer.SERVICE, text), *skipped))
    found = [f for number in sorted({row["number"] for row in rows}) for f in _judge_port(evidence, number)]
    if evidence["untried"]:
        text = f"Port {list_names(evidence['untried'])} of {evidence['service']} was not tried; path not tested."
        found.append(note(Verdict.SKIPPED, Layer.SERVICE, text))
    answering = any(_is_fine(row) for row in rows)
    return Judgement((*found, *skipped), {"answering": answering})


def _is_fine(row: Json) -> bool:
    return bool(row["over"] == "ok" or (row["within"] == "ok" and row["over"] != "refused"))


def _is_refused(row: Json) -> bool:
    ways = (row["within"], row["over"])
    return "refused" in ways and "ok" not in ways


def _judge_port(evidence: Evidence, number: int) -> list[Finding]:
    rows = [row for row in evidence["rows"] if row["number"] == number]
    refused = [row for row in rows if _is_refused(row)]
    shut_in = [row for row in rows if row["within"] == "ok" and row["over"] == "refused"]
    fine = [row for row in rows if _is_fine(row)]
    lines = (*(_tell(row) for row in (refused + shut_in or rows)[:4]), read_at(evidence))
    if refused:
        return [_refused(evidence, refused, bool(fine), lines)]
    if shut_in:
        text = (f"{list_names(row['pod'] for row in shut_in)} of {evidence['service']} takes connections on {number} "
                "from within only: at the pod's own address they are refused.")
        return [find("service.backends.loopback", text, verdict=Verdict.WARN if fine else Verdict.FAIL,
                     object=evidence["service"], evidence=lines)]
    if not fine:
        text = f"Whether pods of {evidence['service']} answer on {number} could not be told: {rows[0]['said']}."
        return [note(Verdict.UNKNOWN, Layer.SERVICE, text, evidence=lines)]
    return [_answering(evidence, number, fine, lines)]


def _refused(evidence: Evidence, refused: list[Json], some_fine: bool, lines: tuple[str, ...]) -> Finding:
    """Where the pod's own address was not tried, an application that is bound to it alone would look the same."""
    row, others = refused[0], evidence["others"]
    sure = any(r["over"] == "refused" for r in refused)
    hint = f" Port {list_names(map(str, others))} answers." if others else ""
    who = list_names((r["pod"] for r in refused), 3)
    leads = f"where port {row['port']} of {evidence['service']} leads"
    what = "Nothing listens on" if row["within"] == "refused" else "Connections from outside the pod are refused on"
    text = f"{what} {row['number']} in {who}, {leads}.{hint}"
    verdict = Verdict.FAIL if sure and not some_fine else Verdict.WARN
    space, name = evidence["service"].removeprefix("Service ").split("/")
    advice = f"Set the targetPort of port {row['port']} to {others[0]}: `kubectl -n {space} edit service {name}`." \
        if others else ""
    return find("service.backends.refused", text, verdict=verdict, object=evidence["service"], evidence=lines,
                advice=advice)


def _answering(evidence: Evidence, number: int, fine: list[Json], lines: tuple[str, ...]) -> Finding:
    reached = [row for row in fine if row["over"] == "ok"]
    how = "over the pod network" if reached else "from within; the way over the pod network was not tested"
    rest = "" if evidence["headless"] else " The way through the Service's address was not tested."
    text = f"{count(len(fine), 'pod')} of {evidence['service']} tried, answering on {number} {how}.{rest}"
    return note(Verdict.PASS, Layer.SERVICE, text, object=evidence["service"], evidence=lines)


def _tell(row: Json) -> str:
    over = f", over the pod network: {row['over_said'] or row['over']}" if row["over"] != "untold" else ""
    return cut(f"Pod {row['pod']} on {row['node']}, port {row['number']}: from within: {row['said']}{over}", 300)
