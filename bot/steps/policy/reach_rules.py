"""One connection, ruled by the policies of both ends: allowed, or which policy forbids it and why. Pure.

Why is the nearest thing to a mistake: a policy meant for this pod that selects none; a rule meant for this namespace
that names none; else the policy that isolates, and what no rule of it allows.
"""

from dataclasses import replace
from typing import Any

from bot.diagnosis.causes import note
from bot.diagnosis.policy_evaluation import Direction, Party, Ruling
from bot.diagnosis.policy_selectors import both
from bot.model.finding import Finding, Layer, Verdict
from bot.networks import recognise_all
from bot.steps import Args, Evidence, Judgement
from bot.steps.findings import tell_skipped
from bot.steps.policy.clients import anybody
from bot.steps.policy.facts import party, reach
from bot.steps.policy.grounds import find_ground
from bot.steps.policy.mends import allow
from bot.steps.policy.one_end import judge_receiver, judge_sender, name_side, tell_unseen
from bot.steps.policy.verdicts import Blocked, convict
from bot.steps.wording import list_names, read_at

DIRECTIONS: tuple[Direction, ...] = ("Egress", "Ingress")
Row = dict[str, Any]


def judge_reach(evidence: Evidence, args: Args) -> Judgement:
    findings, outputs = _judge(evidence)
    outputs["kind"] = evidence["target"]["kind"] if evidence["target"] else ""
    if evidence["others"] and (evidence["source"] or evidence["target"]):
        text = (f"The evaluation is incomplete: {list_names(evidence['others'])} may forbid more, or allow it first; "
                "netcheck evaluates NetworkPolicies of Kubernetes only.")
        advice = "Read those objects with the tool of the network plugin that they belong to."
        findings.append(note(Verdict.UNKNOWN, Layer.POLICY, text, evidence=(read_at(evidence),), advice=advice))
    return Judgement((*findings, *tell_skipped(evidence, Layer.POLICY)), outputs)


def _judge(evidence: Evidence) -> tuple[list[Finding], dict[str, Any]]:
    source, target = evidence["source"], evidence["target"]
    unknown: dict[str, Any] = {"allowed": None}
    if not evidence["known"]:
        return [], unknown  # the permission is told
    if target and not target["rows"]:
        text = f"What policies say about {target['name']} could not be told: {target['why']}."
        return [note(Verdict.UNKNOWN, Layer.POLICY, text, evidence=(read_at(evidence),))], unknown
    if source and target:
        return _connection(evidence, source, target["rows"])
    if not source and (evidence["pod"] or not target):
        text = f"There is no Pod {evidence['pod']}, so its policies were not evaluated." if evidence["pod"] else \
            "No connection was asked about: name its ends."
        return [note(Verdict.UNKNOWN, Layer.POLICY, text, evidence=(read_at(evidence),))], unknown
    if source:
        return [judge_sender(evidence, source)], unknown
    return [judge_receiver(evidence, target["rows"])], unknown


def _connection(evidence: Evidence, source: Row, rows: list[Row]) -> tuple[list[Finding], dict[str, Any]]:
    told = [(row, reach(evidence["policies"], _seen_as(evidence, source, row["side"]), party(row["side"]),
                        row["protocol"], row["port"])) for row in rows]
    answers = [both(ruling.allowed for ruling in rulings.values()) for _, rulings in told]
    outputs, found = {"allowed": both(answers)}, []
    for direction in DIRECTIONS:
        shut = [(row, rulings[direction]) for row, rulings in told if rulings[direction].allowed is False]
        if shut and _stays_at_home(source, shut[0][0]["side"]):
            return [_at_home(evidence, direction, *shut[0])], {"allowed": None}
        if shut:
            found.append(_blocked(evidence, direction, *shut[0], whole=len(shut) == len(told)))
    if found:
        return found, outputs
    what = f"Pod {evidence['pod']} reach {evidence['target']['name']} at {_ports(rows)}"
    if None in answers:
        on = "the address that its packets arrive with, its node's or that of its node's tunnel" if source["host"] \
            else "what was not read"
        text = f"Whether NetworkPolicies let {what} depends on {on}."
        return [note(Verdict.UNKNOWN, Layer.POLICY, text, evidence=(read_at(evidence),))], outputs
    names = sorted({name for _, rulings in told for d in DIRECTIONS for name in rulings[d].isolating})
    why = f"{list_names(names, 3)} {'allows' if len(names) == 1 else 'allow'} it" if names else \
        "no policy isolates either end"
    host = _host(evidence, source, rows)
    text = f"NetworkPolicies let {what}: {why}{host}{tell_unseen(evidence)}; path not tested."
    return [note(Verdict.PASS, Layer.POLICY, text, evidence=(read_at(evidence),))], outputs


