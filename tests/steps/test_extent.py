"""The same fault is a warning where it breaks a part, or strikes at the next start, and a failure where nothing works
any more: a line for each look that makes the difference. Those that never break the whole stand in dns_evidence."""

from typing import Any

import pytest

from bot.diagnosis.causes import CAUSES
from bot.model.finding import Verdict
from bot.steps import Evidence
from tests.steps import (
    test_cni,
    test_cni_files,
    test_dns_answers,
    test_dns_client,
    test_dns_local_cache,
    test_ground,
    test_proxy,
    test_proxy_setup,
    test_services_ways,
)
from tests.steps.dns_evidence import PARTIAL, endpoints_evidence, node
from tests.steps.service_evidence import HTTP, answers, end, ends, evidence, piece, port, service, way
from tests.steps.service_evidence import pod as chosen
from tests.steps.test_honesty_of_youth import judged

BARE, KUBECONFIG = test_ground.BARE, test_proxy_setup.kubeconfig
UNFILLED = {"name": "ConfigMap kube-system/node-local-dns", "bind": [], "tcp": True, "unfilled": ["__PILLAR__X__"]}
LOST = {"config_map": "ConfigMap a/b", "missing": True}
MISSING_DNS, HTTPS = test_dns_client.event("MissingClusterDNS"), port(443, 8443, name="https")
OTHER_NAME = piece(end(), ports=[{"name": "web", "port": 8080, "protocol": "TCP"}])
TWO_NAMES = piece(end(), ports=[{"name": "https", "port": 8443, "protocol": "TCP"}])


def unsynced(ready: int) -> Evidence:
    return {**test_ground.waiting(), "ready": ready, "running": ready + 1}


def unheard(ready: int) -> Evidence:
    told = {**test_ground.waiting(body="OK"), "ready": ready, "running": ready + 1}
    told["pods"][0] |= {"status": "200", "probe": "Readiness probe failed: dial tcp: no route to host"}
    return told


def stale(right: int) -> Evidence:
    """One endpoint is left, or none, where two pods are ready."""
    (managed,) = endpoints_evidence()["slices"]
    return endpoints_evidence(slices=[{**managed, "endpoints": managed["endpoints"][:right]}])


def agent(ready: int, **changes: Any) -> Evidence:
    return test_cni.agents(test_cni.agent(rights=test_cni.DENIED, ready=ready, **changes))


def lost(ready: int) -> Evidence:
    facts = {"flannel": {**test_cni.flannel(), "settings": LOST}}
    return test_cni.agents(test_cni.agent(facts=facts, ready=ready, rolling=True))


def by_target(*pods: dict[str, Any]) -> Evidence:
    return evidence(service=service(ports=[port(target="http")]), pods=list(pods))


def with_slices(*pieces: dict[str, Any], ports: list[dict[str, Any]]) -> Evidence:
    return test_services_ways.by_hand(*pieces, service=service(selector={}, ports=ports))


PART_OR_WHOLE: list[tuple[str, str, Evidence, Evidence]] = [
    ("node.network", "cni.not-configured", test_ground.network("Flannel", n1=node(), n2=BARE),
     test_ground.network("Flannel", n1=BARE, n2=BARE)),
    ("cni.agents", "cni.agent.forbidden", agent(1), agent(0)),
    ("cni.agents", "cni.agent.settings", lost(2), lost(0)),
    ("cni.files", "cni.files.invalid",
     {**test_cni_files.evidence(), "views": {"how": "probe", "failures": {}, "unseen": 0, "nodes": {
         "n1": test_cni_files.view(), "n2": test_cni_files.view(test_cni_files.BAD, test_cni_files.GOOD)}}},
     {**test_cni_files.evidence(), "views": {"how": "probe", "failures": {}, "unseen": 0, "nodes": {
         name: test_cni_files.view(test_cni_files.BAD, test_cni_files.GOOD) for name in ("n1", "n2")}}}),
    ("proxy.access", "proxy.rights", test_proxy_setup.access("nodes"), test_proxy_setup.access("nodes", ready=0)),
    ("proxy.config", "proxy.settings.missing", test_proxy_setup.config(state="missing"),
     test_proxy_setup.config(state="missing", ready=0)),
    ("proxy.kubeconfig", "proxy.settings.missing", KUBECONFIG(state="missing"), KUBECONFIG(state="missing", ready=0)),
    ("proxy.kubeconfig", "proxy.kubeconfig", KUBECONFIG(state="no-key"), KUBECONFIG(state="no-key", ready=0)),
    ("proxy.coverage", "proxy.not-covering", test_proxy.coverage(ready=1, pods=[test_proxy.pod("n1")]),
     test_proxy.coverage(ready=0, pods=[])),
    ("proxy.logs", "proxy.access", test_proxy.logs(test_proxy.FORBIDDEN),
     {**test_proxy.logs(test_proxy.FORBIDDEN), "others": 0}),
    ("dns.readiness", "dns.pods.unsynced", unsynced(1), unsynced(0)),
    ("dns.readiness", "cni.own-pods", unheard(1), unheard(0)),
    ("dns.endpoints", "dns.endpoints.stale", stale(1), stale(0)),
    ("dns.upstream", "dns.upstream.dns-policy",
     test_dns_answers.forwarding(test_dns_answers.ALIVE, policy="ClusterFirst"),
     test_dns_answers.forwarding(policy="ClusterFirst")),
    ("dns.client", "dns.client.missing-cluster-dns", test_dns_client.seen(events=[MISSING_DNS]),
     test_dns_client.seen(test_dns_client.pod(events=[MISSING_DNS]))),
    ("dns.local_cache", "dns.local-cache.template", test_dns_local_cache.gathered(config=UNFILLED),
     test_dns_local_cache.gathered(config=UNFILLED, ready=0)),
    ("service.ports", "service.port.name", by_target(chosen(), chosen("web-2", ports=[])),
     by_target(chosen(ports=[{**HTTP, "name": "web"}]))),
    ("service.endpoints", "service.endpoints.family",
     ends(piece(end()), service=service(families=["IPv4", "IPv6"])), ends(service=service(families=["IPv6"]))),
    ("service.endpoints", "service.endpoints.stale", ends(piece(end(), end("old"))), ends(piece(end("old")))),
    ("service.backends", "service.backends.loopback", answers(way("ok", "refused"), way("ok", "ok", "web-2")),
     answers(way("ok", "refused"))),
    ("service.manual", "service.manual.port-name", with_slices(TWO_NAMES, ports=[port(), HTTPS]),
     with_slices(OTHER_NAME, ports=[port()])),
]


@pytest.mark.parametrize(("uses", "cause", "part", "whole"), PART_OR_WHOLE, ids=lambda one: one if isinstance(one, str)
                         else "")
def test_a_fault_of_a_part_is_a_warning_and_one_of_the_whole_a_failure(
    uses: str, cause: str, part: Evidence, whole: Evidence
) -> None:
    for told, verdict in ((part, Verdict.WARN), (whole, Verdict.FAIL)):
        assert {found.verdict for found in judged(uses, told) if found.cause == cause} == {verdict}


def test_the_faults_that_break_a_part_at_most_are_faults_of_the_table() -> None:
    assert CAUSES.keys() >= PARTIAL
