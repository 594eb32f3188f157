"""What lies below cluster DNS, on evidence alone: API server, nodes' network, permissions."""

from typing import Any

import pytest

from bot.diagnosis.conclusion import conclude
from bot.model.finding import Verdict
from bot.steps.api import ANSWERS
from bot.steps.dns.access import ACCESS
from bot.steps.dns.pods import PODS
from bot.steps.dns.readiness import READINESS
from bot.steps.nodes.network import NETWORK
from tests.steps.dns_evidence import (
    JUST_NOW,
    LONG_AGO,
    NOW,
    RECENTLY,
    WORKLOAD,
    causes,
    judge,
    node,
    nodes,
    only,
    pending,
    pods_evidence,
)

BARE = node(False, message="container runtime network not ready: NetworkReady=false cni plugin not initialized")
SILENT = node(False, status="Unknown", reason="NodeStatusUnknown", message="Kubelet stopped posting node status.")


@pytest.mark.parametrize("kind", ["Unreachable", "Unauthorized", "ServerFailed", "TimedOut"])
def test_an_api_server_that_does_not_answer_is_one_finding_with_its_address(kind: str) -> None:
    error = {"class": kind, "message": "connection refused"}
    finding = only(ANSWERS, {"server": "https://10.0.0.1:6443", "cluster": "prod", "read_at": NOW, "error": error})
    assert (finding.verdict, finding.cause) == (Verdict.FAIL, "api.unreachable")
    assert "https://10.0.0.1:6443" in finding.summary
    assert "connection refused" in finding.summary


def test_an_api_server_that_answers_passes_even_if_it_refuses_to_tell_its_version() -> None:
    told = {"server": "https://10.0.0.1:6443", "cluster": "prod", "read_at": NOW}
    assert only(ANSWERS, {**told, "version": "v1.34.4"}).verdict is Verdict.PASS
    assert only(ANSWERS, {**told, "refused": "no"}).verdict is Verdict.PASS


# --- nodes ------------------------------------------------------------------------------------------------------


def network(*networks: str, known: bool = True, **read: dict[str, Any]) -> dict[str, Any]:
    return {"read_at": NOW, "nodes": nodes(**read), "networks": list(networks) if known else None, "skipped": [],
            "pod_range": "10.244.0.0/16"}


@pytest.mark.parametrize(("evidence", "expected"), [
    (network(n1=BARE, n2=BARE), ["cni.missing"]),
    (network("Flannel", n1=BARE, n2=BARE), ["cni.not-configured"]),
    (network(known=False, n1=BARE, n2=BARE), ["cni.not-configured"]),
    (network(n1=node(), n2=BARE), ["cni.not-configured"]),
    (network(n1=node(), n2=SILENT), ["node.not-ready"]),
    (network(n1=node(), n2={**SILENT, "created": JUST_NOW}), ["node.not-ready"]),  # new, but it did report once
    (network(n1=node(), n2=node(network_unavailable="NoRouteCreated")), ["cni.network-unavailable"]),
])
def test_a_network_that_is_missing_is_told_by_how_far_it_is_missing(evidence: Any, expected: list[str]) -> None:
    assert causes(NETWORK, evidence) == expected


def test_where_no_plugin_is_installed_the_advice_has_the_pod_range_and_says_which_enforce_policies() -> None:
    advice = only(NETWORK, network(n1=BARE, n2=BARE)).advice
    assert "10.244.0.0/16" in advice
    assert "Calico (enforces NetworkPolicies; its range: CALICO_IPV4POOL_CIDR" in advice
    assert "Flannel (enforces no NetworkPolicies by itself; its range: Network" in advice
    assert "Weave Net (no longer maintained; enforces NetworkPolicies; its range: IPALLOC_RANGE" in advice
    assert "weave.works" not in advice


def test_without_a_plugin_pending_dns_pods_are_its_consequence() -> None:
    taints = "0/2 nodes are available: 2 node(s) had untolerated taint {node.kubernetes.io/not-ready: }."
    down = nodes(n1=BARE, n2=BARE)
    found = [*judge(NETWORK, network(n1=BARE, n2=BARE)).findings,
             *judge(PODS, pods_evidence(pending(taints), nodes=down)).findings]
    (root,) = conclude(found).root_causes
    assert root.finding.cause == "cni.missing"
    assert [f.cause for f in root.consequences] == ["dns.pods.pending.no-network"]


@pytest.mark.parametrize("evidence", [
    network(), network("Weave Net"),
    network(n1=node(), n2=node(cordoned=True)),
    network(n1=node(), n2=node(False, created=JUST_NOW)),  # has just joined
])
def test_what_only_looks_like_a_missing_network_is_not_called_one(evidence: Any) -> None:
    assert not [cause for cause in causes(NETWORK, evidence) if cause.startswith("cni")]


def test_a_node_that_has_just_joined_is_no_fault_of_its_own_or_of_the_network() -> None:
    new = {**BARE, "created": JUST_NOW}
    found = judge(NETWORK, network("Flannel", n1=node(), n2=node(), n3=new)).findings
    assert [f.verdict for f in found] == [Verdict.PASS, Verdict.INFO]
    assert "2 of 3 nodes ready" in found[0].summary
    assert "n3 has just joined" in found[1].summary


