"""The changes over the wire of the box: what is shown, what is written, and what is refused before it is asked."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.cluster.client import KubernetesCluster
from bot.model.errors import Rejected
from bot.model.finding import Verdict
from bot.steps.changes.service_patch import ServicePatchArgs, apply_service, judge_service, make_patch, preview_service
from bot.steps.changes.workload_restart import (
    RestartArgs,
    apply_restart,
    judge_restart,
    preview_restart,
    refuse_restart,
)
from tests.playground.cluster_box.town import LABELS, NAMESPACE, make_town
from tests.steps.boxed import open_box

SERVICE = f"{NAMESPACE}/kube-dns"
MEND = ServicePatchArgs(service=SERVICE, selector=LABELS)


@pytest.fixture
async def ill(tmp_path: Path) -> AsyncIterator[KubernetesCluster]:
    async with open_box(make_town(selector={"k8s-app": "other", "tier": "dns"}), tmp_path) as cluster:
        yield cluster


async def test_the_preview_shows_the_difference_and_changes_nothing(ill: KubernetesCluster) -> None:
    shown = await preview_service(ill, MEND)
    assert shown["description"] == f"Set selector k8s-app=kube-dns of Service {SERVICE}."
    assert shown["difference"] == ["  selector:", "-   k8s-app: other", "-   tier: dns", "+   k8s-app: kube-dns"]
    service = await ill.get("Service", "kube-dns", NAMESPACE)
    assert service["spec"]["selector"] == {"k8s-app": "other", "tier": "dns"}


async def test_keys_that_are_not_wanted_are_really_gone_after_the_change(ill: KubernetesCluster) -> None:
    judgement = judge_service(await apply_service(ill, MEND), MEND)
    assert (await ill.get("Service", "kube-dns", NAMESPACE))["spec"]["selector"] == LABELS
    assert (judgement.findings[0].verdict, judgement.outputs["changed"]) == (Verdict.INFO, True)
    assert "selector k8s-app=kube-dns set" in judgement.findings[0].summary


async def test_a_change_that_would_alter_nothing_has_no_difference_and_writes_nothing(ill: KubernetesCluster) -> None:
    await apply_service(ill, MEND)
    before = (await ill.get("Service", "kube-dns", NAMESPACE))["metadata"]["resourceVersion"]
    assert (await preview_service(ill, MEND))["difference"] == []
    assert judge_service(await apply_service(ill, MEND), MEND).outputs["changed"] is False
    assert (await ill.get("Service", "kube-dns", NAMESPACE))["metadata"]["resourceVersion"] == before


def test_a_change_carries_the_version_it_has_read() -> None:
    before = {"metadata": {"resourceVersion": "7"}, "spec": {"selector": {"a": "b"}}}
    patch = make_patch(before, {"selector": {"c": "d"}})
    assert patch == {"metadata": {"resourceVersion": "7"}, "spec": {"selector": {"c": "d", "a": None}}}


def test_what_somebody_else_altered_meanwhile_is_not_called_done() -> None:
    evidence = {"before": {"selector": {"a": "b"}}, "after": {"selector": {"x": "y"}}, "wanted": {"selector": LABELS}}
    assert judge_service(evidence, MEND).findings[0].verdict is Verdict.WARN


async def test_a_restart_is_an_annotation_on_the_pods_template(ill: KubernetesCluster) -> None:
    args = RestartArgs(workload=f"Deployment {NAMESPACE}/coredns")
    shown = await preview_restart(ill, args)
    assert shown["description"].startswith(f"Restart Deployment {NAMESPACE}/coredns: its 2 pods")
    judgement = judge_restart(await apply_restart(ill, args), args)
    template = (await ill.get("Deployment", "coredns", NAMESPACE))["spec"]["template"]
    assert template["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] == judgement.outputs["at"]


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"spec": {"replicas": 2, "paused": True}}, "is paused"),
        ({"spec": {"replicas": 0}}, "no pods to restart"),
        ({"spec": {"updateStrategy": {"type": "OnDelete"}}, "status": {"desiredNumberScheduled": 3}}, "OnDelete"),
    ],
)
def test_a_restart_that_would_restart_nothing_is_refused_before_anybody_is_asked(item: Any, said: str) -> None:
    with pytest.raises(Rejected, match=said):
        refuse_restart("Deployment a/b", item)


@pytest.mark.parametrize(
    "given",
    [
        {"service": "kube-dns", "selector": {"a": "b"}},
        {"service": "a/b"},
        {"service": "a/b", "selector": {}},
        {"service": "a/b", "ports": [{"port": 0}]},
        {"service": "a/b", "ports": [{"port": 53}, {"port": 53, "protocol": "TCP"}]},
        {"service": "a/b", "selector": {"a": None}},
    ],
)
def test_arguments_that_would_do_harm_or_nothing_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ServicePatchArgs.model_validate(given)
