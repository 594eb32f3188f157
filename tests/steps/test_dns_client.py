"""dns.client on evidence alone: where a pod asks, by its spec or its resolv.conf, and what kubelets warn of."""

from typing import Any

import pytest

from bot.model.finding import Verdict
from bot.steps import Evidence
from bot.steps.dns.client import CLIENT, parse_resolv_conf
from tests.steps.dns_evidence import LONG_AGO, NOW, RECENTLY, causes, judge, only, roots

RESOLV = parse_resolv_conf("""
# written by the kubelet
search shop.svc.cluster.local svc.cluster.local cluster.local
nameserver 10.96.0.10
options ndots:5 timeout:1
""")


def pod(**changes: Any) -> dict[str, Any]:
    return {"name": "web", "namespace": "shop", "node": "n1", "host": False, "policy": "ClusterFirst",
            "nameservers": [], "searches": [], "options": {}, "container": "c", "serves_dns": False, "events": [],
            "resolv": None, **changes}


UNREAD: dict[str, Any] = {"dns": [], "domain": "", "source": ""}


def seen(of: dict[str, Any] | None = None, **changes: Any) -> Evidence:
    kubelet = {"dns": ["10.96.0.10"], "domain": "cluster.local", "source": "ConfigMap kube-system/kubelet-config"}
    return {"read_at": NOW, "pod": of, "asked": "shop/web" if of else "", "events": [], "kubelet": kubelet,
            "service": ["10.96.0.10"], "skipped": [], **changes}


def event(reason: str, last: str = RECENTLY, message: str = "m") -> dict[str, str]:
    return {"reason": reason, "message": message, "about": "Pod shop/web", "node": "n1", "last": last}


@pytest.mark.parametrize("of", [
    pod(), pod(resolv=RESOLV), pod(policy="ClusterFirstWithHostNet", host=True, resolv=RESOLV),
    pod(policy="None", nameservers=["10.96.0.10"], searches=["svc.cluster.local"]),
    pod(options={"ndots": "2"}), pod(policy="Default", serves_dns=True),
], ids=["by spec", "by file", "host network", "own servers", "two dots", "a DNS server"])
def test_pods_that_ask_as_they_should(of: dict[str, Any]) -> None:
    assert only(CLIENT, seen(of)).verdict in (Verdict.PASS, Verdict.INFO)


def test_a_file_that_was_not_read_is_not_said_to_be_right() -> None:
    skipped = ["create pods/exec in shop"]
    passed, named = judge(CLIENT, seen(pod(), skipped=skipped)).findings
    assert "its resolv.conf was not read" in passed.summary
    assert (named.verdict, skipped[0] in named.summary) == (Verdict.SKIPPED, True)


@pytest.mark.parametrize(("of", "cause"), [
    (pod(policy="Default"), "dns.client.policy"),
    (pod(policy="None", nameservers=["1.1.1.1"]), "dns.client.policy"),
    (pod(policy="None", nameservers=["1.1.1.1", "10.96.0.10"]), "dns.client.policy"),
    (pod(policy="Default", nameservers=["10.96.0.10"]), "dns.client.policy"),  # after those of its node
    (pod(host=True), "dns.client.host-network"),
    (pod(resolv={**RESOLV, "nameservers": ["10.96.0.99"]}), "dns.client.resolv-conf"),
], ids=["default", "none", "too late", "added", "host network", "old file"])
def test_pods_that_ask_somebody_else_are_broken_and_told_once(of: dict[str, Any], cause: str) -> None:
    finding = only(CLIENT, seen(of))
    assert (finding.cause, finding.verdict, finding.object) == (cause, Verdict.FAIL, "Pod shop/web")
    assert any("10.96.0.10" in line for line in finding.evidence)


def test_a_pod_that_asks_another_dns_service_of_the_cluster_is_neither_right_nor_wrong() -> None:
    of = pod(policy="None", nameservers=["10.96.0.53"], searches=["svc.cluster.local"])
    finding = only(CLIENT, seen(of, other="Service infra/dns"))
    assert (finding.verdict, finding.cause) == (Verdict.UNKNOWN, "")
    assert "Service infra/dns at 10.96.0.53" in finding.summary


