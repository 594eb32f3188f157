"""policy.enforcement and policy.selection on evidence alone: policies that mean nothing."""

from typing import Any

import pytest

from bot.model.finding import Verdict
from bot.steps import Evidence
from bot.steps.policy.enforcement import ENFORCED
from bot.steps.policy.nearness import find_nearest
from bot.steps.policy.selection import SELECTION
from tests.steps.dns_evidence import NOW, only
from tests.steps.policy_evidence import enforcers, policy

ALLOW = policy("allow-web", "shop", podSelector={"matchLabels": {"app": "webb"}})
WEB = ["web-0", {"app": "web", "tier": "front"}]


def enforced(enforcement: dict[str, Any], *names: str, **changes: Any) -> Evidence:
    return {"policies": list(names), "more": 0, "enforcement": enforcement, "skipped": [], "read_at": NOW, **changes}


def selection(**changes: Any) -> Evidence:
    return {"policies": 2, "more": 0, "unlooked": [], "idle": [], "nowhere": [], "namespaces": [], "skipped": [],
            "read_at": NOW, **changes}


def idle(*pods: list[Any], templates: list[list[Any]] | None = None) -> Evidence:
    return selection(idle=[{"policy": ALLOW, "pods": list(pods), "templates": templates or []}])


def nowhere(labels: dict[str, str], *namespaces: list[Any]) -> Evidence:
    return selection(nowhere=[[ALLOW, {"matchLabels": labels}]], namespaces=list(namespaces))


# --- does anything enforce them ---------------------------------------------------------------------------------------


def test_policies_that_nothing_enforces_are_a_fault_and_none_are_not() -> None:
    finding = only(ENFORCED, enforced(enforcers("kube-flannel-ds", agent={"containers": [], "error": ""}), "shop/deny"))
    assert (finding.cause, finding.verdict, finding.object) == (
        "policy.not-enforced", Verdict.WARN, "NetworkPolicies")
    assert any("shop/deny" in line for line in finding.evidence)
    assert only(ENFORCED, enforced(enforcers())).verdict is Verdict.INFO


def test_where_something_enforces_them_that_is_named() -> None:
    finding = only(ENFORCED, enforced(enforcers("calico-node"), "shop/deny"))
    assert finding.verdict is Verdict.PASS
    assert "calico-node" in finding.summary


def test_where_it_may_be_built_in_nothing_is_called_unenforced() -> None:
    finding = only(ENFORCED, enforced(enforcers(version="v1.34.1+k3s1"), "shop/deny"))
    assert finding.verdict is Verdict.UNKNOWN


def test_policies_that_may_not_be_read_are_neither_a_fault_nor_a_pass() -> None:
    missed = "list networkpolicies.networking.k8s.io"
    finding = only(ENFORCED, enforced(enforcers(), policies=None, skipped=[missed]))
    assert finding.verdict is Verdict.SKIPPED
    assert missed in finding.summary


# --- do they select anything ------------------------------------------------------------------------------------------


def test_a_policy_that_misses_pods_by_one_letter_is_a_fault_and_the_label_is_named() -> None:
    finding = only(SELECTION, idle(WEB))
    assert (finding.cause, finding.verdict, finding.object) == (
        "policy.selects-nothing", Verdict.WARN, "NetworkPolicy shop/allow-web")
    assert "app=web in place of app=webb" in finding.advice


@pytest.mark.parametrize("evidence", [
    idle(), idle(["db-0", {"app": "db"}]), idle(WEB, templates=[["Deployment webb", {"app": "webb"}]])],
    ids=["no pods", "other pods", "a workload scaled to zero"])
def test_a_policy_that_only_has_no_pods_yet_is_no_fault(evidence: Evidence) -> None:
    assert only(SELECTION, evidence).verdict is Verdict.INFO


def test_a_namespace_that_is_meant_by_its_name_is_told_with_the_label_it_has() -> None:
    finding = only(SELECTION, nowhere({"name": "front"}, ["front", {"kubernetes.io/metadata.name": "front"}]))
    assert (finding.cause, finding.verdict) == ("policy.no-namespace", Verdict.WARN)
    assert "kubernetes.io/metadata.name: front" in finding.advice


def test_a_rule_for_a_namespace_that_may_still_come_is_no_fault() -> None:
    evidence = nowhere({"kubernetes.io/metadata.name": "monitoring"}, ["shop", {"kubernetes.io/metadata.name": "shop"}])
    assert only(SELECTION, evidence).verdict is Verdict.INFO


def test_nothing_passes_when_pods_could_not_be_read() -> None:
    finding = only(SELECTION, selection(skipped=["list pods in shop"]))
    assert finding.verdict is Verdict.SKIPPED


@pytest.mark.parametrize(("wants", "has"), [
    ("web", "webb"), ("frontend", "front-end"), ("checkout", "chekcout"), ("Web", "web")])
def test_words_that_are_one_mistyped(wants: str, has: str) -> None:
    assert find_nearest({"matchLabels": {"app": wants}}, [("x", {"app": has})])


@pytest.mark.parametrize(("wants", "has"), [
    ("team-a", "team-b"), ("web1", "web2"), ("web-0", "web-1"), ("web", "db"), ("prod", "production"), ("a", "b")])
def test_words_that_are_two(wants: str, has: str) -> None:
    assert find_nearest({"matchLabels": {"app": wants}}, [("x", {"app": has})]) is None


def test_the_same_value_under_another_key_is_near_and_two_differences_are_not() -> None:
    labels = {"app.kubernetes.io/name": "web", "tier": "front"}
    found = find_nearest({"matchLabels": {"app": "web"}}, [("x", labels)])
    assert found is not None
    assert found.has == "app.kubernetes.io/name=web"
    assert find_nearest({"matchLabels": {"app": "web", "zone": "a"}}, [("x", labels)]) is None
    assert find_nearest({"matchLabels": {"enabled": "true"}}, [("x", {"other": "true"})]) is None
