"""Where there is nothing to look at, and where all of it may not be read, a look neither passes nor fails: a line for
each look, with what its evidence is then, and words of what it says."""

from typing import Any

import pytest

from bot.model.finding import Verdict
from tests.steps.dns_evidence import NOW, node
from tests.steps.policy_evidence import side
from tests.steps.service_evidence import service
from tests.steps.test_honesty import IN_PARTS, findings

MISSED = "list things.example.com in shop"
NO_NODES = {"read": {}, "total": 0, "unread": 0}
PARTLY = {"cni.files", "dns.client", "dns.pods", "dns.policy", "platform.fingerprint"}
"""Of these some is always read, or that it was not is told by what is there instead; their own tests try that."""
OWN = side("host", "shop", host=True)

NOTHING: list[tuple[str, dict[str, Any], Verdict, str]] = [
    ("node.network", {"nodes": NO_NODES}, Verdict.UNKNOWN, "has no nodes"),
    ("node.agents", {"agents": []}, Verdict.INFO, "no known agent runs as a DaemonSet here"),
    ("node.agents", {"nodes": {"n1": node(False)}}, Verdict.INFO, "any node is not ready"),
    ("node.kubelet", {"tries": []}, Verdict.INFO, "No ready node was there"),
    ("node.versions", {"server": ""}, Verdict.INFO, "API server not known"),
    ("node.ranges", {"networks": None}, Verdict.INFO, "the network decides"),
    ("cni.agents", {"agents": []}, Verdict.INFO, "No agent of a known network plugin runs"),
    ("cni.sandbox", {"groups": []}, Verdict.INFO, "No event of the last hour"),
    ("proxy.coverage", {"found": False, "proxy": None, "networks": ["Cilium"]}, Verdict.INFO, "was not tested"),
    ("proxy.coverage", {"found": False, "proxy": None, "version": "v1.31.2+k3s1"}, Verdict.INFO, "k3s"),
    ("proxy.live", {"pods": []}, Verdict.INFO, "was not tested"),
    ("proxy.logs", {"pods": []}, Verdict.INFO, "no log to read"),
    ("proxy.command", {"setup": None, "proxy": ""}, Verdict.INFO, "There is no kube-proxy DaemonSet"),
    ("proxy.config", {"proxy": "", "file": {"state": "none"}}, Verdict.INFO, "kube-proxy"),
    ("proxy.kubeconfig", {"proxy": "", "file": {"state": "none"}}, Verdict.INFO, "There is no kube-proxy DaemonSet"),
    ("proxy.access", {"account": ""}, Verdict.INFO, "There is no kube-proxy DaemonSet"),
    ("proxy.health", {"pods": []}, Verdict.INFO, "No kube-proxy pod was there"),
    ("proxy.written", {"pods": []}, Verdict.INFO, "were not looked at: no kube-proxy pod runs"),
    ("proxy.written", {"pods": [], "mode": "ipvs"}, Verdict.INFO, "were not looked at: mode ipvs"),
    ("proxy.conntrack", {"pods": []}, Verdict.INFO, "was not looked at"),
    ("dns.access", {"account": ""}, Verdict.INFO, "No DNS workload was found"),
    ("dns.logs", {"pods": []}, Verdict.INFO, "No DNS container has started"),
    ("dns.corefile", {"corefile": {"state": "none"}, "workload": ""}, Verdict.INFO, "No DNS workload was found"),
    ("dns.readiness", {"ready": 0, "running": 0}, Verdict.INFO, "No DNS pod runs"),
    ("dns.endpoints", {"service": None}, Verdict.INFO, "There is no DNS Service"),
    ("dns.upstream", {"pods": []}, Verdict.SKIPPED, "forwarding was not tested"),
    ("dns.query_pods", {"pods": []}, Verdict.SKIPPED, "was not tested"),
    ("dns.memory", {"server": "kube-dns"}, Verdict.INFO, "is not CoreDNS"),
    ("dns.local_cache", {"cache": None, "handed": ["10.96.0.10"]}, Verdict.INFO, "There is no node-local DNS cache"),
    ("dns.local_cache", {"cache": None}, Verdict.UNKNOWN, "who answers there was not tested"),
    ("dns.path", {"pods": [], "rows": []}, Verdict.SKIPPED, "was not tested"),
    ("path.ends", {"pod": "", "to": "", "source": None, "ends": []}, Verdict.SKIPPED, "No connection was asked about"),
    ("policy.reach", {"source": OWN, "target": None, "to": ""}, Verdict.INFO, "do not isolate it"),
    ("service.pods", {"pods": []}, Verdict.SKIPPED, "has no pods"),
    ("service.exposure", {"service": service()}, Verdict.SKIPPED, "not offered outside"),
    ("ingress.backends", {"services": {}}, Verdict.INFO, "was not looked at"),
]
"""(look, what its evidence has instead, what it concludes, words of it)."""