def test_where_no_node_has_a_network_youth_is_no_excuse_for_there_being_no_plugin() -> None:
    new = {**BARE, "created": JUST_NOW}
    assert causes(NETWORK, network(n1=new, n2=new)) == ["cni.missing"]


# --- permissions of the DNS server ------------------------------------------------------------------------------


def access(*denied: str, **changes: Any) -> dict[str, Any]:
    resources = ("services", "namespaces", "endpointslices.discovery.k8s.io")
    answers = [{"verb": v, "resource": r, "allowed": r not in denied} for r in resources for v in ("list", "watch")]
    return {
        "read_at": NOW, "server": "coredns", "workload": WORKLOAD, "account": "ServiceAccount kube-system/coredns",
        "exists": True, "answers": answers, "skipped": [],
        "bindings": [{"name": "system:coredns", "role": "system:coredns"}], **changes,
    }


def test_a_role_of_any_name_is_fine_as_long_as_it_allows_what_is_needed() -> None:
    other = access(bindings=[{"name": "dns-release-coredns", "role": "dns-release-coredns"}])
    finding = only(ACCESS, other)
    assert finding.verdict is Verdict.PASS
    assert "dns-release-coredns" in finding.summary


def test_what_the_role_lacks_is_named_with_the_role() -> None:
    finding = only(ACCESS, access("endpointslices.discovery.k8s.io"))
    assert (finding.cause, finding.object) == ("dns.access.denied", "ClusterRole system:coredns")
    assert "endpointslices.discovery.k8s.io" in finding.advice


def test_a_right_taken_away_under_pods_that_serve_is_a_fault_of_their_next_start() -> None:
    assert only(ACCESS, access("endpointslices.discovery.k8s.io", serving=True)).verdict is Verdict.WARN
    assert only(ACCESS, access("endpointslices.discovery.k8s.io", serving=False)).verdict is Verdict.FAIL


def test_without_a_binding_the_account_is_the_object() -> None:
    finding = only(ACCESS, access("services", "namespaces", "endpointslices.discovery.k8s.io", bindings=[]))
    assert finding.object == "ServiceAccount kube-system/coredns"
    assert "no ClusterRoleBinding names it" in finding.summary


def test_an_account_that_is_gone_is_named() -> None:
    assert causes(ACCESS, access(exists=False)) == ["dns.access.account"]


def test_where_we_may_not_ask_nothing_is_concluded() -> None:
    blind = access(answers=[], exists=None, bindings=[], skipped=["create subjectaccessreviews.authorization.k8s.io"])
    assert {f.verdict for f in judge(ACCESS, blind).findings} == {Verdict.INFO, Verdict.SKIPPED}


# --- readiness --------------------------------------------------------------------------------------------------


def waiting(body: str = "kubernetes", started: str = LONG_AGO) -> dict[str, Any]:
    pod = {"name": "coredns-1", "node": "n1", "started": started, "status": "503", "body": body}
    return {"read_at": NOW, "workload": WORKLOAD, "ready": 0, "running": 1, "pods": [pod], "skipped": []}


@pytest.mark.parametrize(("probe", "cause"), [
    ('Readiness probe failed: Get "http://10.244.1.2:8181/ready": context deadline exceeded', ["cni.own-pods"]),
    ('Readiness probe failed: Get "http://10.244.1.2:8181/ready": dial tcp: connect: no route to host',
     ["cni.own-pods"]),
    ('Readiness probe failed: Get "http://10.244.1.2:8181/ready": dial tcp: connect: invalid argument',
     ["cni.own-pods"]),
    ('Readiness probe failed: Get "http://10.244.1.2:8181/ready": dial tcp: connect: permission denied',
     ["cni.own-pods"]),
    ('Readiness probe failed: Get "http://10.244.1.2:8181/ready": dial tcp: connect: connection refused', []),
    ("Readiness probe failed: HTTP probe failed with statuscode: 503", []), ("", []),
])
def test_a_pod_that_answers_within_and_not_to_its_own_node_speaks_of_the_network_there(
    probe: str, cause: list[str]
) -> None:
    heard = waiting(body="OK")
    heard["pods"][0] |= {"status": "200", "probe": probe}
    assert causes(READINESS, heard) == cause
    heard["pods"][0] |= {"started": RECENTLY, "probed": LONG_AGO}
    assert causes(READINESS, heard) == []
    heard["pods"][0]["probed"] = "2027-01-15T07:59:55Z"
    assert causes(READINESS, heard) == cause


def test_a_pod_that_waits_for_the_kubernetes_plugin_says_so_once_it_is_old_enough() -> None:
    assert causes(READINESS, waiting()) == ["dns.pods.unsynced"]
    assert causes(READINESS, waiting(started=JUST_NOW)) == []
    assert causes(READINESS, waiting(body="health")) == []
