"""Who undoes edits of the Corefile, by the marks of those who write it; and that nothing else is said of an own one."""

from typing import Any

import pytest

from bot.steps.dns.corefile import COREFILE
from bot.steps.dns.corefile_owner import find_owner
from tests.steps.dns_evidence import corefile, corefile_evidence, directive, judge

MISTYPED = directive("forwrad", ".", "9.9.9.9", line=12)


@pytest.mark.parametrize(("meta", "word"), [
    ({"labels": {"addonmanager.kubernetes.io/mode": "Reconcile", "k8s-app": "kube-dns"}}, "coredns-custom"),
    ({"labels": {"eks.amazonaws.com/component": "coredns"}}, "EKS add-on"),
    ({"labels": {"dns.operator.openshift.io/owning-dns": "default"}}, "dns.operator.openshift.io default"),
    ({"annotations": {"objectset.rio.cattle.io/owner-name": "coredns"}}, "k3s"),
    ({"annotations": {"meta.helm.sh/release-name": "rke2-coredns"}}, "HelmChartConfig"),
])
def test_a_platform_that_writes_the_corefile_is_known_by_its_mark(meta: dict[str, Any], word: str) -> None:
    assert word in find_owner(meta)


@pytest.mark.parametrize("meta", [
    {}, {"labels": {"k8s-app": "kube-dns"}}, {"labels": {"addonmanager.kubernetes.io/mode": "EnsureExists"}},
])
def test_a_corefile_of_ones_own_has_no_owner(meta: dict[str, Any]) -> None:
    assert find_owner(meta) == ""


def test_where_a_platform_undoes_edits_the_advice_says_so_and_no_edit_is_offered() -> None:
    owned = judge(COREFILE, corefile_evidence(corefile(MISTYPED, owner="k3s writes this ConfigMap anew.")))
    own = judge(COREFILE, corefile_evidence(corefile(MISTYPED)))
    assert owned.findings[0].advice.endswith("k3s writes this ConfigMap anew.")
    assert (own.findings[0].advice.endswith("anew."), own.outputs["mends"], owned.outputs["mends"]) == (
        False, True, False)
