"""netcheck inside the cluster: its own process in the network and under the name of a pod there, with that pod's
account. What its own pod reaches is tried without a right and without an image."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.playground.bundle import load_bundle
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.connections import RecordedSockets
from bot.settings import Settings
from bot.verbs import run as run_verb
from bot.wiring import Means
from tests.cluster.faults.conditions import Condition, is_true, items
from tests.cluster.faults.neighbours import pod
from tests.cluster.faults.node import Firewall
from tests.cluster.rig import Cluster
from tests.house.chart import render

pytestmark = pytest.mark.cluster

SPACE, NAME, NODE = "netcheck-own", "netcheck-0", "n2"
ACCOUNT = Path("/run/secrets/kubernetes.io/serviceaccount")
INSIDE = f"mount -t tmpfs own /run && mkdir -p {ACCOUNT} && cp $0/* {ACCOUNT} && exec \"$@\""
"""A folder of its own at the place where a pod finds its account; nobody else sees it."""


@pytest.fixture(scope="module")
def own_pod(cluster: Cluster) -> Iterator[Cluster]:
    """A pod with the rights of the chart's account, which stands in for netcheck's."""
    objects = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}},
               *render({"replicas": 0}, namespace=SPACE)]
    body = pod(NAME, SPACE, "sleep", "3600", node=NODE)
    manifest = yaml.safe_dump_all([*objects, body])
    cluster.kubectl("apply", "-f", "-", stdin=manifest)
    Condition("the pod runs", lambda c: any(is_true(p, "Ready") for p in items(c, "-n", SPACE, "pods"))).until(cluster)
    yield cluster
    cluster.kubectl("delete", "--ignore-not-found", "-f", "-", stdin=manifest)


def process_of(cluster: Cluster) -> str:
    """A process of the pod, by its number on this machine."""
    (container,) = [p["status"]["containerStatuses"][0]["containerID"] for p in items(cluster, "-n", SPACE, "pods")]
    name = container.removeprefix("containerd://")
    own = [file.parent.name for file in Path("/proc").glob("[0-9]*/cgroup") if name in read(file)]
    assert own, "no process of the pod is found"
    return own[0]


def read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:  # it has ended meanwhile
        return ""


def netcheck(cluster: Cluster, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    token = cluster.kubectl("-n", SPACE, "create", "token", "netcheck").strip()
    authority = cluster.kubectl("-n", SPACE, "get", "configmap", "kube-root-ca.crt", "-o", "jsonpath={.data.ca\\.crt}")
    account = folder / "account"
    account.mkdir(exist_ok=True)
    for name, text in (("token", token), ("namespace", SPACE), ("ca.crt", authority)):
        (account / name).write_text(text)
    environment = {**{k: v for k, v in os.environ.items() if k != "KUBECONFIG"}, "HOME": str(folder),
                   "KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    line = ["nsenter", f"--target={process_of(cluster)}", "--net", "--uts", "--", "unshare", "--mount", "sh", "-c",
            INSIDE, str(account), str(Path(sys.executable).parent / "netcheck"), *words]
    return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=120)


def report(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.stdout, done.stderr[-1000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def summaries(told: dict[str, Any]) -> str:
    return "\n".join(finding["summary"] for finding in told["findings"])


def test_it_tries_dns_by_udp_and_tcp_from_its_own_node(own_pod: Cluster, tmp_path: Path) -> None:
    told = report(netcheck(own_pod, tmp_path, "run", "dns", "--output", "json"))
    assert told["answer"] == "ok"
    assert f"netcheck tried the way from its own Pod {SPACE}/{NAME} on {NODE}" in summaries(told)
    assert f"From pods on {NODE} the DNS Service and each DNS pod answer by UDP and TCP" in summaries(told)


def test_udp_that_a_firewall_drops_is_found_without_any_probe_pod_and_recorded(
    own_pod: Cluster, tmp_path: Path
) -> None:
    file = tmp_path / "own.json.gz"
    heal = Firewall(("udp dport 53 ip saddr 10.244.0.0/16 ip daddr 10.244.0.0/16 drop",), nodes=("n1",)).inject(own_pod)
    try:
        told = report(netcheck(own_pod, tmp_path, "record", "dns", "--to", str(file), "--output", "json"))
    finally:
        heal(own_pod)
    assert [(root["cause"], root["layer"]) for root in told["root_causes"]] == [("node.dns-port", "node")]
    bundle = load_bundle(file)
    assert bundle.own_pod == f"{SPACE}/{NAME}"
    assert {c.outcome for c in bundle.connections if c.protocol == "UDP"} == {"ok", "timeout"}


async def test_what_was_recorded_is_judged_as_it_was(own_pod: Cluster, tmp_path: Path) -> None:
    file = tmp_path / "own.json.gz"
    told = report(netcheck(own_pod, tmp_path, "record", "connectivity", "--to", str(file), "--output", "json"))
    bundle = load_bundle(file)
    async with ClusterBox(bundle) as box:
        settings = Settings(kubeconfig=str(box.write_kubeconfig(tmp_path / "kubeconfig")))
        said, _ = await run_verb(settings, "", "connectivity", "json", lambda: Means(sockets=RecordedSockets(bundle)))
    again = json.loads(said)
    assert (again["answer"], again["root_causes"]) == (told["answer"], told["root_causes"]) == ("ok", [])
    assert [f["verdict"] for f in again["findings"]] == [f["verdict"] for f in told["findings"]]
