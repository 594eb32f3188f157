"""dns.memory on evidence alone: limits against the size of the cluster, and pods that the kernel ended."""

from typing import Any

import pytest

from bot.model.finding import Verdict
from bot.steps import Evidence
from bot.steps.dns.load import count_entries, count_questions, metrics_port
from bot.steps.dns.memory import MEMORY, USUAL_CAPACITY, cache_capacity, estimate, read_quantity
from bot.steps.wording import parse_time
from tests.steps.dns_evidence import LONG_AGO, NOW, RECENTLY, WORKLOAD, causes, corefile, directive, only


def seen(**changes: Any) -> Evidence:
    return {"read_at": NOW, "workload": WORKLOAD, "server": "coredns", "limit": "170Mi", "cache": USUAL_CAPACITY,
            "autopath": False, "pods": 200, "bound": False, "services": None, "killed": [], "ready": 2, "skipped": [],
            **changes}


def killed(at: str, waiting: str = "") -> list[dict[str, Any]]:
    return [{"name": "coredns-1", "waiting": waiting, "restarts": 4,
             "last_ended": {"reason": "OOMKilled", "code": 137, "at": at}}]


def test_the_usual_limit_is_enough_for_a_usual_cluster() -> None:
    assert only(MEMORY, seen()).verdict is Verdict.PASS
    assert only(MEMORY, seen(limit="")).verdict is Verdict.PASS


@pytest.mark.parametrize(("pods", "autopath"), [(120_000, False), (30_000, True)])
def test_a_limit_below_the_estimate_is_a_fault_to_come(pods: int, autopath: bool) -> None:
    finding = only(MEMORY, seen(pods=pods, services=9000, autopath=autopath))
    assert (finding.cause, finding.verdict, finding.object) == ("dns.memory.limit", Verdict.WARN, WORKLOAD)
    assert "kubectl -n kube-system set resources deployment coredns --limits=memory=" in finding.advice


def test_pods_ended_for_their_memory_lately_are_told_with_limit_and_need() -> None:
    finding = only(MEMORY, seen(limit="20Mi", services=10, killed=killed(RECENTLY)))
    assert (finding.cause, finding.verdict) == ("dns.pods.oom", Verdict.WARN)
    assert "limit is 20Mi" in finding.summary
    assert only(MEMORY, seen(limit="20Mi", killed=killed(RECENTLY), ready=0)).verdict is Verdict.FAIL


PAGE = """# HELP coredns_cache_entries The number of elements in the cache.
coredns_cache_entries{server="dns://:53",type="denial",view="",zones="."} 40
coredns_cache_entries{server="dns://:53",type="success",view="",zones="."} 1.2e+02
coredns_dns_request_duration_seconds_count{server="dns://:53",zone="."} 9
coredns_dns_requests_total{family="1",proto="udp",server="dns://:53",type="A",view="",zone="."} 5000
coredns_dns_requests_total{family="1",proto="tcp",server="dns://:53",type="AAAA",view="",zone="."} 2200
"""


def test_what_the_pods_count_of_their_own_work_stands_beside_the_estimate() -> None:
    load = [{"name": "coredns-1", "started": LONG_AGO, "entries": count_entries(PAGE), "questions": 3600.0}]
    rate = f"{3600 / (NOW - parse_time(LONG_AGO)):.1f} queries/s since it started (3600)"
    line = f"coredns-1: coredns_cache_entries 160 of 19968; {rate}"
    assert line in only(MEMORY, seen(load=load)).evidence
    assert line in only(MEMORY, seen(pods=120_000, services=1, load=load)).evidence


def test_questions_are_counted_over_all_protocols_and_under_their_older_name() -> None:
    assert count_questions(PAGE) == 7200
    assert count_questions(PAGE.replace("requests_total", "request_count_total")) == 7200


@pytest.mark.parametrize(("args", "port"), [((), 9153), ((":9153",), 9153), (("0.0.0.0:9253",), 9253),
                                            (("{$METRICS}",), 0)])
def test_counters_are_asked_for_where_the_corefile_serves_them(args: tuple[str, ...], port: int) -> None:
    assert metrics_port(corefile(directive("prometheus", *args), without=("prometheus",))) == port
    assert metrics_port(corefile(without=("prometheus",))) == 0


def test_an_end_of_long_ago_is_no_fault_of_today() -> None:
    assert causes(MEMORY, seen(killed=killed(LONG_AGO))) == []
    assert causes(MEMORY, seen(killed=killed(LONG_AGO, waiting="CrashLoopBackOff"))) == ["dns.pods.oom"]


def test_the_estimate_is_that_of_coredns_and_follows_the_size_of_the_cache() -> None:
    assert estimate(60_000, 56_000, USUAL_CAPACITY, autopath=False) == pytest.approx(170)
    assert estimate(20_000, 8500, USUAL_CAPACITY, autopath=True) == pytest.approx(170)
    assert estimate(0, 0, 0, autopath=False) == pytest.approx(24)
    bigger = directive("cache", "30", options=(("success", "49920"), ("denial", "9984", "5")))
    assert cache_capacity(corefile(bigger, without=("cache",))) == 59904
    assert cache_capacity(corefile(without=("cache",))) == 0
    assert cache_capacity({"state": "unknown", "config_map": ""}) == USUAL_CAPACITY


def test_quantities_are_read_as_kubernetes_writes_them() -> None:
    assert [read_quantity(text) for text in ("170Mi", "1G", "512", "", "much")] == [170 * 2**20, 1e9, 512, 0, 0]


def test_a_count_that_may_not_be_made_is_no_verdict() -> None:
    finding = only(MEMORY, seen(pods=None, skipped=["list pods"]))
    assert finding.verdict is Verdict.SKIPPED
