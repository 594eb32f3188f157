"""The ways to a Service, judged on evidence alone: from outside, by name; and Services that lead to
something else than selected pods."""

from typing import Any

import pytest

from bot.diagnosis.causes import find
from bot.model.finding import Verdict
from bot.steps.services.address import ADDRESS
from bot.steps.services.exposure import EXPOSURE
from bot.steps.services.external_name import EXTERNAL_NAME
from bot.steps.services.headless import STATEFUL
from bot.steps.services.locality import LOCALITY
from bot.steps.services.manual import MANUAL, out_of_ranges
from bot.steps.services.names import NAME
from tests.steps.dns_evidence import NOW, causes, judge, only, roots
from tests.steps.service_evidence import SERVICE, addressed, end, evidence, headless, piece, port, service

ASKED = "shop/web"
NODES = {"fit": ["n1", "n2"], "unread": 0}


def exposed(**changes: Any) -> dict[str, Any]:
    told = service(type="NodePort", external="Cluster", ports=[port(node_port=30080)])
    return evidence(**{"service": told, "slices": [piece(end())], "nodes": NODES, "events": [], "providers": None,
                       **changes})


def balanced(**changes: Any) -> dict[str, Any]:
    return service(type="LoadBalancer", external="Cluster", ports=[port(node_port=30080)], **changes)


def answer(rcode: str = "NOERROR", *records: str, **changes: Any) -> dict[str, Any]:
    return {"pod": "coredns-1", "name": "web.shop.svc.cluster.local", "type": "A", "outcome": "answered",
            "rcode": rcode, "records": list(records), "message": "", **changes}


SILENT = {"pod": "coredns-1", "name": "web.shop.svc.cluster.local", "type": "A", "outcome": "silent",
          "message": "no answer within 6.5 s"}


