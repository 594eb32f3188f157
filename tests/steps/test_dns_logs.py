"""dns.logs on evidence alone: a reason while a pod is down, history once it is up."""

from typing import Any

import pytest

from bot.model.finding import Verdict
from bot.steps.dns.logs import LOGS
from tests.steps.dns_evidence import CONFIG_MAP, NOW, WORKLOAD, causes, corefile, directive, judge, log_pod, only, roots

LOOP = '[FATAL] plugin/loop: Loop (127.0.0.1:5 -> :53) detected for zone "."'
UNKNOWN = "/etc/coredns/Corefile:3 - Error during parsing: Unknown directive 'foo'"
PROXY = "/etc/coredns/Corefile:13 - Error during parsing: Unknown directive 'proxy'"
SYNTAX = "plugin/cache: /etc/coredns/Corefile:5 - Error during parsing: Wrong argument count"
RELOAD = "[ERROR] plugin/reload: Corefile changed but reload failed"
FORBIDDEN = ('endpointslices.discovery.k8s.io is forbidden: User "system:serviceaccount:kube-system:coredns" '
             'cannot list resource "endpointslices"')
NO_ROUTE = 'Get "https://10.96.0.1:443/version": dial tcp 10.96.0.1:443: i/o timeout'


def evidence(*pods: dict[str, Any], facts: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "read_at": NOW, "namespace": "kube-system", "workload": WORKLOAD, "server": "coredns", "version": [1, 12, 0],
        "pods": list(pods), "unread": 0, "corefile": facts or corefile(directive("foo", line=3)), "skipped": [],
        **changes,
    }


@pytest.mark.parametrize(("line", "cause"), [
    (LOOP, "dns.upstream.loop"), (UNKNOWN, "dns.corefile.directive-unknown"), (SYNTAX, "dns.corefile.syntax"),
    (FORBIDDEN, "dns.access.refused"), (NO_ROUTE, "dns.pods.api-path"),
    ("Listen: listen tcp :53: bind: permission denied", "dns.pods.bind"),
    ("open /var/run/secrets/kubernetes.io/serviceaccount/token: no such file or directory", "dns.pods.api-credentials"),
    ("[ERROR] plugin/kubernetes: x509: certificate signed by unknown authority", "dns.pods.api-credentials"),
])
def test_the_log_of_a_pod_that_is_down_says_why(line: str, cause: str) -> None:
    finding = only(LOGS, evidence(log_pod(line)))
    assert (finding.verdict, finding.cause) == (Verdict.FAIL, cause)
    assert any(line[:40] in told for told in finding.evidence)


def test_the_log_before_a_crash_counts_for_a_pod_that_waits_to_start_again() -> None:
    waiting = log_pod(running=False, before={"lines": [LOOP], "telling": 1})
    assert causes(LOGS, evidence(waiting)) == ["dns.upstream.loop"]


@pytest.mark.parametrize("line", [LOOP, FORBIDDEN, NO_ROUTE, '[INFO] plugin/ready: Still waiting on: "kubernetes"'])
def test_the_same_line_of_a_pod_that_has_become_ready_is_history(line: str) -> None:
    assert causes(LOGS, evidence(log_pod(line, ready=True))) == []
    overcome = log_pod(ready=True, before={"lines": [line], "telling": 1})
    assert causes(LOGS, evidence(overcome)) == []


def test_a_failed_reload_of_running_pods_warns_as_long_as_the_fault_is_in_the_corefile() -> None:
    running = log_pod(UNKNOWN, RELOAD, ready=True)
    found = judge(LOGS, evidence(running)).findings
    assert roots(*found) == ["dns.corefile.directive-unknown"]
    assert {f.verdict for f in found} == {Verdict.WARN}
    assert causes(LOGS, evidence(running, facts=corefile())) == []


