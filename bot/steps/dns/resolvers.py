"""What is known of the resolvers behind CoreDNS: what its own metrics count of each, and Services that take their
addresses."""

import re
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.loglines import read_lines
from bot.steps.dns.load import metrics_port, read_counters
from bot.steps.dns.objects import Dns
from bot.steps.readings import items_or_skip
from bot.steps.wording import name_object

DNS = 53
MOST_SERVICES = 300
_LABELS = r'\{[^}\n]*\bto="(?P<to>[^"]+)"[^}\n]*\} (?P<number>[\d.e+]+)$'
COUNTED = {
    "failed": re.compile(rf"^coredns_(?:proxy|forward)_healthcheck_failures_total{_LABELS}", re.MULTILINE),
    "answered": re.compile(rf"^coredns_(?:proxy_request_duration_seconds_count|forward_responses_total){_LABELS}",
                           re.MULTILINE),
}
"""Counters of CoreDNS since 1.11, and before (https://coredns.io/plugins/forward/#metrics)."""
HOST = re.compile(r"^(?:\w+://)?(?P<host>\d+\.\d+\.\d+\.\d+)(?::\d+)?$")


def list_resolvers(forwards: list[dict[str, Any]], lines: list[str]) -> set[str]:
    """The addresses of resolvers that the Corefile names, or that log lines complain of."""
    named = {HOST.sub(r"\g<host>", target) for forward in forwards for target in forward["targets"]}
    return named | {match.facts["to"].strip("[]") for match in read_lines(lines) if "to" in match.facts}


async def find_takers(cluster: Cluster, addresses: set[str]) -> list[dict[str, Any]]:
    """Services whose external addresses are those of resolvers, among the first few hundred: the service proxy of each
    node leads what is meant for the resolver to them."""
    services = await items_or_skip(cluster.list("Service", limit=MOST_SERVICES), [])  # who looked for DNS has told it
    found = []
    for item in services or ():
        spec, status = item["spec"], item.get("status", {})
        given = [i.get("ip", "") for i in (status.get("loadBalancer") or {}).get("ingress") or ()
                 if i.get("ipMode", "VIP") == "VIP"]
        taken = addresses & {*(spec.get("externalIPs") or ()), *given}
        if taken and any(port["port"] == DNS for port in spec.get("ports") or ()):
            found.append({"service": name_object("Service", item), "address": sorted(taken)[0]})
    return found[:3]


async def count_answers(
    cluster: Cluster, dns: Dns, corefile: Object, pod: str, skipped: list[str]
) -> dict[str, dict[str, float]]:
    """What the pod itself counts of each of its resolvers: {address: {answered, failed}}; {} where it does not tell."""
    port = metrics_port(corefile)
    page = await read_counters(cluster, dns.namespace, pod, port, skipped) if port else None
    return read_health(page.text) if page else {}


def read_health(page: str) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for what, pattern in COUNTED.items():
        for hit in pattern.finditer(page):
            told = found.setdefault(hit["to"], dict.fromkeys(COUNTED, 0.0))
            told[what] += float(hit["number"])
    return found
