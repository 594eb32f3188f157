"""The pods and endpoints of a Service, judged on evidence alone."""

from typing import Any

import pytest

from bot.model.finding import Verdict
from bot.steps.services.backends import BACKENDS
from bot.steps.services.endpoints import ENDPOINTS
from bot.steps.services.pods import PODS
from tests.steps.dns_evidence import JUST_NOW, NOW, causes, crashed, judge, node, nodes, only, pending, roots
from tests.steps.service_evidence import (
    OWNER,
    SERVICE,
    answers,
    backend,
    end,
    ends,
    piece,
    pod,
    pods,
    service,
    unready,
    way,
)

ASKED = "shop/web"
NOT_FOUND = {"reason": "Unhealthy", "message": "Readiness probe failed: HTTP probe failed with statuscode: 404"}
CLOSED = {"reason": "Unhealthy", "message": "Readiness probe failed: dial tcp 10.244.0.5:8080: connection refused"}
OF_WEB = {"owner": OWNER, "gates": []}


def test_ready_pods_pass() -> None:
    assert only(PODS, pods(backend(), backend("web-2")), service=ASKED).verdict is Verdict.PASS


def test_a_failing_probe_is_told_in_the_words_of_the_kubelet() -> None:
    found = only(PODS, pods(unready("web-1", NOT_FOUND)), service=ASKED)
    assert (found.cause, found.object, "404" in found.summary) == ("service.pods.probe", OWNER, True)
    assert found.verdict is Verdict.FAIL


def test_one_of_two_that_is_not_ready_is_a_warning() -> None:
    assert only(PODS, pods(backend(), unready("web-2", NOT_FOUND)), service=ASKED).verdict is Verdict.WARN


def test_a_new_pod_that_does_not_listen_yet_is_excused_and_one_that_answers_404_is_not() -> None:
    young = {"started": JUST_NOW, "created": JUST_NOW}
    assert only(PODS, pods(unready("web-1", CLOSED, **young)), service=ASKED).verdict is Verdict.UNKNOWN
    beside = judge(PODS, pods(backend("web-2"), unready("web-1", CLOSED, **young)), service=ASKED).findings
    assert {f.verdict for f in beside} == {Verdict.INFO}
    assert causes(PODS, pods(unready("web-1", NOT_FOUND, **young)), service=ASKED) == ["service.pods.probe"]


def test_a_readiness_gate_is_told_by_name_only_where_the_containers_are_ready() -> None:
    found = only(PODS, pods(unready("web-1", gates=["example.com/balanced"])), service=ASKED)
    assert (found.cause, "example.com/balanced" in found.summary) == ("service.pods.gate", True)


@pytest.mark.parametrize(("facts", "cause"), [
    (crashed("web-1"), "service.pods.crashing"),
    (crashed("web-1", "OOMKilled", 137), "service.pods.oom"),
    (pending("0/2 nodes are available: 2 Insufficient cpu."), "service.pods.unschedulable"),
    (pending("0/2 nodes are available: 2 node(s) had untolerated taint {node.kubernetes.io/not-ready: }."),
     "service.pods.no-network"),
    (crashed("web-1", events=[{"reason": "Killing", "message": "Container web failed liveness probe"}]),
     "service.pods.liveness"),
    (unready("web-1", started="", waiting="ErrImagePull"), "service.pods.image"),
    (unready("web-1", started="", waiting="CreateContainerConfigError", waiting_message='configmap "x" not found'),
     "service.pods.volume"),
    (unready("web-1", started="", waiting="RunContainerError", waiting_message="exec: not found"),
     "service.pods.container"),
    (unready("web-1", {"reason": "FailedCreatePodSandBox", "message": "cni"}, started=""), "service.pods.sandbox"),
    (unready("web-1"), "service.pods.not-ready"),
])
def test_what_keeps_a_pod_from_being_ready_is_told_as_such(facts: dict[str, object], cause: str) -> None:
    assert causes(PODS, pods({**facts, **OF_WEB}), service=ASKED) == [cause]


def test_what_lies_in_the_node_is_told_of_the_node() -> None:
    down = nodes(n1=node(ready=False), n2=node())
    found = only(PODS, pods(unready(), nodes=down), service=ASKED)
    assert (found.cause, found.node) == ("service.pods.node-down", "n1")


