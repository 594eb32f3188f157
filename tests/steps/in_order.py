"""What each look gathers where all is in order: (evidence, arguments). Whoever adds a look adds a line here, and the
rules of honesty that hold for all of them are tried on it (test_honesty.py)."""

from typing import Any

from bot.steps import Evidence
from tests.steps import (
    test_cni,
    test_cni_calico,
    test_cni_files,
    test_cni_plan,
    test_cni_plugin,
    test_cni_sandbox,
    test_dns_answers,
    test_dns_client,
    test_dns_external,
    test_dns_local_cache,
    test_dns_logs,
    test_dns_memory,
    test_dns_path,
    test_dns_service,
    test_ground,
    test_ingress,
    test_ingress_way,
    test_nodes,
    test_path_ends,
    test_path_matrix,
    test_policy_reach,
    test_policy_reads,
    test_policy_selection,
    test_proxy,
    test_proxy_rules,
    test_proxy_setup,
    test_services_ways,
)
from tests.steps.dns_evidence import (
    NOW,
    WORKLOAD,
    corefile_evidence,
    endpoints_evidence,
    log_pod,
    pod,
    pods_evidence,
)
from tests.steps.policy_evidence import enforcers, policy_evidence
from tests.steps.service_evidence import (
    addressed,
    answers,
    backend,
    end,
    ends,
    evidence,
    existence,
    headless,
    piece,
    pods,
    selected,
    service,
    way,
)
from tests.steps.service_evidence import pod as chosen

SERVICE, INGRESS = {"service": "shop/web"}, {"ingress": "shop/web"}
PLATFORM = {
    "read_at": NOW, "version": "v1.34.4", "nodes": [], "node_count": 2, "openshift": [], "kubeadm": True,
    "agents": [{"name": "kube-flannel-ds", "namespace": "kube-flannel", "network": "Flannel"},
               {"name": "kube-proxy", "namespace": "kube-system", "network": ""}],
    "dns": {"service": "kube-system/kube-dns", "addresses": ["10.96.0.10"], "workload": WORKLOAD, "server": "coredns",
            "image_version": "1.12.0", "labels": {"k8s-app": "kube-dns"}, "zone": "cluster.local"}, "skipped": []}
READY = {"read_at": NOW, "workload": WORKLOAD, "ready": 2, "running": 2, "pods": [], "skipped": []}
ROLLED_OUT = {"ready": 2, "wanted": 2, "updated": 2, "total": 2, "settled": True, "waited": 1.0, "read_at": NOW}
SYNCED = test_proxy.times({"IPv4": NOW - 3000}, {"IPv4": NOW - 2000})
STATEFUL_SET = {"name": "StatefulSet shop/db", "plain": "db", "service": "web", "named": None}
SERVES = {"exists": True, "ports": [["", 80, 8080]], "ready": 1}
ADDRESS, EXTERNAL = "203.0.113.10", "api.example.com"

