"""path.ends on evidence alone: two ends that are there, and what is said of one that is not."""

from typing import Any

from bot.model.finding import Verdict
from bot.steps import Evidence
from bot.steps.path.ends import ENDS
from tests.steps.dns_evidence import NOW, judge, only


def end(name: str, node: str = "n1", **changes: Any) -> dict[str, Any]:
    return {"name": f"Pod shop/{name}", "node": node, "host": False, "ready": True, "phase": "Running", "waits": "",
            "addresses": ["10.244.0.5"], **changes}


def ends(*behind: dict[str, Any], **changes: Any) -> Evidence:
    return {"read_at": NOW, "pod": "shop/client", "source": end("client"), "to": "Service shop/web", "kind": "Service",
            "why": "", "ends": list(behind or [end("web", "n2")]), "skipped": [], **changes}


def test_two_ends_that_are_there_are_told_with_where_they_are() -> None:
    finding = only(ENDS, ends())
    assert finding.verdict is Verdict.INFO
    assert "another node" in finding.summary
    assert "the same node" in only(ENDS, ends(end("web", "n1"))).summary
    assert "not ready" in only(ENDS, ends(end("web", ready=False))).summary


def test_a_pod_without_an_address_is_unknown_with_what_it_waits_for_and_no_fault_of_its_own() -> None:
    finding = only(ENDS, ends(end("web", "", phase="Pending", addresses=[], waits="0/2 nodes are available")))
    assert (finding.verdict, finding.cause) == (Verdict.UNKNOWN, "")
    assert "0/2 nodes are available" in finding.summary


def test_an_end_that_is_not_there_is_unknown() -> None:
    assert only(ENDS, ends(source=None)).verdict is Verdict.UNKNOWN
    finding = only(ENDS, {**ends(), "ends": [], "why": "it has no ready endpoint"})
    assert finding.verdict is Verdict.UNKNOWN
    assert "no ready endpoint" in finding.summary


def test_pods_of_different_families_cannot_reach_each_other() -> None:
    finding = only(ENDS, ends(end("web", addresses=["fd00::5"])))
    assert (finding.cause, finding.verdict) == ("path.family", Verdict.FAIL)
    assert not judge(ENDS, ends(end("web", addresses=["10.244.1.5", "fd00::5"]))).findings[0].cause


def test_a_pod_that_may_not_be_read_is_no_pod_that_is_missing() -> None:
    findings = judge(ENDS, ends(source=None, skipped=["get pods in shop"])).findings
    assert [finding.verdict for finding in findings] == [Verdict.INFO, Verdict.SKIPPED]
