"""dns.service on evidence alone: the Service that pods ask, its kind, its address, its ports."""

from bot.model.finding import Verdict
from bot.steps import Evidence
from bot.steps.dns.front import SERVICE
from tests.steps.dns_evidence import NOW, causes, judge, only, roots, service


def seen(**changes: object) -> Evidence:
    kubelet = {"dns": ["10.96.0.10"], "source": "ConfigMap kube-system/kubelet-config"}
    facts = {"type": "ClusterIP", "addresses": ["10.96.0.10"], **changes}
    return {
        "read_at": NOW, "version": "", "pods": 2, "service": {**service(), **facts}, "kubelet": kubelet, "skipped": [],
        "proxies": ["kube-proxy"],
    }  # fmt: skip


def test_the_service_that_kubelets_hand_out_passes() -> None:
    assert only(SERVICE, seen()).verdict is Verdict.PASS


def test_a_service_without_a_cluster_address_is_one_fault_and_says_which_address_it_needs() -> None:
    for kind, addresses in (("ClusterIP", ["None"]), ("ExternalName", [])):
        finding = only(SERVICE, seen(type=kind, addresses=addresses, ports=[]))
        assert finding.cause == "dns.service.type"
        assert "10.96.0.10" in finding.summary
        assert "clusterIP 10.96.0.10" in finding.advice
        assert "[" not in finding.summary


def test_a_service_made_anew_with_another_address_is_to_be_made_with_the_one_that_pods_have() -> None:
    finding = only(SERVICE, seen(addresses=["10.96.0.99"]))
    assert finding.cause == "dns.service.address"
    assert "delete it and create it with clusterIP 10.96.0.10" in finding.advice


def test_a_missing_port_is_named() -> None:
    udp = [{"port": 53, "protocol": "UDP", "name": "dns", "targetPort": 53}]
    assert causes(SERVICE, seen(ports=udp)) == ["dns.service.ports"]


def test_a_label_that_leaves_the_service_to_a_proxy_that_does_not_run_leaves_pods_without_dns() -> None:
    finding = only(SERVICE, seen(proxy_name="other"))
    assert (finding.cause, finding.verdict) == ("service.proxy-name", Verdict.WARN)
    assert "label service kube-dns service.kubernetes.io/service-proxy-name-" in finding.advice
    assert causes(SERVICE, seen(proxy_name="kube-proxy")) == []
    marked = only(SERVICE, seen(called_headless=True))
    assert marked.cause == "service.proxy-name"
    assert "label service kube-dns service.kubernetes.io/headless-" in marked.advice
    assert causes(SERVICE, {**seen(proxy_name="other"), "proxies": None}) == []


def test_what_follows_from_the_kind_of_the_service_is_no_fault_beside_it() -> None:
    finding = only(SERVICE, seen(type="ExternalName", addresses=[]))
    assert roots(finding) == ["dns.service.type"]


def test_without_the_kubelets_address_a_service_of_another_name_is_not_called_missing() -> None:
    blind = {**seen(), "service": None, "kubelet": {"dns": [], "source": ""},
             "skipped": ["get configmaps in kube-system"]}
    assert causes(SERVICE, {**blind, "skipped": []}) == ["dns.service.missing"]
    assert [f.verdict for f in judge(SERVICE, blind).findings] == [Verdict.UNKNOWN, Verdict.SKIPPED]
