"""The plan of a cluster's addresses on evidence alone: what overlaps, lies outside, or is used up."""

from typing import Any

import pytest

from bot.model.finding import Verdict
from bot.steps.cni.plan import PLAN
from tests.steps.dns_evidence import JUST_NOW, LONG_AGO, NOW, causes, judge, only

SERVICES = [{"range": "10.96.0.0/12", "object": "ServiceCIDR kubernetes", "field": "spec.cidrs"}]
EVENT = {"node": "n2", "message": "Node n2 status is now: CIDRNotAvailable", "at": LONG_AGO}


def node(*ranges: str, address: str = "192.168.0.1", created: str = LONG_AGO) -> dict[str, Any]:
    return {"ranges": list(ranges), "addresses": [address], "created": created}


def pod(ip: str, on: str = "n2", name: str = "shop/web", ready: bool = True) -> dict[str, Any]:
    return {"name": name, "node": on, "ips": [ip], "ready": ready}


def plan(
    n2: dict[str, Any] | None = None, *pods: dict[str, Any], networks: tuple[str, ...] | None = ("Flannel",),
    **changes: Any,
) -> dict[str, Any]:
    nodes = {"n1": node("10.244.0.0/24"), "n2": n2 or node("10.244.1.0/24", address="192.168.0.2")}
    return {"read_at": NOW, "networks": None if networks is None else list(networks), "nodes": nodes, "unread": 0,
            "services": SERVICES, "plans": [], "pods": {"read": list(pods), "unread": 0}, "events": [], "skipped": [],
            **changes}


def setting(cidr: str, about: str = "DaemonSet kube-system/weave-net", field: str = "IPALLOC_RANGE") -> Any:
    return [{"range": cidr, "object": about, "field": field}]


BARE, CLOUD = node(), ("Amazon VPC CNI",)
CROWD = [pod(f"10.244.1.{number}", name=f"shop/web-{number}") for number in range(2, 8)]


@pytest.mark.parametrize(("evidence", "expected"), [
    (plan(), []), (plan(networks=()), []), (plan(networks=None), []),
    (plan(node("10.244.0.0/24")), ["cni.plan.duplicate"]), (plan(node("10.244.0.0/16")), ["cni.plan.duplicate"]),
    (plan(node("10.244.0.0/24"), networks=("Calico",)), []),                # nobody uses the nodes' ranges
    (plan(node("10.244.0.0/24"), networks=None), []),                       # who uses them is not known
    (plan(node("10.97.3.0/24")), ["cni.plan.overlap"]), (plan(node("10.97.3.0/24"), networks=()), ["cni.plan.overlap"]),
    (plan(node("10.97.3.0/24"), networks=("Calico",)), []),
    (plan(node("192.168.0.0/24")), ["cni.plan.overlap"]),                   # the nodes' own network
    (plan(networks=("Weave Net",), plans=setting("10.96.0.0/16")), ["cni.plan.overlap"]),
    (plan(networks=("Weave Net",), plans=setting("10.32.0.0/12")), []),
    (plan(None, pod("10.32.9.7"), networks=("Weave Net",), plans=setting("10.32.0.0/12")), []),
    (plan(None, pod("10.32.9.7"), networks=("Weave Net",), plans=setting("$(RANGE)")), []),   # by a variable
    (plan(None, pod("10.244.9.7"), networks=("Weave Net",), plans=setting("10.32.0.0/12")), ["cni.plan.outside"]),
    (plan(node("10.97.3.0/24"), plans=setting("10.96.0.0/11", "ConfigMap kube-system/kubeadm-config", "podSubnet")),
     ["cni.plan.overlap"]),                                                 # once, and not for each part of it
    (plan(BARE), ["cni.agent.pod-range"]), (plan(node(created=JUST_NOW)), []),
    (plan(node(created=JUST_NOW), events=[EVENT]), ["cni.agent.pod-range"]),  # what was said counts at any age
    (plan(BARE, networks=()), []), (plan(BARE, networks=CLOUD), []), (plan(BARE, networks=None), []),
    (plan(BARE, networks=("Calico",), events=[EVENT]), []),
    (plan(None, pod("10.244.9.7")), ["cni.plan.outside"]), (plan(None, pod("10.244.1.7")), []),
    (plan(None, pod("10.244.1.7"), pod("10.244.1.7", name="shop/db")), ["cni.plan.twice"]),
    (plan(None, pod("10.244.1.7"), pod("10.244.1.7", name="shop/db", ready=False)), []),  # it may be on its way out
    (plan(None, pod("fd00::7")), []),                                       # another family
    (plan(None, pod("10.244.9.7"), networks=("Calico",)), []), (plan(None, pod("10.244.9.7"), networks=()), []),
    (plan(node("10.244.1.0/29"), *CROWD), ["cni.plan.full"]), (plan(None, *CROWD), []),
    (plan(node("10.244.1.0/29"), *CROWD, pods={"read": CROWD, "unread": 900}), []),
])
def test_the_plan_is_judged_by_what_the_network_uses(evidence: Any, expected: list[str]) -> None:
    assert causes(PLAN, evidence) == expected


@pytest.mark.parametrize("evidence", [
    plan(BARE, networks=CLOUD), plan(networks=("Calico",), events=[EVENT]),
    plan(None, pod("10.9.0.7"), networks=("Weave Net",)),
])
def test_what_counts_for_nothing_in_this_network_is_told_as_such(evidence: Any) -> None:
    told = [f for f in judge(PLAN, evidence).findings if f.verdict is Verdict.INFO]
    assert len(told) == 1
    assert "count for nothing" in told[0].summary


def test_without_the_services_range_nothing_is_said_about_services() -> None:
    finding = only(PLAN, plan(services=[]))
    assert (finding.verdict, "Services" in finding.summary) == (Verdict.INFO, False)


def test_where_no_range_of_pods_is_known_nothing_passes() -> None:
    finding = only(PLAN, plan(networks=None))
    assert (finding.verdict, "none was compared" in finding.summary) == (Verdict.INFO, True)


def test_what_may_not_be_read_is_skipped_and_named() -> None:
    told = judge(PLAN, plan(nodes={}, skipped=["list nodes"])).findings
    assert [(f.verdict, "list nodes" in f.summary) for f in told] == [(Verdict.SKIPPED, True)]


def test_an_exhausted_range_of_the_cluster_is_the_evidence_for_a_node_without_one() -> None:
    (found,) = [f for f in judge(PLAN, plan(BARE, events=[EVENT])).findings if f.cause]
    assert "no range left" in found.summary
    assert any("CIDRNotAvailable" in line for line in found.evidence)