def test_pods_that_the_service_publishes_unready_are_no_fault() -> None:
    assert only(PODS, pods(unready("web-1", NOT_FOUND), publish=True), service=ASKED).verdict is Verdict.INFO
    new = unready("web-1", CLOSED, started=JUST_NOW, created=JUST_NOW)
    assert only(PODS, pods(new, publish=True), service=ASKED).verdict is Verdict.INFO


def test_events_that_may_not_be_read_are_named_beside_what_was_seen() -> None:
    told = judge(PODS, pods(backend(), skipped=["list events in shop"]), service=ASKED).findings
    assert {f.verdict for f in told} == {Verdict.PASS, Verdict.SKIPPED}


def test_endpoints_that_are_the_ready_pods_pass_without_the_path() -> None:
    found = only(ENDPOINTS, ends(piece(end())), service=ASKED)
    assert (found.verdict, "not tested" in found.summary) == (Verdict.PASS, True)


def test_none_ready_is_a_consequence_of_what_keeps_the_pods_from_being_ready() -> None:
    none = only(ENDPOINTS, ends(piece(end(ready=False)), pods=[pod(ready=False)]), service=ASKED)
    assert none.cause == "service.endpoints.none-ready"
    why = only(PODS, pods(unready("web-1", NOT_FOUND)), service=ASKED)
    assert roots(none, why) == ["service.pods.probe"]


def test_ready_endpoints_without_a_port_are_explained_by_the_name_that_is_not_there() -> None:
    bare = only(ENDPOINTS, ends(piece(end(), ports=[])), service=ASKED)
    assert (bare.cause, bare.verdict) == ("service.endpoints.no-port", Verdict.FAIL)
    no_ports = ends(piece(end(), ports=[]), service=service(ports=[]))
    assert causes(ENDPOINTS, no_ports, service=ASKED) == []


def test_a_family_that_the_pods_do_not_have_is_told() -> None:
    v6 = ends(service=service(families=["IPv6"]))
    assert causes(ENDPOINTS, v6, service=ASKED) == ["service.endpoints.family"]
    both = only(ENDPOINTS, ends(piece(end()), service=service(families=["IPv4", "IPv6"])), service=ASKED)
    assert (both.cause, both.verdict) == ("service.endpoints.family", Verdict.WARN)


def test_a_ready_pod_that_is_in_no_slice_is_stale_and_the_silent_controllers_are_named() -> None:
    missing = ends(piece(), pods=[pod()])
    found = only(ENDPOINTS, {**missing, "lease": {"renewed": NOW - 300, "seconds": 15}}, service=ASKED)
    assert found.cause == "service.endpoints.stale"
    assert any("kube-controller-manager" in line for line in found.evidence)


def test_slices_may_lag_behind_for_a_moment() -> None:
    just = ends(piece(), pods=[pod(since=NOW - 5)])
    assert only(ENDPOINTS, just, service=ASKED).verdict is Verdict.INFO
    working = {**ends(piece(end()), pods=[pod(), pod("web-2", uid="2", since=NOW - 5)]),
               "lease": {"renewed": NOW - 2, "seconds": 15}}
    assert causes(ENDPOINTS, working, service=ASKED) == []


def test_an_endpoint_of_a_pod_that_is_gone_is_stale() -> None:
    gone = ends(piece(end(), end("old")))
    assert only(ENDPOINTS, gone, service=ASKED).verdict is Verdict.WARN


def test_slices_that_may_not_be_read_are_skipped_and_nothing_passes() -> None:
    told = judge(ENDPOINTS, {**ends(), "slices": None, "skipped": ["list endpointslices.discovery.k8s.io in shop"]},
                 service=ASKED)
    assert {f.verdict for f in told.findings} == {Verdict.SKIPPED}


def test_pods_that_answer_over_the_network_pass_and_the_service_address_is_not_claimed() -> None:
    found = only(BACKENDS, answers(way("ok", "ok"), way("ok", "ok", "web-2")), service=ASKED)
    assert (found.verdict, "address was not tested" in found.summary) == (Verdict.PASS, True)


def test_answers_from_within_do_not_claim_the_pod_network() -> None:
    for over in ("timeout", "untold"):
        found = only(BACKENDS, answers(way("ok", over)), service=ASKED)
        assert (found.verdict, "pod network was not tested" in found.summary) == (Verdict.PASS, True)


