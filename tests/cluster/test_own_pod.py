"""netcheck inside the cluster: its own process in the network and under the name of a pod there, with that pod's
account. What its own pod reaches is tried without a right and without an image."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.playground.bundle import load_bundle
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.connections import RecordedSockets
from bot.settings import Settings
from bot.verbs import run as run_verb
from bot.wiring import Means
from tests.cluster.faults.node import Firewall
from tests.cluster.own_pod import NAME, NODE, SPACE, OwnPod, netcheck_inside
from tests.cluster.rig import Cluster

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def own_pod(cluster: Cluster) -> Iterator[Cluster]:
    heal = OwnPod().inject(cluster)
    yield cluster
    heal(cluster)


def report(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.stdout, done.stderr[-1000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def summaries(told: dict[str, Any]) -> str:
    return "\n".join(finding["summary"] for finding in told["findings"])


def test_it_tries_dns_by_udp_and_tcp_from_its_own_node(own_pod: Cluster) -> None:
    told = report(netcheck_inside(own_pod, "run", "dns", "--output", "json"))
    assert told["answer"] == "ok"
    assert f"netcheck tried the way from its own Pod {SPACE}/{NAME} on {NODE}" in summaries(told)
    assert f"From pods on {NODE} the DNS Service and each DNS pod answer by UDP and TCP" in summaries(told)


def test_udp_that_a_firewall_drops_is_found_without_any_probe_pod_and_recorded(
    own_pod: Cluster, tmp_path: Path
) -> None:
    file = tmp_path / "own.json.gz"
    heal = Firewall(("udp dport 53 ip saddr 10.244.0.0/16 ip daddr 10.244.0.0/16 drop",), nodes=("n1",)).inject(own_pod)
    try:
        told = report(netcheck_inside(own_pod, "record", "dns", "--to", str(file), "--output", "json"))
    finally:
        heal(own_pod)
    assert [(root["cause"], root["layer"]) for root in told["root_causes"]] == [("node.dns-port", "node")]
    bundle = load_bundle(file)
    assert bundle.own_pod == f"{SPACE}/{NAME}"
    assert {c.outcome for c in bundle.connections if c.protocol == "UDP"} == {"ok", "timeout"}


async def test_what_was_recorded_is_judged_as_it_was(own_pod: Cluster, tmp_path: Path) -> None:
    file = tmp_path / "own.json.gz"
    told = report(netcheck_inside(own_pod, "record", "connectivity", "--to", str(file), "--output", "json"))
    bundle = load_bundle(file)
    async with ClusterBox(bundle) as box:
        settings = Settings(kubeconfig=str(box.write_kubeconfig(tmp_path / "kubeconfig")))
        said, _ = await run_verb(settings, "", "connectivity", "json", lambda: Means(sockets=RecordedSockets(bundle)))
    again = json.loads(said)
    assert (again["answer"], again["root_causes"]) == (told["answer"], told["root_causes"]) == ("ok", [])
    assert [f["verdict"] for f in again["findings"]] == [f["verdict"] for f in told["findings"]]
