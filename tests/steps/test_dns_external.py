"""A name outside the cluster: what came back is told apart, on evidence alone."""

from typing import Any

import pytest

from bot.diagnosis.causes import find
from bot.model.finding import Verdict
from bot.steps.dns.external import EXTERNAL, asked_names
from tests.steps.dns_evidence import NOW, causes, judge, roots

NAME = "api.example.com"


def answer(rcode: str = "NOERROR", *records: str, name: str = NAME, **changes: Any) -> dict[str, Any]:
    return {"pod": "coredns-1", "name": f"{name}.", "type": "A", "outcome": "answered", "rcode": rcode,
            "records": list(records), "message": "", "authoritative": False, **changes}


def silent(outcome: str = "silent") -> dict[str, Any]:
    return {"pod": "coredns-1", "name": f"{NAME}.", "type": "A", "outcome": outcome, "message": "no answer"}


def told(*answers: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"zone": "cluster.local", "answers": list(answers), "name": NAME, "searched": False, "own": False,
            "skipped": [], "read_at": NOW, **changes}


def test_a_name_that_resolves_passes_without_claiming_udp() -> None:
    (found,) = judge(EXTERNAL, told(answer("NOERROR", "203.0.113.10")), name=NAME).findings
    assert (found.verdict, "UDP" in found.summary) == (Verdict.PASS, True)


def test_suffixes_that_only_a_pod_knows_are_not_passed_without_it() -> None:
    for own in (False, True):
        evidence = told(answer("NOERROR", "203.0.113.10"), searched=True, own=own)
        assert ("suffixes that nodes add" in judge(EXTERNAL, evidence, name=NAME).findings[0].summary) is not own


def test_a_name_without_an_address_that_was_asked_for_passes_nothing() -> None:
    (found,) = judge(EXTERNAL, told(answer("NOERROR")), name=NAME).findings
    assert (found.verdict, "no IPv4 address" in found.summary) == (Verdict.UNKNOWN, True)


@pytest.mark.parametrize(("one", "cause"), [
    (answer("NXDOMAIN"), "dns.external.missing"), (answer("SERVFAIL"), "dns.external.failed"),
    (answer("REFUSED"), "dns.external.refused"), (silent(), "dns.external.silent"),
])
def test_what_came_back_is_told_apart(one: dict[str, Any], cause: str) -> None:
    assert causes(EXTERNAL, told(one), name=NAME) == [cause]


def test_who_says_that_a_name_does_not_exist_is_told() -> None:
    (own,) = judge(EXTERNAL, told(answer("NXDOMAIN", authoritative=True)), name=NAME).findings
    (other,) = judge(EXTERNAL, told(answer("NXDOMAIN")), name=NAME).findings
    assert "authoritative" in own.summary
    assert "resolvers that CoreDNS asks" in other.summary


def test_one_pod_of_two_that_fails_is_a_warning() -> None:
    (found,) = judge(EXTERNAL, told(answer("NOERROR", "203.0.113.10"), answer("SERVFAIL")), name=NAME).findings
    assert (found.cause, found.verdict) == ("dns.external.failed", Verdict.WARN)


def test_a_pod_that_could_not_be_asked_is_named_and_no_fault() -> None:
    lost = {**silent("failed"), "pod": "coredns-2"}
    (found,) = judge(EXTERNAL, told(answer("NOERROR", "203.0.113.10"), lost), name=NAME).findings
    assert (found.verdict, "coredns-2 could not be asked" in found.summary) == (Verdict.PASS, True)
    (unknown,) = judge(EXTERNAL, told(lost), name=NAME).findings
    assert unknown.verdict is Verdict.UNKNOWN
    assert causes(EXTERNAL, told(answer("SERVFAIL"), lost), name=NAME) == ["dns.external.failed"]


def test_another_answer_under_a_search_suffix_hijacks_the_name_and_the_same_answer_does_not() -> None:
    plain, longer = answer("NOERROR", "203.0.113.10"), f"{NAME}.svc.cluster.local"
    wild = told(plain, answer("NOERROR", "192.0.2.1", name=longer), searched=True)
    assert causes(EXTERNAL, wild, name=NAME) == ["dns.external.hijacked"]
    same = told(plain, answer("NOERROR", "203.0.113.10", name=longer), searched=True)
    assert causes(EXTERNAL, same, name=NAME) == []


def test_search_lists_that_make_no_name_are_left_out_of_what_is_asked() -> None:
    suffixes = ["svc.cluster.local.", ".", f"{'long.' * 50}."]
    assert list(asked_names("example.com", suffixes)) == ["example.com.", "example.com.svc.cluster.local."]


def test_a_dead_upstream_explains_the_failure() -> None:
    (failed,) = judge(EXTERNAL, told(answer("SERVFAIL")), name=NAME).findings
    assert roots(failed, find("dns.upstream.unreachable", "", evidence=("x",))) == ["dns.upstream.unreachable"]


def test_nothing_is_concluded_where_nobody_could_be_asked() -> None:
    for one in (told(), told(silent("failed")), told(answers=None)):
        assert {f.verdict for f in judge(EXTERNAL, one, name=NAME).findings} == {Verdict.UNKNOWN}
    refused = told(answers=None, skipped=["create pods/portforward in kube-system"])
    assert {f.verdict for f in judge(EXTERNAL, refused, name=NAME).findings} == {Verdict.SKIPPED}
