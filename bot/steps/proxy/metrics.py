"""kube-proxy's metrics page, as far as it tells whether rules were written. Names: pkg/proxy/metrics in Kubernetes."""

import re
from collections import defaultdict
from typing import Any

SAMPLE = re.compile(r"^(?P<name>\w+)(?:\{(?P<labels>[^}]*)\})? (?P<value>\S+)")
FAMILY = re.compile(r'ip_family="([^"]+)"')
CODE = re.compile(r'code="([^"]+)"')
SYNC = "kubeproxy_sync_proxy_rules_"
FAILURES = re.compile(
    r"^kubeproxy_sync_proxy_rules_(iptables(_partial)?_restore_failures|nftables_(sync|cleanup)_failures)_total$")


def read_metrics(text: str) -> dict[str, Any]:
    """{queued: {family: time}, synced: {family: time}, failures, codes: {code: count}}.

    Times in seconds since the epoch. The family is "" where the page does not tell families apart (before 1.33).
    """
    queued: dict[str, float] = {}
    synced: dict[str, float] = {}
    codes: dict[str, float] = defaultdict(float)
    failures = 0.0
    for line in text.splitlines():
        sample = SAMPLE.match(line)
        if not sample:
            continue
        name, labels, value = sample["name"], sample["labels"] or "", _number(sample["value"])
        if name == f"{SYNC}last_queued_timestamp_seconds":
            queued[_label(FAMILY, labels)] = value
        elif name == f"{SYNC}last_timestamp_seconds":
            synced[_label(FAMILY, labels)] = value
        elif FAILURES.match(name):
            failures += value
        elif name == "rest_client_requests_total":
            codes[_label(CODE, labels)] += value
    return {"queued": queued, "synced": synced, "failures": failures, "codes": dict(codes)}


def _label(pattern: re.Pattern[str], labels: str) -> str:
    found = pattern.search(labels)
    return found[1] if found else ""


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