IN_ORDER: dict[str, tuple[Evidence, dict[str, Any]]] = {
    "api.answers": ({"server": "https://10.0.0.1:6443", "version": "v1.34.4", "read_at": NOW}, {}),
    "platform.fingerprint": (PLATFORM, {}),
    "node.network": (test_ground.network("Flannel"), {}),
    "node.conditions": (test_nodes.conditions(), {}),
    "node.addresses": (test_nodes.addresses("10.0.0.2"), {}),
    "node.ranges": (test_nodes.ranges("10.244.1.0/24"), {}),
    "node.agents": (test_nodes.required(test_proxy.pod("n2")), {}),
    "node.events": (test_nodes.events("", 0), {}),
    "node.kubelet": (test_nodes.way(), {}),
    "node.versions": (test_nodes.versions(), {}),
    "cni.sandbox": (test_cni_sandbox.sandbox(), {}),
    "cni.agents": (test_cni.agents(test_cni.agent()), {}),
    "cni.calico": ({**test_cni_calico.told(), "read_at": NOW}, {}),
    "cni.files": (test_cni_files.evidence(), {}),
    "cni.plugin": (test_cni_plugin.plugin("Flannel"), {}),
    "cni.runtime": (test_cni_plugin.runtime("Flannel", n1=test_cni_plugin.GOOD), {}),
    "cni.plan": (test_cni_plan.plan(), {}),
    "proxy.coverage": (test_proxy.coverage(), {}),
    "proxy.live": (test_proxy.live(SYNCED), {}),
    "proxy.logs": (test_proxy.logs(), {}),
    "proxy.command": (test_proxy_setup.command(), {}),
    "proxy.config": (test_proxy_setup.config(), {}),
    "proxy.kubeconfig": (test_proxy_setup.kubeconfig(), {}),
    "proxy.access": (test_proxy_setup.access(), {}),
    "proxy.health": (test_proxy_rules.health(), {}),
    "proxy.written": (test_proxy_rules.written(), {}),
    "proxy.conntrack": (test_proxy_rules.connections(100), {}),
    "dns.service": (test_dns_service.seen(), {}),
    "dns.pods": (pods_evidence(pod(), pod("coredns-2", "n2")), {}),
    "dns.access": (test_ground.access(), {}),
    "dns.logs": (test_dns_logs.evidence(log_pod(ready=True)), {}),
    "dns.corefile": (corefile_evidence(), {}),
    "dns.readiness": (READY, {}),
    "dns.endpoints": (endpoints_evidence(), {}),
    "dns.upstream": (test_dns_answers.forwarding(test_dns_answers.ALIVE), {}),
    "dns.query_pods": (test_dns_answers.evidence(test_dns_answers.asked()), {}),
    "dns.memory": (test_dns_memory.seen(), {}),
    "dns.local_cache": (test_dns_local_cache.gathered(), {}),
    "dns.policy": (policy_evidence(), {}),
    "dns.path": (test_dns_path.evidence(test_dns_path.way("coredns-1", "n1", *test_dns_path.OPEN)), {}),
    "dns.client": (test_dns_client.seen(), {}),
    "dns.policy_clients": (test_policy_reads.limited(clients=[], spaces=[]), {}),
    "dns.external": (test_dns_external.told(test_dns_external.answer("NOERROR", ADDRESS)), {"name": EXTERNAL}),
    "policy.enforcement": (test_policy_selection.enforced(enforcers("calico-node")), {}),
    "policy.selection": (test_policy_selection.selection(), {}),
    "policy.reach": (test_policy_reach.reached(), {}),
    "path.ends": (test_path_ends.ends(), {}),
    "path.matrix": (test_path_matrix.tried(), {}),
    "service.exists": (existence(), SERVICE),
    "service.address": (addressed(), SERVICE),
    "service.selector": (selected(chosen()), SERVICE),
    "service.ports": (selected(chosen()), SERVICE),
    "service.pods": (pods(backend()), SERVICE),
    "service.endpoints": (ends(piece(end())), SERVICE),
    "service.backends": (answers(way("ok", "ok")), SERVICE),
    "service.headless": (evidence(service=headless(), sets=[STATEFUL_SET]), SERVICE),
    "service.external_name": (
        test_services_ways.foreign("db.example.com", test_services_ways.answer("NOERROR", ADDRESS)), SERVICE),
    "service.manual": (test_services_ways.by_hand(piece(end(uid=""))), SERVICE),
    "service.exposure": (test_services_ways.exposed(), SERVICE),
    "service.locality": (
        evidence(service=service(internal="Local"), slices=[piece(end())], fit=["n1"], client=None), SERVICE),
    "service.name": (test_services_ways.named(test_services_ways.answer("NOERROR", "10.96.0.20"),
                                              expected=["10.96.0.20"]), SERVICE),
    "ingress.exists": ({"kind": "Ingress", "near": [], "skipped": [], "read_at": NOW}, INGRESS),
    "ingress.class": (
        test_ingress.classed(ingress=test_ingress.ingress(addresses=["192.0.2.1"])), INGRESS),
    "ingress.gateway": (test_ingress.routed(test_ingress.condition("Accepted")), INGRESS),
    "ingress.way": (
        test_ingress_way.asked(test_ingress_way.said(200, "shop"), test_ingress_way.said(200, "shop")), INGRESS),
    "ingress.log": (test_ingress.logged(), {**INGRESS, "pod": "front/controller"}),
    "ingress.backends": (test_ingress.leading(SERVES), INGRESS),
    "kubernetes.get": ({"object": {"metadata": {"name": "web"}}, "read_at": NOW}, {"kind": "Pod", "name": "web"}),
    "kubernetes.list": ({"items": [], "read_at": NOW}, {"kind": "Pod"}),
    "kubernetes.logs": ({"text": "", "cut": False, "read_at": NOW}, {"pod": "shop/web"}),
    "workload.rollout": (ROLLED_OUT, {"workload": "Deployment shop/web"}),
}  # fmt: skip