def _seen_as(evidence: Evidence, source: Row, side: Row) -> Party:
    """From its node's network a pod sends to other nodes with the address of the node's tunnel, where there is one: by
    blocks of addresses nobody can tell whether that is let in (seen: Calico with VXLAN)."""
    sender = party(source)
    if not source["host"] or source["home"] == side.get("home"):
        return sender
    agents = recognise_all(evidence["enforcement"]["sets"]) if evidence["enforcement"] else ()
    tunnelled = any(network.overhead for network, _ in agents)
    return replace(sender, address=anybody(source).address) if tunnelled else sender


def _stays_at_home(source: Row, side: Row) -> bool:
    """A pod and its own node: by the page of NetworkPolicy that traffic always passes, and not all networks keep to it
    (seen: Weave Net does)."""
    pod, node = (source, side) if side["host"] else (side, source)
    return bool(node["host"] and not pod["host"] and node["address"] == pod.get("home"))


def _at_home(evidence: Evidence, direction: Direction, row: Row, ruling: Ruling) -> Finding:
    text = (f"{list_names(ruling.isolating, 3)} {'allows' if len(ruling.isolating) == 1 else 'allow'} no "
            f"{direction.lower()} between Pod {evidence['pod']} and {name_side(row['side'])} at port "
            f"{row['port']}/{row['protocol']}; but one of them is the other's own node, and what goes between a pod "
            "and its node most networks let pass in any case.")
    return note(Verdict.UNKNOWN, Layer.POLICY, text, evidence=(read_at(evidence),))


def _ports(rows: list[Row]) -> str:
    return "port " + list_names(dict.fromkeys(f"{row['port']}/{row['protocol']}" for row in rows))


def _host(evidence: Evidence, source: Row, rows: list[Row]) -> str:
    """Pods in their node's network are addresses to policies, and their own policies say nothing about them."""
    names = [place for place, host in ((evidence["pod"], source["host"]),
                                       (evidence["target"]["name"], any(row["side"]["host"] for row in rows))) if host]
    return f" ({list_names(names)} {'are' if len(names) > 1 else 'is'} known to policies by address only)" * bool(names)


def _blocked(evidence: Evidence, direction: Direction, row: Row, ruling: Ruling, *, whole: bool) -> Finding:
    source, outward = evidence["source"], direction == "Egress"
    subject, other = (source, row["side"]) if outward else (row["side"], source)
    port = f"{row['port']}/{row['protocol']}"
    target = evidence["target"]["name"]
    ground = find_ground(evidence, direction, ruling, subject, other, row)
    if ground:
        return ground
    some = "" if whole else " at some of its endpoints"
    return convict(evidence, Blocked(
        code="policy.egress" if outward else "policy.ingress", direction=direction, ruling=ruling,
        verdict=Verdict.FAIL if whole else Verdict.WARN,
        what=f"what Pod {evidence['pod']} sends to {target}{some}" + _translated(evidence, row),
        wanted=f"port {port} {'to' if outward else 'from'} {name_side(other)}", namespace=subject["namespace"],
        mend=allow(direction, subject, other, row["protocol"], row["port"]),
    ))


def _translated(evidence: Evidence, row: Row) -> str:
    """Policies see the pod or server behind a Service, and its port there."""
    target = evidence["target"]
    if target["kind"] != "Service" or not target["address"]:
        return ""
    seen = f"{row['side']['address']}:{row['port']}"
    return f" (policies see {seen}, not {target['address']}:{target['port']})"
