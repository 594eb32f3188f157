"""dns.path with probe pods: what is said of what they saw, on evidence alone."""

import shlex
from typing import Any

import pytest

from bot.model.finding import Finding, Verdict
from bot.steps import Evidence
from bot.steps.dns.path import PATH
from bot.steps.path.probe import API, SERVICE, read_end, read_log, write_script
from tests.steps.dns_evidence import NOW, WORKLOAD, judge

PODS = {"n1": "dns-a", "n2": "dns-b"}
Lost = dict[tuple[str, str], dict[str, str]]
"""From a node to a node, or to a Service: what became of `UDP`, `TCP` and `ready` there."""


def rows(lost: Lost, nodes: tuple[str, ...]) -> list[dict[str, Any]]:
    found = []
    for source in nodes:
        for node, pod in PODS.items():
            became = lost.get((source, node), {})
            for way, protocol, port in (("UDP", "UDP", 53), ("TCP", "TCP", 53), ("ready", "TCP", 8181)):
                found.append(row(source, pod, node, protocol, port, became.get(way, "ok")))
        for to, protocol, port in ((SERVICE, "UDP", 53), (SERVICE, "TCP", 53), (API, "TCP", 443)):
            outcomes = lost.get((source, to), {}).get(protocol, "ok").split()
            found += [row(source, to, "", protocol, port, outcome) for outcome in outcomes]
    return found


def row(source: str, to: str, node: str, protocol: str, port: int, outcome: str) -> dict[str, Any]:
    return {"from": source, "to": to, "to_node": node, "address": "", "protocol": protocol, "port": port,
            "outcome": outcome, "said": outcome}


def evidence(lost: Lost | None = None, nodes: tuple[str, ...] = ("n1", "n2"), **changes: Any) -> Evidence:
    return {
        "read_at": NOW, "workload": WORKLOAD, "pods": sorted(PODS.values()), "rows": [], "untried": 0, "skipped": [],
        "api_nodes": ["n1"], "networks": ["Flannel"], "policies": [], "probe_policies": [], "probe_namespace": "probes",
        "probed": list(nodes), "unprobed": 0, "probe_rows": rows(lost or {}, nodes), "probe_failures": {}, **changes,
    }


def told(lost: Lost | None = None, **changes: Any) -> list[Finding]:
    """What is said beside that pods were started."""
    first, *rest = judge(PATH, evidence(lost, **changes)).findings
    assert first.summary == ("Probe pods were started on n1 and n2 in namespace probes, as the settings allow, and "
                             "deleted again.")
    return rest


def one(lost: Lost | None = None, **changes: Any) -> Finding:
    (finding,) = told(lost, **changes)
    return finding


SILENT = {"UDP": "timeout", "TCP": "timeout", "ready": "timeout"}


def test_where_every_try_got_through_the_path_is_passed_and_untried_nodes_are_counted() -> None:
    finding = one(unprobed=4)
    assert finding.verdict is Verdict.PASS
    assert "by UDP and TCP" in finding.summary
    assert "not tested from 4 other nodes" in finding.summary


@pytest.mark.parametrize(("became", "words"), [
    ({"UDP": "timeout"}, "UDP 53 to DNS pods is dropped from n1 to n2, n2 to n1 and n2 to itself (no answer), while"),
    ({"TCP": "refused"}, "TCP 53 to DNS pods is dropped"),
    ({"UDP": "timeout", "TCP": "timeout"}, "UDP and TCP 53 to DNS pods is dropped"),
])
def test_a_node_whose_firewall_drops_dns_is_named_with_the_protocol(became: dict[str, str], words: str) -> None:
    finding = one({("n1", "n2"): became, ("n2", "n1"): became, ("n2", "n2"): became})
    assert (finding.verdict, finding.cause, finding.object) == (Verdict.FAIL, "node.dns-port", "Node n2")
    assert words in finding.summary


def test_a_node_that_nothing_gets_to_is_cut_off_and_the_plugins_port_is_named() -> None:
    finding = one({("n1", "n2"): SILENT, ("n2", "n1"): SILENT})
    assert (finding.verdict, finding.cause, finding.object) == (Verdict.FAIL, "cni.path", "Node n2")
    assert "udp 8472" in finding.advice


@pytest.mark.parametrize("dns", ["timeout", "refused timeout"])
def test_a_node_without_service_rules_is_named_with_how_to_see_its_proxy(dns: str) -> None:
    finding = one({("n2", SERVICE): {"UDP": dns, "TCP": dns}, ("n2", API): {"TCP": "timeout"}})
    assert (finding.verdict, finding.cause, finding.object) == (Verdict.FAIL, "proxy.path", "Node n2")
    assert "spec.nodeName=n2" in finding.advice


BY_TURNS = {"UDP": "ok timeout ok", "TCP": "timeout ok ok"}


