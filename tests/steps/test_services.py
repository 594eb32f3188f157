"""A Service, its selector and its ports, judged on evidence alone."""

import pytest

from bot.model.finding import Verdict
from bot.steps.services.existence import EXISTS
from bot.steps.services.ports import PORTS
from bot.steps.services.selector import SELECTOR
from tests.steps.dns_evidence import NOW, causes, judge, only
from tests.steps.service_evidence import (
    HTTP,
    OWNER,
    SERVICE,
    evidence,
    existence,
    group,
    headless,
    pod,
    port,
    selected,
    service,
    workload,
)

ASKED = "shop/web"
FORBIDDEN = "list pods in shop"


def test_a_service_that_is_there_passes_and_says_what_kind_it_is() -> None:
    told = judge(EXISTS, existence(), service=ASKED)
    assert [f.verdict for f in told.findings] == [Verdict.PASS]
    assert told.outputs == {"kind": "ClusterIP", "selects": True, "headless": False}
    assert "headless" in only(EXISTS, existence(service=headless()), service=ASKED).summary


def test_a_service_of_that_name_elsewhere_is_told_with_the_name_to_use() -> None:
    found = only(EXISTS, existence(service=None, elsewhere=["team-a"]), service=ASKED)
    assert found.cause == "service.elsewhere"
    assert "web.team-a" in found.advice


def test_a_missing_service_gets_near_names_or_the_missing_namespace() -> None:
    assert "Did you mean webs?" in only(EXISTS, existence(service=None, near=["webs"]), service=ASKED).summary
    gone = only(EXISTS, existence(service=None, space=False), service=ASKED)
    assert (gone.cause, "namespace shop does not exist" in gone.summary) == ("service.missing", True)


def test_a_service_that_may_not_be_read_is_unknown_and_not_missing() -> None:
    told = judge(EXISTS, existence(service=None, skipped=["get services in shop"]), service=ASKED)
    assert {f.verdict for f in told.findings} == {Verdict.UNKNOWN, Verdict.SKIPPED}
    assert told.outputs == {}


def test_a_service_left_to_another_proxy_is_a_warning_only_where_none_of_that_name_runs() -> None:
    other = service(proxy_name="other")
    assert causes(EXISTS, existence(service=other), service=ASKED) == ["service.proxy-name"]
    assert only(EXISTS, existence(service=other, proxies=["other"]), service=ASKED).verdict is Verdict.INFO
    assert causes(EXISTS, existence(service=other, proxies=None), service=ASKED) == []


def test_a_selector_with_a_typing_error_is_told_with_the_label_that_is_there_and_the_command() -> None:
    wrong = service(selector={"app": "webb"})
    found = only(SELECTOR, selected(service=wrong, groups=[group({"app": "web", "tier": "x"})]), service=ASKED)
    assert (found.cause, found.object) == ("service.selector", SERVICE)
    assert "app is web, the selector wants webb" in found.summary
    assert "set selector service web 'app=web'" in found.advice


def test_the_nearest_pods_are_those_that_share_most_of_the_selector() -> None:
    wrong = service(selector={"app": "web", "tier": "front"})
    groups = [group({"app": "api", "tier": "back"}, "Deployment shop/api"), group({"app": "web", "tier": "frnt"})]
    assert OWNER in only(SELECTOR, selected(service=wrong, groups=groups), service=ASKED).summary


def test_where_nothing_is_like_the_selector_no_pods_are_offered() -> None:
    found = only(SELECTOR, selected(groups=[group({"k8s-app": "other"}, "Deployment shop/other")]), service=ASKED)
    assert found.cause == "service.selector"
    assert "none with labels like it" in found.summary
    assert "set selector" not in found.advice


def test_a_new_service_without_any_pods_yet_is_unknown_and_one_whose_selector_misses_pods_is_not() -> None:
    new = service(created=NOW - 10)
    assert only(SELECTOR, selected(service=new), service=ASKED).verdict is Verdict.UNKNOWN
    assert causes(SELECTOR, selected(service={**new, "selector": {"app": "webb"}}, groups=[group({"app": "web"})]),
                  service=ASKED) == ["service.selector"]


def test_a_right_selector_without_pods_is_told_of_the_workload() -> None:
    zero = only(SELECTOR, selected(workloads=[workload(wanted=0)]), service=ASKED)
    assert (zero.cause, zero.object) == ("service.workload.scaled-to-zero", OWNER)
    refused = [workload(), workload(kind="ReplicaSet", name="ReplicaSet shop/web-1", failure="exceeded quota: no-pods")]
    found = only(SELECTOR, selected(workloads=refused), service=ASKED)
    assert (found.cause, found.object, "exceeded quota" in found.summary) == ("service.workload.no-pods", OWNER, True)
    young = only(SELECTOR, selected(workloads=[workload(created=NOW - 10)]), service=ASKED)
    assert young.verdict is Verdict.UNKNOWN


