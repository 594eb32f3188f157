"""dns.endpoints and dns.service on evidence alone."""

from typing import Any

import pytest

from bot.model.finding import Verdict
from bot.steps.dns.endpoints import ENDPOINTS
from bot.steps.dns.front import SERVICE as DNS_SERVICE
from tests.steps.dns_evidence import (
    JUST_NOW,
    LABELS,
    NOW,
    SERVICE,
    backend,
    causes,
    endpoints_evidence,
    judge,
    only,
    service,
)


def slices(*endpoints: tuple[str, bool], port: int = 53, ports: bool = True) -> list[dict[str, Any]]:
    names = {"dns": "UDP", "dns-tcp": "TCP"}
    told = [{"name": name, "port": port, "protocol": protocol} for name, protocol in names.items()]
    ends = [{"address": a, "pod": "", "ready": ready, "terminating": False} for a, ready in endpoints]
    return [{"name": "kube-dns-x", "family": "IPv4", "ports": told if ports else [], "endpoints": ends}]


def test_a_consistent_service_passes_and_says_that_the_path_was_not_tested() -> None:
    finding = only(ENDPOINTS, endpoints_evidence())
    assert finding.verdict is Verdict.PASS
    assert "was not tested" in finding.summary


def test_a_slice_that_somebody_added_to_the_service_is_named_and_not_the_controllers() -> None:
    known = endpoints_evidence()
    stranger = {**slices(("10.244.9.9", True))[0], "name": "by-hand", "managed": ""}
    finding = only(ENDPOINTS, {**known, "slices": [*known["slices"], stranger]})
    assert (finding.verdict, finding.cause, finding.object) == (
        Verdict.WARN, "dns.endpoints.beside", "EndpointSlice kube-system/by-hand")
    assert "delete endpointslice by-hand" in finding.advice
    same = {**stranger, "endpoints": known["slices"][0]["endpoints"]}
    assert causes(ENDPOINTS, {**known, "slices": [*known["slices"], same]}) == []


def wrong(selector: dict[str, str], **changes: Any) -> dict[str, Any]:
    return endpoints_evidence(**{"service": service(selector=selector), "selected": [], "slices": slices(), **changes})


def test_a_selector_that_matches_nothing_is_told_with_both_sides_and_the_command() -> None:
    judgement = judge(ENDPOINTS, wrong({"k8s-app": "kube-dnss"}))
    (finding,) = judgement.findings
    assert (finding.verdict, finding.cause, finding.object) == (Verdict.FAIL, "dns.service.selector", SERVICE)
    assert "k8s-app=kube-dnss" in finding.summary
    assert "2 ready DNS pods" in finding.summary
    assert "set selector service kube-dns k8s-app=kube-dns" in finding.advice
    assert judgement.outputs == {
        "service": "kube-system/kube-dns", "labels": {"k8s-app": "kube-dns"}, "mends": True, "ready": 0}


def test_the_labels_that_would_match_come_from_the_workload_where_the_usual_one_is_not_on_it() -> None:
    own = {"app.kubernetes.io/name": "coredns", "app.kubernetes.io/instance": "dns"}
    pods = [backend(labels={**own, "pod-template-hash": "a"})]
    judgement = judge(ENDPOINTS, wrong({"k8s-app": "kube-dns"}, pods=pods, workload={
        "name": "Deployment kube-system/dns-coredns", "labels": own, "match": own}))
    assert judgement.outputs["labels"] == own
    assert judgement.outputs["mends"]


def test_no_change_is_offered_that_would_not_mend() -> None:
    unready = [backend(ready=False)]
    assert not judge(ENDPOINTS, wrong({"k8s-app": "x"}, pods=unready)).outputs["mends"]
    assert not judge(ENDPOINTS, endpoints_evidence()).outputs["mends"]


def test_a_selector_of_somebody_else_is_wrong_too() -> None:
    stranger = backend("web-1", "10.244.0.9", labels={"app": "web"}, dns=False)
    evidence = wrong({"app": "web"}, selected=[stranger], slices=slices(("10.244.0.9", True)))
    finding = only(ENDPOINTS, evidence)
    assert finding.cause == "dns.service.selector"
    assert "web-1" in finding.summary


def test_youth_does_not_excuse_a_selector_that_matches_nothing() -> None:
    young = [backend(created=JUST_NOW, since=NOW - 5)]
    assert causes(ENDPOINTS, wrong({"k8s-app": "x"}, pods=young)) == ["dns.service.selector"]


def test_a_wrong_selector_is_found_while_the_workload_has_no_pods() -> None:
    assert causes(ENDPOINTS, wrong({"k8s-app": "x"}, pods=[])) == ["dns.service.selector"]
    assert causes(ENDPOINTS, wrong({"k8s-app": "kube-dns"}, pods=[])) == ["dns.endpoints.empty"]


