"""What DNS pods count of their own work: names in their caches, and questions since they started. It stands beside the
estimate of their memory, which knows nothing of either (coredns/deployment, Scaling_CoreDNS.md).

Counters: https://coredns.io/plugins/cache/#metrics, https://coredns.io/plugins/metrics/; the older name of the one for
questions is that of CoreDNS before 1.7.
"""

import asyncio
import re
from typing import Any

from bot.cluster import Cluster, Object
from bot.steps.dns.corefile_facts import plugins
from bot.steps.dns.objects import Dns
from bot.steps.http_page import Page, read_page
from bot.steps.podfacts import pod_facts
from bot.steps.readings import or_skip
from bot.steps.wording import parse_time

METRICS, PATIENCE = 9153, 3.0
MOST_PODS = 2
LABELS = r"\{[^}\n]*\} (?P<number>[\d.e+]+)$"
ENTRIES = re.compile(rf"^coredns_cache_entries{LABELS}", re.MULTILINE)
QUESTIONS = re.compile(rf"^coredns_dns_requests?(?:_count)?_total{LABELS}", re.MULTILINE)


def metrics_port(corefile: Object) -> int:
    """Where CoreDNS serves its counters; 0 where it serves none, or the Corefile does not tell."""
    ports = [str(d["args"][0] if d["args"] else METRICS) for _, d in plugins(corefile, "prometheus")]
    port = ports[0].rpartition(":")[2] if ports else ""
    return int(port) if port.isdigit() else 0


async def read_counters(cluster: Cluster, namespace: str, pod: str, port: int, skipped: list[str]) -> Page | None:
    """None where it may not be asked, which is kept under `skipped`."""
    return await or_skip(read_page(cluster, namespace, pod, port, "/metrics", patience=PATIENCE), skipped)


async def read_load(
    cluster: Cluster, dns: Dns, corefile: Object, skipped: list[str], *, most: int = MOST_PODS
) -> list[dict[str, Any]]:
    """[{name, entries, questions, started}] of ready pods that tell. One that does not answer tells nothing: others
    find out why."""
    port = metrics_port(corefile)
    ready = [facts for pod in dns.pods if (facts := pod_facts(pod))["ready"] and not pod["spec"].get("hostNetwork")]
    chosen = ready[:most] if port else []
    pages = await asyncio.gather(
        *(read_counters(cluster, dns.namespace, pod["name"], port, skipped) for pod in chosen))
    return [{"name": pod["name"], "started": pod["started"], "entries": count_entries(page.text),
             "questions": count_questions(page.text)}
            for pod, page in zip(chosen, pages, strict=True) if page and page.status == 200]


def count_entries(page: str) -> float:
    return _sum(ENTRIES, page)


def count_questions(page: str) -> float:
    return _sum(QUESTIONS, page)


def _sum(pattern: re.Pattern[str], page: str) -> float:
    return sum(float(found["number"]) for found in pattern.finditer(page))


def tell_load(load: list[dict[str, Any]], capacity: int, now: float) -> list[str]:
    return [f"{pod['name']}: coredns_cache_entries {pod['entries']:.0f} of {capacity}; {_rate(pod, now)}"
            for pod in load]


def _rate(pod: dict[str, Any], now: float) -> str:
    seconds = max(now - parse_time(pod["started"]), 1.0)
    return f"{pod['questions'] / seconds:.1f} queries/s since it started ({pod['questions']:.0f})"
