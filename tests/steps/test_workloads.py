"""`workload.scale` and `workload.rollout` over the wire of the box."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.cluster.client import KubernetesCluster
from bot.cluster.reads import RunReads
from bot.model.finding import Verdict
from bot.steps.changes.workload_restart import RestartArgs, preview_restart
from bot.steps.changes.workload_rollout import RolloutArgs, gather_rollout, judge_rollout, rollout_facts
from bot.steps.changes.workload_scale import ScaleArgs, apply_scale, judge_scale, preview_scale
from tests.playground.cluster_box.town import NAMESPACE, make_town
from tests.steps.boxed import open_box

COREDNS = f"Deployment {NAMESPACE}/coredns"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[KubernetesCluster]:
    async with open_box(make_town(), tmp_path) as cluster:
        yield cluster


async def replicas(cluster: KubernetesCluster) -> int:
    return int((await cluster.get("Deployment", "coredns", NAMESPACE))["spec"]["replicas"])


async def test_scaling_is_shown_first_and_then_done(town: KubernetesCluster) -> None:
    args, before = ScaleArgs(workload=COREDNS, replicas=3), await replicas(town)
    shown = await preview_scale(town, args)
    assert shown["difference"] == [f"- replicas: {before}", "+ replicas: 3"]
    assert await replicas(town) == before
    judged = judge_scale(await apply_scale(town, args), args)
    assert (await replicas(town), judged.findings[0].verdict, judged.outputs["changed"]) == (3, Verdict.INFO, True)
    assert (await preview_scale(town, args))["difference"] == []


@pytest.mark.parametrize("given", [
    {"workload": COREDNS, "replicas": 0},
    {"workload": COREDNS, "replicas": 5000},
    {"workload": f"DaemonSet {NAMESPACE}/proxy", "replicas": 2},
    {"workload": "coredns", "replicas": 2},
])  # fmt: skip
def test_what_would_do_harm_or_cannot_be_done_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ScaleArgs.model_validate(given)


async def test_what_is_approved_about_a_restart_is_found_again_a_moment_later(town: KubernetesCluster) -> None:
    args = RestartArgs(workload=COREDNS)
    first = await preview_restart(town, args)
    assert "the time of the restart" in first["difference"][-1]
    assert (await preview_restart(town, args))["difference"] == first["difference"]


async def test_the_rollout_that_follows_a_change_is_awaited_although_the_run_shares_its_reads(
    town: KubernetesCluster,
) -> None:
    reads = RunReads(town)
    assert rollout_facts(await reads.get("Deployment", "coredns", NAMESPACE))["wanted"] == 2
    scaling = ScaleArgs(workload=COREDNS, replicas=3)
    await apply_scale(town, scaling)  # behind the back of the run's reads
    args = RolloutArgs(workload=COREDNS, patience=20)
    reads.forget()
    evidence = await gather_rollout(reads, args)
    assert judge_rollout(evidence, args).findings[0].verdict is Verdict.PASS
    assert evidence["ready"] == 3


def deployment(**status: int) -> dict[str, Any]:
    return {"kind": "Deployment", "metadata": {"generation": 2}, "spec": {"replicas": 2}, "status": status}


@pytest.mark.parametrize(("status", "settled"), [
    ({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2}, True),
    ({"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2}, False),
    ({"observedGeneration": 2, "replicas": 3, "updatedReplicas": 2, "readyReplicas": 2}, False),
    ({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2}, False),
    ({}, False),
])  # fmt: skip
def test_a_rollout_is_over_when_every_pod_is_new_and_ready(status: dict[str, int], settled: bool) -> None:
    assert rollout_facts(deployment(**status))["settled"] is settled


def test_a_daemon_set_has_as_many_pods_as_nodes_want_it() -> None:
    status = {"observedGeneration": 1, "desiredNumberScheduled": 3, "currentNumberScheduled": 3,
              "updatedNumberScheduled": 3, "numberReady": 3}  # fmt: skip
    item = {"kind": "DaemonSet", "metadata": {"generation": 1}, "spec": {}, "status": status}
    assert rollout_facts(item)["settled"]
    assert not rollout_facts({**item, "status": {**status, "numberReady": 2}})["settled"]


def test_a_slow_rollout_is_not_called_broken() -> None:
    facts = {**rollout_facts(deployment(observedGeneration=2)), "waited": 60.0, "read_at": 0}
    finding = judge_rollout(facts, RolloutArgs(workload=COREDNS)).findings[0]
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.advice == f"`kubectl -n {NAMESPACE} rollout status deployment coredns`"
