"""What Calico's own policies mean for the DNS pods, where they leave no doubt."""

from typing import Any

import pytest

from bot.model.finding import Verdict
from bot.steps.dns.policy import POLICY
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
