"""dns.query_pods and dns.upstream on evidence alone."""

from typing import Any

import pytest

from bot.model.finding import Verdict
from bot.steps.cni.calico_pools import masks_nothing
from bot.steps.dns.names import suggest
from bot.steps.dns.query import QUERY
from bot.steps.dns.resolvers import list_resolvers, read_health
from bot.steps.dns.upstream import UPSTREAM
from tests.steps.dns_evidence import JUST_NOW, LONG_AGO, NOW, WORKLOAD, causes, judge, only, roots

ZONE, DNS_NAME = "cluster.local", "kube-dns.kube-system.svc.cluster.local"
KUBERNETES, NOBODY = f"kubernetes.default.svc.{ZONE}", f"netcheck-no-such-name.default.svc.{ZONE}"
NOT_FOUND: dict[str, Any] = {"rcode": "NXDOMAIN", "records": []}


def answer(name: str, *records: str, type: str = "A", **changes: Any) -> dict[str, Any]:
    return {"name": name, "type": type, "outcome": "answered", "rcode": "NOERROR", "records": list(records),
            "authoritative": True, "message": "", **changes}


def silent(name: str) -> dict[str, Any]:
    return {"name": name, "type": "A", "outcome": "silent", "message": "no answer within 6.5 s"}


def asked(name: str = "coredns-1", node: str = "n1", kubernetes: dict[str, Any] | None = None, **changes: Any) -> Any:
    answers = [
        kubernetes or answer(KUBERNETES, "10.96.0.1"), answer(f"dns-version.{ZONE}", "1.1.0", type="TXT"),
        changes.pop("nobody", answer(NOBODY, **NOT_FOUND)), changes.pop("own", answer(DNS_NAME, "10.96.0.10")),
        *changes.pop("more", ()),
    ]
    return {"name": name, "node": node, "ready": True, "started": LONG_AGO, "answers": answers, **changes}


def evidence(*pods: Any, **changes: Any) -> dict[str, Any]:
    return {
        "read_at": NOW, "workload": WORKLOAD, "zone": ZONE, "service": DNS_NAME, "service_addresses": ["10.96.0.10"],
        "kubernetes_addresses": ["10.96.0.1"], "names": {}, "pods": list(pods), "unasked": [], "unseen": 0,
        "skipped": [], **changes,
    }


def test_right_answers_pass_and_say_what_was_not_tested() -> None:
    finding = only(QUERY, evidence(asked(), asked("coredns-2", "n2")))
    assert finding.verdict is Verdict.PASS
    assert "UDP and the way through the Service were not tested" in finding.summary
    assert any("10.96.0.1" in line for line in finding.evidence)


def test_a_kubelet_that_cannot_be_reached_says_nothing_of_the_dns_pod_behind_it() -> None:
    refused = "error dialing backend: dial tcp 172.16.0.12:10250: connect: connection refused"
    failed = {"name": KUBERNETES, "type": "A", "outcome": "failed", "message": refused}
    finding = only(QUERY, evidence(asked(kubernetes=failed)))
    assert (finding.verdict, finding.cause) == (Verdict.UNKNOWN, "")
    assert "10250" in finding.summary