def test_refused_from_within_and_without_is_a_fault_with_the_port_that_answers() -> None:
    found = only(BACKENDS, answers(way("refused", "refused", number=8081), others=[8080]), service=ASKED)
    assert (found.cause, found.verdict, found.object) == ("service.backends.refused", Verdict.FAIL, SERVICE)
    assert "8080" in found.advice


def test_refused_from_within_alone_is_a_warning_and_none_where_the_pods_address_answers() -> None:
    assert only(BACKENDS, answers(way("refused", "untold")), service=ASKED).verdict is Verdict.WARN
    assert only(BACKENDS, answers(way("untold", "refused")), service=ASKED).verdict is Verdict.FAIL
    assert only(BACKENDS, answers(way("refused", "ok")), service=ASKED).verdict is Verdict.PASS


def test_taken_from_within_and_refused_over_the_network_is_bound_to_localhost() -> None:
    assert causes(BACKENDS, answers(way("ok", "refused")), service=ASKED) == ["service.backends.loopback"]


def test_nothing_is_claimed_where_nothing_could_be_asked() -> None:
    shut = answers(way("untold", "untold"), skipped=["create pods/portforward in shop"])
    assert {f.verdict for f in judge(BACKENDS, shut, service=ASKED).findings} == {Verdict.UNKNOWN, Verdict.SKIPPED}
    assert only(BACKENDS, answers(ready=0), service=ASKED).verdict is Verdict.SKIPPED


def test_udp_ports_are_named_as_not_tried() -> None:
    told = judge(BACKENDS, answers(way("ok", "ok"), untried=["53/UDP"]), service=ASKED).findings
    assert [f.verdict for f in told] == [Verdict.PASS, Verdict.SKIPPED]


def test_a_slice_that_somebody_added_is_named_and_one_with_the_pods_own_addresses_is_not() -> None:
    kept = piece(end(), managed="endpointslice-controller.k8s.io")
    found = only(ENDPOINTS, ends(kept, piece(end("", address="10.244.9.9"), name="by-hand")), service=ASKED)
    assert (found.cause, found.object) == ("service.endpoints.beside", "EndpointSlice shop/by-hand")
    assert "-n shop delete endpointslice by-hand" in found.advice
    assert causes(ENDPOINTS, ends(kept, piece(end(""), name="by-hand")), service=ASKED) == []


def test_what_to_do_about_a_pod_names_it() -> None:
    told = only(PODS, pods({**backend(), **crashed("web-1")}), service=ASKED)
    assert "`kubectl -n shop logs web-1 --previous`" in told.advice

REFUSED = {"message": 'failed calling webhook "gate.example": service "gate" not found', "last": NOW - 100}


def test_slices_that_are_not_let_in_are_told_with_the_reason_at_any_age() -> None:
    young = ends(pods=[pod(since=NOW - 101)], service=service(created=NOW - 102, changed=NOW - 102))
    found = only(ENDPOINTS, {**young, "refused": REFUSED}, service=ASKED)
    assert (found.cause, found.verdict) == ("service.endpoints.refused", Verdict.FAIL)
    assert "gate.example" in found.advice
    one = ends(piece(end()), pods=[pod(), pod("web-2", uid="2", since=NOW - 101)], refused=REFUSED)
    assert only(ENDPOINTS, one, service=ASKED).verdict is Verdict.WARN


def test_a_refusal_that_is_over_is_no_fault_of_today() -> None:
    assert causes(ENDPOINTS, {**ends(piece(end())), "refused": REFUSED}, service=ASKED) == []
    later = ends(piece(end()), pods=[pod(), pod("web-2", uid="2", since=NOW - 5)], refused=REFUSED)
    assert only(ENDPOINTS, later, service=ASKED).verdict is Verdict.INFO


def test_pods_that_no_scheduler_looks_at_are_no_fault_of_theirs_unless_they_name_one() -> None:
    waits: dict[str, Any] = {"node": "", "phase": "Pending", "ready": False, "started": ""}
    found = only(PODS, pods(backend(**waits)), service=ASKED)
    assert (found.cause, found.object) == ("api.scheduler", "Scheduler default-scheduler")
    named = only(PODS, pods(backend(**waits, scheduler="gpu")), service=ASKED)
    assert (named.cause, named.object, "scheduler gpu" in named.summary) == ("service.pods.unschedulable", OWNER, True)
    young = only(PODS, pods(backend(**waits, created=JUST_NOW)), service=ASKED)
    assert young.verdict is Verdict.UNKNOWN