def test_a_line_about_syntax_of_a_running_pod_counts_as_long_as_it_is_not_known_to_be_mended() -> None:
    wrong = log_pod(SYNTAX, RELOAD, ready=True)
    mistaken = corefile(mistakes=[{"line": 3, "text": "}"}])
    assert "dns.corefile.syntax" in causes(LOGS, evidence(wrong, facts=mistaken))
    assert causes(LOGS, evidence(wrong, facts=corefile())) == []
    assert "dns.corefile.syntax" in causes(LOGS, evidence(wrong, facts={"state": "unknown", "config_map": ""}))


def test_only_pods_that_are_down_speak_of_the_way_to_the_api_server() -> None:
    beside = log_pod(NO_ROUTE, name="coredns-2", ready=True)
    found = judge(LOGS, evidence(log_pod(NO_ROUTE), beside)).findings
    assert [f.summary.split(" ")[0] for f in found if f.cause == "dns.pods.api-path"] == ["coredns-1"]


def test_a_reload_that_went_well_ends_what_was_before_it() -> None:
    assert causes(LOGS, evidence(log_pod(UNKNOWN, RELOAD, "[INFO] Reloading complete", ready=True))) == []


def test_pods_that_still_wait_after_the_corefile_was_corrected_are_told_so() -> None:
    finding = judge(LOGS, evidence(log_pod(UNKNOWN, running=False), facts=corefile())).findings
    assert [f.verdict for f in finding] == [Verdict.PASS, Verdict.INFO]
    assert "no longer in" in finding[1].summary


def test_the_dropped_proxy_line_is_told_the_same_way_from_the_log() -> None:
    facts = corefile(directive("proxy", ".", "/etc/resolv.conf", line=13))
    finding = only(LOGS, evidence(log_pod(PROXY), facts=facts))
    assert (finding.cause, finding.object) == ("dns.corefile.directive-removed", CONFIG_MAP)
    assert "`forward . /etc/resolv.conf`" in finding.advice


def test_without_the_corefile_the_log_alone_is_believed() -> None:
    unread = {"state": "unknown", "config_map": ""}
    found = judge(LOGS, evidence(log_pod(UNKNOWN), facts=unread, skipped=["get configmaps in kube-system"])).findings
    assert [(f.verdict, f.cause) for f in found] == [
        (Verdict.FAIL, "dns.corefile.directive-unknown"), (Verdict.SKIPPED, "")]


def test_the_way_to_the_api_server_is_told_node_by_node() -> None:
    found = judge(LOGS, evidence(log_pod(NO_ROUTE), log_pod(NO_ROUTE, name="coredns-2", node="n2"))).findings
    assert [(f.cause, f.node) for f in found] == [("dns.pods.api-path", "n1"), ("dns.pods.api-path", "n2")]


def test_a_log_that_may_not_be_read_is_skipped_and_neither_fault_nor_pass() -> None:
    blind = evidence(log_pod(now=None), skipped=["get pods/log in kube-system"])
    assert [f.verdict for f in judge(LOGS, blind).findings] == [Verdict.SKIPPED]


def test_a_log_that_cannot_be_had_from_a_running_pod_is_unknown() -> None:
    lost = log_pod(ready=True, now={"lines": [], "telling": 0, "error": "dial tcp 10.0.0.5:10250: i/o timeout"})
    assert Verdict.UNKNOWN in {f.verdict for f in judge(LOGS, evidence(lost)).findings}


def test_a_server_that_ended_for_a_reason_that_is_not_known_is_quoted() -> None:
    why = "cannot serve dns://.:53 - it is already defined"
    ended = log_pod(running=False, before={"lines": [], "telling": 0, "last": why})
    finding = only(LOGS, evidence(ended))
    assert (finding.verdict, finding.cause) == (Verdict.FAIL, "dns.pods.said")
    assert why in finding.summary
    known = log_pod(running=False, before={"lines": [LOOP], "telling": 1, "last": LOOP})
    assert causes(LOGS, evidence(known)) == ["dns.upstream.loop"]
    assert causes(LOGS, evidence({**ended, "ready": True})) == []
