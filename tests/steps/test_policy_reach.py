"""policy.reach on evidence alone: what policies say about one connection, and which of them is to blame."""

from typing import Any

import pytest
import yaml

from bot.model.finding import Finding, Verdict
from bot.steps import Evidence
from bot.steps.policy.facts import side as side_of
from bot.steps.policy.reach import REACH
from tests.steps.dns_evidence import NOW, causes, judge, only
from tests.steps.policy_evidence import enforcers, policy, side

CLIENT, VISITOR = side("client", "shop"), side("client", "front")
WEB = side("web", "shop", "10.244.1.8", ports=[["http", "TCP", 8080]])
API = side("172.31.0.11", "", "172.31.0.11", host=True, labels={})
DENY = policy("deny", "shop", policyTypes=["Ingress"])
SPACES = [[name, {"kubernetes.io/metadata.name": name}] for name in ("shop", "front")]


def allow(*peers: dict[str, Any], name: str = "allow-web", **rule: Any) -> dict[str, Any]:
    selector = {"matchLabels": {"app": "web"}}
    return policy(name, "shop", podSelector=selector, ingress=[{"from": list(peers), **rule}])


def reached(*policies: dict[str, Any], **changes: Any) -> Evidence:
    row = {"side": WEB, "protocol": "TCP", "port": 8080}
    target = {"kind": "Service", "name": "Service shop/web", "rows": [row], "why": "", "address": "10.96.1.1",
              "port": 80}
    return {"pod": "shop/client", "to": "shop/web", "source": CLIENT, "target": target, "policies": list(policies),
            "known": True, "idle": [], "namespaces": SPACES, "all_namespaces": True,
            "enforcement": enforcers("calico-node"), "others": [], "skipped": [], "read_at": NOW, **changes}


def blamed(finding: Finding) -> tuple[str, Verdict, str]:
    return finding.cause, finding.verdict, finding.object


def test_without_policies_the_connection_is_allowed_and_called_untested() -> None:
    finding = only(REACH, reached())
    assert finding.verdict is Verdict.PASS
    assert "path not tested" in finding.summary


def test_a_default_deny_is_to_blame_and_the_policy_of_the_advice_mends_it() -> None:
    finding = only(REACH, reached(DENY))
    assert blamed(finding) == ("policy.ingress", Verdict.FAIL, "NetworkPolicy shop/deny")
    assert "policies see 10.244.1.8:8080, not 10.96.1.1:80" in finding.summary
    manifest = yaml.safe_load(finding.advice.split("<<< '")[1].split("'`")[0])
    assert causes(REACH, reached(DENY, manifest)) == []


def test_the_advice_for_a_pod_of_another_namespace_names_that_by_its_own_name() -> None:
    finding = only(REACH, reached(DENY, source=VISITOR, pod="front/client"))
    manifest = yaml.safe_load(finding.advice.split("<<< '")[1].split("'`")[0])
    assert causes(REACH, reached(DENY, manifest, source=VISITOR)) == []
    assert causes(REACH, reached(DENY, manifest)) == ["policy.ingress"], "no other pod is let in by it"


@pytest.mark.parametrize("enforcement", [enforcers(), enforcers(error="the DaemonSets could not be read")])
def test_where_nothing_is_known_to_enforce_policies_nothing_is_called_blocked(enforcement: dict[str, Any]) -> None:
    finding = only(REACH, reached(DENY, enforcement=enforcement))
    assert not finding.cause
    assert "would block" in finding.summary


@pytest.mark.parametrize("ports", [
    [{"port": 80}], [{"port": 8000, "endPort": 8079}], [{"port": "https"}], [{"protocol": "UDP", "port": 8080}]],
    ids=["the Service's port", "a range that ends before", "a name it has not", "the other protocol"])
def test_a_rule_whose_ports_miss_is_told_as_the_nearest(ports: list[dict[str, Any]]) -> None:
    finding = only(REACH, reached(allow({"podSelector": {}}, ports=ports)))
    assert blamed(finding) == ("policy.ingress", Verdict.FAIL, "NetworkPolicy shop/allow-web")
    assert any("nearest: rule 1 of allow-web" in line for line in finding.evidence)


@pytest.mark.parametrize("rule", [
    {"ports": [{"port": 8080}]}, {"ports": [{"port": 8000, "endPort": 8090}]}, {"ports": [{"port": "http"}]}, {}])