def test_pods_that_may_not_be_listed_are_skipped_with_the_permission_and_nothing_is_concluded() -> None:
    found = judge(SELECTOR, {**selected(), "pods": None, "skipped": [FORBIDDEN]}, service=ASKED).findings
    assert [(f.verdict, FORBIDDEN in f.summary) for f in found] == [(Verdict.SKIPPED, True)]


def test_pods_of_two_workloads_are_a_fault_only_where_one_cannot_be_meant() -> None:
    canary = pod("web-canary", owner="Deployment shop/web-canary")
    assert only(SELECTOR, selected(pod(), canary), service=ASKED).verdict is Verdict.INFO
    report = pod("report-1", owner="Deployment shop/report", ports=[{**HTTP, "number": 9090}])
    found = only(SELECTOR, selected(pod(), report), service=ASKED)
    assert (found.cause, found.verdict) == ("service.selector.mixed", Verdict.WARN)
    job = pod("job-1", owner="Job shop/migrate")
    assert causes(SELECTOR, selected(pod(), job), service=ASKED) == ["service.selector.mixed"]
    undeclared = pod("other-1", owner="Deployment shop/other", ports=[])
    assert causes(SELECTOR, selected(pod(), undeclared), service=ASKED) == []


def test_a_target_port_by_name_must_be_there_with_its_protocol() -> None:
    named = service(ports=[port(target="htpp")])
    found = only(PORTS, evidence(service=named, pods=[pod()]), service=ASKED)
    assert (found.cause, found.verdict) == ("service.port.name", Verdict.FAIL)
    assert "8080/TCP (http)" in found.advice
    udp = service(ports=[port(target="http", protocol="UDP")])
    assert causes(PORTS, evidence(service=udp, pods=[pod()]), service=ASKED) == ["service.port.protocol"]
    assert causes(PORTS, evidence(service=service(ports=[port(target="http")]), pods=[pod()]), service=ASKED) == []


def test_a_name_that_some_pods_lack_is_a_warning() -> None:
    pods = [pod(), pod("web-2", ports=[])]
    found = only(PORTS, evidence(service=service(ports=[port(target="http")]), pods=pods), service=ASKED)
    assert (found.cause, found.verdict) == ("service.port.name", Verdict.WARN)


def test_a_number_that_no_container_declares_is_information_only() -> None:
    found = only(PORTS, evidence(service=service(ports=[port(target=8081)]), pods=[pod()]), service=ASKED)
    assert (found.verdict, found.cause) == (Verdict.INFO, "")
    assert judge(PORTS, evidence(pods=[pod(ports=[])]), service=ASKED).findings[0].verdict is Verdict.PASS


def test_udp_to_a_number_that_pods_declare_as_tcp_is_a_warning_because_it_cannot_be_tried() -> None:
    found = only(PORTS, evidence(service=service(ports=[port(protocol="UDP")]), pods=[pod()]), service=ASKED)
    assert (found.cause, found.verdict) == ("service.port.protocol", Verdict.WARN)


def test_a_port_that_is_asked_about_and_not_there_is_told_with_the_one_that_is_meant() -> None:
    found = only(PORTS, evidence(pods=[pod()]), service=ASKED, port="8080")
    assert (found.cause, "the Service's is 80" in found.summary) == ("service.port", True)
    assert causes(PORTS, evidence(pods=[pod()]), service=ASKED, port="http") == []


def test_the_port_of_a_headless_service_is_a_fault_only_for_who_asks_it() -> None:
    told = evidence(service=headless(), pods=[pod()])
    assert only(PORTS, told, service=ASKED).verdict is Verdict.INFO
    found = only(PORTS, told, service=ASKED, port="80")
    assert (found.cause, "8080" in found.advice) == ("service.headless.port", True)
    assert causes(PORTS, evidence(service=headless(ports=[]), pods=[pod()]), service=ASKED) == []


def test_of_two_ports_one_that_no_pod_has_is_a_warning_and_a_fault_for_who_asks_it() -> None:
    told = evidence(service=service(ports=[port(), port(9100, "metrics", name="metrics")]), pods=[pod()])
    finding = only(PORTS, told, service=ASKED)
    assert (finding.cause, finding.verdict) == ("service.port.name", Verdict.WARN)
    assert only(PORTS, told, service=ASKED, port="metrics").verdict is Verdict.FAIL


@pytest.mark.parametrize("look", [PORTS, SELECTOR])
def test_without_a_permission_nothing_passes(look: object) -> None:
    told = {**selected(), "pods": [] if look is PORTS else None, "skipped": [FORBIDDEN]}
    assert {f.verdict for f in judge(look, told, service=ASKED).findings} == {Verdict.SKIPPED}  # type: ignore[arg-type]
