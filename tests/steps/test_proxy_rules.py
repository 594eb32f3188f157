"""What kube-proxy wrote, says of itself and keeps track of, on evidence alone."""

from typing import Any

import pytest

from bot.model.finding import Verdict
from bot.steps.proxy.conntrack import CONNTRACK
from bot.steps.proxy.health import HEALTH_LOOK
from bot.steps.proxy.written import WRITTEN
from bot.steps.proxy.written_rules import chain_of
from tests.steps.dns_evidence import NOW, causes, judge, only

PROXY = "DaemonSet kube-system/kube-proxy"
ENDS = ["10.244.0.2:53", "10.244.1.2:53"]
EXEC = "create pods/exec in kube-system"
JUMP = '-P OUTPUT ACCEPT\n-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES\n'
SVC = "KUBE-SVC-TCOU7JCQXEZGVUNU"
SEPS = (("10.244.0.2", "KUBE-SEP-YIL6JZP7A3QYXJU2"), ("10.244.1.2", "KUBE-SEP-Z6M7ZHWCTBNMPLD7"))
CHAIN = "\n".join([
    f"-N {SVC}", f"-A {SVC} ! -s 10.244.0.0/16 -d 10.96.0.10/32 -p udp -m udp --dport 53 -j KUBE-MARK-MASQ",
    *(f'-A {SVC} -m comment --comment "kube-system/kube-dns:dns -> {ip}:53" -j {sep}' for ip, sep in SEPS)])
BARE = "\n".join(f"-A {SVC} -j {sep}" for _, sep in SEPS)
"""Without comments, as very many endpoints are written."""
ENTRY = "elements = { 10.96.0.10 . 17 . 53 : goto service-FY5PMXPG-kube-system/kube-dns/udp/dns }"
VMAP = ("numgen random mod 2 vmap { 0 : goto endpoint-2GKX576Q-kube-system/kube-dns/udp/dns__10.244.0.2/53, "
        "1 : goto endpoint-TF6S6XX7-kube-system/kube-dns/udp/dns__10.244.1.2/53 }")
GONE = {"text": "", "code": 1, "said": "iptables: No chain/target/match by that name."}
NO_TABLE = {"text": "", "code": 1, "said": "Error: No such file or directory"}


def service(**changes: Any) -> dict[str, Any]:
    return {"name": "Service kube-system/kube-dns", "id": "kube-system/kube-dns", "port_name": "dns", "protocol": "udp",
            "port": 53, "address": "10.96.0.10", "changed": NOW - 9000, "ends": ENDS, **changes}


def said(text: str, code: int = 0) -> dict[str, Any]:
    return {"text": text, "code": code, "said": ""}


def written(
    jump: Any = JUMP, chain: Any = CHAIN, mode: str = "iptables", others: int = 1, **changes: Any
) -> dict[str, Any]:
    pod = {"name": "kube-proxy-n1", "node": "n1", "jump": said(jump) if isinstance(jump, str) else jump,
           "chain": said(chain) if isinstance(chain, str) else chain}
    return {"read_at": NOW, "proxy": PROXY, "mode": mode, "service": service(**changes), "others": others,
            "pods": [pod], "skipped": []}


@pytest.mark.parametrize(("evidence", "expected"), [
    (written(), []), (written(chain=BARE), []), (written(ENTRY, VMAP, "nftables"), []),
    (written(ends=[ENDS[0]]), ["proxy.rules-unlike"]),                                    # one that is gone is left
    (written(ends=[*ENDS, "10.244.2.2:53"]), ["proxy.rules-unlike"]),                     # one that is new is missing
    (written(ENTRY, VMAP, "nftables", ends=["10.244.2.2:53"]), ["proxy.rules-unlike"]),
    (written(ends=["10.244.2.2:53"], changed=NOW - 10), []),                              # being written just now
    (written("-P OUTPUT ACCEPT\n"), ["proxy.rules-unlike"]),                              # nothing leads into them
    (written(chain=GONE), ["proxy.rules-unlike"]),
    (written(NO_TABLE, NO_TABLE, "nftables"), ["proxy.rules-unlike"]),
    (written(chain={**GONE, "said": "iptables v1.8: can't initialize: Permission denied"}), []),
    (written(jump={"error": "the node does not answer"}, chain={"error": "x"}), []),
    (written(chain=GONE, ends=[]), []),                                                   # no endpoint, no chain
])
def test_rules_are_held_against_the_ready_endpoints(evidence: Any, expected: list[str]) -> None:
    assert causes(WRITTEN, evidence) == expected