def named(*answers: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return evidence(**{"zone": "cluster.local", "answers": list(answers), "expected": [], **changes})


def foreign(target: str, *answers: dict[str, Any]) -> dict[str, Any]:
    told = service(type="ExternalName", external_name=target)
    return evidence(service=told, target=target, answers=list(answers), zone="cluster.local")


def by_hand(*slices: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return evidence(**{"service": service(selector={}), "slices": list(slices), "others": [], **changes})


# --- from outside -------------------------------------------------------------------------------------------------


def test_a_node_port_that_leads_to_all_nodes_passes_without_a_listener_being_looked_for() -> None:
    found = only(EXPOSURE, exposed(), service=ASKED)
    assert (found.verdict, "not tested" in found.summary) == (Verdict.PASS, True)


def test_policy_local_is_a_warning_where_a_node_has_no_endpoint() -> None:
    local = service(type="NodePort", external="Local", ports=[port(node_port=30080)])
    found = only(EXPOSURE, exposed(service=local), service=ASKED)
    assert (found.cause, "n2" in found.summary) == ("service.node-port.local", True)
    everywhere = exposed(service=local, slices=[piece(end(), end("web-2", node="n2"))])
    assert causes(EXPOSURE, everywhere, service=ASKED) == []


def test_policy_local_behind_a_load_balancer_is_information() -> None:
    local = {**balanced(balancer=["192.0.2.1"]), "external": "Local"}
    assert only(EXPOSURE, exposed(service=local), service=ASKED).verdict is Verdict.INFO


def test_a_load_balancer_that_is_waited_for_is_a_warning_unless_the_question_is_about_inside_or_it_is_new() -> None:
    waiting = exposed(service=balanced(), providers=[])
    assert causes(EXPOSURE, waiting, service=ASKED) == ["service.load-balancer"]
    assert only(EXPOSURE, waiting, service=ASKED, inside=True).verdict is Verdict.INFO
    assert only(EXPOSURE, exposed(service=balanced(created=NOW - 5)), service=ASKED).verdict is Verdict.INFO


def test_what_the_controller_says_counts_at_any_age() -> None:
    failed = [{"reason": "SyncLoadBalancerFailed", "type": "Warning", "last": "", "message": "quota exceeded"}]
    told = exposed(service=balanced(created=NOW - 5), events=failed)
    found = only(EXPOSURE, told, service=ASKED)
    assert (found.cause, "quota exceeded" in found.summary) == ("service.load-balancer", True)


# --- to pods of the node ------------------------------------------------------------------------------------------


def test_that_clients_are_led_to_pods_near_them_is_told() -> None:
    told = evidence(service=service(distribution="PreferClose"), slices=[piece(end())], fit=["n1", "n2"], client=None)
    found = only(LOCALITY, told, service=ASKED)
    assert (found.verdict, "PreferClose" in found.summary) == (Verdict.PASS, True)


def test_local_traffic_is_a_warning_where_a_node_has_no_endpoint_and_a_fault_for_a_client_there() -> None:
    told = evidence(service=service(internal="Local"), slices=[piece(end())], fit=["n1", "n2"], client=None)
    assert only(LOCALITY, told, service=ASKED).verdict is Verdict.WARN
    assert only(LOCALITY, {**told, "client": "n2"}, service=ASKED, client="shop/a").verdict is Verdict.FAIL
    assert only(LOCALITY, {**told, "client": "n1"}, service=ASKED, client="shop/a").verdict is Verdict.PASS
    nowhere = only(LOCALITY, {**told, "slices": []}, service=ASKED)
    assert (nowhere.verdict, "no ready endpoint" in nowhere.summary) == (Verdict.INFO, True)
    unseen = {**told, "fit": [], "skipped": ["list nodes"]}
    assert {f.verdict for f in judge(LOCALITY, unseen, service=ASKED).findings} == {Verdict.SKIPPED}
    assert only(LOCALITY, evidence(slices=None, fit=[], client=None), service=ASKED).verdict is Verdict.PASS


# --- by name ------------------------------------------------------------------------------------------------------


def test_the_right_answer_passes_without_claiming_udp_or_the_way() -> None:
    found = only(NAME, named(answer("NOERROR", "10.96.0.20")), service=ASKED)
    assert (found.verdict, "not tested" in found.summary) == (Verdict.PASS, True)


@pytest.mark.parametrize(("told", "cause"), [
    (answer("NXDOMAIN"), "service.name.unknown"), (answer("NOERROR", "10.96.0.99"), "service.name.wrong"),
    (answer("SERVFAIL"), "service.name.unanswered"), (SILENT, "service.name.unanswered"),
])
def test_a_wrong_answer_is_told_as_what_it_is(told: dict[str, Any], cause: str) -> None:
    assert causes(NAME, named(told), service=ASKED) == [cause]


def test_a_new_service_need_not_be_known_yet() -> None:
    new = service(created=NOW - 20)
    for told in (answer("NXDOMAIN"), answer("NOERROR", "10.96.0.99")):
        assert only(NAME, named(told, service=new), service=ASKED).verdict is Verdict.INFO


def test_a_headless_service_without_a_ready_pod_has_no_name_and_that_is_no_fault_of_dns() -> None:
    told = named(answer("NXDOMAIN"), service=headless())
    assert only(NAME, told, service=ASKED).verdict is Verdict.INFO
    assert causes(NAME, named(answer("NXDOMAIN"), service=headless(), expected=["10.244.0.5"]), service=ASKED) == [
        "service.name.unknown"]


def test_no_dns_pod_at_all_leaves_the_name_unanswered_and_a_way_that_fails_is_unknown() -> None:
    assert causes(NAME, named(), service=ASKED) == ["service.name.unanswered"]
    failed = {**SILENT, "outcome": "failed", "message": "the node could not reach the port"}
    assert only(NAME, named(failed), service=ASKED).verdict is Verdict.UNKNOWN


def test_dns_that_may_not_be_asked_is_skipped() -> None:
    told = named(answers=None, skipped=["create pods/portforward in kube-system"])
    assert {f.verdict for f in judge(NAME, told, service=ASKED).findings} == {Verdict.SKIPPED}


# --- something else than selected pods ----------------------------------------------------------------------------


@pytest.mark.parametrize(("target", "cause"), [
    ("10.0.0.5", "service.external-name.address"), ("web.shop.svc.cluster.local", "service.external-name.loop"),
])
def test_an_external_name_that_cannot_work_is_told_unasked(target: str, cause: str) -> None:
    assert causes(EXTERNAL_NAME, foreign(target), service=ASKED) == [cause]


def test_what_dns_says_about_the_external_name_is_told_apart() -> None:
    name = "db.example.com"
    assert causes(EXTERNAL_NAME, foreign(name, answer("NOERROR", "192.0.2.1")), service=ASKED) == []
    assert causes(EXTERNAL_NAME, foreign(name, answer("NXDOMAIN")), service=ASKED) == ["service.external-name.dead"]
    for told in (answer("SERVFAIL"), SILENT):
        assert causes(EXTERNAL_NAME, foreign(name, told), service=ASKED) == ["service.external-name.unanswered"]
    assert only(EXTERNAL_NAME, foreign(name), service=ASKED).verdict is Verdict.UNKNOWN


def test_endpoints_made_by_hand_pass_and_none_at_all_is_a_fault_with_the_slice_that_may_be_meant() -> None:
    assert only(MANUAL, by_hand(piece(end(uid=""))), service=ASKED).verdict is Verdict.PASS
    found = only(MANUAL, by_hand(others=[{"name": "web-1", "of": ""}]), service=ASKED)
    assert (found.cause, "label endpointslice web-1" in found.advice) == ("service.manual.no-slice", True)


def test_port_names_of_slices_made_by_hand_must_be_those_of_the_service() -> None:
    other = piece(end(), ports=[{"name": "web", "port": 8080, "protocol": "TCP"}])
    assert causes(MANUAL, by_hand(other), service=ASKED) == ["service.manual.port-name"]
    nameless = service(selector={}, ports=[port(name="")])
    plain = piece(end(), ports=[{"name": "", "port": 8080, "protocol": "TCP"}])
    assert causes(MANUAL, by_hand(plain, service=nameless), service=ASKED) == []


def test_endpoints_made_by_hand_that_lead_to_a_pod_that_is_gone_are_told() -> None:
    gone = by_hand(piece(end(uid="")), lost=["10.244.0.5"])
    found = only(MANUAL, gone, service=ASKED)
    assert (found.cause, found.verdict, "10.244.0.5" in found.summary) == ("service.manual.no-pod", Verdict.FAIL, True)
    two = by_hand(piece(end(uid=""), end(uid="", address="192.0.2.80")), lost=["10.244.0.5"])
    assert only(MANUAL, two, service=ASKED).verdict is Verdict.WARN


def test_only_addresses_that_a_pod_would_have_first_are_looked_for() -> None:
    ranges = [["10.244.0.0/24", "fd00:10:244::/64"], ["192.0.2.9/32"], []]
    nodes = [{"spec": {"podCIDRs": cidrs}} for cidrs in ranges]
    asked = ("10.244.0.0", "10.244.0.1", "10.244.0.5", "fd00:10:244::5", "192.0.2.9", "198.51.100.7")
    assert out_of_ranges(asked, nodes) == ["10.244.0.5"]


def test_slices_that_may_not_be_read_are_no_missing_slices() -> None:
    told = {**by_hand(), "slices": None, "skipped": ["list endpointslices.discovery.k8s.io in shop"]}
    assert {f.verdict for f in judge(MANUAL, told, service=ASKED).findings} == {Verdict.SKIPPED}


def test_a_stateful_set_that_names_another_service_is_a_fault_only_where_that_does_not_exist() -> None:
    db = {"name": "StatefulSet shop/db", "plain": "db", "service": "peer", "named": False}
    found = only(STATEFUL, evidence(service=headless(), sets=[db]), service=ASKED)
    assert (found.cause, found.object) == ("service.headless.stateful-set", "StatefulSet shop/db")
    for fine in ({**db, "named": True}, {**db, "named": None}, {**db, "service": "web", "named": None}):
        assert causes(STATEFUL, evidence(service=headless(), sets=[fine]), service=ASKED) == []


def test_no_service_proxy_explains_that_no_dns_pod_answers() -> None:
    unanswered = only(NAME, named(SILENT), service=ASKED)
    assert roots(find("proxy.missing", "", evidence=("x",)), unanswered) == ["proxy.missing"]
    assert unanswered.object == SERVICE


# --- its address --------------------------------------------------------------------------------------------------


def test_an_address_outside_every_range_is_a_warning_and_one_inside_is_well() -> None:
    asked = ("10.96.0.20", "10.200.0.5", "fd00::5")
    judged = {address: only(ADDRESS, addressed(address), service=ASKED) for address in asked}
    assert [(f.verdict, f.cause) for f in judged.values()] == [
        (Verdict.PASS, ""), (Verdict.WARN, "service.address.outside"), (Verdict.WARN, "service.address.outside")]
    assert "kubernetes (10.96.0.0/12)" in judged["10.200.0.5"].summary


def test_a_range_that_is_going_away_keeps_its_addresses_until_the_last_service_is_gone() -> None:
    going = only(ADDRESS, addressed(ranges=[{"range": "10.96.0.0/16", "name": "more", "going": True}]), service=ASKED)
    assert (going.verdict, "being deleted" in going.summary) == (Verdict.INFO, True)


def test_without_ranges_or_without_an_address_nothing_is_said_of_it() -> None:
    for told in (addressed(ranges=[]), {**addressed(), "addresses": []}):
        assert only(ADDRESS, told, service=ASKED).verdict is Verdict.SKIPPED
    refused = only(ADDRESS, addressed(ranges=[], skipped=["list servicecidrs.networking.k8s.io"]), service=ASKED)
    assert (refused.verdict, "servicecidrs" in refused.summary) == (Verdict.SKIPPED, True)
