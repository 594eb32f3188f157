"""Why a connection is not allowed, where the reason is a mistake in a policy that was meant to allow it. Pure."""

from typing import Any

from bot.diagnosis.policy_evaluation import Direction, Ruling, decide
from bot.diagnosis.policy_selectors import selects
from bot.model.finding import Finding, Verdict
from bot.steps import Evidence
from bot.steps.policy.clients import anybody, crowds
from bot.steps.policy.enforcers import judge_enforcement
from bot.steps.policy.facts import party
from bot.steps.policy.nearness import find_nearest
from bot.steps.policy.selection_rules import idle_finding, lost_finding

Row = dict[str, Any]
_WORDS: dict[Direction, tuple[str, str]] = {"Ingress": ("ingress", "from"), "Egress": ("egress", "to")}


def find_ground(
    evidence: Evidence, direction: Direction, ruling: Ruling, subject: Row, other: Row | None, row: Row
) -> Finding | None:
    """`other`: None for everybody. Only where policies are enforced: otherwise nothing is blocked by any of it."""
    if not judge_enforcement(evidence["enforcement"]).enforced:
        return None
    return _mistyped(evidence, direction, subject, other, row) or _nowhere(
        evidence, direction, ruling, subject, other, row)


def _mistyped(evidence: Evidence, direction: Direction, subject: Row, other: Row | None, row: Row) -> Finding | None:
    """A policy that selects no pod, would allow this one (or some of everybody), and misses it by one label."""
    others = [party(other)] if other else crowds(
        subject, evidence["namespaces"], complete=evidence["all_namespaces"])
    for policy in evidence["idle"]:
        selector = policy["spec"].get("podSelector") or {}
        nearest = find_nearest(selector, [(subject["name"], subject["labels"])])
        if nearest is None or policy["metadata"]["namespace"] != subject["namespace"]:
            continue
        meant = {**policy, "spec": {**policy["spec"], "podSelector": {}}}
        told = [decide([meant], direction, party(subject), one, row["protocol"], row["port"]).allowed for one in others]
        if any(allowed or (allowed is None and not other) for allowed in told):
            what = f"what Pod {evidence['pod']} sends" if other else "what some send"
            also = f". It would allow {what} to {evidence['target']['name']}"
            return idle_finding(evidence, policy, nearest, also, Verdict.FAIL)
    return None


def _nowhere(
    evidence: Evidence, direction: Direction, ruling: Ruling, subject: Row, other: Row | None, row: Row
) -> Finding | None:
    """A rule for this port fails by a namespaceSelector that takes no namespace at all."""
    if not evidence["all_namespaces"]:
        return None
    key, word = _WORDS[direction]
    mine = [p for p in evidence["policies"] if p["metadata"]["name"] in ruling.isolating
            and p["metadata"]["namespace"] == subject["namespace"]]
    destination = party(other) if other else anybody(subject)
    for policy, rule in ((one, rule) for one in mine for rule in one["spec"].get(key) or ()):
        to_all = {**policy, "spec": {**policy["spec"], key: [{"ports": rule.get("ports")}]}}
        if not decide([to_all], direction, party(subject), destination, row["protocol"], row["port"]).allowed:
            continue
        for peer in rule.get(word) or ():
            selector, pods = peer.get("namespaceSelector"), peer.get("podSelector") or {}
            if not selector or any(selects(selector, labels) for _, labels in evidence["namespaces"]):
                continue
            if other is None or (not other["host"] and selects(pods, other["labels"])):
                return _lost(evidence, policy, selector, other)
    return None


def _lost(evidence: Evidence, policy: dict[str, Any], selector: dict[str, Any], other: Row | None) -> Finding:
    asker = f"Pod {evidence['pod']}" if evidence["pod"] else "any pod"
    return lost_finding(evidence, policy, selector, evidence["namespaces"], Verdict.FAIL,
                        f". So nothing gets from {asker} to {evidence['target']['name']}",
                        other["namespace"] if other else "")
