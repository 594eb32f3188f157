"""What it means that a selector takes nothing: a fault where something is there that it was surely meant for. Pure."""

from typing import Any

from bot.diagnosis.causes import find, note
from bot.diagnosis.policy_selectors import selects
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Args, Evidence, Judgement
from bot.steps.findings import tell_skipped
from bot.steps.policy.nearness import Nearest, find_nearest
from bot.steps.policy.words import tell_selector
from bot.steps.wording import count, list_names, read_at

NAME = "kubernetes.io/metadata.name"
"""The label that each namespace has, with its own name."""


def list_spaces(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """The namespaceSelectors of all rules; an empty one takes every namespace."""
    peers = [peer for key, word in (("ingress", "from"), ("egress", "to")) for rule in spec.get(key) or ()
             for peer in rule.get(word) or ()]
    return [peer["namespaceSelector"] for peer in peers if peer.get("namespaceSelector")]


def judge_selection(evidence: Evidence, args: Args) -> Judgement:
    skipped = tell_skipped(evidence, Layer.POLICY)
    if evidence["policies"] is None:
        return Judgement(skipped)
    findings = [_idle(evidence, item) for item in evidence["idle"]]
    findings += [_lost(evidence, policy, selector) for policy, selector in evidence["nowhere"]]
    if left := evidence["unlooked"]:
        text = f"Policies of {count(len(left), 'namespace')} more were not looked at: {list_names(left)}."
        findings.append(note(Verdict.INFO, Layer.POLICY, text, evidence=(read_at(evidence),)))
    if not evidence["idle"] and not evidence["nowhere"] and not skipped:
        looked = count(evidence["policies"], "NetworkPolicy", "NetworkPolicies")
        text = f"{looked} looked at: each selects pods, and each namespace that is named is there." \
            if evidence["policies"] else "There is no NetworkPolicy to look at."
        findings.append(note(Verdict.PASS, Layer.POLICY, text, evidence=(read_at(evidence),)))
    return Judgement((*findings, *skipped))


def name_policy(policy: dict[str, Any]) -> str:
    return f"NetworkPolicy {policy['metadata']['namespace']}/{policy['metadata']['name']}"


def _idle(evidence: Evidence, item: dict[str, Any]) -> Finding:
    policy = item["policy"]
    name, selector = name_policy(policy), policy["spec"].get("podSelector") or {}
    wants = tell_selector(selector, "all pods")
    maker = next((who for who, labels in item["templates"] if selects(selector, labels)), "")
    nearest = None if maker else find_nearest(selector, item["pods"])
    if nearest:
        return idle_finding(evidence, policy, nearest)
    why = f"it stands ready for those of {maker}, which has none" if maker else "nothing there has labels like these"
    text = f"{name} selects no pod ({wants}): {why}."
    return note(Verdict.INFO, Layer.POLICY, text, object=name, evidence=(read_at(evidence),))


def idle_finding(
    evidence: Evidence, policy: dict[str, Any], nearest: Nearest, also: str = "", verdict: Verdict = Verdict.WARN
) -> Finding:
    name, space = name_policy(policy), policy["metadata"]["namespace"]
    text = f"{name} selects no pod: it wants {nearest.wants}, and Pod {space}/{nearest.name} has {nearest.has}{also}."
    lines = (f"{name}: podSelector {tell_selector(policy['spec'].get('podSelector') or {}, 'all pods')}, 0 pods match",
             f"Pod {space}/{nearest.name}: {nearest.has}", read_at(evidence))
    advice = (f"Where these pods are meant, put {nearest.has} in place of {nearest.wants} in its podSelector: "
              f"`kubectl -n {space} edit networkpolicy {policy['metadata']['name']}`.")
    return find("policy.selects-nothing", text, verdict=verdict, object=name, evidence=lines, advice=advice)


def _lost(evidence: Evidence, policy: dict[str, Any], selector: dict[str, Any]) -> Finding:
    nearest = find_nearest(selector, [(name, labels) for name, labels in evidence["namespaces"]])
    named = _named(selector, evidence["namespaces"])
    if nearest or named:
        return lost_finding(evidence, policy, selector, evidence["namespaces"], Verdict.WARN)
    name = name_policy(policy)
    text = (f"A rule of {name} names no namespace that is there ({tell_selector(selector, 'all', 'namespaces')}): it "
            "allows nobody until there is one.")
    return note(Verdict.INFO, Layer.POLICY, text, object=name, evidence=(read_at(evidence),))


def _named(selector: dict[str, Any], namespaces: list[list[Any]]) -> str:
    """A namespace that is called as the label it lacks."""
    values = set((selector.get("matchLabels") or {}).values())
    return next((name for name, _ in namespaces if name in values), "")


def lost_finding(
    evidence: Evidence, policy: dict[str, Any], selector: dict[str, Any], namespaces: list[list[Any]],
    verdict: Verdict, also: str = "", meant: str = "",
) -> Finding:
    """`meant`: the namespace that the rule is surely for, where it is known."""
    nearest = find_nearest(selector, [(name, labels) for name, labels in namespaces])
    meant = meant or _named(selector, namespaces) or (nearest.name if nearest else "")
    name, space = name_policy(policy), policy["metadata"]["namespace"]
    wants = tell_selector(selector, "all", "namespaces")
    has = f", and Namespace {nearest.name} has {nearest.has}" if nearest else \
        f", and Namespace {meant} has no such label" if meant else ""
    text = f"A rule of {name} matches no namespace: it wants {wants}{has}{also}."
    label = f"`{NAME}: {meant}`" if meant else f"`{NAME}`"
    lines = (f"{name}: namespaceSelector {wants}, 0 of {count(len(namespaces), 'namespace')} match", read_at(evidence))
    advice = (f"Name the namespace by a label that it has, such as {label}, which each namespace has by itself: "
              f"`kubectl -n {space} edit networkpolicy {policy['metadata']['name']}`; or label the namespace.")
    return find("policy.no-namespace", text, verdict=verdict, object=name, evidence=lines, advice=advice)
