"""dns.corefile on evidence alone: what CoreDNS cannot start with, what answers wrongly, what is merely unusual."""

from typing import Any

import pytest

from bot.model.finding import Verdict
from bot.steps.dns.corefile import COREFILE
from bot.steps.dns.served import declare, default_port
from tests.steps.dns_evidence import (
    CONFIG_MAP,
    NOW,
    WORKLOAD,
    causes,
    corefile,
    corefile_evidence,
    directive,
    judge,
    only,
)

RESTARTED_SINCE = {"pods": [{"ready": True, "started": "2027-01-15T07:59:00Z"}]}
DOWN = {"pods": [{"ready": False, "started": ""}]}


def test_the_usual_corefile_passes_and_its_kubernetes_block_is_told() -> None:
    finding = only(COREFILE, corefile_evidence())
    assert finding.verdict is Verdict.PASS
    for said in ("zones cluster.local", "reverse zones in-addr.arpa and ip6.arpa", "ttl 30", "pods insecure",
                 "fallthrough for in-addr.arpa and ip6.arpa"):
        assert said in finding.summary


@pytest.mark.parametrize(("facts", "cause"), [
    (corefile(state="missing"), "dns.corefile.missing"),
    (corefile(state="no-key", keys=["corefile"]), "dns.corefile.key"),
    (corefile(blocks=[]), "dns.corefile.empty"),
    (corefile(mistakes=[{"line": 3, "message": "not closed"}]), "dns.corefile.syntax"),
    (corefile(directive("forwrad", ".", "9.9.9.9", line=12)), "dns.corefile.directive-unknown"),
    (corefile(directive("proxy", ".", "/etc/resolv.conf", line=12)), "dns.corefile.directive-removed"),
    (corefile(directive("kubernetes", "cluster.local", options=(("resyncperiod", "5m"),)), without=("kubernetes",)),
     "dns.corefile.directive-removed"),
    (corefile(directive("forward", ".", "127.0.0.1"), without=("forward",)), "dns.corefile.loop"),
    (corefile(directive("forward", ".", "[::1]:53"), without=("forward",)), "dns.corefile.loop"),
    (corefile(directive("forward", ".", "10.96.0.10"), without=("forward",)), "dns.corefile.loop"),
    (corefile(without=("ready",)), "dns.corefile.no-ready"),
    (corefile(directive("health", ":8081"), without=("health",)), "dns.corefile.no-health"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_keeps_coredns_from_serving_is_broken_without_pods_and_a_warning_while_they_run_on(
    facts: dict[str, Any], cause: str
) -> None:
    down, up = only(COREFILE, corefile_evidence(facts, **DOWN)), only(COREFILE, corefile_evidence(facts))
    assert (down.verdict, down.cause, down.object) == (Verdict.FAIL, cause, CONFIG_MAP)
    assert (up.verdict, up.cause) == (Verdict.WARN, cause)


def test_for_the_dropped_proxy_line_the_advice_is_the_exact_forward_line() -> None:
    facts = corefile(directive("proxy", ".", "/etc/resolv.conf", line=12), without=("forward",))
    finding = only(COREFILE, corefile_evidence(facts, **DOWN))
    assert "`forward . /etc/resolv.conf`" in finding.advice
    assert "line 12" in finding.advice
    assert "dropped proxy in 1.5.0 and 1.12.0 runs" in finding.summary


def test_an_old_coredns_still_has_the_proxy_line() -> None:
    facts = corefile(directive("proxy", ".", "/etc/resolv.conf"), without=("forward",))
    assert causes(COREFILE, corefile_evidence(facts, version=[1, 3, 1])) == []


@pytest.mark.parametrize(("facts", "cause"), [
    (corefile(without=("kubernetes",)), "dns.corefile.no-kubernetes"),
    (corefile(directive("kubernetes", "example.local"), without=("kubernetes",)), "dns.corefile.zone"),
])
def test_a_zone_that_is_not_served_is_broken_even_while_the_pods_are_ready(facts: dict[str, Any], cause: str) -> None:
    finding = only(COREFILE, corefile_evidence(facts))
    assert (finding.verdict, finding.cause) == (Verdict.FAIL, cause)


@pytest.mark.parametrize("facts", [
    corefile(directive("k8s_gateway", "example.org")),  # a plugin of the image's own
    corefile(without=("loop", "reload", "cache", "errors")),
    corefile(without=("kubernetes", "ready", "health"), imports=["custom/*.override"]),  # AKS, k3s
    corefile(directive("forward", ".", "127.0.0.1:5353"), without=("forward",)),  # another program in the pod
    corefile(directive("forward", ".", "tls://9.9.9.9"), without=("forward",)),
    corefile(directive("kubernetes", options=(("fallthrough",),)), without=("kubernetes",)),  # the block's zones
    corefile(directive("autopath", "@kubernetes")),
    corefile(state="optional"),
    {"state": "none", "config_map": ""},
])
def test_what_is_merely_different_raises_no_alarm(facts: dict[str, Any]) -> None:
    assert causes(COREFILE, corefile_evidence(facts)) == []


def test_a_word_that_the_running_pods_have_started_with_cannot_be_wrong() -> None:
    facts = corefile(directive("forwrad"), changed=NOW - 600)
    assert causes(COREFILE, corefile_evidence(facts, **RESTARTED_SINCE)) == []
    assert causes(COREFILE, corefile_evidence(facts)) == ["dns.corefile.directive-unknown"]


def test_oddities_are_told_as_information() -> None:
    findings = judge(COREFILE, corefile_evidence(corefile(without=("loop", "reload")))).findings
    assert [f.verdict for f in findings] == [Verdict.PASS, Verdict.INFO]
    assert "`reload`" in findings[1].summary


def test_kube_dns_has_no_corefile_and_that_is_no_fault() -> None:
    finding = only(COREFILE, corefile_evidence({"state": "none", "config_map": ""}, server="kube-dns"))
    assert finding.verdict is Verdict.INFO


def test_a_zone_that_is_forwarded_back_to_dns_is_told_by_its_own_name() -> None:
    stub = {"keys": ["corp.example:53"], "line": 1, "open": False,
            "directives": [directive("forward", ".", "10.96.0.10")]}
    facts = corefile()
    finding = judge(COREFILE, corefile_evidence({**facts, "blocks": [stub, *facts["blocks"]]})).findings[0]
    assert finding.cause == "dns.corefile.loop"
    assert "forwards zone “corp.example” to" in finding.summary
    assert "/etc/resolv.conf" not in finding.advice


@pytest.mark.parametrize(("rules", "refuses"), [
    ((("block",),), True), ((("drop", "net", "10.244.0.0/16"),), True), ((("filter", "type", "A"),), True),
    ((("allow", "net", "10.0.0.0/8"), ("block",)), False), ((("block", "type", "ANY", "net", "192.0.2.0/24"),), False),
    ((("block", "type", "AXFR"),), False), ((("block", "net", "{$NETS}"),), False),
])
def test_an_acl_that_keeps_pods_from_asking_is_told_and_one_that_keeps_others_is_not(
    rules: tuple[tuple[str, ...], ...], refuses: bool
) -> None:
    found = causes(COREFILE, corefile_evidence(corefile(directive("acl", options=rules))))
    assert found == (["dns.corefile.acl"] if refuses else [])


@pytest.mark.parametrize("changes", [{"port": 8182}, {"path": "/readyz"}])
def test_a_probe_beside_a_plugin_that_is_loaded_is_a_fault_of_the_workload(changes: dict[str, Any]) -> None:
    probe = {"probe": "readinessProbe", "port": 8181, "path": "/ready", **changes}
    finding = judge(COREFILE, corefile_evidence(probes={"ready": probe})).findings[0]
    assert (finding.cause, finding.object) == ("dns.pods.probe", WORKLOAD)
    assert "port 8181, path /ready" in finding.advice


def test_a_kubernetes_block_for_a_few_namespaces_is_why_other_names_do_not_resolve() -> None:
    def serving(*names: str) -> dict[str, Any]:
        limited = directive("kubernetes", "cluster.local", options=(("namespaces", *names),))
        return corefile_evidence(corefile(limited, without=("kubernetes",)))

    assert causes(COREFILE, serving("shop")) == ["dns.corefile.namespaces"]
    assert causes(COREFILE, serving("shop"), namespace="shop") == []
    assert causes(COREFILE, serving("default"), namespace="shop") == ["dns.corefile.namespaces"]
    assert causes(COREFILE, serving("shop", "default")) == []


@pytest.mark.parametrize(("line", "cause"), [
    (directive("hosts"), "dns.corefile.shadowed"),
    (directive("hosts", "/etc/coredns/hosts", "cluster.local"), "dns.corefile.shadowed"),
    (directive("hosts", options=(("fallthrough", "corp.example"),)), "dns.corefile.shadowed"),
    (directive("template", "IN", "ANY"), "dns.corefile.shadowed"),
    (directive("template", "ANY", "A", "svc.cluster.local"), ""),  # a part of the zone
    (directive("template", "IN", "A", options=(("match",),)), "dns.corefile.shadowed"),
    (directive("template", "IN", "A", options=(("match",), ("fallthrough",))), ""),
    (directive("template", "IN", "AAAA"), ""),  # no IPv6 answers, on purpose
    (directive("template", "IN", "ANY", "corp.example"), ""),
    (directive("hosts", options=(("fallthrough",),)), ""),
    (directive("hosts", "/etc/coredns/hosts", "corp.example"), ""),
    (directive("bind", "127.0.0.1"), "dns.corefile.bind"),
    (directive("bind", "lo"), "dns.corefile.bind"),
    (directive("bind", "127.0.0.1", "0.0.0.0"), ""),
    (directive("bind", "eth0"), ""),
])
def test_a_line_that_keeps_questions_from_the_cluster_zone_is_told_and_one_that_lets_them_pass_is_not(
    line: dict[str, Any], cause: str
) -> None:
    found = [f for f in judge(COREFILE, corefile_evidence(corefile(line))).findings if f.cause]
    assert [(f.cause, f.verdict) for f in found] == ([(cause, Verdict.FAIL)] if cause else [])


@pytest.mark.parametrize(("keys", "ports", "cause"), [
    ([".:5353"], {}, "dns.corefile.port"),
    ([".:5353", "cluster.local:53"], {}, ""),
    ([".:5353"], {"service": [5353]}, ""),
    ([".:5353"], {"container": [5353]}, ""),  # then it is the Service that differs
    ([".:5353"], {"service": []}, ""),  # a name that the containers do not have
    (["tls://.:853", ".:53"], {}, ""),
    (["."], {"service": [1053], "container": [1053]}, "dns.corefile.port"),
])
def test_a_corefile_on_another_port_is_told_where_service_and_containers_agree(
    keys: list[str], ports: dict[str, list[int]], cause: str
) -> None:
    facts = corefile()
    facts["blocks"][0]["keys"] = keys
    evidence = corefile_evidence(facts, ports={"service": [53], "container": [53], **ports})
    assert causes(COREFILE, evidence) == ([cause] if cause else [])


def test_blocks_without_a_port_have_the_one_of_the_flag() -> None:
    facts = corefile(port=1053)
    facts["blocks"][0]["keys"] = ["."]
    assert causes(COREFILE, corefile_evidence(facts, ports={"service": [1053], "container": [1053]})) == []
    for words in (["-conf", "Corefile", "-dns.port", "1053"], ["-dns.port=1053"], ["--p=1053"], ["-p", "1053"]):
        assert default_port({"containers": [{"args": words}]}) == 1053
    assert default_port({"containers": [{"args": ["-conf", "Corefile"]}]}) == 53


@pytest.mark.parametrize(("key", "more", "lost", "taken"), [
    ("cluster.local:53", (), True, True),
    ("shop.svc.cluster.local:53", (), True, True),
    ("shop.svc.cluster.local:53", (), False, False),  # whoever is asked there may know
    ("svc.cluster.local:5353", (), True, False),  # nobody asks that port
    ("other.svc.cluster.local:53", (), True, False),
    ("consul:53", (), True, False),
    ("svc.cluster.local:53", (directive("kubernetes", "cluster.local"),), True, False),
    ("svc.cluster.local:53", (directive("file", "/zones/own"),), True, False),
])
def test_a_server_block_with_a_longer_zone_takes_names_that_do_not_resolve_from_the_kubernetes_block(
    key: str, more: tuple[dict[str, Any], ...], lost: bool, taken: bool
) -> None:
    facts = corefile()
    directives = [directive("forward", ".", "/etc/resolv.conf"), *more]
    facts["blocks"].append({"keys": [key], "line": 14, "open": False, "directives": directives})
    found = judge(COREFILE, corefile_evidence(facts), namespace="shop", lost=lost).findings
    told = [f for f in found if f.cause]
    assert [f.cause for f in told] == (["dns.corefile.shadowed"] if taken else [])
    assert all(f"`{key}` in line 14" in f.summary for f in told)


def test_a_port_that_is_served_takes_the_place_of_those_that_are_declared() -> None:
    spec = {"containers": [{"name": "log"}, {"name": "coredns", "ports": [
        {"name": "dns", "containerPort": 53, "protocol": "UDP"}, {"name": "metrics", "containerPort": 9153}]}]}
    log, dns = declare(spec, 5353)["containers"]
    assert log == {"name": "log"}
    assert [(p["name"], p["containerPort"]) for p in dns["ports"]] == [
        ("dns", 5353), ("dns-tcp", 5353), ("metrics", 9153)]
