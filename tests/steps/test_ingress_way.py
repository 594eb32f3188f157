"""Whose answer it is that a controller gave, beside that for a host that nobody has and a pod's own: on evidence."""

from pathlib import Path
from typing import Any

import pytest

from bot.cluster.reads import RunReads
from bot.engine import execution
from bot.model.finding import Finding, Verdict
from bot.model.playbook import Kind, Step
from bot.playground.scenarios import SCENARIOS, load_scenario
from bot.steps.ingress.way import WAY
from tests.steps.boxed import open_boxed
from tests.steps.dns_evidence import NOW, causes, judge, only
from tests.steps.failing import BROKEN, each_failing
from tests.steps.failing import REFUSED as REFUSED_READ

ASKED, INGRESS, DOOR, WEB = "shop/web", "Ingress shop/web", "ingress-nginx/controller-1", "shop/web-1"
PLACE = "shop.example/"
SILENT = {"status": 0, "text": "", "location": "", "error": "no answer within 8 s", "refused": False,
          "silent": True}
REFUSED = {**SILENT, "error": "connection refused", "refused": True, "silent": False}
UNKNOWN_HOST = "404 page not found"


def said(status: int, text: str = "", location: str = "") -> dict[str, Any]:
    return {"status": status, "text": text, "location": location, "error": "", "refused": False, "silent": False}