def test_a_rule_that_fits_allows_it(rule: dict[str, Any]) -> None:
    assert only(REACH, reached(DENY, allow({"podSelector": {"matchLabels": {"app": "client"}}}, **rule))).verdict \
        is Verdict.PASS


def test_a_port_may_have_its_name_from_a_container_that_goes_on_beside_the_others() -> None:
    beside = {"name": "mesh", "ports": [{"name": "admin", "containerPort": 8080}]}
    for again, found in (("Always", []), ("OnFailure", ["policy.ingress"])):
        pod = {"metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}},
               "spec": {"containers": [], "initContainers": [{**beside, "restartPolicy": again}]}}
        evidence = reached(allow({"podSelector": {}}, ports=[{"port": "admin"}]))
        evidence["target"]["rows"] = [{"side": side_of(pod, {}), "protocol": "TCP", "port": 8080}]
        assert causes(REACH, evidence) == found


def test_two_selectors_in_one_item_must_both_match_and_in_two_items_either() -> None:
    space = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "front"}}}
    other = {"podSelector": {"matchLabels": {"app": "other"}}}
    evidence = {"source": VISITOR, "pod": "front/client"}
    assert causes(REACH, reached(allow({**space, **other}), **evidence)) == ["policy.ingress"]
    assert causes(REACH, reached(allow(space, other), **evidence)) == []


def test_addresses_that_a_block_leaves_out_are_not_allowed() -> None:
    assert causes(REACH, reached(allow({"ipBlock": {"cidr": "10.0.0.0/8"}}))) == []
    assert causes(REACH, reached(allow({"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.244.0.0/16"]}}))) == [
        "policy.ingress"]


def test_what_is_sent_to_the_api_server_is_seen_with_its_own_address_and_port() -> None:
    target = {"kind": "Service", "name": "Service default/kubernetes", "address": "10.96.0.1", "port": 443, "why": "",
              "rows": [{"side": API, "protocol": "TCP", "port": 6443}]}
    to_service = {"to": [{"ipBlock": {"cidr": "10.96.0.1/32"}}], "ports": [{"port": 443}]}
    finding = only(REACH, reached(policy("out", "shop", policyTypes=["Egress"], egress=[to_service]), target=target))
    assert blamed(finding) == ("policy.egress", Verdict.FAIL, "NetworkPolicy shop/out")
    manifest = yaml.safe_load(finding.advice.split("<<< '")[1].split("'`")[0])
    assert causes(REACH, reached(policy("out", "shop", policyTypes=["Egress"]), manifest, target=target)) == []


def test_a_policy_for_this_pod_that_selects_none_is_the_cause_rather_than_the_one_that_denies() -> None:
    typo = policy("allow-web", "shop", podSelector={"matchLabels": {"app": "webb"}}, ingress=[{}])
    finding = only(REACH, reached(DENY, typo, idle=[typo]))
    assert blamed(finding) == ("policy.selects-nothing", Verdict.FAIL, "NetworkPolicy shop/allow-web")
    useless = policy("allow-web", "shop", podSelector={"matchLabels": {"app": "webb"}}, ingress=[
        {"ports": [{"port": 1}]}])
    assert causes(REACH, reached(DENY, useless, idle=[useless])) == ["policy.ingress"]


def test_a_rule_that_names_no_namespace_is_the_cause_where_it_was_meant_for_this_one() -> None:
    peer = {"namespaceSelector": {"matchLabels": {"role": "frontend"}}}
    evidence = {"source": VISITOR, "pod": "front/client"}
    finding = only(REACH, reached(DENY, allow(peer), **evidence))
    assert blamed(finding) == ("policy.no-namespace", Verdict.FAIL, "NetworkPolicy shop/allow-web")
    assert "kubernetes.io/metadata.name: front" in finding.advice
    assert causes(REACH, reached(DENY, allow(peer), all_namespaces=False, **evidence)) == ["policy.ingress"]


def test_a_rule_for_another_port_does_not_hide_the_one_that_names_no_namespace() -> None:
    names = {"ports": [{"protocol": "UDP", "port": 53}]}
    nowhere = {"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shops"}},
                       "podSelector": {"matchLabels": {"app": "web"}}}]}
    out = policy("out", "shop", policyTypes=["Egress"], egress=[names, nowhere])
    assert causes(REACH, reached(out)) == ["policy.no-namespace"]
    other_port = {**nowhere, "ports": [{"port": 9}]}
    assert causes(REACH, reached(policy("out", "shop", policyTypes=["Egress"], egress=[names, other_port]))) == [
        "policy.egress"]