@pytest.mark.parametrize(("pod", "cause"), [
    (asked(kubernetes=answer(KUBERNETES, rcode="SERVFAIL")), "dns.query.servfail"),
    (asked(kubernetes=answer(KUBERNETES, **NOT_FOUND)), "dns.query.zone"),
    (asked(kubernetes=answer(KUBERNETES, rcode="REFUSED")), "dns.query.zone"),
    (asked(kubernetes=answer(KUBERNETES, "203.0.113.7")), "dns.query.wrong"),
    (asked(own=answer(DNS_NAME, "10.96.0.99")), "dns.query.wrong"),
    (asked(kubernetes=silent(KUBERNETES)), "dns.query.silent"),
    (asked(kubernetes={"name": KUBERNETES, "type": "A", "outcome": "failed",
                       "message": "dial tcp4 127.0.0.1:53: connect: connection refused"}), "dns.query.silent"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_pod_that_answers_wrongly_is_named_for_it(pod: Any, cause: str) -> None:
    alone = only(QUERY, evidence(pod))
    assert (alone.verdict, alone.cause) == (Verdict.FAIL, cause)
    beside = judge(QUERY, evidence(pod, asked("coredns-2", "n2"))).findings
    assert [(f.verdict, f.cause, f.node) for f in beside] == [(Verdict.WARN, cause, "n1")]


def test_an_address_for_a_name_that_nobody_has_is_a_warning() -> None:
    assert causes(QUERY, evidence(asked(nobody=answer(NOBODY, "203.0.113.9")))) == ["dns.query.negative"]


def test_a_pod_that_has_just_started_is_not_judged_by_what_it_does_not_know_yet() -> None:
    young = asked(kubernetes=answer(KUBERNETES, rcode="SERVFAIL"), ready=False, started=JUST_NOW)
    assert only(QUERY, evidence(young)).verdict is Verdict.UNKNOWN
    assert causes(QUERY, evidence(young, asked("coredns-2", "n2"))) == []


def test_a_pod_that_could_not_be_reached_is_unknown_and_not_broken() -> None:
    lost = {"name": KUBERNETES, "type": "A", "outcome": "failed", "message": "dial tcp 10.0.0.5:10250: i/o timeout"}
    assert only(QUERY, evidence(asked(kubernetes=lost))).verdict is Verdict.UNKNOWN


def test_where_no_pod_runs_nothing_was_tested_and_it_says_so() -> None:
    nobody = {"read_at": NOW, "workload": WORKLOAD, "pods": [], "names": {}, "skipped": []}
    assert only(QUERY, nobody).verdict is Verdict.SKIPPED


@pytest.mark.parametrize(("name", "elsewhere", "meant"), [
    ("web", ["team-a", "team-b"], "web.team-a or web.team-b"),
    ("web.shop.svc.cluster.lan", [], "web.shop.svc.cluster.local"),
    ("web.shop.cluster.local", [], "web.shop.svc.cluster.local"),
    ("web.shop", [], ""), ("web.shop.svc", [], ""), ("web.shop.svc.cluster.local", [], ""),
    ("www.example.com", [], ""), ("a.b.c.example.com", [], ""),
])
def test_a_name_that_does_not_exist_comes_with_the_one_that_was_meant(
    name: str, elsewhere: list[str], meant: str
) -> None:
    told = suggest(name, "cluster.local", elsewhere)
    assert meant in told
    assert bool(told) is bool(meant)


# --- names that a person asks about -----------------------------------------------------------------------------


def named(told: list[dict[str, Any]], service: dict[str, Any], name: str = "web.shop") -> dict[str, Any]:
    tried = {name: {"tried": [a["name"] for a in told], "service": service}}
    return evidence(asked(more=told), names=tried)


def test_a_name_that_resolves_is_told_with_its_full_form() -> None:
    told = [answer("web.shop.default.svc.cluster.local", **NOT_FOUND),
            answer("web.shop.svc.cluster.local", "10.96.7.7")]
    judgement = judge(QUERY, named(told, {}), names=["web.shop"])
    assert judgement.outputs["names"] == {"web.shop": ["10.96.7.7"]}
    assert "as web.shop.svc.cluster.local" in judgement.findings[1].summary


@pytest.mark.parametrize(("told", "service", "cause"), [
    (answer("web.shop", **NOT_FOUND), {"asked": "Service shop/web", "exists": False}, "dns.name.not-found"),
    (answer("web.shop", **NOT_FOUND), {"asked": "Service shop/web", "exists": True, "headless": True},
     "dns.name.headless-empty"),
    (answer("web.shop", rcode="SERVFAIL"), {}, "dns.name.unresolved"),
    (silent("web.shop"), {}, "dns.name.unresolved"),
])
def test_a_name_that_does_not_resolve_is_told_with_the_reason(
    told: dict[str, Any], service: dict[str, Any], cause: str
) -> None:
    assert causes(QUERY, named([told], service), names=["web.shop"]) == [cause]


# --- upstream ---------------------------------------------------------------------------------------------------

EXTERNAL, NEVER_ASKED = "kubernetes.io", "netcheck-1800000000.kubernetes.io"
CORP = f"netcheck-{int(NOW)}.corp.example"


def forwarding(*answers: Any, targets: tuple[str, ...] = ("/etc/resolv.conf",), **changes: Any) -> dict[str, Any]:
    pods = [{"name": f"coredns-{n}", "node": f"n{n}", "ready": True, "started": LONG_AGO, "answers": list(told)}
            for n, told in enumerate(answers, 1)]
    return {
        "read_at": NOW, "workload": WORKLOAD, "server": "coredns", "config_map": "ConfigMap kube-system/coredns",
        "corefile_state": "read", "open": False, "forwards": [{"zone": ".", "targets": list(targets), "line": 12}],
        "policy": "Default", "pods": pods, "lines": [], "external": EXTERNAL, "unasked": 0, "skipped": [], **changes,
    }


ALIVE = (answer(EXTERNAL, "203.0.113.10"), answer(NEVER_ASKED, **NOT_FOUND))
CACHED = (answer(EXTERNAL, "203.0.113.10"), answer(NEVER_ASKED, rcode="SERVFAIL"))
DEAD = (answer(EXTERNAL, rcode="SERVFAIL"),)


def test_one_pod_of_two_without_an_answer_from_outside_leads_to_its_node() -> None:
    finding = next(f for f in judge(UPSTREAM, forwarding(ALIVE, DEAD)).findings if f.cause)
    assert (finding.cause, finding.verdict, finding.node) == ("dns.upstream.unreachable", Verdict.WARN, "n2")
    assert "way out of n2" in finding.advice
    assert "way out of" not in only(UPSTREAM, forwarding(DEAD, DEAD)).advice


def test_an_answer_from_outside_passes_also_when_it_is_a_denial() -> None:
    assert only(UPSTREAM, forwarding(ALIVE)).verdict is Verdict.PASS
    denied = (answer(EXTERNAL, **NOT_FOUND), answer(NEVER_ASKED, **NOT_FOUND))
    assert only(UPSTREAM, forwarding(denied)).verdict is Verdict.PASS


@pytest.mark.parametrize("told", [DEAD, CACHED, (silent(EXTERNAL),)])
def test_a_dead_resolver_is_found_even_behind_a_cache(told: Any) -> None:
    finding = only(UPSTREAM, forwarding(told, told))
    assert (finding.verdict, finding.cause, finding.object) == (Verdict.FAIL, "dns.upstream.unreachable", WORKLOAD)


def test_the_resolver_is_named_by_the_corefile_or_by_the_log() -> None:
    assert only(UPSTREAM, forwarding(DEAD, targets=("192.0.2.53",))).object == "Resolver 192.0.2.53"
    line = "[ERROR] plugin/errors: 2 a. A: read udp 10.0.0.1:1->192.0.2.7:53: i/o timeout"
    assert "192.0.2.7" in only(UPSTREAM, forwarding(DEAD, lines=[line])).summary


def test_one_pod_that_cannot_reach_it_is_a_warning_about_its_node() -> None:
    finding = only(UPSTREAM, forwarding(DEAD, ALIVE))
    assert (finding.verdict, finding.node) == (Verdict.WARN, "n1")


@pytest.mark.parametrize(("changes", "verdict"), [
    ({"forwards": []}, Verdict.INFO), ({"pods": []}, Verdict.SKIPPED),
])
def test_where_nothing_is_forwarded_or_asked_nothing_is_wrong(changes: dict[str, Any], verdict: Verdict) -> None:
    assert only(UPSTREAM, forwarding(DEAD, **changes)).verdict is verdict


def test_pods_that_could_not_be_asked_are_named_and_say_nothing_of_the_resolver() -> None:
    lost = {"name": EXTERNAL, "type": "A", "outcome": "failed", "message": "the node could not reach the port"}
    found = judge(UPSTREAM, forwarding(ALIVE, (lost,))).findings
    assert [f.verdict for f in found] == [Verdict.PASS, Verdict.UNKNOWN]
    assert "coredns-2: kubernetes.io: the node could not reach the port" in found[1].summary


def test_a_corefile_changed_a_moment_ago_is_to_be_looked_at_again() -> None:
    assert "look again" in only(UPSTREAM, forwarding(DEAD, changed=NOW - 30)).advice
    assert "look again" not in only(UPSTREAM, forwarding(DEAD, changed=NOW - 3000)).advice


def test_a_refusal_is_an_answer_unless_coredns_itself_refuses() -> None:
    refused = (answer(EXTERNAL, rcode="REFUSED"),)
    assert only(UPSTREAM, forwarding(refused)).verdict is Verdict.INFO
    line = "[ERROR] plugin/errors: 5 a. A: concurrent queries exceeded maximum 1000"
    overload = only(UPSTREAM, forwarding(refused, lines=[line]))
    assert (overload.verdict, overload.cause) == (Verdict.FAIL, "dns.upstream.overload")
    assert only(UPSTREAM, forwarding(refused, ALIVE, lines=[line])).verdict is Verdict.WARN


def test_cluster_first_with_the_nodes_resolvers_leads_back_to_coredns() -> None:
    assert causes(UPSTREAM, forwarding(ALIVE, policy="ClusterFirst")) == ["dns.upstream.dns-policy"]
    assert causes(UPSTREAM, forwarding(ALIVE, policy="ClusterFirst", targets=("9.9.9.9",))) == []


def test_dns_pods_whose_own_settings_name_the_dns_service_ask_themselves() -> None:
    finding = judge(UPSTREAM, forwarding(policy="None", own=["10.96.0.10"])).findings[0]
    assert finding.cause == "dns.upstream.dns-policy"
    assert "dnsPolicy None with nameserver 10.96.0.10" in finding.summary
    assert causes(UPSTREAM, forwarding(ALIVE, policy="None", own=[])) == []


def test_a_zone_with_a_dead_resolver_of_its_own_fails_alone() -> None:
    forwards = [{"zone": ".", "targets": ["/etc/resolv.conf"], "line": 2},
                {"zone": "corp.example", "targets": ["192.0.2.9"], "line": 9}]
    told = (*ALIVE, answer(CORP, rcode="SERVFAIL"))
    finding = judge(UPSTREAM, forwarding(told, forwards=forwards)).findings
    assert [(f.verdict, f.cause) for f in finding] == [(Verdict.PASS, ""), (Verdict.WARN, "dns.upstream.stub")]


def test_where_the_domain_is_only_what_most_clusters_have_a_name_it_lacks_is_no_fault() -> None:
    for kubernetes in (answer(KUBERNETES, **NOT_FOUND), answer(KUBERNETES, rcode="REFUSED")):
        assert only(QUERY, evidence(asked(kubernetes=kubernetes), guessed=True)).verdict is Verdict.UNKNOWN


def test_answers_that_could_not_be_compared_with_anything_do_not_pass() -> None:
    finding = only(QUERY, evidence(asked(), unchecked=["Service default/kubernetes"]))
    assert finding.verdict is Verdict.INFO
    assert "not compared with Service default/kubernetes" in finding.summary


def test_pods_that_answer_as_a_corefile_said_which_was_mended_since_are_told_to_be_behind_it() -> None:
    mended = {"config_map": "ConfigMap kube-system/coredns", "changed": NOW - 20, "zones": [ZONE], "alters": False}
    lost = asked(kubernetes=answer(KUBERNETES, **NOT_FOUND))
    finding = only(QUERY, evidence(lost, configured=mended))
    assert finding.cause == "dns.corefile.stale"
    assert "rollout restart" in finding.advice
    assert any("changed 2027-01-15" in line for line in finding.evidence)
    for other in ({"zones": ["cluster.locl"]}, {"changed": NOW - 900_000}, {"alters": True}):
        assert causes(QUERY, evidence(lost, configured={**mended, **other})) == ["dns.query.zone"]


@pytest.mark.parametrize("kept", [answer(KUBERNETES, rcode="REFUSED"), silent(KUBERNETES), answer(KUBERNETES)])
def test_an_acl_that_refuses_netcheck_itself_is_no_fault_of_the_pod(kept: dict[str, Any]) -> None:
    stands = {"config_map": "", "changed": 0.0, "zones": [ZONE], "alters": True, "acl": True}
    finding = only(QUERY, evidence(asked(kubernetes=kept), configured=stands))
    assert finding.verdict is Verdict.UNKNOWN
    assert "acl" in finding.summary


def test_a_wrong_answer_leads_to_the_lines_of_the_corefile_that_may_have_made_it() -> None:
    stands = {"config_map": "ConfigMap kube-system/coredns", "changed": 0.0, "zones": [ZONE], "alters": True,
              "acl": False, "words": ["`template` in line 3"]}
    finding = only(QUERY, evidence(asked(kubernetes=answer(KUBERNETES, "203.0.113.9")), configured=stands))
    assert finding.cause == "dns.query.wrong"
    assert "`template` in line 3" in finding.advice


PAGE = """# TYPE coredns_proxy_healthcheck_failures_total counter
coredns_proxy_healthcheck_failures_total{proxy_name="forward",to="192.0.2.53:53"} 12
coredns_proxy_request_duration_seconds_count{proxy_name="forward",rcode="NOERROR",to="9.9.9.9:53"} 3
coredns_proxy_request_duration_seconds_count{proxy_name="forward",rcode="NXDOMAIN",to="9.9.9.9:53"} 4
coredns_proxy_request_duration_seconds_sum{proxy_name="forward",rcode="NXDOMAIN",to="8.8.8.8:53"} 4
"""


def test_a_resolver_that_never_answered_beside_one_that_does_is_a_warning() -> None:
    health = read_health(PAGE)
    assert health == {
        "192.0.2.53:53": {"failed": 12.0, "answered": 0.0}, "9.9.9.9:53": {"failed": 0.0, "answered": 7.0}}
    found = causes(UPSTREAM, forwarding(ALIVE, targets=("192.0.2.53", "9.9.9.9"), health=health))
    assert found == ["dns.upstream.partly"]
    silent = judge(UPSTREAM, forwarding(DEAD, targets=("192.0.2.53", "9.9.9.9"), health=health)).findings
    assert roots(*silent) == ["dns.upstream.partly"]
    assert {finding.verdict for finding in silent} == {Verdict.WARN}
    health["192.0.2.53:53"]["answered"] = 1.0  # it was away for a while
    assert causes(UPSTREAM, forwarding(ALIVE, targets=("192.0.2.53", "9.9.9.9"), health=health)) == []


def test_a_service_that_took_the_address_of_a_resolver_is_why_it_does_not_answer() -> None:
    taker = {"service": "Service default/lan-dns", "address": "192.0.2.53"}
    found = judge(UPSTREAM, forwarding(DEAD, targets=("192.0.2.53",), takers=[taker])).findings
    assert roots(*found) == ["dns.upstream.taken"]
    line = "[ERROR] plugin/errors: 2 a. A: dial tcp 172.31.0.1:53: connect: connection refused"
    forwards = [{"targets": ["tls://9.9.9.9:853", "/etc/resolv.conf", "8.8.8.8"]}]
    assert list_resolvers(forwards, [line]) >= {"9.9.9.9", "8.8.8.8", "172.31.0.1"}


LOADED = {"config_map": "ConfigMap kube-system/coredns", "changed": 0.0, "zones": [ZONE], "words": [], "acl": False,
          "alters": True, "taker": "", "narrowing": ""}


@pytest.mark.parametrize(("configured", "cause", "words"), [
    ({"taker": "`cluster.local:53` in line 14"}, "dns.corefile.shadowed", "`cluster.local:53` in line 14"),
    ({"narrowing": "`labels a=b` of the `kubernetes` block in line 5"}, "dns.corefile.namespaces", "`labels a=b`"),
])
def test_names_that_the_corefile_leaves_out_are_its_fault_however_long_its_pods_run(
    configured: dict[str, Any], cause: str, words: str
) -> None:
    told = evidence(asked(kubernetes=answer(KUBERNETES, **NOT_FOUND)), configured={**LOADED, "changed": NOW - 60,
                                                                                 **configured})
    finding = only(QUERY, told)
    assert (finding.verdict, finding.cause, finding.object) == (Verdict.FAIL, cause, LOADED["config_map"])
    assert words in finding.summary
    assert words in finding.advice


@pytest.mark.parametrize("pods", [
    [(answer(EXTERNAL, rcode="REFUSED"),)], [({**silent(EXTERNAL), "outcome": "failed"},)], [ALIVE, DEAD],
], ids=["refused", "not asked", "one of two"])
def test_a_pool_without_nat_is_no_fault_where_an_answer_came_or_nobody_asked(pods: list[Any]) -> None:
    unmasked = [{"pool": "gold", "cidr": "10.250.0.0/24", "address": "10.250.0.7"}]
    told = judge(UPSTREAM, forwarding(*pods, targets=("192.0.2.53",), unmasked=unmasked)).findings
    assert "cni.pool.nat" not in [finding.cause for finding in told]


def test_a_pool_whose_pods_show_their_own_address_outside_is_why_no_answer_comes_back() -> None:
    unmasked = [{"pool": "gold", "cidr": "10.250.0.0/24", "address": "10.250.0.7"}]
    found = judge(UPSTREAM, forwarding(DEAD, targets=("192.0.2.53",), unmasked=unmasked)).findings
    assert [(cause, f.object) for f in found if (cause := f.cause) in roots(*found)] == [
        ("cni.pool.nat", "IPPool gold")]
    masked = {"name": "a", "cidr": "10.244.0.0/16", "disabled": False, "uses": ["Workload"], "vxlan": "Always"}
    assert [masks_nothing({**masked, **more}) for more in (
        {"nat": False}, {"nat": True}, {"nat": False, "vxlan": "Never"}, {"nat": False, "cidr": "fd00::/64"})] == [
            True, False, False, False]
