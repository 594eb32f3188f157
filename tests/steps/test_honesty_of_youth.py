"""What is absent or not ready is a fault once it is old enough, and none while it is new; what speaks of a fault by
itself counts at any age. A line for each look that misses something: the same evidence, old and new."""

from typing import Any

import pytest

from bot.model.finding import Finding, Verdict
from bot.steps import Evidence, Look
from bot.steps.library import STEP_TYPES
from tests.steps import (
    test_cni,
    test_cni_plan,
    test_cni_plugin,
    test_dns_answers,
    test_dns_local_cache,
    test_ground,
    test_ingress,
    test_nodes,
    test_proxy,
    test_proxy_static,
    test_services_pods,
    test_services_ways,
)
from tests.steps.dns_evidence import backend, endpoints_evidence, node, nodes, pending, pod, pods_evidence
from tests.steps.in_order import IN_ORDER
from tests.steps.service_evidence import end, ends, piece, pods, selected, service, unready, workload
from tests.steps.service_evidence import pod as chosen
from tests.steps.test_honesty import everywhere, newer

UNREADY = [backend(ready=False), backend("coredns-2", "10.244.1.2", ready=False)]
ONE_CACHE = [test_dns_local_cache.cache_pod("a", "n1"), test_dns_local_cache.cache_pod("b", "n2", ready=False)]
SERVFAIL = test_dns_answers.answer(test_dns_answers.KUBERNETES, rcode="SERVFAIL")
TAINTED = "0/2 nodes are available: 2 Insufficient memory."
FAILED = [{"reason": "SyncLoadBalancerFailed", "type": "Warning", "last": "", "message": "quota exceeded"}]

ABSENT: list[tuple[str, Evidence]] = [
    ("node.network", test_ground.network("Flannel", n1=node(), n2=node(False))),
    ("node.network", test_ground.network("Flannel", n1=node(), n2=test_ground.BARE)),
    ("node.conditions", test_nodes.conditions(whole=nodes(n1=node(), n2=node(False)))),
    ("node.addresses", test_nodes.addresses()),
    ("node.ranges", test_nodes.ranges()),
    ("node.agents", test_nodes.required()),
    ("cni.agents", test_cni.agents(test_cni.agent(ready=1, desired=1, pods=[test_proxy.pod("n1")]))),
    ("cni.plugin", test_cni_plugin.plugin("Calico", controllers=test_cni_plugin.controller(0))),
    ("cni.plan", test_cni_plan.plan(test_cni_plan.BARE)),
    ("proxy.coverage", test_proxy.coverage(ready=1, pods=[test_proxy.pod("n1")])),
    ("proxy.coverage", test_proxy_static.static(test_proxy.pod("n1"))),
    ("dns.pods", pods_evidence(pod(ready=False), pod("coredns-2", "n2", ready=False))),
    ("dns.pods", pods_evidence(pod(node="", phase="Pending", ready=False, started=""))),
    ("dns.readiness", test_ground.waiting()),
    ("dns.endpoints", endpoints_evidence(pods=UNREADY, selected=UNREADY, slices=[])),
    ("dns.query_pods", test_dns_answers.evidence(test_dns_answers.asked(kubernetes=SERVFAIL, ready=False))),
    ("dns.local_cache", test_dns_local_cache.gathered(ready=1, pods=ONE_CACHE)),
    ("dns.local_cache", test_dns_local_cache.gathered(ready=1, pods=[])),
    ("service.selector", selected()),
    ("service.selector", selected(workloads=[workload()])),
    ("service.pods", pods(unready("web-1", test_services_pods.CLOSED))),
    ("service.endpoints", ends()),
    ("service.endpoints", ends(piece(end(ready=False)), pods=[chosen(ready=False)])),
    ("service.exposure", test_services_ways.exposed(service=test_services_ways.balanced(), providers=[])),
    ("service.manual", test_services_ways.by_hand()),
    ("ingress.class", test_ingress.classed(workloads=[])),
    ("ingress.gateway", test_ingress.routed()),
]

AT_ANY_AGE: list[tuple[str, Evidence]] = [
    ("node.agents", test_nodes.required(test_nodes.waiting("ImagePullBackOff"))),
    ("cni.agents", test_cni.agents(test_cni.agent(**test_cni.KEPT_OFF))),
    ("cni.agents", test_cni.agents(test_cni.agent(rights=test_cni.DENIED))),
    ("cni.plan", test_cni_plan.plan(test_cni_plan.BARE, events=[test_cni_plan.EVENT])),
    ("cni.plugin", test_cni_plugin.plugin("Calico", controllers=test_cni_plugin.controller(0, 0))),
    ("proxy.coverage", test_proxy.coverage(ready=1, pods=[test_proxy.pod("n1"), *test_proxy.crashing_pods("n2")])),
    ("dns.pods", pods_evidence(pending(TAINTED))),
    ("dns.pods", pods_evidence(pod(ready=False, started="", waiting="ErrImagePull"))),
    ("dns.local_cache", test_dns_local_cache.gathered(
        ready=1, pods=[ONE_CACHE[0], {**ONE_CACHE[1], "waiting": "ImagePullBackOff"}])),
    ("service.selector", selected(service=service(selector={"app": "webb"}), groups=[
        {"owner": "Deployment shop/web", "pods": 2, "labels": {"app": "web"}}])),
    ("service.selector", selected(workloads=[workload(wanted=0)])),
    ("service.pods", pods(unready("web-1", test_services_pods.NOT_FOUND))),
    ("service.exposure", test_services_ways.exposed(service=test_services_ways.balanced(), events=FAILED)),
    ("ingress.class", test_ingress.classed(ingress=test_ingress.ingress(**{"class": "ngins"}))),
    ("ingress.gateway", test_ingress.routed(test_ingress.condition("Accepted", "False"))),
]


def judged(uses: str, evidence: Evidence) -> tuple[Finding, ...]:
    step = STEP_TYPES[uses]
    assert isinstance(step, Look)
    return step.judge(evidence, step.args(**IN_ORDER[uses][1])).findings


def causes(found: tuple[Finding, ...]) -> list[str]:
    return [finding.cause for finding in found if finding.verdict in (Verdict.FAIL, Verdict.WARN)]


def named(case: Any) -> str:
    return case if isinstance(case, str) else ""


@pytest.mark.parametrize(("uses", "evidence"), ABSENT, ids=named)
def test_what_is_missing_or_not_ready_is_a_fault_once_it_is_no_longer_new(uses: str, evidence: Evidence) -> None:
    assert causes(judged(uses, evidence))
    assert causes(judged(uses, everywhere(evidence, newer))) == []


@pytest.mark.parametrize(("uses", "evidence"), AT_ANY_AGE, ids=named)
def test_what_speaks_of_a_fault_by_itself_counts_at_any_age(uses: str, evidence: Evidence) -> None:
    found = causes(judged(uses, evidence))
    assert found
    assert causes(judged(uses, everywhere(evidence, newer))) == found
