"""What is merely different, unwise or not known whole is told as information: it passes nothing, and is no fault. A
line for each such remark of a look, with words of it."""

from typing import Any

import pytest

from bot.model.finding import Finding, Verdict
from bot.steps import Evidence, Look
from bot.steps.library import STEP_TYPES
from tests.steps import (
    test_cni,
    test_cni_files,
    test_cni_plan,
    test_cni_plugin,
    test_dns_answers,
    test_dns_client,
    test_dns_local_cache,
    test_dns_logs,
    test_ground,
    test_ingress,
    test_nodes,
    test_policy_reads,
    test_policy_selection,
    test_proxy,
    test_proxy_setup,
    test_proxy_static,
    test_services_ways,
)
from tests.steps.dns_evidence import (
    JUST_NOW,
    corefile,
    corefile_evidence,
    directive,
    log_pod,
    node,
    nodes,
    pod,
    pods_evidence,
)
from tests.steps.in_order import IN_ORDER
from tests.steps.policy_evidence import CLIENT, asked_by, policy, policy_evidence, side
from tests.steps.service_evidence import ends, evidence, headless, piece, selected, service
from tests.steps.service_evidence import pod as chosen

NEW_POD = test_proxy.pod("n2", ready=False, container=test_proxy_static.WAITS, created=JUST_NOW)
POOLS = {"pools": [test_cni.pool(), test_cni.pool("b", "10.245.0.0/20", disabled=True)], "addresses": {}}
FAR = {"pools": None, **test_cni.chosen("192.168.7.2/24", "192.168.7.1/24")}
KUBECONFIG, WRONG, AFTER = test_proxy_setup.kubeconfig, test_proxy_setup.WRONG, test_proxy_setup.AFTER
NO_NAME: dict[str, Any] = {"tried": [], "service": {}}
STARTING = test_dns_answers.answer(test_dns_answers.KUBERNETES, rcode="SERVFAIL")
UNKNOWN_FIELD = test_proxy_setup.FILE + "featureX: true\n"
OTHER_SET = {"name": "StatefulSet shop/db", "plain": "db", "service": "peer", "named": True}
SERVERS = test_dns_client.event("DNSConfigForming", message="Nameserver limits were exceeded, applied line: a b")
BY_ADDRESS = policy("out", "shop", policyTypes=["Egress"], egress=[{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}])

