"""dns.path on evidence, and over the wire of the box: what is said of ways over the pod network that were tried."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.model.finding import Verdict
from bot.playground.bundle import HttpAnswer, Outcome, Read
from bot.steps import Evidence
from bot.steps.dns.path import PATH
from bot.steps.path.api import SHAPED, read_words
from tests.playground.cluster_box.town import NAMESPACE, PODS, make_town, with_reads
from tests.steps.boxed import open_box
from tests.steps.dns_evidence import NOW, WORKLOAD, causes, judge, only

DROPPED = ("timeout", "timeout")
BLOCKED = ("timeout", "ok")
OPEN = ("ok",)


def way(pod: str, node: str, *outcomes: str) -> list[dict[str, Any]]:
    return [{"to": pod, "to_node": node, "protocol": "TCP", "port": port, "outcome": outcome, "said": outcome}
            for port, outcome in zip((53, 8181), outcomes, strict=False)]


def evidence(*ways: list[dict[str, Any]], **changes: Any) -> Evidence:
    rows = [row for tried in ways for row in tried]
    return {
        "read_at": NOW, "workload": WORKLOAD, "pods": sorted({row["to"] for row in rows}), "rows": rows, "untried": 0,
        "skipped": [], "api_nodes": ["n1"], "networks": ["Flannel"], "policies": [], **changes,
    }


def test_ways_that_are_open_pass_and_what_was_not_tried_is_named() -> None:
    finding = only(PATH, evidence(way("a", "n1", *OPEN), way("b", "n2", *OPEN)))
    assert finding.verdict is Verdict.PASS
    assert "UDP, the Service's address and other nodes were not tested" in finding.summary
    assert "API server on n1 → b on n2: TCP 53 ok" in finding.evidence


def test_a_node_that_is_cut_off_is_named_with_the_port_of_its_network_plugin() -> None:
    finding = only(PATH, evidence(way("a", "n1", *OPEN), way("b", "n2", *DROPPED)))
    assert (finding.verdict, finding.cause, finding.object, finding.node) == (
        Verdict.FAIL, "cni.path", "Node n2", "n2")
    assert "udp 8472" in finding.advice
    assert "API server on n1 → b on n2: TCP 53 no answer, TCP 8181 no answer" in finding.evidence


def test_a_ready_pod_that_refuses_on_every_port_is_not_reached_either() -> None:
    finding = only(PATH, evidence(way("a", "n1", *OPEN), way("b", "n2", "refused", "refused")))
    assert (finding.cause, finding.object) == ("cni.path", "Node n2")
    assert "gets connection refused on any port of b" in finding.summary


def test_where_no_other_node_is_reached_the_one_they_are_not_reached_from_is_named() -> None:
    finding = only(PATH, evidence(way("a", "n1", *OPEN), way("b", "n2", *DROPPED), way("c", "n3", *DROPPED)))
    assert finding.object == "Node n1"
    found = judge(PATH, evidence(way("a", "n4", *OPEN), way("b", "n2", *DROPPED), way("c", "n3", *DROPPED))).findings
    assert [finding.object for finding in found] == ["Node n2", "Node n3"]


@pytest.mark.parametrize("outcomes", [BLOCKED, ("refused", "ok"), ("unreachable", "refused")])
def test_a_pod_that_is_reached_on_another_port_only_has_its_dns_port_blocked(outcomes: tuple[str, str]) -> None:
    finding = only(PATH, evidence(way("a", "n1", *OPEN), way("b", "n2", *outcomes)))
    assert (finding.verdict, finding.cause, finding.object) == (Verdict.WARN, "node.dns-port", "Node n2")
    assert "UDP was not tested" in finding.summary


@pytest.mark.parametrize("changes", [{"api_nodes": []}, {"api_nodes": None}], ids=["apart", "not known"])
@pytest.mark.parametrize("outcomes", [DROPPED, BLOCKED])
def test_an_api_server_apart_from_the_nodes_proves_nothing_by_not_getting_through(
    outcomes: tuple[str, str], changes: dict[str, Any]
) -> None:
    finding = only(PATH, evidence(way("a", "n1", *OPEN), way("b", "n2", *outcomes), **changes))
    assert (finding.verdict, finding.cause) == (Verdict.SKIPPED, "")
    assert finding.summary.startswith("Path not tested")


@pytest.mark.parametrize("policies", [["NetworkPolicy only-pods"], None])
def test_a_policy_that_may_keep_the_api_server_out_leaves_it_open(policies: list[str] | None) -> None:
    finding = only(PATH, evidence(way("a", "n1", *OPEN), way("b", "n2", *DROPPED), policies=policies))
    assert (finding.verdict, finding.cause) == (Verdict.UNKNOWN, "")
    assert "may be why" in finding.summary


def test_what_could_not_be_told_is_not_tested_and_neither_a_fault_nor_a_pass() -> None:
    finding = only(PATH, evidence(way("a", "n1", "untold", "untold")))
    assert (finding.verdict, finding.cause) == (Verdict.UNKNOWN, "")
    assert causes(PATH, evidence(way("a", "n1", "untold", "ok"))) == []
    some = only(PATH, evidence(way("a", "n1", *OPEN), way("b", "n2", "untold", "untold")))
    assert "of b it could not be told" in some.summary


@pytest.mark.parametrize(("why", "outcome"), [
    ("EOF", "ok"),
    ('net/http: HTTP/1.x transport connection broken: malformed HTTP response "\\x00"', "ok"),
    ("read tcp 172.31.0.11:40030->10.244.1.2:53: read: connection reset by peer", "ok"),
    ("dial tcp 10.244.1.2:53: connect: connection refused", "refused"),
    ("dial tcp 10.244.1.2:53: connect: no route to host", "unreachable"),
    ("dial tcp 10.244.1.2:53: i/o timeout", "timeout"),
    ("dial tcp 10.244.1.2:53: connect: invalid argument", "unreachable"),  # a route of kind blackhole
    ("No agent available", "untold"),
])
def test_the_api_servers_words_tell_whether_the_port_was_reached(why: str, outcome: str) -> None:
    assert read_words(why) == outcome


TOWN = with_reads(make_town(), Read(verb="list", kind="Service", api="v1"))
READER = {"apiGroups": ["*"], "resources": ["pods", "services", "configmaps"], "verbs": ["get", "list"]}


def answer(pod: str, port: int, path: str, outcome: Outcome, message: str = "", body: str = "") -> HttpAnswer:
    return HttpAnswer(namespace=NAMESPACE, pod=pod, port=port, path=path, way="network", outcome=outcome,
                      message=message, body=body, status=200)


async def test_one_question_is_enough_for_a_pod_that_answers_and_a_refused_one_is_asked_on_another_port(
    tmp_path: Path,
) -> None:
    refused = "dial tcp 10.1.2.2:53: connect: connection refused"
    pages = (
        answer(PODS[0], 53, f"/{SHAPED}", "failed", "EOF"),
        *(answer(PODS[1], 53, path, "refused", refused) for path in (f"/{SHAPED}", "/")),
        answer(PODS[1], 8181, "/ready", "answered", body="OK"),
    )
    async with open_box(replace(TOWN, http=pages), tmp_path) as cluster:
        found = await PATH.gather(cluster, PATH.args())
    assert [(row["to"], row["port"], row["outcome"]) for row in found["rows"]] == [
        (PODS[0], 53, "ok"), (PODS[1], 53, "refused"), (PODS[1], 8181, "ok")]


async def test_a_bundle_without_such_tries_comes_to_a_path_that_was_not_tested(tmp_path: Path) -> None:
    async with open_box(TOWN, tmp_path) as cluster:
        found = await PATH.gather(cluster, PATH.args())
    (finding,) = PATH.judge(found, PATH.args()).findings
    assert (finding.verdict, finding.cause) == (Verdict.UNKNOWN, "")
    assert "not recorded" not in finding.summary


async def test_a_missing_permission_is_named_and_nothing_is_concluded(tmp_path: Path) -> None:
    async with open_box(TOWN, tmp_path, permissions=(READER,)) as cluster:
        found = await PATH.gather(cluster, PATH.args())
    (finding,) = PATH.judge(found, PATH.args()).findings
    assert (finding.verdict, finding.cause) == (Verdict.SKIPPED, "")
    assert "get pods/proxy in kube-system" in finding.summary
