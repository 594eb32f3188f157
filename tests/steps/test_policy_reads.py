"""Each read of the looks at NetworkPolicies refused, in turn: never a fault that was none before, never a pass of what
rests on it, and named. And the sample of pods that may not ask for names, on evidence alone."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.cluster import Cluster
from bot.cluster.reads import RunReads
from bot.engine import execution
from bot.model.finding import Finding, Verdict
from bot.model.playbook import Kind, Step
from bot.playground.scenarios import SCENARIOS, load_scenario
from bot.steps import Evidence
from bot.steps.dns.policy_clients import CLIENTS
from bot.steps.library import STEP_TYPES
from tests.steps.boxed import open_boxed
from tests.steps.dns_evidence import causes, judge, only
from tests.steps.failing import REFUSED, each_failing
from tests.steps.policy_evidence import OPEN, SERVER, enforcers, policy, policy_evidence, side

LOOKS = ("policy.enforcement", "policy.selection", "policy.reach")
WEAKER = {"policy.selects-nothing": "policy.ingress", "policy.no-namespace": "policy.ingress"}
"""What can still be said of a connection that is blocked, where the mistake behind it could not be seen."""
STAND_WITHOUT = {("policy.enforcement", "version"), *(("policy.reach", name) for name in ("version", "apis",
                                                                                          "daemonsets"))}


async def ask(cluster: Cluster, name: str, uses: str) -> tuple[Finding, ...]:
    given = dict(word.split("=") for word in SCENARIOS[name].words)
    arguments = given if uses != "policy.enforcement" else {}
    step = Step(id="look", uses=uses, kind=Kind.LOOK, title="Look")
    return (await execution.look(STEP_TYPES[uses], RunReads(cluster), step, arguments)).findings


def faults(findings: tuple[Finding, ...]) -> set[str]:
    return {finding.cause for finding in findings if finding.verdict in (Verdict.FAIL, Verdict.WARN)}


@pytest.mark.parametrize("uses", LOOKS)
@pytest.mark.parametrize("name", ["np-deny-weave", "np-typo-calico", "np-namespace-label-calico", "np-allows-calico",
                                  "np-not-enforced-bridge"])
async def test_a_read_that_is_refused_makes_no_fault_and_is_named(name: str, uses: str, tmp_path: Path) -> None:
    async with open_boxed(load_scenario(name), tmp_path) as boxed:
        look = partial(ask, boxed.cluster, name, uses)
        before = faults(await look())
        async for missed, found in each_failing(boxed.box, REFUSED, look):
            assert faults(found) <= before | {WEAKER[cause] for cause in before & WEAKER.keys()}, missed
            named = any(missed in f"{f.summary} {f.evidence}" for f in found if f.verdict is not Verdict.PASS)
            assert named or (uses, missed) in STAND_WITHOUT, (missed, found)


# --- pods that may not ask for names ----------------------------------------------------------------------------------


def limited(*policies: dict[str, Any], **changes: Any) -> Evidence:
    server = {**SERVER, "namespace_labels": {"kubernetes.io/metadata.name": "kube-system"}}
    return {**policy_evidence(*policies, server=server), "spaces": ["shop"], "unlooked": [],
            "clients": [side("web", "shop")], **changes}


def out(**spec: Any) -> dict[str, Any]:
    return policy("out", "shop", policyTypes=["Egress"], **spec)


TO_DB = [{"to": [{"podSelector": {"matchLabels": {"app": "db"}}}]}]
WEB = {"matchLabels": {"app": "web"}}


@pytest.mark.parametrize("spec", [{}, {"podSelector": WEB, "egress": TO_DB}], ids=["all of a namespace", "other rules"])
def test_pods_that_may_send_something_but_no_question_are_told_as_a_fault(spec: dict[str, Any]) -> None:
    finding = only(CLIENTS, limited(out(**spec)))
    assert (finding.cause, finding.verdict, finding.object) == (
        "dns.policy.client", Verdict.WARN, "NetworkPolicy shop/out")


NOWHERE = {"to": [{"namespaceSelector": {"matchLabels": {"name": "kube-system"}}}], **OPEN[0]}
SPACES = [["kube-system", {"kubernetes.io/metadata.name": "kube-system"}], ["shop", {}]]


def test_a_rule_for_port_53_that_names_no_namespace_is_the_one_fault() -> None:
    forgotten = limited(out(podSelector=WEB, egress=[NOWHERE]), namespaces=SPACES, all_namespaces=True)
    finding = only(CLIENTS, forgotten)
    assert (finding.cause, finding.verdict, finding.object) == (
        "policy.no-namespace", Verdict.WARN, "NetworkPolicy shop/out")
    assert "kubernetes.io/metadata.name: kube-system" in finding.advice
    assert causes(CLIENTS, {**forgotten, "all_namespaces": False}) == ["dns.policy.client"]


def test_pods_of_their_own_that_may_send_nothing_at_all_may_be_meant_so() -> None:
    finding = only(CLIENTS, limited(out(podSelector=WEB)))
    assert (finding.cause, finding.verdict) == ("", Verdict.INFO)
    assert "allow-dns" in finding.advice


def test_pods_that_may_ask_and_namespaces_without_limits_pass() -> None:
    assert only(CLIENTS, limited(out(egress=OPEN))).verdict is Verdict.PASS
    assert only(CLIENTS, limited(clients=[], spaces=[])).verdict is Verdict.PASS


def test_where_nothing_enforces_them_no_pod_is_called_shut_in() -> None:
    assert causes(CLIENTS, limited(out(), enforcement=enforcers())) == []


def test_what_may_not_be_read_of_it_is_named_and_passes_nothing() -> None:
    missed = "list networkpolicies.networking.k8s.io"
    for evidence in (limited(spaces=None, clients=[], skipped=[missed]), limited(clients=[], skipped=["list pods"])):
        assert {f.verdict for f in judge(CLIENTS, evidence).findings} == {Verdict.SKIPPED}
