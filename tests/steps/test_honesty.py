"""The rules of honesty that hold for every look, each tried on every look, on evidence alone.

What is in order raises no alarm, however new or often restarted it is; what could not be read is named; what was not
tried is not claimed."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from bot.model.finding import Finding, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.library import STEP_TYPES
from tests.steps.dns_evidence import JUST_NOW, LONG_AGO, NOW
from tests.steps.in_order import IN_ORDER

FAULT, DOUBT = {Verdict.FAIL, Verdict.WARN}, {Verdict.UNKNOWN, Verdict.SKIPPED}
IN_PARTS = sorted(uses for uses, (evidence, _) in IN_ORDER.items() if "skipped" in evidence)
"""Looks of more than one read: the others have failed as a whole when theirs fails, and are not judged."""
NOT_TRIED = (
    "cni.agents", "dns.endpoints", "dns.external", "dns.local_cache", "dns.path", "dns.query_pods", "ingress.backends",
    "ingress.class", "ingress.gateway", "ingress.way", "policy.reach", "proxy.coverage", "proxy.live",
    "service.backends", "service.endpoints", "service.exposure", "service.locality", "service.manual", "service.name",
)
"""Looks at a part of the way that packets take: of the rest they may only say that it was not tested."""
BY_EVENTS = ("cni.sandbox", "dns.client", "node.events")
"""Looks at nothing but events, which are kept for an hour."""
NO_PASS = (
    *BY_EVENTS, "kubernetes.get", "kubernetes.list", "kubernetes.logs", "path.ends", "proxy.health", "proxy.logs",
)
"""Besides these, looks whose evidence shows no health, or is not judged unless the playbook says how."""


def judged(uses: str, evidence: Evidence) -> Judgement:
    step = STEP_TYPES[uses]
    assert isinstance(step, Look)
    return step.judge(evidence, step.args(**IN_ORDER[uses][1]))


def findings(uses: str, **changes: Any) -> tuple[Finding, ...]:
    return judged(uses, {**deepcopy(IN_ORDER[uses][0]), **changes}).findings


def everywhere(told: Any, change: Callable[[str, Any], Any], key: str = "") -> Any:
    """The evidence with each value replaced by what `change` makes of it; it gets the key that the value stands at."""
    match told:
        case dict():
            return {name: everywhere(value, change, name) for name, value in told.items()}
        case list() | tuple():
            return [everywhere(value, change, key) for value in told]
    return change(key, told)


def newer(key: str, value: Any) -> Any:
    """Ten seconds old, whatever is long ago; when it was read stays as it is."""
    if value == LONG_AGO:
        return JUST_NOW
    old = isinstance(value, float) and NOW - 100_000 < value < NOW - 100
    return NOW - 10 if old and key != "read_at" else value


def test_each_look_has_evidence_on_which_it_is_tried() -> None:
    assert sorted(IN_ORDER) == sorted(name for name, step in STEP_TYPES.items() if isinstance(step, Look))


@pytest.mark.parametrize("uses", IN_ORDER)
def test_what_is_in_order_is_told_without_alarm_and_without_doubt(uses: str) -> None:
    found = findings(uses)
    assert found
    assert not {finding.verdict for finding in found} & (FAULT | DOUBT), found
    assert any(finding.verdict is Verdict.PASS for finding in found) == (uses not in NO_PASS)


@pytest.mark.parametrize("uses", IN_ORDER)
def test_evidence_out_of_a_journal_is_judged_as_it_was_when_it_was_read(uses: str) -> None:
    evidence = deepcopy(IN_ORDER[uses][0])
    at_once = judged(uses, evidence)
    assert evidence == IN_ORDER[uses][0]
    assert judged(uses, json.loads(json.dumps(evidence))) == at_once


@pytest.mark.parametrize("uses", IN_ORDER)
def test_youth_alone_makes_neither_fault_nor_doubt(uses: str) -> None:
    found = judged(uses, everywhere(IN_ORDER[uses][0], newer)).findings
    assert not {finding.verdict for finding in found} & (FAULT | DOUBT), found


@pytest.mark.parametrize("uses", IN_ORDER)
def test_restarts_of_long_ago_make_no_fault(uses: str) -> None:
    found = judged(uses, everywhere(IN_ORDER[uses][0], lambda key, value: 40 if key == "restarts" else value)).findings
    assert not {finding.verdict for finding in found} & FAULT, found


@pytest.mark.parametrize("uses", IN_PARTS)
@pytest.mark.parametrize(("missed", "verdict"), [
    ("list things.example.com in shop", Verdict.SKIPPED), ("The API server said 500 of it.", Verdict.UNKNOWN),
], ids=["no permission", "read failed"])
def test_what_could_not_be_read_is_named_and_is_no_fault(uses: str, missed: str, verdict: Verdict) -> None:
    found = findings(uses, skipped=[missed])
    assert [finding.verdict for finding in found if missed in finding.summary] == [verdict]
    assert not {finding.verdict for finding in found} & FAULT, found


@pytest.mark.parametrize("uses", NOT_TRIED)
def test_of_the_way_that_was_not_tried_nothing_is_claimed(uses: str) -> None:
    for finding in findings(uses):
        assert "not tested" in finding.summary or "does not show" in finding.summary


@pytest.mark.parametrize("uses", BY_EVENTS)
def test_that_no_event_was_there_passes_nothing(uses: str) -> None:
    assert {finding.verdict for finding in findings(uses)} == {Verdict.INFO}


@pytest.mark.parametrize("uses", IN_ORDER)
def test_all_that_is_told_of_what_was_read_tells_when(uses: str) -> None:
    for finding in findings(uses):
        assert finding.evidence[-1].startswith("read 2027-01-15 08:00:00Z"), finding
        assert len(finding.evidence) <= 5
