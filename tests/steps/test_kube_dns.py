"""kube-dns's settings on evidence alone: JSON in a ConfigMap, taken as a whole or not at all."""

from typing import Any

import pytest

from bot.model.finding import Verdict
from bot.steps.dns.corefile import COREFILE
from bot.steps.dns.kube_dns import list_forwards
from tests.steps.dns_evidence import NOW, causes, only

MAP = "ConfigMap kube-system/kube-dns"


def settings(state: str = "read", **values: str) -> dict[str, Any]:
    return {"read_at": NOW, "server": "kube-dns", "workload": "Deployment kube-system/kube-dns",
            "corefile": {"state": "none", "config_map": ""}, "pods": [], "addresses": ["10.0.0.10", "fd00::a"],
            "settings": {"state": state, "config_map": MAP, "values": values}, "skipped": []}


@pytest.mark.parametrize(("evidence", "expected"), [
    (settings(), []), (settings("missing"), []), (settings("unknown"), []),
    (settings(stubDomains='{"corp.example.org": ["192.0.2.60", "192.0.2.61:5353", "ns.example.org"]}'), []),
    (settings(upstreamNameservers='["192.0.2.53", "[2001:db8::53]:53"]'), []),
    (settings(upstreamNameservers='["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"]'), ["dns.kube-dns.settings"]),
    (settings(upstreamNameservers='["resolver.example.org"]'), ["dns.kube-dns.settings"]),
    (settings(upstreamNameservers='"192.0.2.53"'), ["dns.kube-dns.settings"]),
    (settings(stubDomains='{"corp.example.org": "192.0.2.60"}'), ["dns.kube-dns.settings"]),
    (settings(stubDomains='{"corp.example.org": ["192.0.2.60"],}'), ["dns.kube-dns.settings"]),
    (settings(stubDomains='{"corp example": ["192.0.2.60"]}'), ["dns.kube-dns.settings"]),
    (settings(upstreamNameservers='["10.0.0.10"]'), ["dns.kube-dns.circle"]),
    (settings(upstreamNameservers='["[fd00::a]:53"]'), ["dns.kube-dns.circle"]),
    (settings(stubDomains='{"corp.example.org": ["10.0.0.10:53"]}'), ["dns.kube-dns.circle"]),
])
def test_settings_are_wrong_only_where_kube_dns_would_not_take_them(evidence: Any, expected: list[str]) -> None:
    assert causes(COREFILE, evidence) == expected


def test_settings_that_could_not_be_read_are_unknown_and_none_at_all_are_no_fault() -> None:
    assert only(COREFILE, settings("unknown")).verdict is Verdict.UNKNOWN
    assert only(COREFILE, settings("missing")).verdict is Verdict.INFO


def test_what_is_forwarded_where_is_told_of_valid_settings_only() -> None:
    good = settings(stubDomains='{"corp.example.org": ["192.0.2.60"]}', upstreamNameservers='["192.0.2.53"]')
    assert [(f["zone"], f["targets"]) for f in list_forwards(good["settings"])] == [
        (".", ["192.0.2.53"]), ("corp.example.org", ["192.0.2.60"])]
    assert list_forwards(settings(stubDomains="{")["settings"]) == []
