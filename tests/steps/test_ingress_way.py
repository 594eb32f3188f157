"""Whose answer it is that a controller gave, beside that for a host that nobody has and a pod's own: on evidence."""

from typing import Any

import pytest

from bot.model.finding import Verdict
from bot.steps.ingress.way import WAY
from tests.steps.dns_evidence import NOW, causes, judge, only

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
    ingress = {"name": INGRESS, "namespace": "shop", "backends": [{}], "altered": changes.pop("altered", []),
               "created": NOW - changes.pop("age", 9000)}
    row = {"pod": DOOR, "node": "n1", "port": 80, "workload": "Deployment ingress-nginx/controller", "place": PLACE,
           "host": changes.pop("host", "shop.example"), "asks": "shop.example", "path": "/", "service": "web",
           "answer": answer}
    backend = {"pod": WEB if own else "", "port": 8080, "answer": own, "none_ready": changes.pop("none_ready", False)}
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