def asked(answer: dict[str, Any], own: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """`own`: what the pod behind it answers."""
    ingress = {"name": INGRESS, "namespace": "shop", "backends": [{"service": "web"}],
               "altered": changes.pop("altered", []), "created": NOW - changes.pop("age", 9000)}
    row = {"pod": DOOR, "node": "n1", "port": 80, "workload": "Deployment ingress-nginx/controller", "place": PLACE,
           "host": changes.pop("host", "shop.example"), "asks": "shop.example", "path": "/", "service": "web",
           "whole": changes.pop("whole", True), "answer": answer, "since": NOW - changes.pop("ready_for", 9000)}
    backend = {"pod": WEB if own else "", "port": 8080, "since": NOW - 9000, "answer": own,
               "none_ready": changes.pop("none_ready", False)}
    return {"ingress": ingress, "why": "", "rows": [row], "backends": {PLACE: backend}, "skipped": [], "read_at": NOW,
            "strangers": {DOOR: said(404, UNKNOWN_HOST)}, **changes}


@pytest.mark.parametrize("own", [
    said(200, "shop"), said(401), said(500, "sorry"), said(503, "closed for today"), said(404, UNKNOWN_HOST),
])
def test_what_the_pods_say_themselves_is_the_applications_will_and_proves_the_way(own: dict[str, Any]) -> None:
    found = only(WAY, asked(own, own), ingress=ASKED)
    assert (found.verdict, found.cause, f"as Pod {WEB} itself" in found.summary) == (Verdict.PASS, "", True)


@pytest.mark.parametrize("answer", [said(502, "Bad Gateway"), said(503), said(504), SILENT])
def test_a_controller_that_fails_where_the_pod_answers_does_not_reach_it(answer: dict[str, Any]) -> None:
    found = only(WAY, asked(answer, said(200, "shop")), ingress=ASKED)
    assert (found.cause, found.verdict, found.object) == ("ingress.way.backend", Verdict.FAIL, INGRESS)
    assert len(found.evidence) <= 5


def test_where_no_pod_is_ready_or_listens_the_failure_is_the_controllers_own() -> None:
    assert causes(WAY, asked(said(503), none_ready=True), ingress=ASKED) == ["ingress.way.backend"]
    assert causes(WAY, asked(said(502), REFUSED), ingress=ASKED) == ["ingress.way.backend"]


def test_the_answer_for_a_host_that_nobody_has_shows_a_rule_that_was_not_loaded() -> None:
    told = asked(said(404, UNKNOWN_HOST), said(200, "shop"))
    assert only(WAY, told, ingress=ASKED).cause == "ingress.way.not-loaded"
    new = asked(said(404, UNKNOWN_HOST), said(200, "shop"), age=10)
    assert (only(WAY, new, ingress=ASKED).verdict, causes(WAY, new, ingress=ASKED)) == (Verdict.UNKNOWN, [])


@pytest.mark.parametrize("told", [
    asked(said(404, UNKNOWN_HOST)), asked(said(503)), asked(said(502), said(503)),
    asked(said(404, UNKNOWN_HOST), said(404, "own")),
    asked(said(404, UNKNOWN_HOST), said(200), altered=["nginx.ingress.kubernetes.io/rewrite-target"]),
    asked(said(503), said(200), altered=["nginx.ingress.kubernetes.io/auth-url"]),
    asked(said(404, UNKNOWN_HOST), said(200), whole=False),  # a regular expression, which its beginning may not fit
    asked(said(502), said(200), ready_for=20), asked(said(404, UNKNOWN_HOST), said(200), ready_for=20),
    asked(SILENT), asked(SILENT, said(200), strangers={DOOR: SILENT}),
])
def test_an_answer_that_may_be_anybodys_is_unknown_and_never_a_fault(told: dict[str, Any]) -> None:
    assert only(WAY, told, ingress=ASKED).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(("answer", "verdict"), [
    (said(200, "shop"), Verdict.PASS), (said(401), Verdict.INFO), (said(500), Verdict.INFO),
    (said(404, "nothing here"), Verdict.INFO), (said(308, "", "https://shop.example/"), Verdict.INFO),
])
def test_without_the_pods_word_an_answer_unlike_that_for_nobody_shows_a_loaded_rule(
    answer: dict[str, Any], verdict: Verdict
) -> None:
    found = only(WAY, asked(answer), ingress=ASKED)
    assert (found.verdict, found.cause, "TLS, was not tested" in found.summary) == (verdict, "", True)


def test_a_rule_for_any_host_is_compared_with_the_pod_alone() -> None:
    assert causes(WAY, asked(said(404), said(200), host="", strangers={}), ingress=ASKED) == ["ingress.way.not-loaded"]
    assert only(WAY, asked(said(404), host="", strangers={}), ingress=ASKED).verdict is Verdict.UNKNOWN


def test_a_declared_port_on_which_nothing_listens_is_a_warning_and_one_sound_pod_makes_a_fault_one() -> None:
    found = only(WAY, asked(REFUSED, said(200)), ingress=ASKED)
    assert (found.cause, found.verdict) == ("ingress.controller.closed", Verdict.WARN)
    told = asked(said(502), said(200, "shop"))
    other = {**told["rows"][0], "pod": "ingress-nginx/controller-2", "answer": said(200, "shop")}
    both = {**told, "rows": [*told["rows"], other]}
    assert only(WAY, both, ingress=ASKED).verdict is Verdict.WARN


def test_a_missing_permission_is_named_and_what_was_not_asked_says_why() -> None:
    told = {**asked(said(200)), "rows": [], "skipped": ["create pods/portforward in ingress-nginx"]}
    assert [f.verdict for f in judge(WAY, told, ingress=ASKED).findings] == [Verdict.SKIPPED]
    unknown = only(WAY, {**told, "skipped": [], "why": "its controller is not known"}, ingress=ASKED)
    assert (unknown.verdict, "its controller is not known; path not tested" in unknown.summary) == (
        Verdict.SKIPPED, True)


@pytest.mark.parametrize("how", [REFUSED_READ, BROKEN], ids=["refused", "broken"])
@pytest.mark.parametrize("name", ["ingress-healthy", "ingress-unreached", "ingress-not-loaded"])
async def test_a_read_that_fails_makes_no_fault_that_was_none_before_and_is_named(
    name: str, how: dict[str, Any], tmp_path: Path
) -> None:
    blind = Verdict.SKIPPED if how is REFUSED_READ else Verdict.UNKNOWN
    async with open_boxed(load_scenario(name), tmp_path) as boxed:
        async def look() -> tuple[Finding, ...]:
            step = Step(id="way", uses=WAY.name, kind=Kind.LOOK, title="Way")
            given = {"ingress": SCENARIOS[name].words[0]}
            return (await execution.look(WAY, RunReads(boxed.cluster), step, given)).findings

        before = {finding.cause for finding in await look()}
        async for missed, found in each_failing(boxed.box, how, look):
            assert {finding.cause for finding in found} <= before | {""}, (missed, found)
            # That one of two ways to ask is closed is said by the other's lack where nothing else was heard.
            assert any(f.verdict is blind for f in found) or missed == "portforward", (missed, found)