def test_rules_that_differ_while_endpoints_change_are_not_called_right() -> None:
    assert only(WRITTEN, written(ends=["10.244.2.2:53"], changed=NOW - 10)).verdict is Verdict.INFO


def test_the_endpoints_that_are_missing_and_that_are_left_are_named_with_the_chain() -> None:
    finding = only(WRITTEN, written(ends=[ENDS[0], "10.244.2.2:53"]))
    assert "10.244.2.2:53 is missing" in finding.summary
    assert "still lead to 10.244.1.2:53" in finding.summary
    assert chain_of(service()) in finding.evidence[0]


def test_chains_that_are_right_and_that_nothing_leads_into_are_told_as_that() -> None:
    """As kube-proxy 1.34 leaves them in mode nftables when it starts again in an image without /etc/protocols."""
    finding = only(WRITTEN, written(NO_TABLE, VMAP, "nftables"))
    assert (finding.cause, "nothing leads into them" in finding.summary) == ("proxy.rules-unlike", True)


LEGACY_JUMP = "-P PREROUTING ACCEPT\n-A PREROUTING -j KUBE-SERVICES\n"


def beside(nat: Any = "-P PREROUTING ACCEPT\n", forward: str = "-P FORWARD ACCEPT\n") -> dict[str, Any]:
    """Rules that are right, and what the legacy backend holds beside them."""
    evidence = written({**said(JUMP), "said": "# Warning: iptables-legacy tables present, use iptables-legacy"})
    told = [nat if isinstance(nat, dict) else said(nat), said("-P OUTPUT ACCEPT\n"), said(forward)]
    evidence["pods"][0]["legacy"] = told
    return evidence


def test_rules_of_kube_proxy_in_the_other_backend_are_a_fault_however_right_its_own_are() -> None:
    finding = only(WRITTEN, beside(LEGACY_JUMP))
    assert (finding.cause, finding.verdict, finding.node) == ("proxy.two-backends", Verdict.WARN, "n1")


@pytest.mark.parametrize(("evidence", "words", "verdicts"), [
    (beside(), "", [Verdict.PASS]),
    (beside(forward="-P FORWARD DROP\n-A FORWARD -s 10.0.0.0/8 -j REJECT\n"), "2 rules", [Verdict.PASS, Verdict.INFO]),
    (beside({"error": "iptables-legacy: not found"}), "could not be read", [Verdict.PASS, Verdict.UNKNOWN]),
])
def test_tables_of_the_other_backend_are_no_fault_by_themselves(
    evidence: Any, words: str, verdicts: list[Verdict]
) -> None:
    found = judge(WRITTEN, evidence).findings
    assert [f.verdict for f in found] == verdicts
    assert words in found[-1].summary


def test_chains_are_named_as_kube_proxy_names_them() -> None:
    assert [chain_of(service()), chain_of(service(), "nftables")] == [
        "KUBE-SVC-TCOU7JCQXEZGVUNU", "service-FY5PMXPG-kube-system/kube-dns/udp/dns"]


def test_without_the_right_to_run_commands_it_is_skipped_and_with_an_error_unknown() -> None:
    denied = {**written(jump={"error": "not permitted"}, chain={"error": "not permitted"}), "skipped": [EXEC]}
    assert [(f.verdict, EXEC in f.summary) for f in judge(WRITTEN, denied).findings] == [(Verdict.SKIPPED, True)]
    silent = written(jump={"error": "the node does not answer"}, chain={"error": "x"})
    assert only(WRITTEN, silent).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("mode", ["ipvs", ""])
