"""The life of probe pods, by the production client on the box: each is gone again, whatever happens."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.cluster import ProbePlace
from bot.cluster.client import KubernetesCluster
from bot.model.finding import Finding, Verdict
from bot.playground.bundle import Object, Read
from bot.playground.cluster_box.roles import EVERYTHING, Rule
from bot.steps import Evidence
from bot.steps.dns.path import PATH
from bot.steps.path.probe import LABELS
from tests.playground.cluster_box.town import DAY, NAMESPACE, make_object, make_town, with_reads
from tests.steps.boxed import Start, open_box

PLACE = ProbePlace(namespace=NAMESPACE, image="registry.example/busybox:1", pull_secret="registry")
API = make_object("v1", "Service", "kubernetes", "default", spec={"clusterIP": "10.2.0.1", "ports": [{"port": 443}]})
DONE: Object = {"phase": "Succeeded"}
RUNNING: Object = {"phase": "Running"}
LOG = "".join(f"netcheck {number} 0 \n" for number in range(30))
READER: Rule = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list"]}
MAKER: Rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["create"]}


def waiting(reason: str, message: str) -> Object:
    state = {"name": "probe", "state": {"waiting": {"reason": reason, "message": message}}}
    return {"phase": "Pending", "containerStatuses": [state]}


def left_pod(name: str, made: str) -> Object:
    return make_object("v1", "Pod", name, metadata={"labels": LABELS, "creationTimestamp": made}, spec={}, status=DONE)


@asynccontextmanager
async def open_town(
    folder: Path, start: Start, *more: Object, permissions: Sequence[Rule] = EVERYTHING
) -> AsyncIterator[KubernetesCluster]:
    town = with_reads(make_town(), Read(verb="list", kind="Service", api="v1"))
    town = replace(town, objects=(*town.objects, API, *more))
    async with open_box(town, folder, permissions, start) as cluster:
        yield cluster.scoped(probe=PLACE)


async def left(cluster: KubernetesCluster) -> list[str]:
    return [pod["metadata"]["name"] for pod in (await cluster.list("Pod", NAMESPACE)).items
            if pod["metadata"].get("labels") == LABELS]


async def look(cluster: KubernetesCluster) -> tuple[Evidence, tuple[Finding, ...]]:
    evidence = await PATH.gather(cluster, PATH.args())
    return evidence, PATH.judge(evidence, PATH.args()).findings


async def test_a_pod_on_each_node_asks_and_none_is_left(tmp_path: Path) -> None:
    made: list[Object] = []

    def start(pod: Object) -> tuple[Object, str]:
        made.append(pod)
        return DONE, LOG

    async with open_town(tmp_path, start) as cluster:
        evidence, findings = await look(cluster)
        assert await left(cluster) == []
    assert sorted(pod["spec"]["nodeName"] for pod in made) == ["node-1", "node-2"]
    assert made[0]["spec"]["imagePullSecrets"] == [{"name": "registry"}]
    assert {row["from"] for row in evidence["probe_rows"]} == {"node-1", "node-2"}
    assert any(f.verdict is Verdict.PASS and "by UDP and TCP" in f.summary for f in findings)


async def test_where_no_place_is_named_nothing_is_started(tmp_path: Path) -> None:
    made: list[Object] = []

    def start(pod: Object) -> tuple[Object, str]:
        made.append(pod)
        return DONE, LOG

    async with open_town(tmp_path, start) as cluster:
        evidence, _ = await look(cluster.scoped())
    assert (made, "probed" in evidence) == ([], False)


@pytest.mark.parametrize(("status", "why"), [
    (waiting("ErrImagePull", "no such image"), "ErrImagePull: no such image"),
    ({"phase": "Failed", "reason": "OutOfpods", "message": "the node is full"}, "OutOfpods: the node is full"),
])
async def test_what_keeps_a_pod_from_starting_is_told_and_it_is_gone(tmp_path: Path, status: Object, why: str) -> None:
    async with open_town(tmp_path, lambda pod: (status, "")) as cluster:
        evidence, findings = await look(cluster)
        assert await left(cluster) == []
    assert evidence["probe_failures"] == {"node-1": why, "node-2": why}
    assert [f.verdict for f in findings if why in f.summary] == [Verdict.UNKNOWN, Verdict.UNKNOWN]


async def test_a_pod_that_does_not_end_is_given_up_and_gone(tmp_path: Path) -> None:
    async with open_town(tmp_path, lambda pod: (waiting("ContainerCreating", ""), "")) as cluster:
        (end,) = await cluster.run_pods(NAMESPACE, [{"metadata": {"labels": LABELS}, **_bare()}], 0.0)
        assert await left(cluster) == []
    assert end.why == "it did not end within 0 s"


async def test_a_run_that_is_cancelled_takes_its_pods_away_first(tmp_path: Path) -> None:
    started = asyncio.Event()

    def start(pod: Object) -> tuple[Object, str]:
        started.set()
        return RUNNING, ""

    async with open_town(tmp_path, start) as cluster:
        task = asyncio.create_task(look(cluster))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await left(cluster) == []


async def test_what_a_killed_process_left_is_swept_and_what_another_run_uses_is_not(tmp_path: Path) -> None:
    old, young = left_pod("netcheck-probe-old", "2026-09-01T00:00:00Z"), left_pod("netcheck-probe-young", _time(DAY))
    async with open_town(tmp_path, lambda pod: (DONE, LOG), old, young) as cluster:
        await look(cluster)
        assert await left(cluster) == ["netcheck-probe-young"]


@pytest.mark.parametrize(("permissions", "missing"), [
    ((READER,), "create pods in kube-system"), ((READER, MAKER), "delete pods in kube-system"),
])
async def test_a_missing_permission_is_named_and_nothing_is_concluded(
    tmp_path: Path, permissions: Sequence[Rule], missing: str
) -> None:
    async with open_town(tmp_path, lambda pod: (DONE, LOG), permissions=permissions) as cluster:
        _, findings = await look(cluster)
    assert [f.verdict for f in findings if missing in f.summary] == [Verdict.SKIPPED]
    assert not any(f.cause for f in findings)


def _bare() -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "spec": {"nodeName": "node-1", "containers": [{"name": "probe"}]}}


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