def test_a_service_that_answers_by_turns_on_one_node_with_a_dns_pod_speaks_for_the_bridge() -> None:
    finding = one({("n2", SERVICE): BY_TURNS})
    assert (finding.verdict, finding.cause, finding.object) == (Verdict.FAIL, "cni.bridge-filter", "Node n2")
    line = "n2 → the DNS Service: UDP 53 no answer and ok by turns, TCP 53 no answer and ok by turns"
    assert line in finding.evidence


def test_a_network_without_bridges_has_no_bridge_to_blame() -> None:
    assert one({("n2", SERVICE): BY_TURNS}, networks=["Calico"]).cause == "proxy.path"


@pytest.mark.parametrize("lost", [
    {("n1", SERVICE): {"UDP": "timeout"}, ("n2", SERVICE): {"UDP": "timeout"}},
    {("n1", SERVICE): BY_TURNS, ("n2", SERVICE): BY_TURNS},
    {("n1", API): {"TCP": "timeout"}},
    {("n2", "n1"): {"UDP": "untold", "TCP": "untold"}},
], ids=["on every node", "by turns on every node", "the API server alone", "words that nobody knows"])
def test_what_may_have_other_reasons_is_neither_a_fault_nor_a_pass(lost: Lost) -> None:
    finding = one(lost)
    assert (finding.verdict, finding.cause) == (Verdict.UNKNOWN, "")


@pytest.mark.parametrize("changes", [
    {"policies": ["NetworkPolicy only-shop"]}, {"probe_policies": ["NetworkPolicy dns-by-udp"]}, {"policies": None},
])
def test_a_policy_that_may_hold_the_probes_back_leaves_it_open(changes: dict[str, Any]) -> None:
    finding = one({("n1", "n2"): SILENT, ("n2", "n1"): SILENT}, **changes)
    assert (finding.verdict, finding.cause) == (Verdict.UNKNOWN, "")
    assert "may be why" in finding.summary


def test_a_dns_server_without_the_second_port_is_no_trouble() -> None:
    closed = {(a, b): {"ready": "refused"} for a in PODS for b in PODS}
    assert one(closed).verdict is Verdict.PASS


def test_a_pod_that_could_not_start_is_told_with_its_reason_beside_what_the_others_saw() -> None:
    passed, failed = told(probe_rows=rows({}, ("n1",)), probe_failures={"n2": "ErrImagePull: no such image"})
    assert passed.verdict is Verdict.PASS
    assert (failed.verdict, failed.object) == (Verdict.UNKNOWN, "Node n2")
    assert "ErrImagePull: no such image" in failed.summary


@pytest.mark.parametrize(("protocol", "code", "text", "outcome"), [
    ("UDP", 0, "Server: 10.96.0.10 Address: 10.96.0.10:53", "ok"),
    ("UDP", 1, "Server: 10.96.0.10 ** server can't find kubernetes.default.svc.cluster.local: NXDOMAIN", "ok"),
    ("UDP", 1, ";; connection timed out; no servers could be reached", "timeout"),
    ("TCP", 0, "", "ok"),
    ("TCP", 1, "nc: 10.96.0.10 (10.96.0.10:53): Connection refused", "refused"),
    ("TCP", 1, "nc: 10.96.0.10 (10.96.0.10:53): Connection timed out", "timeout"),
    ("TCP", 1, "nc: 10.244.1.2 (10.244.1.2:53): No route to host", "unreachable"),
    ("TCP", 1, "nc: 10.244.1.2 (10.244.1.2:53): Network is unreachable", "unreachable"),
    ("TCP", 127, "/bin/sh: nc: not found", "untold"),
])
def test_the_programs_words_tell_what_became_of_a_try(protocol: str, code: int, text: str, outcome: str) -> None:
    assert read_end(protocol, code, text) == outcome


def test_only_tries_that_the_log_tells_of_are_taken_up() -> None:
    targets = [{"to": name, "protocol": "TCP"} for name in ("a", "b", "c")]
    found = read_log("netcheck 2 1 nc: timed out\nsomething else\nnetcheck 0 0 \n", targets)
    assert [(row["to"], row["outcome"]) for row in found] == [("a", "ok"), ("c", "timeout")]


def test_a_page_out_of_a_pods_spec_is_no_command_of_the_probe_pods_shell() -> None:
    way = {"to": "shop/web", "to_node": "n1", "address": "10.244.0.9", "protocol": "TCP", "port": 80, "large": True,
           "path": "/x; rm -rf $HOME `id` 'y'"}
    (line,) = [line for line in write_script([way]).splitlines() if line.startswith("t 0 ")]
    assert shlex.split(line)[:6] == ["t", "0", "l", "10.244.0.9", "80", f"{way['path']}?netcheck="]