def test_a_mode_that_is_not_read_is_said_and_passes_nothing(mode: str) -> None:
    finding = only(WRITTEN, {**written(mode=mode), "pods": []})
    assert (finding.verdict, "not looked at" in finding.summary) == (Verdict.INFO, True)


# --- its health -------------------------------------------------------------------------------------------------


def health(status: int = 200, live: int = 0, **more: Any) -> dict[str, Any]:
    pod = {"name": "kube-proxy-n1", "node": "n1", "status": status, "body": "", "error": "", "refused": False,
           "live": live, **more}
    return {"read_at": NOW, "proxy": PROXY, "pods": [pod], "others": 1, "skipped": []}


@pytest.mark.parametrize(("evidence", "expected"), [
    (health(), []), (health(503, 200), []), (health(503, 503), ["proxy.rules"]),
    (health(0, refused=True), []), (health(0, error="no answer within 7 s", silent=True), []),
])
def test_health_is_a_fault_only_where_both_pages_say_so(evidence: Any, expected: list[str]) -> None:
    assert causes(HEALTH_LOOK, evidence) == expected


def test_one_that_says_nothing_while_another_answers_hangs() -> None:
    both = health(0, error="no answer within 7 s", silent=True)
    both["pods"].append({**health()["pods"][0], "name": "kube-proxy-n2", "node": "n2"})
    found = [f for f in judge(HEALTH_LOOK, both).findings if f.cause]
    assert [(f.cause, f.verdict, f.node) for f in found] == [("proxy.hangs", Verdict.WARN, "n1")]


def test_one_to_which_there_was_no_way_is_not_called_hanging() -> None:
    both = health(0, error="no way to it within 7 s", silent=False)
    both["pods"].append({**health()["pods"][0], "name": "kube-proxy-n2", "node": "n2"})
    assert causes(HEALTH_LOOK, both) == []


def test_an_answer_of_200_passes_nothing_because_it_says_nothing_of_rules() -> None:
    assert only(HEALTH_LOOK, health()).verdict is Verdict.INFO


def test_a_port_that_does_not_answer_is_unknown() -> None:
    assert only(HEALTH_LOOK, health(0, refused=True)).verdict is Verdict.UNKNOWN


# --- connections ------------------------------------------------------------------------------------------------


def connections(number: int | None, per_core: int | None = 32768, least: int = 131072, **more: Any) -> dict[str, Any]:
    pod = {"name": "kube-proxy-n1", "node": "n1", "number": number, "per_core": per_core, "least": least, "cores": 2,
           "error": "", "unasked": "", **more}
    return {"read_at": NOW, "pods": [pod], "others": 1, "skipped": []}


@pytest.mark.parametrize(("evidence", "verdict"), [
    (connections(100), Verdict.PASS), (connections(130_000), Verdict.WARN),
    (connections(200_000, per_core=200_000), Verdict.PASS), (connections(130_000, per_core=0, least=0), Verdict.INFO),
    (connections(None, error="conntrack: not found"), Verdict.UNKNOWN),
    (connections(9, per_core=None, least=0, unasked="no answer within 7 s"), Verdict.UNKNOWN),
])
def test_a_table_is_nearly_full_only_by_a_limit_that_is_known(evidence: Any, verdict: Verdict) -> None:
    assert only(CONNTRACK, evidence).verdict is verdict


def test_connections_that_may_not_be_counted_are_skipped() -> None:
    denied = {**connections(None, error="not permitted"), "skipped": [EXEC]}
    assert [f.verdict for f in judge(CONNTRACK, denied).findings] == [Verdict.SKIPPED]


def test_an_address_that_another_service_took_leads_to_its_chain_which_is_named() -> None:
    taken = ENTRY.replace("service-FY5PMXPG-kube-system/kube-dns/udp/dns", "external-MZKDQPYA-default/thief/udp/dns")
    finding = only(WRITTEN, written(taken, VMAP, "nftables"))
    assert finding.cause == "proxy.rules-unlike"
    assert "default/thief/udp/dns" in finding.summary
