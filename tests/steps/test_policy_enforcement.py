"""Whether policies count, on evidence alone: the network, a container of its agent, a program beside it, or nothing."""

from typing import Any

import pytest

from bot.model.finding import Verdict
from bot.steps.policy.enforcement import ENFORCED, allows_all
from bot.steps.policy.enforcers import judge_enforcement
from tests.steps.dns_evidence import NOW, only
from tests.steps.policy_evidence import enforcers


def agent(*names: str, args: tuple[str, ...] = (), error: str = "", image: str = "") -> dict[str, Any]:
    return {"containers": [{"name": name, "args": list(args), "image": image} for name in names], "error": error}


@pytest.mark.parametrize(("facts", "enforced", "why"), [
    (enforcers("kindnet", agent=agent("kindnet-cni", image="kindest/kindnetd:v20250512-df8de77b")), True, "does it"),
    (enforcers("kindnet", agent=agent("kindnet-cni", image="kindest/kindnetd:v20240513-cd2ac642")), False, "v2024"),
    (enforcers("kindnet", agent=agent("kindnet-cni", image="r:50/kindnetd:v20250512-d@sha256:ab")), True, "v2025"),
    (enforcers("kindnet", agent=agent("kindnet-cni", image="own/kindnetd@sha256:ab")), None, "tells no such version"),
    (enforcers("antrea-agent"), True, "Antrea does it"),
    (enforcers("kube-flannel-ds", agent=agent("kube-flannel")), False, "has no container kube-network-policies"),
    (enforcers("kube-flannel-ds", "kube-network-policies", agent=agent("kube-flannel")), True, "kube-network-policies"),
    (enforcers("weave-net", agent=agent("weave", "weave-npc")), True, "container weave-npc"),
    (enforcers("weave-net", agent=agent(error="timed out")), None, "could not be read (timed out)"),
    (enforcers("aws-node", agent=agent("aws-node", "aws-eks-nodeagent")), None, "may be switched off"),
    (enforcers("aws-node", agent=agent("aws-node", "aws-eks-nodeagent", args=("--enable-network-policy=true",))), True,
     "aws-eks-nodeagent"),
    (enforcers("azure-cns"), False, "Azure CNI does not"),
    (enforcers(version="v1.34.1+k3s1"), None, "may have one built in"),
    (enforcers(), False, "no network agent"),
    (enforcers(kinds=["Calico"]), None, "may run under another name"),
    (enforcers(error="the DaemonSets could not be read"), None, "could not be read"),
])
def test_it_is_told_whether_anything_enforces_policies_and_what(
    facts: dict[str, Any], enforced: bool | None, why: str
) -> None:
    found = judge_enforcement(facts)
    assert (found.enforced, why in found.why) == (enforced, True), found.why


@pytest.mark.parametrize(("facts", "policies", "verdict"), [
    (enforcers(), ["shop/deny"], Verdict.WARN), (enforcers(), [], Verdict.INFO),
    (enforcers(version="v1.34.1+k3s1"), ["shop/deny"], Verdict.UNKNOWN),
    (enforcers(version="v1.34.1+k3s1"), [], Verdict.INFO),
    (enforcers("antrea-agent"), ["shop/deny"], Verdict.PASS), (enforcers("antrea-agent"), [], Verdict.PASS),
])
def test_that_nothing_enforces_policies_is_told_as_a_fault_only_where_there_are_some(
    facts: dict[str, Any], policies: list[str], verdict: Verdict
) -> None:
    evidence = {"policies": policies, "more": 0, "enforcement": facts, "skipped": [], "read_at": NOW}
    assert only(ENFORCED, evidence).verdict is verdict


@pytest.mark.parametrize(("spec", "forbids"), [
    ({"policyTypes": ["Ingress", "Egress"], "ingress": [{}], "egress": [{}]}, False),
    ({"policyTypes": ["Ingress"], "ingress": [{"from": []}, {}]}, False),
    ({"policyTypes": ["Ingress", "Egress"], "ingress": [{}]}, True),
    ({"ingress": [{"ports": [{"port": 53}]}]}, True),
    ({"policyTypes": ["Ingress"]}, True),
])
def test_policies_that_forbid_nothing_need_nobody_who_enforces_them(spec: dict[str, Any], forbids: bool) -> None:
    idle = ["shop/all"] if allows_all(spec) else []
    evidence = {"policies": ["shop/all"], "idle": idle, "more": 0, "enforcement": enforcers(), "skipped": [],
                "read_at": NOW}
    assert only(ENFORCED, evidence).verdict is (Verdict.WARN if forbids else Verdict.INFO)