def test_few_dots_and_a_missing_search_list_break_short_names_only() -> None:
    for of in (pod(options={"ndots": "1"}), pod(resolv={**RESOLV, "ndots": 1})):
        finding = only(CLIENT, seen(of))
        assert (finding.cause, finding.verdict) == ("dns.client.ndots", Verdict.WARN)
    finding = only(CLIENT, seen(pod(resolv={**RESOLV, "searches": ["corp.example"]})))
    assert (finding.cause, finding.verdict) == ("dns.client.search", Verdict.WARN)


def test_the_address_of_a_cache_on_the_node_is_the_clusters_too() -> None:
    kubelet = {"dns": ["169.254.20.10"], "domain": "", "source": "ConfigMap kube-system/kubelet-config"}
    of = pod(resolv={**RESOLV, "nameservers": ["169.254.20.10"]})
    assert causes(CLIENT, seen(of, kubelet=kubelet)) == []


@pytest.mark.parametrize(("of", "handed"), [
    (pod(policy="None", nameservers=["169.254.20.10", "10.96.0.10"], searches=["svc.cluster.local"]), []),
    (pod(resolv={**RESOLV, "nameservers": ["169.254.20.10", "10.96.0.10"]}), []),
    (pod(resolv={**RESOLV, "nameservers": ["10.1.1.1", "10.96.0.10"]}), ["10.1.1.1", "10.96.0.10"]),
], ids=["written by a webhook", "by flags of the kubelet", "a front of one's own"])
def test_a_cache_before_the_dns_service_is_no_fault(of: dict[str, Any], handed: list[str]) -> None:
    assert causes(CLIENT, seen(of, kubelet={**UNREAD, "dns": handed})) == []


def test_a_cache_alone_is_unknown_where_it_is_not_known_what_kubelets_hand_out() -> None:
    for address, verdict in (("169.254.20.10", Verdict.UNKNOWN), ("169.254.169.254", Verdict.FAIL)):
        finding = only(CLIENT, seen(pod(resolv={**RESOLV, "nameservers": [address]}), kubelet=UNREAD))
        assert (finding.verdict, address in finding.summary) == (verdict, True)


def test_a_kubelet_without_clusterdns_is_why_its_pods_ask_elsewhere() -> None:
    of = pod(events=[event("MissingClusterDNS")], resolv={**RESOLV, "nameservers": ["172.31.0.1"]})
    found = judge(CLIENT, seen(of)).findings
    assert [f.cause for f in found] == ["dns.client.missing-cluster-dns", "dns.client.resolv-conf"]
    assert roots(*found) == ["dns.client.missing-cluster-dns"]


def test_what_kubelets_warn_of_is_told_without_a_pod_named_and_only_while_it_is_fresh() -> None:
    assert causes(CLIENT, seen(events=[event("MissingClusterDNS")])) == ["dns.client.missing-cluster-dns"]
    assert causes(CLIENT, seen(events=[event("MissingClusterDNS", last=LONG_AGO)])) == []
    assert only(CLIENT, seen()).verdict is Verdict.INFO  # no event is no evidence of health


def test_dropped_search_domains_are_a_fault_and_dropped_resolvers_only_of_the_pod_in_question() -> None:
    search = event("DNSConfigForming", message="Search Line limits were exceeded, applied line: a b")
    servers = event("DNSConfigForming", message="Nameserver limits were exceeded, applied line: a b")
    assert causes(CLIENT, seen(events=[search])) == ["dns.client.limits"]
    assert causes(CLIENT, seen(events=[servers])) == []
    assert causes(CLIENT, seen(pod(events=[servers]))) == ["dns.client.limits"]


def test_a_pod_that_is_not_there_is_neither_right_nor_wrong() -> None:
    assert only(CLIENT, seen(None, asked="shop/web")).verdict is Verdict.UNKNOWN


def test_resolv_conf_is_read_as_the_resolver_reads_it() -> None:
    assert RESOLV == {"nameservers": ["10.96.0.10"], "ndots": 5,
                      "searches": ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"]}
    assert parse_resolv_conf("")["ndots"] == 1
    assert parse_resolv_conf("search a\nsearch b.\n")["searches"] == ["b"]
