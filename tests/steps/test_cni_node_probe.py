"""The life of node probes, by the production client on the box: each is gone again, and what keeps one from starting
is told. And the other way to a node's folder, by exec in an agent."""

import base64
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.cluster import NodeProbePlace
from bot.cluster.client import KubernetesCluster
from bot.model.finding import Finding, Verdict
from bot.playground.bundle import Object, Read
from bot.playground.cluster_box.roles import EVERYTHING, Rule
from bot.steps.cni.files import FILES
from bot.steps.path.probe import LABELS
from tests.playground.cluster_box.town import NAMESPACE, make_town, with_reads
from tests.steps.boxed import Start, open_box
from tests.steps.test_path_probe_life import DONE, MAKER, READER, waiting

PLACE = NodeProbePlace(namespace=NAMESPACE, image="registry.example/busybox:1", configuration="/etc/cni/net.d",
                       programs="/opt/cni/bin")


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def log(*files: tuple[str, str]) -> str:
    rows = [{"file": coded(name), "text": coded(text)} for name, text in files]
    return "\n".join(json.dumps(row) for row in [
        *rows, {"programs": coded("bridge\nhost-local")}, {"key": "net/ipv4/ip_forward", "value": "1"},
        {"link": "lo", "mtu": "65536"}])


GOOD = ("10-bridge.conf", '{"name": "pods", "type": "bridge", "hairpinMode": true, "ipam": {"type": "host-local"}}')


@asynccontextmanager
async def open_town(
    folder: Path, start: Start, permissions: Sequence[Rule] = EVERYTHING
) -> AsyncIterator[KubernetesCluster]:
    town = with_reads(make_town(), Read(verb="list", kind="DaemonSet", api="apps/v1", form="metadata"))
    async with open_box(replace(town), folder, permissions, start) as cluster:
        yield cluster.scoped(node_probe=PLACE)


async def look(cluster: KubernetesCluster) -> tuple[Finding, ...]:
    return FILES.judge(await FILES.gather(cluster, FILES.args()), FILES.args()).findings


async def left(cluster: KubernetesCluster) -> list[str]:
    return [pod["metadata"]["name"] for pod in (await cluster.list("Pod", NAMESPACE)).items
            if pod["metadata"].get("labels") == LABELS]


async def test_a_pod_on_each_node_tells_what_the_runtime_takes_and_none_is_left(tmp_path: Path) -> None:
    made: list[Object] = []

    def start(pod: Object) -> tuple[Object, str]:
        made.append(pod)
        return DONE, log(GOOD, ("99-other.conf", "{}"))

    async with open_town(tmp_path, start) as cluster:
        findings = await look(cluster)
        assert await left(cluster) == []
    assert sorted(pod["spec"]["nodeName"] for pod in made) == ["node-1", "node-2"]
    assert any(f.verdict is Verdict.PASS and "10-bridge.conf (bridge)" in f.summary for f in findings)


async def test_where_no_place_is_named_nothing_is_started(tmp_path: Path) -> None:
    made: list[Object] = []

    def start(pod: Object) -> tuple[Object, str]:
        made.append(pod)
        return DONE, log(GOOD)

    async with open_town(tmp_path, start) as cluster:
        findings = await look(cluster.scoped())
    assert (made, [f.verdict for f in findings]) == ([], [Verdict.SKIPPED])


async def test_what_keeps_a_pod_from_starting_is_told_and_it_is_gone(tmp_path: Path) -> None:
    async with open_town(tmp_path, lambda pod: (waiting("ErrImagePull", "no such image"), "")) as cluster:
        findings = await look(cluster)
        assert await left(cluster) == []
    assert [f.verdict for f in findings if "ErrImagePull: no such image" in f.summary] == [Verdict.UNKNOWN] * 2
    assert not any(f.verdict is Verdict.PASS for f in findings)


@pytest.mark.parametrize(("permissions", "missing"), [
    ((READER,), "create pods in kube-system"), ((READER, MAKER), "delete pods in kube-system"),
])
async def test_a_missing_permission_is_named_and_nothing_is_concluded(
    tmp_path: Path, permissions: Sequence[Rule], missing: str
) -> None:
    async with open_town(tmp_path, lambda pod: (DONE, log(GOOD)), permissions) as cluster:
        findings = await look(cluster)
    assert [(f.verdict, missing in f.summary) for f in findings] == [(Verdict.SKIPPED, True)]