def test_endpoints_that_are_there_and_not_ready_are_not_called_missing() -> None:
    unready = [backend(ready=False), backend("coredns-2", "10.244.1.2", ready=False)]
    ends = slices(("10.244.0.2", False), ("10.244.1.2", False))
    finding = only(ENDPOINTS, endpoints_evidence(pods=unready, selected=unready, slices=ends))
    assert finding.cause == "dns.endpoints.none-ready"
    assert "2 endpoints and 0 are ready" in finding.summary


def test_young_pods_make_it_unknown_rather_than_broken() -> None:
    young = [backend(ready=False, created=JUST_NOW)]
    assert only(ENDPOINTS, endpoints_evidence(pods=young, selected=young, slices=slices())).verdict is Verdict.UNKNOWN


def test_ready_pods_that_never_become_endpoints_accuse_the_controller_but_not_at_once() -> None:
    assert causes(ENDPOINTS, endpoints_evidence(slices=slices())) == ["dns.endpoints.stale"]
    fresh = [backend(since=NOW - 2)]
    assert only(ENDPOINTS, endpoints_evidence(pods=fresh, selected=fresh, slices=slices())).verdict is Verdict.UNKNOWN
    changed = endpoints_evidence(service=service(changed=NOW - 2), slices=slices())
    assert only(ENDPOINTS, changed).verdict is Verdict.UNKNOWN


def test_endpoints_of_pods_that_are_gone_are_stale() -> None:
    ends = slices(("10.244.0.2", True), ("10.244.1.2", True), ("10.244.7.7", True))
    assert causes(ENDPOINTS, endpoints_evidence(slices=ends)) == ["dns.endpoints.stale"]


def test_a_port_that_nobody_serves_is_a_fault_of_the_service() -> None:
    ends = (("10.244.0.2", True), ("10.244.1.2", True))
    assert causes(ENDPOINTS, endpoints_evidence(slices=slices(*ends, port=5353))) == ["dns.service.target-port"]
    assert causes(ENDPOINTS, endpoints_evidence(slices=slices(*ends, ports=False))) == ["dns.service.target-port"]


@pytest.mark.parametrize(("protocol", "verdict"), [("TCP", Verdict.WARN), ("UDP", Verdict.FAIL)])
def test_a_wrong_port_for_tcp_alone_breaks_long_answers_only(protocol: str, verdict: Verdict) -> None:
    (piece,) = slices(("10.244.0.2", True), ("10.244.1.2", True))
    ports = [{**port, "port": 5353 if port["protocol"] == protocol else 53} for port in piece["ports"]]
    finding = only(ENDPOINTS, endpoints_evidence(slices=[{**piece, "ports": ports}]))
    assert (finding.cause, finding.verdict) == ("dns.service.target-port", verdict)
    assert f"port 53/{protocol} (targetPort 53) leads to 5353, DNS listens on 53" in finding.summary


def test_a_change_is_offered_only_where_it_would_hit_ready_dns_pods_and_no_others() -> None:
    ill = {"k8s-app": "kube-dnss"}
    down = [backend(ready=False)]
    assert judge(ENDPOINTS, wrong(ill, pods=down)).outputs["mends"] is False
    others = [backend("web", "10.244.1.9", dns=False, labels={**LABELS})]
    assert judge(ENDPOINTS, wrong(ill, selected=others)).outputs["mends"] is False
    assert judge(ENDPOINTS, wrong(ill, pods=[backend(labels={"k8s-app": "x"})])).outputs["mends"] is False


def test_pods_that_serve_no_dns_among_the_endpoints_are_a_warning() -> None:
    mixed = [backend(), backend("coredns-2", "10.244.1.2"), backend("web", "10.244.1.9", dns=False, labels=LABELS)]
    ends = slices(*((p["ips"][0], True) for p in mixed))
    assert causes(ENDPOINTS, endpoints_evidence(selected=mixed, slices=ends)) == ["dns.endpoints.mixed"]


def test_another_port_than_53_is_right_where_the_pods_serve_it() -> None:
    odd = [backend(ports={"UDP": 5353, "TCP": 5353})]
    ends = slices(("10.244.0.2", True), port=5353)
    assert causes(ENDPOINTS, endpoints_evidence(pods=odd, selected=odd, slices=ends)) == []


def test_a_service_without_selector_that_has_endpoints_is_kept_by_the_platform() -> None:
    evidence = endpoints_evidence(service=service(selector={}), pods=[], selected=[],
                                  workload={"name": "", "labels": {}, "match": {}})
    assert only(ENDPOINTS, evidence).verdict is Verdict.PASS
    assert only(ENDPOINTS, {**evidence, "slices": []}).verdict is Verdict.INFO


def test_dns_outside_the_cluster_is_no_fault_where_the_platform_can_do_that() -> None:
    no_workload = {"name": "", "labels": {}, "match": {}}
    bare: dict[str, Any] = {"pods": [], "selected": [], "slices": [], "workload": no_workload}
    assert causes(ENDPOINTS, endpoints_evidence(**bare, version="v1.33.1-gke.1")) == []
    assert causes(ENDPOINTS, endpoints_evidence(**bare, version="v1.33.1")) == ["dns.endpoints.empty"]


