"""Ingresses, their controllers and backends, Gateways and routes, judged on evidence alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.model.finding import Verdict
from bot.playground.bundle import Bundle
from bot.playground.bundle import Log as BoxLog
from bot.playground.scenarios import load_scenario
from bot.steps.ingress.backends import BACKENDS
from bot.steps.ingress.classes import CLASS
from bot.steps.ingress.existence import EXISTS
from bot.steps.ingress.gateways import GATEWAY
from bot.steps.ingress.log import LOG, gather_log
from tests.steps.boxed import open_boxed
from tests.steps.dns_evidence import NOW, causes, judge, only

ASKED = "shop/web"
INGRESS, SERVICE, ROUTE = "Ingress shop/web", "Service shop/web", "HTTPRoute shop/web"
NGINX = {"name": "nginx", "controller": "k8s.io/ingress-nginx", "default": False}
RUNNING = {"name": "Deployment ingress-nginx/controller", "namespace": "ingress-nginx", "plain": "controller",
           "wanted": 1, "ready": 1, "labels": {}}


def ingress(**changes: Any) -> dict[str, Any]:
    backends = [{"place": "shop.example/", "service": "web", "port": "80"}]
    return {"name": INGRESS, "plain": "web", "namespace": "shop", "class": "nginx", "old_class": "", "hosts": [],
            "backends": backends, "secrets": [], "addresses": [], "created": NOW - 9000, **changes}


def classed(**changes: Any) -> dict[str, Any]:
    return {"ingress": ingress(), "classes": [NGINX], "workloads": [RUNNING], "pod": "", "skipped": [],
            "read_at": NOW, **changes}


def leading(service: dict[str, Any] | None, **changes: Any) -> dict[str, Any]:
    return {"ingress": ingress(), "services": {"web": service}, "controller": "", "unseen": [], "skipped": [],
            "read_at": NOW, **changes}


def condition(kind: str, status: str = "True", **changes: Any) -> dict[str, Any]:
    return {"of": "for front", "type": kind, "status": status, "reason": "Because", "message": "of this.", "seen": 1,
            **changes}


def routed(*conditions: dict[str, Any], **changes: Any) -> dict[str, Any]:
    route = {"name": ROUTE, "created": NOW - 9000, "generation": 1, "class": "", "conditions": list(conditions)}
    return {"objects": [{**route, **changes}], "missing": [], "skipped": [], "read_at": NOW}


def test_what_is_there_is_told_by_its_kind_and_what_is_not_gets_near_names() -> None:
    told = {"kind": "HTTPRoute", "near": [], "skipped": [], "read_at": NOW}
    assert judge(EXISTS, told, ingress=ASKED).outputs == {"kind": "HTTPRoute"}
    missing = only(EXISTS, {**told, "kind": "", "near": ["front/web"]}, ingress=ASKED)
    assert (missing.cause, "front/web" in missing.summary) == ("ingress.missing", True)


def test_an_ingress_that_may_not_be_read_is_unknown_and_not_missing() -> None:
    told = {"kind": "", "near": [], "skipped": ["get ingresses.networking.k8s.io in shop"], "read_at": NOW}
    assert {f.verdict for f in judge(EXISTS, told, ingress=ASKED).findings} == {Verdict.UNKNOWN, Verdict.SKIPPED}


def test_an_address_shows_that_a_controller_serves_it_and_the_way_in_is_not_claimed() -> None:
    found = only(CLASS, classed(ingress=ingress(addresses=["192.0.2.1"]), workloads=[]), ingress=ASKED)
    assert (found.verdict, "not tested" in found.summary) == (Verdict.PASS, True)


def test_a_class_that_does_not_exist_is_told_with_those_that_do() -> None:
    found = only(CLASS, classed(ingress=ingress(**{"class": "ngins"})), ingress=ASKED)
    assert (found.cause, "nginx" in found.summary) == ("ingress.class.missing", True)


def test_without_a_class_the_default_one_counts() -> None:
    bare = ingress(**{"class": ""})
    assert causes(CLASS, classed(ingress=bare), ingress=ASKED) == ["ingress.class.none"]
    assert causes(CLASS, classed(ingress=bare, classes=[{**NGINX, "default": True}]), ingress=ASKED) == []


def test_the_old_annotation_needs_no_class_where_an_address_shows_that_it_works() -> None:
    old = ingress(**{"class": "", "old_class": "legacy"})
    assert causes(CLASS, classed(ingress=old), ingress=ASKED) == ["ingress.class.missing"]
    assert causes(CLASS, classed(ingress={**old, "addresses": ["192.0.2.1"]}), ingress=ASKED) == []


def test_a_known_controller_that_does_not_run_is_a_warning_and_an_unknown_one_is_not_missed() -> None:
    assert only(CLASS, classed(workloads=[]), ingress=ASKED).verdict is Verdict.WARN
    assert only(CLASS, classed(workloads=None), ingress=ASKED).verdict is Verdict.INFO
    new = ingress(created=NOW - 10)
    assert only(CLASS, classed(ingress=new, workloads=[]), ingress=ASKED).verdict is Verdict.INFO


def test_a_controller_without_a_ready_pod_is_told_of_its_workload() -> None:
    found = only(CLASS, classed(workloads=[{**RUNNING, "ready": 0}]), ingress=ASKED)
    assert (found.cause, found.object) == ("ingress.controller.not-ready", RUNNING["name"])


def test_an_address_that_a_controller_left_behind_does_not_speak_for_it() -> None:
    left = classed(ingress=ingress(addresses=["192.0.2.1"]), workloads=[{**RUNNING, "ready": 0}])
    found = only(CLASS, left, ingress=ASKED)
    assert (found.cause, "192.0.2.1 stays written" in found.summary) == ("ingress.controller.not-ready", True)


def test_an_ingress_without_an_address_whose_controller_runs_neither_passes_nor_fails() -> None:
    assert only(CLASS, classed(), ingress=ASKED).verdict is Verdict.INFO


def test_classes_that_may_not_be_listed_are_no_missing_classes() -> None:
    told = classed(classes=None, skipped=["list ingressclasses.networking.k8s.io"])
    assert {f.verdict for f in judge(CLASS, told, ingress=ASKED).findings} == {Verdict.SKIPPED}


@pytest.mark.parametrize(("service", "cause", "subject"), [
    ({"exists": False}, "ingress.backend.missing", SERVICE),
    ({"exists": True, "ports": [["http", 8080, 8080]], "ready": 2}, "ingress.backend.port", INGRESS),
    ({"exists": True, "ports": [["http", 80, "http"]], "ready": 0}, "ingress.backend.no-endpoints", SERVICE),
])
def test_a_backend_that_leads_nowhere_is_told_as_what_it_is(service: dict[str, Any], cause: str, subject: str) -> None:
    found = only(BACKENDS, leading(service), ingress=ASKED)
    assert (found.cause, found.object) == (cause, subject)


def test_a_port_may_be_named_and_a_service_without_slices_of_its_own_is_not_counted() -> None:
    by_name = ingress(backends=[{"place": "/", "service": "web", "port": "http"}])
    fine = {"exists": True, "ports": [["http", 80, "http"]], "ready": None}
    assert only(BACKENDS, leading(fine, ingress=by_name), ingress=ASKED).verdict is Verdict.PASS


def test_the_service_looked_at_next_is_the_one_that_has_no_endpoint() -> None:
    two = ingress(backends=[{"place": "/", "service": name, "port": "80"} for name in ("web", "api")])
    told = leading(None, ingress=two)
    told["services"] = {"web": {"exists": True, "ports": [["", 80, 8080]], "ready": 2},
                        "api": {"exists": True, "ports": [["", 80, 8080]], "ready": 0}}
    assert judge(BACKENDS, told, ingress=ASKED).outputs["service"] == "shop/api"


def test_a_name_elsewhere_needs_no_ports_and_is_asked_at_the_number_that_the_ingress_gives() -> None:
    outside = {"exists": True, "outside": True, "ports": [], "ready": None}
    assert only(BACKENDS, leading(outside), ingress=ASKED).verdict is Verdict.PASS
    by_name = ingress(backends=[{"place": "/", "service": "web", "port": "http"}])
    assert causes(BACKENDS, leading(outside, ingress=by_name), ingress=ASKED) == ["ingress.backend.port"]


def test_the_port_of_the_pods_is_a_fault_but_for_the_controller_that_takes_it() -> None:
    of_pods = ingress(backends=[{"place": "/", "service": "web", "port": "8080"}])
    told = leading({"exists": True, "ports": [["", 80, 8080]], "ready": 1}, ingress=of_pods)
    assert causes(BACKENDS, told, ingress=ASKED) == ["ingress.backend.port"]
    nginx = {**told, "controller": "k8s.io/ingress-nginx"}
    assert only(BACKENDS, nginx, ingress=ASKED).verdict is Verdict.INFO
    unread = {**told, "controller": None, "skipped": ["list ingressclasses.networking.k8s.io"]}
    assert {f.verdict for f in judge(BACKENDS, unread, ingress=ASKED).findings} == {Verdict.UNKNOWN, Verdict.SKIPPED}


def test_what_was_not_looked_at_is_no_pass() -> None:
    fine = {"exists": True, "ports": [["", 80, 8080]], "ready": 1}
    found = only(BACKENDS, leading(fine, unseen=["sixth"]), ingress=ASKED)
    assert (found.verdict, "sixth was not looked at" in found.summary) == (Verdict.INFO, True)
    bucket = leading(None, services={}, ingress=ingress(backends=[{"place": "/", "service": "", "port": ""}]))
    assert only(BACKENDS, bucket, ingress=ASKED).verdict is Verdict.INFO


def test_secrets_are_named_as_not_read() -> None:
    told = leading({"exists": True, "ports": [["", 80, 8080]], "ready": 1}, ingress=ingress(secrets=["tls"]))
    assert [f.verdict for f in judge(BACKENDS, told, ingress=ASKED).findings] == [Verdict.PASS, Verdict.SKIPPED]


def test_services_that_may_not_be_read_are_no_missing_services() -> None:
    told = leading(None, skipped=["get services in shop"])
    assert {f.verdict for f in judge(BACKENDS, told, ingress=ASKED).findings} == {Verdict.SKIPPED}


@pytest.mark.parametrize(("kind", "cause"), [
    ("Accepted", "gateway.not-accepted"), ("ResolvedRefs", "gateway.unresolved"),
    ("Programmed", "gateway.not-programmed"),
])
def test_a_condition_that_is_false_is_told_in_the_words_of_the_controller(kind: str, cause: str) -> None:
    found = only(GATEWAY, routed(condition(kind, "False")), ingress=ASKED)
    assert (found.cause, "Because: of this." in found.summary) == (cause, True)


def test_a_condition_is_told_in_the_controllers_own_words() -> None:
    words = {"reason": "NotAllowedByListeners", "message": "No listener of Gateway front allows routes of shop."}
    found = only(GATEWAY, routed(condition("Accepted", "False", **words), generation=2), ingress=ASKED)
    assert found.summary == (
        f"{ROUTE} for front is not Accepted (said of an older form of it): NotAllowedByListeners: No listener of "
        "Gateway front allows routes of shop.")


def test_what_the_controller_has_not_decided_is_unknown_and_no_pass() -> None:
    pending = condition("Programmed", "Unknown", reason="Pending", message="waiting for an address")
    found = only(GATEWAY, routed(condition("Accepted"), pending), ingress=ASKED)
    assert (found.verdict, found.cause, "Pending: waiting for an address." in found.summary) == (
        Verdict.UNKNOWN, "", True)


def test_conditions_that_are_true_pass_and_other_conditions_do_not_matter() -> None:
    told = routed(condition("Accepted"), condition("ResolvedRefs"), condition("PartiallyInvalid", "False"))
    assert only(GATEWAY, told, ingress=ASKED).verdict is Verdict.PASS


def test_silence_is_a_fault_only_of_what_is_not_new() -> None:
    assert causes(GATEWAY, routed(), ingress=ASKED) == ["gateway.unclaimed"]
    assert only(GATEWAY, routed(created=NOW - 10), ingress=ASKED).verdict is Verdict.UNKNOWN


def test_a_gateway_that_is_not_there_is_told_of_the_route() -> None:
    told = {**routed(condition("Accepted")), "missing": ["shop/front"]}
    assert causes(GATEWAY, told, ingress=ASKED) == ["gateway.missing"]


def test_where_the_gateway_api_is_not_served_nothing_is_said_about_it() -> None:
    told = {**routed(), "objects": []}
    assert judge(GATEWAY, told, ingress=ASKED).findings == ()


# --- the controller's log -------------------------------------------------------------------------------------------

POD = "shop/ingress-nginx-controller"


def logged(*lines: str, **changes: Any) -> dict[str, Any]:
    return {"read": True, "error": "", "lines": list(lines), "skipped": [], "read_at": NOW, **changes}


def test_what_the_controller_logs_is_quoted_and_no_fault_is_made_of_it() -> None:
    line = 'W1126 01:00:00.0 7 controller.go:1] Error getting SSL certificate "shop/web-tls": not found'
    found = only(LOG, logged(line), ingress=ASKED, pod=POD)
    assert (found.verdict, found.cause, "web-tls" in found.summary) == (Verdict.INFO, "", True)
    assert only(LOG, logged(), ingress=ASKED, pod=POD).verdict is Verdict.PASS


def test_a_log_that_cannot_be_read_says_nothing() -> None:
    refused = judge(LOG, logged(read=False, skipped=["get pods/log in ingress-nginx"]), ingress=ASKED, pod=POD)
    assert {f.verdict for f in refused.findings} == {Verdict.SKIPPED}
    assert only(LOG, logged(read=False, error="timed out"), ingress=ASKED, pod=POD).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(("line", "quoted"), [
    ('W1126 01:00:00.0 7 controller.go:1] Error obtaining Endpoints for Service "shop/web": no object', True),
    ('level=error msg="Secret shop/web-tls cannot be read"', True),
    ('{"level":"error","ingress":"shop/web","msg":"backend has no endpoints"}', True),
    ('I1126 01:00:00.0 7 event.go:1] Event(Ingress "shop/web") type: Normal reason: Sync', False),
    ('E1126 01:00:00.0 7 controller.go:1] Service "shop/web-admin" does not have any active Endpoint', False),
    ('E1126 01:00:00.0 7 controller.go:1] Service "front/web" does not have any active Endpoint', False),
])
async def test_lines_count_that_complain_and_name_the_ingress_or_what_it_names(
    line: str, quoted: bool, tmp_path: Path
) -> None:
    async with open_boxed(with_log(line), tmp_path) as boxed:
        told = await gather_log(boxed.cluster, LOG.args(ingress=ASKED, pod=POD))
    assert bool(told["lines"]) is quoted, told


def with_log(text: str) -> Bundle:
    """A healthy Ingress and a controller that has logged this."""
    bundle = load_scenario("ingress-healthy")
    running = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": POD.split("/")[1], "namespace": "shop"},
               "spec": {"nodeName": "n1", "containers": [{"name": "web"}]}, "status": {"phase": "Running"}}
    tls = [{**item, "spec": {**item["spec"], "tls": [{"secretName": "web-tls"}]}} if item["kind"] == "Ingress" else item
           for item in bundle.objects]
    log = BoxLog(namespace="shop", pod=POD.split("/")[1], container="web", tail=300, text=f"{text}\n")
    return replace(bundle, objects=(*tls, running), logs=(log,))
