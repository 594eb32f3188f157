"""What Calico's own policies mean for the DNS pods, where they leave no doubt."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.cluster.reads import RunReads
from bot.model.finding import Verdict
from bot.playground.bundle import Read
from bot.playground.scenarios import load_scenario
from bot.steps.dns.policy import POLICY, PolicyArgs
from tests.steps.boxed import open_box
from tests.steps.dns_evidence import causes, judge
from tests.steps.policy_evidence import policy, policy_evidence

OTHERS = ["1 GlobalNetworkPolicy (crd.projectcalico.org)"]
BOTH = ["Ingress", "Egress"]


def deny(name: str = "GlobalNetworkPolicy lock-down", **changes: Any) -> dict[str, Any]:
    return {"name": name, "tier": "default", "selector": "", "types": BOTH, "narrowed": [], "Ingress": [],
            "Egress": [], **changes}


def evidence(*own: dict[str, Any], policies: tuple[Any, ...] = (), others: list[str] = OTHERS) -> dict[str, Any]:
    return policy_evidence(*policies, others=others, own_kind=list(own))


def test_a_policy_that_denies_all_where_none_allows_anything_is_the_cause() -> None:
    told = judge(POLICY, evidence(deny())).findings[0]
    assert (told.cause, told.verdict, told.object) == (
        "dns.policy.other", Verdict.FAIL, "GlobalNetworkPolicy lock-down")
    assert "lets them be asked or ask" in told.summary


@pytest.mark.parametrize("own", [
    deny(selector="all()"), deny(selector="k8s-app == 'kube-dns'"), deny(types=["Egress"]),
    deny(types=["Ingress"], Ingress=["Deny"]),
])
def test_it_counts_in_one_direction_and_by_a_label_too(own: dict[str, Any]) -> None:
    assert causes(POLICY, evidence(own)) == ["dns.policy.other"]


@pytest.mark.parametrize("doubtful", [
    evidence(deny(selector="app == 'web'")), evidence(deny(selector="has(x)")), evidence(deny(types=[])),
    evidence(deny(narrowed=["namespaceSelector"])), evidence(deny(tier="security")),
    evidence(deny(), deny("GlobalNetworkPolicy dns", selector="x", Ingress=["Allow"], Egress=["Allow"])),
    evidence(deny(), policies=(policy(ingress=[{}], policyTypes=["Ingress"]),)),
    evidence(deny(), others=[*OTHERS, "1 AdminNetworkPolicy (policy.networking.k8s.io)"]), evidence(),
], ids=["other pods", "hard to tell", "no types", "narrowed", "another tier", "allowed by another",
        "allowed by a NetworkPolicy", "another kind", "not known"])
def test_what_leaves_a_doubt_is_never_a_fault(doubtful: dict[str, Any]) -> None:
    judged = judge(POLICY, doubtful).findings
    assert "dns.policy.other" not in [f.cause for f in judged]
    assert any(f.verdict is Verdict.UNKNOWN and "may forbid more" in f.summary for f in judged)


async def test_a_policy_of_calicos_in_the_namespace_of_the_dns_pods_is_named_though_it_is_not_evaluated(
    tmp_path: Path,
) -> None:
    seen = load_scenario("np-other-kind-calico")
    api = "crd.projectcalico.org/v1"
    own = {"apiVersion": api, "kind": "NetworkPolicy", "metadata": {"name": "dns-lock", "namespace": "kube-system"}}
    read = Read(verb="list", kind="NetworkPolicy", api=api, namespace="kube-system", form="metadata")
    bundle = replace(seen, objects=(*seen.objects, own), reads=(*seen.reads, read))
    async with open_box(bundle, tmp_path) as cluster:
        told = judge(POLICY, await POLICY.gather(RunReads(cluster), PolicyArgs())).findings
    assert "1 NetworkPolicy (crd.projectcalico.org) in kube-system may forbid more" in told[-1].summary