# --- dns.service ------------------------------------------------------------------------------------------------


def service_evidence(**changes: Any) -> dict[str, Any]:
    kubelet = {"dns": ["10.96.0.10"], "source": "ConfigMap kube-system/kubelet-config"}
    base = {"read_at": NOW, "version": "", "pods": 2, "service": service(), "kubelet": kubelet, "skipped": []}
    return {**base, **changes}


def without(protocol: str) -> dict[str, Any]:
    return service(ports=[port for port in service()["ports"] if port["protocol"] != protocol])


@pytest.mark.parametrize(("changes", "verdict", "cause"), [
    ({}, Verdict.PASS, ""),
    ({"service": None}, Verdict.FAIL, "dns.service.missing"),
    ({"service": service(addresses=["10.96.0.11"])}, Verdict.FAIL, "dns.service.address"),
    ({"service": service(addresses=["None"]), "kubelet": {"dns": [], "source": ""}}, Verdict.FAIL, "dns.service.type"),
    ({"service": without("TCP")}, Verdict.WARN, "dns.service.ports"),
    ({"service": without("UDP")}, Verdict.FAIL, "dns.service.ports"),
    ({"kubelet": {"dns": [], "source": ""}}, Verdict.PASS, ""),
    ({"kubelet": {"dns": ["169.254.20.10"], "source": "x"}}, Verdict.PASS, ""),
    ({"service": None, "pods": 0, "kubelet": {"dns": [], "source": ""}, "version": "v1.33.1-gke.1"}, Verdict.INFO, ""),
])
def test_the_dns_service_is_held_against_what_kubelets_hand_out(
    changes: dict[str, Any], verdict: Verdict, cause: str
) -> None:
    finding = only(DNS_SERVICE, service_evidence(**changes))
    assert (finding.verdict, finding.cause) == (verdict, cause)


@pytest.mark.parametrize(("addresses", "verdict"), [
    (("10.244.0.2", "10.244.1.2"), Verdict.WARN),
    (("10.244.0.7", "10.244.1.2"), Verdict.FAIL),
    (("10.244.0.7", "10.244.1.7"), Verdict.FAIL),
])
def test_a_service_that_lost_its_selector_keeps_endpoints_that_follow_no_pod(
    addresses: tuple[str, str], verdict: Verdict
) -> None:
    evidence = endpoints_evidence(service=service(selector={}), selected=[])
    piece = {**evidence["slices"][0], "managed": "endpointslice-controller.k8s.io"}
    piece["endpoints"] = [{**end, "address": ip} for end, ip in zip(piece["endpoints"], addresses, strict=True)]
    judgement = judge(ENDPOINTS, {**evidence, "slices": [piece]})
    (finding,) = judgement.findings
    assert (finding.cause, finding.verdict) == ("dns.service.selector", verdict)
    assert judgement.outputs["mends"] is True


def test_endpoints_kept_by_hand_for_a_service_without_selector_are_no_fault() -> None:
    evidence = endpoints_evidence(service=service(selector={}), selected=[])
    assert causes(ENDPOINTS, evidence) == []


def test_endpoints_of_pods_that_are_all_gone_do_not_pass_for_those_of_the_pods() -> None:
    evidence = endpoints_evidence(pods=[], selected=[])
    kept = [{**evidence["slices"][0], "managed": "endpointslice-controller.k8s.io"}]
    assert causes(ENDPOINTS, {**evidence, "slices": kept}) == ["dns.endpoints.stale"]


def test_slices_that_are_not_let_in_are_told_with_the_reason_and_not_as_a_dead_controller() -> None:
    refused = {"message": 'admission webhook "gate.example" denied the request: no', "last": NOW - 20}
    fresh = [backend(since=NOW - 25)]
    finding = only(ENDPOINTS, endpoints_evidence(pods=fresh, selected=fresh, slices=slices(), refused=refused))
    assert (finding.cause, finding.object, finding.verdict) == ("service.endpoints.refused", SERVICE, Verdict.FAIL)
    assert "gate.example" in finding.advice
    assert causes(ENDPOINTS, endpoints_evidence(refused=refused)) == []
    old = {**refused, "last": NOW - 9000}
    fresh = [backend(since=NOW - 2)]
    over = endpoints_evidence(pods=fresh, selected=fresh, slices=slices(), refused=old)
    assert only(ENDPOINTS, over).verdict is Verdict.UNKNOWN
    dead = endpoints_evidence(pods=[backend(since=NOW - 25)], selected=[backend(since=NOW - 25)],
                              slices=slices(("10.244.7.7", True)), refused=refused)
    assert only(ENDPOINTS, dead).verdict is Verdict.FAIL
