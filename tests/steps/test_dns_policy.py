"""dns.policy on evidence alone: who is kept from asking, who from answering, and what only would be."""

from typing import Any

import pytest
import yaml

from bot.model.finding import Verdict
from bot.steps.dns.policy import POLICY
from tests.steps.dns_evidence import causes, judge, only
from tests.steps.policy_evidence import CLIENT, OPEN, SERVERS, asked_by, enforcers, policy, policy_evidence, side

DENY = policy(policyTypes=["Ingress"])
DENY_OUT = policy("out", "shop", policyTypes=["Egress"])


def test_without_policies_nothing_is_wrong_and_nobody_asks_who_enforces_them() -> None:
    assert only(POLICY, policy_evidence(enforcement=None)).verdict is Verdict.PASS


def test_a_default_deny_that_is_enforced_is_why_nobody_can_ask_and_the_advice_allows_it() -> None:
    finding = only(POLICY, policy_evidence(DENY))
    assert (finding.cause, finding.verdict, finding.object) == (
        "dns.policy.ingress", Verdict.FAIL, "NetworkPolicy kube-system/deny")
    manifest = yaml.safe_load(finding.advice.split("<<< '")[1].split("'`")[0])
    manifest["spec"]["policyTypes"] = ["Ingress"]
    assert causes(POLICY, policy_evidence(DENY, manifest)) == []


@pytest.mark.parametrize(("enforcement", "verdict"), [
    (enforcers(), Verdict.INFO), (enforcers(error="the DaemonSets could not be read"), Verdict.UNKNOWN)])
def test_where_nothing_is_known_to_enforce_it_it_is_no_fault_and_worded_as_what_would_be(
    enforcement: dict[str, Any], verdict: Verdict
) -> None:
    for evidence in (policy_evidence(DENY, enforcement=enforcement),
                     policy_evidence(DENY_OUT, enforcement=enforcement, **asked_by())):
        findings = judge(POLICY, evidence).findings
        assert [f.verdict for f in findings if f.verdict is not Verdict.PASS] == [verdict]
        assert any("would block" in f.summary and "if enforced" in f.summary for f in findings)


def test_one_policy_in_both_directions_is_one_fault() -> None:
    finding = only(POLICY, policy_evidence(policy(policyTypes=["Ingress", "Egress"])))
    assert (finding.cause, finding.verdict) == ("dns.policy.isolated", Verdict.FAIL)
    assert finding.advice.count("kubectl apply") == 2


def test_dns_pods_in_their_nodes_network_are_let_in_by_their_addresses() -> None:
    shared = {**policy_evidence()["server"], "host": True, "address": "172.31.0.11"}
    by_labels = policy("out", "shop", policyTypes=["Egress"], egress=[{"to": [SERVERS], **OPEN[0]}])
    changes = {"server": shared, "servers": ["172.31.0.11", "172.31.0.12"], **asked_by()}
    finding = next(f for f in judge(POLICY, policy_evidence(by_labels, **changes)).findings if f.cause)
    assert (finding.cause, "ipBlock" in finding.summary) == ("dns.policy.client", True)
    manifest = yaml.safe_load(finding.advice.split("<<< '")[1].split("'`")[0])
    assert causes(POLICY, policy_evidence(by_labels, manifest, **changes)) == []


def test_a_client_whose_rule_for_names_names_no_namespace_has_that_one_fault() -> None:
    nowhere = {"to": [{"namespaceSelector": {"matchLabels": {"name": "kube-system"}}}], **OPEN[0]}
    evidence = policy_evidence(policy("out", "shop", policyTypes=["Egress"], egress=[nowhere]), **asked_by(),
                               namespaces=[["kube-system", {}], ["shop", {}]], all_namespaces=True)
    assert causes(POLICY, evidence) == ["policy.no-namespace"]


@pytest.mark.parametrize("rules", [
    OPEN, [{}], [{"from": [{"namespaceSelector": {}}]}], [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}],
    [{"ports": [{"protocol": "UDP", "port": "dns"}, {"protocol": "TCP", "port": "dns-tcp"}]}],
], ids=["ports", "everything", "all namespaces", "all addresses", "named ports"])
def test_a_policy_that_lets_everybody_ask_is_no_fault(rules: list[dict[str, Any]]) -> None:
    assert only(POLICY, policy_evidence(policy(ingress=rules))).verdict is Verdict.PASS


def test_a_policy_that_forgets_tcp_breaks_long_answers_only() -> None:
    finding = only(POLICY, policy_evidence(policy(ingress=[{"ports": [{"protocol": "UDP", "port": 53}]}])))
    assert (finding.cause, finding.verdict) == ("dns.policy.ingress", Verdict.WARN)
    assert "53/TCP" in finding.summary
    assert any("nearest: rule 1 of deny" in line for line in finding.evidence)


