"""What policies say where only one end of a connection was named: what limits a pod that sends, and whether they let
anybody in to one that receives. Pure."""

from typing import Any

from bot.diagnosis.causes import note
from bot.diagnosis.policy_evaluation import Ruling, decide
from bot.diagnosis.policy_selectors import selects
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence
from bot.steps.policy.clients import anybody, crowds
from bot.steps.policy.facts import party
from bot.steps.policy.grounds import find_ground
from bot.steps.policy.mends import allow
from bot.steps.policy.verdicts import Blocked, convict, name_policies
from bot.steps.wording import count, cut, list_names, read_at

Row = dict[str, Any]


def judge_sender(evidence: Evidence, side: Row) -> Finding:
    """That it may send nothing at all is as often meant as not: information."""
    name, read = name_side(side), read_at(evidence)
    if side["host"]:
        return _no_word(evidence, side)
    isolating = decide(evidence["policies"], "Egress", party(side), anybody(side), "TCP", 0).isolating
    if not isolating:
        return note(Verdict.PASS, Layer.POLICY, f"No NetworkPolicy limits what goes out of {name}.", evidence=(read,))
    mine = [p for p in evidence["policies"] if p["metadata"]["name"] in isolating
            and selects(p["spec"].get("podSelector") or {}, side["labels"])]
    rules = sum(len(p["spec"].get("egress") or ()) for p in mine)
    lets = "and no rule of them allows anything" if not rules else f"and let pass what {rules} of their rules allow"
    text = f"{list_names(isolating, 3)} limit what goes out of {name}, {lets}. Ask about a connection with pod and to."
    return note(Verdict.INFO, Layer.POLICY, cut(text, 400), evidence=(read,))


def judge_receiver(evidence: Evidence, rows: list[Row]) -> Finding:
    """What is asked about and lets nobody in does not work for anybody: that is a fault. `rows`: one for each pod of a
    Service that was looked at; policies can isolate those only that are in no node's network."""
    rows, what = [row for row in rows if not row["side"]["host"]] or rows, evidence["target"]["name"]
    if rows[0]["side"]["host"]:
        return _no_word(evidence, rows[0]["side"])
    told = [(row, _asked_by_all(evidence, row)) for row in rows]
    shut = [(row, rulings) for row, rulings in told if all(ruling.allowed is False for ruling in rulings)]
    if shut:
        row, rulings = shut[0]
        nearest = next((ruling for ruling in rulings if ruling.near), rulings[0])
        return _shut(evidence, row, nearest, whole=len(shut) == len(told))
    row, rulings = next(((row, own) for row, own in told if any(not ruling.allowed for ruling in own)), told[0])
    isolating = name_policies(evidence, rulings[0].isolating, row["side"]["namespace"]) if rulings[0].isolating else ""
    if all(ruling.allowed for ruling in rulings):
        why = f"{isolating} let all in" if isolating else "no policy isolates it"
        text = f"NetworkPolicies let every pod reach {what} at port {row['port']}/{row['protocol']}: {why}" \
            f"{tell_unseen(evidence)}; path not tested."
        return note(Verdict.PASS, Layer.POLICY, text, evidence=(read_at(evidence),))
    text = f"Through {isolating} some reach {what} and others do not: name the pod that asks."
    return note(Verdict.INFO, Layer.POLICY, text, evidence=(read_at(evidence),))


def _asked_by_all(evidence: Evidence, row: Row) -> list[Ruling]:
    side = row["side"]
    everybody = crowds(side, evidence["namespaces"], complete=evidence["all_namespaces"])
    return [decide(evidence["policies"], "Ingress", party(side), crowd, row["protocol"], row["port"])
            for crowd in everybody]


def _shut(evidence: Evidence, row: Row, ruling: Ruling, *, whole: bool) -> Finding:
    side, what = row["side"], evidence["target"]["name"]
    ground = find_ground(evidence, "Ingress", ruling, side, None, row)
    some = "" if whole else f" at {name_side(side)}, one of its endpoints"
    return ground or convict(evidence, Blocked(
        code="policy.ingress", direction="Ingress", ruling=ruling, verdict=Verdict.FAIL if whole else Verdict.WARN,
        what=f"all that is sent to {what}{some}", wanted=f"port {row['port']}/{row['protocol']} from any pod",
        namespace=side["namespace"], mend=allow("Ingress", side, None, row["protocol"], row["port"])))


def _no_word(evidence: Evidence, side: Row) -> Finding:
    text = f"{name_side(side)} is an address of a node or outside the pod network: NetworkPolicies do not isolate it."
    return note(Verdict.INFO, Layer.POLICY, text, evidence=(read_at(evidence),))


def tell_unseen(evidence: Evidence) -> str:
    """Of a Service with many endpoints only the first few are looked at."""
    unseen = evidence["target"].get("unseen", 0)
    return f"; {count(unseen, 'endpoint')} more not looked at" if unseen else ""


def name_side(side: Row) -> str:
    """A pod by its name, all else by its address."""
    return str(side["address"]) if side["host"] or not side["namespace"] else f"Pod {side['namespace']}/{side['name']}"
