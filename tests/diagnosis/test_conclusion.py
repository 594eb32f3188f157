"""The root-cause rule: what no other finding explains, per node, across layers, in any order."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.diagnosis.causes import CAUSES, find, note
from bot.diagnosis.conclusion import conclude
from bot.model.finding import Answer, Conclusion, Finding, Layer, Verdict

NODES = ("", "n1", "n2")
BAD = (Verdict.FAIL, Verdict.WARN)


def fault(code: str, node: str = "", object: str = "", verdict: Verdict = Verdict.FAIL, step: str = "s") -> Finding:
    return replace(find(code, f"{code} on {node}", verdict=verdict, object=object, node=node), step=step)


def roots(conclusion: Conclusion) -> list[str]:
    return [root.finding.cause for root in conclusion.root_causes]


def consequences(conclusion: Conclusion) -> list[str]:
    return [finding.cause for root in conclusion.root_causes for finding in root.consequences]


faults = st.builds(
    fault, st.sampled_from(sorted(CAUSES)), st.sampled_from(NODES), st.sampled_from(("", "Service a/b", "Pod a/c")),
    st.sampled_from((*BAD, Verdict.PASS, Verdict.INFO, Verdict.UNKNOWN, Verdict.SKIPPED)), st.sampled_from("abc"),
)


@given(st.lists(faults, max_size=12), st.randoms())
def test_the_order_of_findings_does_not_matter(findings: list[Finding], random: object) -> None:
    shuffled = list(findings)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert conclude(findings) == conclude(shuffled)


@given(st.lists(faults, max_size=12))
def test_every_fault_is_a_root_cause_or_a_consequence_exactly_once(findings: list[Finding]) -> None:
    conclusion = conclude(findings)
    told = Counter(f.key for r in conclusion.root_causes for f in (r.finding, *r.consequences))
    assert told == Counter({f.key for f in findings if f.verdict in BAD})


@given(st.lists(faults, max_size=12))
def test_wherever_there_is_a_fault_there_is_a_root_cause(findings: list[Finding]) -> None:
    conclusion = conclude(findings)
    assert bool(conclusion.root_causes) == any(f.verdict in BAD for f in findings)
    assert (conclusion.answer is Answer.BROKEN) == any(f.verdict is Verdict.FAIL for f in findings)


def test_a_consequence_of_a_consequence_lies_under_the_root() -> None:
    found = conclude([fault("dns.endpoints.none-ready"), fault("dns.pods.crashing"), fault("dns.corefile.syntax")])
    assert roots(found) == ["dns.corefile.syntax"]
    assert sorted(consequences(found)) == ["dns.endpoints.none-ready", "dns.pods.crashing"]


def test_two_independent_faults_are_two_root_causes() -> None:
    assert roots(conclude([fault("dns.service.selector"), fault("dns.upstream.unreachable")])) == [
        "dns.upstream.unreachable", "dns.service.selector"]


def test_the_same_fault_seen_by_two_steps_is_one_root_cause_and_the_worse_verdict_counts() -> None:
    latent = fault("dns.corefile.syntax", verdict=Verdict.WARN, step="corefile")
    found = conclude([latent, fault("dns.corefile.syntax", step="logs")])
    assert [root.finding.verdict for root in found.root_causes] == [Verdict.FAIL]


def test_pods_without_credentials_end_and_that_is_no_fault_of_its_own() -> None:
    found = conclude([fault("dns.pods.api-credentials"), fault("dns.pods.crashing")])
    assert [root.finding.cause for root in found.root_causes] == ["dns.pods.api-credentials"]


def test_a_broken_proxy_explains_pods_on_its_own_node_only() -> None:
    found = conclude([
        fault("proxy.not-covering", node="n2"), fault("dns.pods.api-path", node="n2"),
        fault("dns.pods.api-path", node="n1"),
    ])
    assert [(r.finding.cause, r.finding.node) for r in found.root_causes] == [
        ("proxy.not-covering", "n2"), ("dns.pods.api-path", "n1")]


def test_a_missing_service_proxy_explains_a_network_agent_below_it() -> None:
    assert roots(conclude([fault("cni.agent"), fault("proxy.missing")])) == ["proxy.missing"]


@pytest.mark.parametrize("why", ["name", "password", "ranges", "seeds"])
def test_a_router_that_is_refused_has_no_address_for_its_nodes_bridge(why: str) -> None:
    refused = fault(f"cni.agent.{why}", object="DaemonSet kube-system/weave-net")
    found = conclude([refused, fault("cni.own-pods", "n2"), fault("dns.pods.not-ready", "n2")])
    assert roots(found) == [refused.cause]
    assert sorted(consequences(found)) == ["cni.own-pods", "dns.pods.not-ready"]


def test_the_same_fault_on_every_node_is_one_root_cause() -> None:
    found = conclude([fault("dns.pods.not-ready", node=n, object="Deployment a/b") for n in ("n1", "n2")])
    assert roots(found) == ["dns.pods.not-ready"]
    assert consequences(found) == ["dns.pods.not-ready"]


def test_an_api_server_that_is_silent_explains_everything() -> None:
    assert roots(conclude([fault("dns.service.selector"), fault("api.unreachable"), fault("node.not-ready")])) == [
        "api.unreachable"]


def test_only_warnings_are_degraded() -> None:
    assert conclude([fault("dns.corefile.missing", verdict=Verdict.WARN)]).answer is Answer.DEGRADED


def test_an_essential_step_that_could_not_tell_makes_the_answer_unknown_unless_something_is_broken() -> None:
    blind = replace(note(Verdict.UNKNOWN, Layer.DNS_SERVICE, "no answer in time"), step="endpoints")
    assert conclude([blind], frozenset({"endpoints"})).answer is Answer.UNKNOWN
    assert conclude([blind], frozenset({"pods"})).answer is Answer.OK
    assert conclude([blind, fault("dns.service.ports")], frozenset({"endpoints"})).answer is Answer.BROKEN


def test_a_part_of_an_essential_step_that_was_not_permitted_does_not_make_the_rest_doubtful() -> None:
    passed = replace(note(Verdict.PASS, Layer.DNS_SERVICE, "2 of 2"), step="pods")
    skipped = replace(note(Verdict.SKIPPED, Layer.DNS_SERVICE, "not permitted: list events"), step="pods")
    assert conclude([passed, skipped], frozenset({"pods"})).answer is Answer.OK
    assert conclude([skipped], frozenset({"pods"})).answer is Answer.UNKNOWN


def test_what_was_skipped_or_could_not_be_told_is_listed_once() -> None:
    skipped = replace(note(Verdict.SKIPPED, Layer.CNI, "not permitted: get pods/log"), step="logs")
    seen = replace(note(Verdict.PASS, Layer.CNI, "2 of 2"), step="agents")
    assert conclude([skipped, seen, skipped]).not_looked_at == ("not permitted: get pods/log",)


def test_a_finding_without_a_cause_is_a_root_cause_of_its_own() -> None:
    own = Finding(verdict=Verdict.FAIL, summary="No Deployment with app=web in shop.", step="shop")
    other = replace(own, summary="another")
    assert len(conclude([own, other, fault("cni.missing")]).root_causes) == 3
    of_nodes = [replace(own, node="n1"), replace(own, node="n2", summary="another")]
    assert len(conclude(of_nodes).root_causes) == 2


def test_a_warning_that_has_broken_something_is_no_warning_any_more() -> None:
    found = conclude([fault("dns.corefile.loop", verdict=Verdict.WARN), fault("dns.upstream.unreachable")])
    assert [(root.finding.cause, root.finding.verdict) for root in found.root_causes] == [
        ("dns.corefile.loop", Verdict.FAIL)]
    alone = conclude([fault("dns.corefile.loop", verdict=Verdict.WARN)])
    assert alone.root_causes[0].finding.verdict is Verdict.WARN