def test_only_pods_that_run_count_where_some_namespaces_are_let_in() -> None:
    shop = policy(ingress=[{"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}]}])
    clients = {"pods": [CLIENT], "open": 0, "unseen": 0}
    assert only(POLICY, policy_evidence(shop, clients=clients)).verdict is Verdict.INFO
    clients["pods"] = [CLIENT, side("job", "batch")]
    finding = only(POLICY, policy_evidence(shop, clients=clients))
    assert (finding.cause, finding.verdict) == ("dns.policy.ingress", Verdict.WARN)
    assert "batch/job" in finding.summary
    assert "shop/web" not in finding.summary
    clients = {"pods": [side("job", "batch")], "open": 1, "unseen": 0}
    assert only(POLICY, policy_evidence(shop, clients=clients)).verdict is Verdict.WARN
    clients["open"] = 0
    assert only(POLICY, policy_evidence(shop, clients=clients)).verdict is Verdict.FAIL


def test_dns_pods_that_may_not_ask_the_resolver_are_broken_and_told_apart_from_the_api_server() -> None:
    to_api = [{"to": [{"ipBlock": {"cidr": "172.31.0.11/32"}}], "ports": [{"port": 6443}]}]
    to_dns = [{"ports": [{"protocol": "UDP", "port": 53}]}]
    finding = only(POLICY, policy_evidence(policy(policyTypes=["Egress"], egress=to_api)))
    assert (finding.cause, finding.verdict) == ("dns.policy.egress", Verdict.FAIL)
    assert "resolver" in finding.summary
    finding = only(POLICY, policy_evidence(policy(policyTypes=["Egress"], egress=to_dns)))
    assert (finding.verdict, "172.31.0.11:6443" in finding.summary) == (Verdict.WARN, True)
    finding = only(POLICY, policy_evidence(policy(policyTypes=["Egress"], egress=to_dns), ready=False))
    assert finding.verdict is Verdict.FAIL
    assert causes(POLICY, policy_evidence(policy(policyTypes=["Egress"], egress=[*to_api, *to_dns]))) == []


def test_a_resolver_whose_address_only_the_node_knows_is_no_fault_where_some_addresses_are_allowed() -> None:
    some = [{"to": [{"ipBlock": {"cidr": "172.31.0.0/16"}}]}]
    finding = only(POLICY, policy_evidence(policy(policyTypes=["Egress"], egress=some)))
    assert finding.verdict is Verdict.INFO
    assert "depends on its address" in finding.summary


def test_a_pod_whose_namespace_lets_nothing_out_cannot_resolve_names_and_the_advice_mends_just_that() -> None:
    deny = policy("out", "shop", podSelector={"matchLabels": {"app": "web"}}, policyTypes=["Egress"])
    (_, finding) = judge(POLICY, policy_evidence(deny, **asked_by())).findings
    assert (finding.cause, finding.verdict, finding.object) == (
        "dns.policy.client", Verdict.FAIL, "NetworkPolicy shop/out")
    manifest = yaml.safe_load(finding.advice.split("<<< '")[1].split("'`")[0])
    assert manifest["spec"]["podSelector"] == deny["spec"]["podSelector"], "a wider one would isolate other pods"
    server = {**policy_evidence()["server"], "namespace_labels": {"kubernetes.io/metadata.name": "kube-system"}}
    assert causes(POLICY, policy_evidence(deny, manifest, server=server, **asked_by())) == []


def test_a_rule_for_udp_only_is_told_as_such() -> None:
    udp = policy("out", "shop", policyTypes=["Egress"],
                 egress=[{"to": [SERVERS], "ports": [{"protocol": "UDP", "port": 53}]}])
    server = {**policy_evidence()["server"], "namespace_labels": {}}
    (_, finding) = judge(POLICY, policy_evidence(udp, server=server, **asked_by())).findings
    assert (finding.cause, finding.verdict) == ("dns.policy.client", Verdict.WARN)


def test_a_server_that_listens_on_another_port_is_asked_there() -> None:
    fifty_three = policy("out", "shop", policyTypes=["Egress"], egress=OPEN)
    evidence = policy_evidence(fifty_three, ports={"UDP": 5353, "TCP": 5353}, **asked_by())
    assert causes(POLICY, evidence) == ["dns.policy.client"]


def test_a_rule_for_the_dns_pods_does_not_open_the_way_to_the_cache_on_the_node() -> None:
    to_pods = policy("out", "shop", policyTypes=["Egress"], egress=[{"to": [SERVERS]}])
    to_cache = policy("cache", "shop", policyTypes=["Egress"],
                      egress=[{"to": [{"ipBlock": {"cidr": "169.254.20.10/32"}}]}])
    finding = judge(POLICY, policy_evidence(to_pods, cache=["169.254.20.10"], **asked_by())).findings[-1]
    assert finding.cause == "dns.policy.client"
    assert "169.254.20.10/32" in finding.advice
    assert causes(POLICY, policy_evidence(to_pods, to_cache, cache=["169.254.20.10"], **asked_by())) == []


def test_a_pod_in_its_nodes_network_is_not_judged_by_policies() -> None:
    evidence = policy_evidence(DENY_OUT, **asked_by(side("agent", "shop", host=True)))
    assert causes(POLICY, evidence) == []


def test_policies_of_other_kinds_leave_the_evaluation_incomplete_and_are_named() -> None:
    finding = judge(POLICY, policy_evidence(others=["2 GlobalNetworkPolicies (crd.projectcalico.org)"])).findings[-1]
    assert finding.verdict is Verdict.UNKNOWN
    assert "2 GlobalNetworkPolicies" in finding.summary


def test_what_may_not_be_read_is_neither_a_fault_nor_a_pass() -> None:
    (finding,) = judge(POLICY, policy_evidence(
        known=False, skipped=["list networkpolicies.networking.k8s.io in kube-system"])).findings
    assert finding.verdict is Verdict.SKIPPED
    assert "list networkpolicies.networking.k8s.io" in finding.summary