def test_a_part_of_the_endpoints_blocked_is_a_warning() -> None:
    evidence = reached(allow(name="other"))
    evidence["policies"][0]["spec"] |= {"podSelector": {"matchLabels": {"app": "old"}}, "ingress": []}
    old = {"side": side("old", "shop"), "protocol": "TCP", "port": 8080}
    evidence["target"]["rows"] = [*evidence["target"]["rows"], old]
    assert only(REACH, evidence).verdict is Verdict.WARN


def test_both_ends_that_forbid_it_are_two_faults() -> None:
    out = policy("no-way-out", "front", policyTypes=["Egress"])
    assert causes(REACH, reached(DENY, out, source=VISITOR, pod="front/client")) == ["policy.egress", "policy.ingress"]


HOST = side("probe", "shop", "172.31.0.11", host=True, home="172.31.0.11")
FROM_NODES, FROM_PODS = ({"ipBlock": {"cidr": cidr}} for cidr in ("172.31.0.0/16", "10.244.0.0/16"))


@pytest.mark.parametrize("peer", [FROM_NODES, FROM_PODS], ids=["of the nodes", "of pods"])
def test_by_which_address_a_pod_in_its_nodes_network_arrives_through_a_tunnel_is_not_known(peer: Any) -> None:
    finding = only(REACH, reached(DENY, allow(peer), source=HOST))
    assert (finding.verdict, "tunnel" in finding.summary) == (Verdict.UNKNOWN, True)


def test_by_the_address_of_its_node_where_no_tunnel_is_or_the_node_is_the_same() -> None:
    bare = enforcers("kube-router")
    assert only(REACH, reached(DENY, allow(FROM_NODES), source=HOST, enforcement=bare)).verdict is Verdict.PASS
    assert causes(REACH, reached(DENY, allow(FROM_PODS), source=HOST, enforcement=bare)) == ["policy.ingress"]
    at_home = reached(DENY, allow(FROM_NODES), source=HOST)
    at_home["target"]["rows"] = [{**at_home["target"]["rows"][0], "side": {**WEB, "home": HOST["home"]}}]
    assert only(REACH, at_home).verdict is Verdict.PASS


def test_what_no_block_could_let_in_is_blocked_from_a_nodes_network_too() -> None:
    assert causes(REACH, reached(DENY, source=HOST)) == ["policy.ingress"]


def test_policies_of_other_kinds_leave_it_open_and_are_named() -> None:
    findings = judge(REACH, reached(others=["1 GlobalNetworkPolicy (crd.projectcalico.org)"])).findings
    assert [f.verdict for f in findings] == [Verdict.PASS, Verdict.UNKNOWN]
    assert "1 GlobalNetworkPolicy" in findings[-1].summary


def test_a_service_without_endpoints_and_a_pod_that_is_gone_are_unknown() -> None:
    empty = {"kind": "Service", "name": "Service shop/web", "rows": [], "why": "it has no ready endpoint",
             "address": "", "port": 80}
    assert only(REACH, reached(target=empty)).verdict is Verdict.UNKNOWN
    assert only(REACH, reached(source=None, target=None, to="")).verdict is Verdict.UNKNOWN


TO_ALL: dict[str, Any] = {"source": None, "pod": ""}


def test_a_pod_that_sends_is_told_with_the_policies_that_limit_it() -> None:
    alone = {"target": None, "to": ""}
    assert only(REACH, reached(**alone)).verdict is Verdict.PASS
    finding = only(REACH, reached(policy("out", "shop", policyTypes=["Egress"]), **alone))
    assert (finding.verdict, finding.cause, "out" in finding.summary) == (Verdict.INFO, "", True)


def test_a_service_that_policies_let_nobody_in_to_is_broken_and_the_policy_of_the_advice_mends_it() -> None:
    finding = only(REACH, reached(DENY, **TO_ALL))
    assert blamed(finding) == ("policy.ingress", Verdict.FAIL, "NetworkPolicy shop/deny")
    manifest = yaml.safe_load(finding.advice.split("<<< '")[1].split("'`")[0])
    assert only(REACH, reached(DENY, manifest, **TO_ALL)).verdict is Verdict.PASS
    assert only(REACH, reached(DENY, enforcement=enforcers(), **TO_ALL)).verdict is Verdict.INFO