UNREAD: list[tuple[str, dict[str, Any]]] = [
    ("node.network", {"nodes": NO_NODES}),
    ("node.conditions", {"network": {"read_at": NOW, "nodes": NO_NODES, "networks": None, "pod_range": ""},
                         "nodes": {}}),
    ("node.addresses", {"nodes": {}}), ("node.ranges", {"nodes": {}}), ("node.agents", {"nodes": {}}),
    ("node.events", {"events": None}), ("node.kubelet", {"tries": []}), ("node.versions", {"nodes": {}}),
    ("cni.calico", {"felix": None, "endpoints": None}), ("cni.calico", {"pools": []}),
    ("cni.sandbox", {"groups": None}), ("cni.agents", {"agents": None}), ("cni.plugin", {"agents": None}),
    ("cni.runtime", {"nodes": {}}), ("cni.plan", {"nodes": {}}),
    ("proxy.coverage", {"known": False, "proxy": None}), ("proxy.coverage", {"proxy": None}),
    ("proxy.live", {"pods": []}), ("proxy.logs", {"pods": []}), ("proxy.command", {"setup": None}),
    ("proxy.config", {"file": {"state": "none"}, "proxy": ""}), ("proxy.kubeconfig", {"file": {"state": "unread"}}),
    ("proxy.access", {"account": ""}), ("proxy.health", {"pods": []}), ("proxy.written", {"pods": []}),
    ("proxy.conntrack", {"pods": []}),
    ("dns.service", {"service": None}), ("dns.access", {"account": ""}), ("dns.logs", {"pods": []}),
    ("dns.corefile", {"corefile": {"state": "none"}, "workload": ""}), ("dns.readiness", {"ready": 0, "running": 0}),
    ("dns.endpoints", {"service": None}), ("dns.upstream", {"pods": []}), ("dns.query_pods", {"pods": []}),
    ("dns.memory", {"workload": ""}), ("dns.memory", {"pods": None}),
    ("dns.local_cache", {"known": False, "cache": None}), ("dns.path", {"pods": [], "rows": []}),
    ("dns.policy_clients", {"spaces": None}), ("dns.external", {"answers": None}), ("dns.external", {"answers": []}),
    ("policy.enforcement", {"policies": None}), ("policy.selection", {"policies": None}),
    ("policy.reach", {"policies": None, "known": False}),
    ("path.ends", {"source": None, "ends": [], "to": "", "pod": ""}),
    ("path.matrix", {"nodes": [], "peers": [], "probe_rows": [], "probed": []}),
    ("service.exists", {"service": None, "space": None}), ("service.address", {"ranges": []}),
    ("service.selector", {"pods": None}), ("service.pods", {"known": False, "pods": []}),
    ("service.endpoints", {"slices": None}), ("service.backends", {"rows": [], "untried": ["80"]}),
    ("service.external_name", {"answers": []}),
    ("service.manual", {"slices": None}), ("service.exposure", {"service": None}), ("service.headless", {"sets": []}),
    ("service.locality", {"slices": None}), ("service.ports", {"service": None}), ("service.name", {"answers": []}),
    ("service.name", {"answers": None}),
    ("ingress.exists", {"kind": ""}), ("ingress.class", {"ingress": None}), ("ingress.class", {"classes": None}),
    ("ingress.gateway", {"objects": []}), ("ingress.log", {"read": False, "lines": []}),
    ("ingress.backends", {"ingress": None}), ("ingress.way", {"ingress": None}), ("ingress.way", {"rows": []}),
]
"""(look, what its evidence has where the permission is missing to read it)."""


@pytest.mark.parametrize(("uses", "changes", "verdict", "words"), NOTHING)
def test_where_there_is_nothing_to_look_at_that_is_said_and_neither_passes_nor_fails(
    uses: str, changes: dict[str, Any], verdict: Verdict, words: str
) -> None:
    (found,) = findings(uses, **changes)
    assert (found.verdict, words in found.summary) == (verdict, True), found.summary


@pytest.mark.parametrize(("uses", "changes"), UNREAD)
def test_what_may_not_be_read_neither_passes_nor_fails_and_is_not_called_absent(
    uses: str, changes: dict[str, Any]
) -> None:
    found = findings(uses, skipped=[MISSED], **changes)
    assert [finding.summary for finding in found if MISSED in finding.summary]
    assert {finding.verdict for finding in found} <= {Verdict.SKIPPED, Verdict.UNKNOWN}, found


def test_each_look_that_reads_in_parts_is_tried_without_what_it_reads() -> None:
    assert set(IN_PARTS) - {uses for uses, _ in UNREAD} == PARTLY