REMARKS: list[tuple[str, Evidence, str]] = [
    ("node.versions", test_nodes.versions(""), "API server not known"),
    ("node.conditions", test_nodes.conditions(test_nodes.facts(cordoned=True)), "no fault"),
    ("node.addresses", test_nodes.addresses("10.0.0.2", host="worker"), "calls itself worker"),
    ("node.network", test_ground.network("Weave Net"), "no longer maintained"),
    ("cni.agents", test_cni.agents(test_cni.agent(), test_cni.agent("Weave Net", desired=0, ready=0, covered=2)),
     "another network runs"),
    ("cni.agents", test_cni.agents(test_cni.agent("Calico", facts={"calico": POOLS})), "is disabled"),
    ("cni.agents", test_cni.agents(test_cni.agent("Calico", facts={"calico": FAR})), "They may be meant"),
    ("cni.files", test_cni_files.evidence({**test_cni_files.view(), "files": []}), "holds no configuration file"),
    ("cni.plan", test_cni_plan.plan(test_cni_plan.BARE, networks=("Calico",)), "an address plan of its own"),
    ("cni.plan", test_cni_plan.plan(skipped=["list ippools.crd.projectcalico.org"]), "do not overlap"),
    ("cni.plugin", test_cni_plugin.plugin("Flannel", groups=("crd.projectcalico.org",)), "Calico"),
    ("cni.runtime", test_cni_plugin.runtime("Flannel", n1=test_cni_plugin.GOOD, n2=("v1.34.4", "cri-o://1.34.1")),
     "Runtimes of different kinds"),
    ("proxy.config", test_proxy_setup.config(UNKNOWN_FIELD), "featureX"),
    ("proxy.kubeconfig", KUBECONFIG("https://abc.eks.amazonaws.com"), "cannot be seen from here"),
    ("proxy.kubeconfig", KUBECONFIG(WRONG, pods=AFTER), "it works all the same"),
    ("proxy.coverage", test_proxy_static.static(test_proxy.pod("n1"), NEW_POD), "made a moment ago"),
    ("proxy.coverage", test_proxy_static.static(test_proxy.pod("n1"), nodes={**nodes(), "unread": 3}),
     "other nodes were not looked at"),
    ("proxy.coverage", test_proxy.coverage(found=False, networks=("Cilium",), replacement="true"), "Cilium replaces"),
    ("proxy.coverage", test_proxy.coverage(found=False, kubeadm=False), "platforms exist that have it built in"),
    ("proxy.access", test_proxy_setup.access(exists=None), "may list and watch"),
    ("dns.access", test_ground.access(exists=None), "may list and watch"),
    ("dns.access", test_ground.access(answers=[], bindings=[]), "could not be asked"),
    ("dns.readiness", test_ground.waiting(body="health"), "503 health"),
    ("dns.query_pods", test_dns_answers.evidence(test_dns_answers.asked(), test_dns_answers.asked(
        "coredns-2", "n2", STARTING, ready=False, started=JUST_NOW)), "is not ready yet"),
    ("dns.pods", pods_evidence(pod(), nodes=nodes(n1=node(), n2=node())), "n1"),
    ("dns.corefile", corefile_evidence(corefile(directive("quux", line=9))), "the image must bring it"),
    ("dns.corefile", corefile_evidence({"state": "optional", "config_map": "ConfigMap a/b"}), "does not insist on it"),
    ("dns.logs", test_dns_logs.evidence(log_pod(test_dns_logs.NO_ROUTE, ready=True)), "may be history"),
    ("dns.client", test_dns_client.seen(test_dns_client.pod(policy="Default", serves_dns=True)), "serves DNS itself"),
    ("dns.client", test_dns_client.seen(events=[SERVERS]), "Nameserver limits"),
    ("dns.local_cache", test_dns_local_cache.gathered("10.96.0.99"), "pods do not ask it"),
    ("dns.policy", policy_evidence(**asked_by(side("web", "shop", host=True))), "uses its node's network"),
    ("policy.selection", test_policy_selection.selection(unlooked=["batch"]), "batch"),
    ("dns.policy_clients", test_policy_reads.limited(test_policy_reads.out(podSelector=test_policy_reads.WEB)),
     "blocks all lookups"),
    ("service.selector", selected(chosen(), chosen("web-canary", owner="Deployment shop/web-canary")), "shared"),
    ("service.endpoints", ends(piece(), pods=[chosen(since=1_800_000_000.0 - 5)]), "follow its pods"),
    ("service.locality", evidence(service=service(affinity="ClientIP"), slices=None, fit=[], client=None),
     "stays with one pod"),
    ("service.headless", evidence(service=headless(), sets=[OTHER_SET]), "have their names under Service peer"),
    ("service.exposure", test_services_ways.exposed(service={**test_services_ways.balanced(balancer=["192.0.2.1"]),
                                                             "external": "Local"}), "health check"),
    ("ingress.class", test_ingress.classed(ingress=test_ingress.ingress(
        **{"class": "", "old_class": "legacy", "addresses": ["192.0.2.1"]})), "so a controller serves it"),
]


def judged(uses: str, told: Evidence) -> tuple[Finding, ...]:
    step = STEP_TYPES[uses]
    assert isinstance(step, Look)
    arguments = {"synced": ["n1"]} if uses == "proxy.kubeconfig" else IN_ORDER[uses][1]
    return step.judge(told, step.args(**arguments)).findings


@pytest.mark.parametrize(("uses", "told", "words"), REMARKS, ids=lambda one: one if isinstance(one, str) else "")
def test_what_is_merely_different_is_information(uses: str, told: Evidence, words: str) -> None:
    found = judged(uses, told)
    assert {finding.verdict for finding in found if words in finding.summary} == {Verdict.INFO}, found
    assert not [finding for finding in found if finding.cause]


@pytest.mark.parametrize(("uses", "told", "words"), [
    ("dns.policy", policy_evidence(BY_ADDRESS, server={**side("coredns-1", "kube-system"), "address": ""},
                                   **asked_by(CLIENT)), "depends on what was not read"),
    ("dns.query_pods", test_dns_answers.evidence(test_dns_answers.asked(), names={"a..b": NO_NAME}),
     "no name that DNS could know"),
    ("dns.upstream", test_dns_answers.forwarding((test_dns_answers.silent("kubernetes.io") | {"outcome": "failed"},)),
     "was not tested"),
], ids=lambda one: one if isinstance(one, str) else "")
def test_what_rests_on_something_that_was_not_read_is_unknown(uses: str, told: dict[str, Any], words: str) -> None:
    assert {finding.verdict for finding in judged(uses, told) if words in finding.summary} == {Verdict.UNKNOWN}