def test_one_of_a_services_pods_that_nobody_is_let_in_to_is_told_whichever_comes_first() -> None:
    canary = {"side": side("canary", "shop", labels={"app": "web", "track": "canary"}), "protocol": "TCP", "port": 8080}
    shut = policy("freeze", "shop", podSelector={"matchLabels": {"track": "canary"}}, policyTypes=["Ingress"])
    for turn in (1, -1):
        evidence = reached(shut, **TO_ALL)
        evidence["target"]["rows"] = [*evidence["target"]["rows"], canary][::turn]
        finding = only(REACH, evidence)
        assert blamed(finding) == ("policy.ingress", Verdict.WARN, "NetworkPolicy shop/freeze")
        assert "Pod shop/canary" in finding.summary


@pytest.mark.parametrize("some", [
    {"podSelector": {"matchLabels": {"app": "client"}}},
    {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "front"}}},
    {"ipBlock": {"cidr": "192.0.2.0/24"}}], ids=["pods of its namespace", "another namespace", "addresses outside"])
def test_a_service_that_policies_let_some_in_to_is_not_broken_until_one_that_may_not_is_named(
    some: dict[str, Any]
) -> None:
    finding = only(REACH, reached(DENY, allow(some), **TO_ALL))
    assert (finding.verdict, "name the pod" in finding.summary) == (Verdict.INFO, True)


def test_without_policies_every_pod_is_let_in_and_the_path_is_not_claimed() -> None:
    finding = only(REACH, reached(enforcement=None, namespaces=[], all_namespaces=False, **TO_ALL))
    assert (finding.verdict, "not tested" in finding.summary) == (Verdict.PASS, True)


def test_a_mistake_in_the_policy_that_should_let_them_in_is_the_cause_for_everybody_too() -> None:
    typo = policy("allow-web", "shop", podSelector={"matchLabels": {"app": "webb"}}, ingress=[
        {"from": [{"podSelector": {"matchLabels": {"app": "client"}}}]}])
    assert causes(REACH, reached(DENY, typo, idle=[typo], **TO_ALL)) == ["policy.selects-nothing"]
    nowhere = {"namespaceSelector": {"matchLabels": {"role": "frontend"}}}
    assert causes(REACH, reached(DENY, allow(nowhere), **TO_ALL)) == ["policy.no-namespace"]
    unseen = reached(DENY, allow(nowhere), all_namespaces=False, **TO_ALL)
    assert causes(REACH, unseen) == [], "a namespace that was not read may have that label"


def test_endpoints_beyond_the_first_few_are_not_passed_without_a_word() -> None:
    for way in ({}, TO_ALL):
        evidence = reached(**way)
        evidence["target"]["unseen"] = 4
        assert "4 endpoints more not looked at" in only(REACH, evidence).summary


def test_what_may_not_be_read_is_neither_blocked_nor_allowed() -> None:
    missed = "list networkpolicies.networking.k8s.io in shop"
    finding = only(REACH, reached(known=False, skipped=[missed]))
    assert finding.verdict is Verdict.SKIPPED
    spaces = {**VISITOR, "namespace_labels": None}
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "front"}}}
    findings = judge(REACH, reached(allow(peer), source=spaces, skipped=["list namespaces"])).findings
    assert [f.verdict for f in findings] == [Verdict.UNKNOWN, Verdict.SKIPPED]


def test_what_goes_between_a_pod_and_its_own_node_is_not_called_blocked() -> None:
    target = {"kind": "Service", "name": "Service default/kubernetes", "address": "10.96.0.1", "port": 443, "why": "",
              "rows": [{"side": API, "protocol": "TCP", "port": 6443}]}
    deny = policy("out", "shop", policyTypes=["Egress"])
    finding = only(REACH, reached(deny, target=target, source={**CLIENT, "home": "172.31.0.11"}))
    assert (finding.verdict, finding.cause) == (Verdict.UNKNOWN, "")
    assert causes(REACH, reached(deny, target=target, source={**CLIENT, "home": "172.31.0.12"})) == ["policy.egress"]
