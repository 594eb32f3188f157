"""Recording through the production client: what was read is served again as it was; no secret gets into the file."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import dns.message
import pytest

from bot.cluster import Access, Cluster, Dial, Object
from bot.cluster.auth import connect
from bot.cluster.client import KubernetesCluster
from bot.model.errors import ClusterError, ServerFailed, TimedOut
from bot.playground.bundle import Bundle, Connection, Read
from bot.playground.cassette import Cassette
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.cluster_box.faults import Fault
from bot.playground.cluster_box.programs import plain_command
from bot.playground.connections import RecordedSockets
from bot.playground.recorder import record
from bot.playground.scenarios import load_scenario
from bot.playground.taped import outcome_of
from tests.playground.cluster_box.town import ACCOUNT, NAMESPACE, PODS, make_object, make_town, with_reads

Play = Callable[[Cluster], Awaitable[None]]
ROLES = tuple(
    Read(verb="list", kind=kind, api="rbac.authorization.k8s.io/v1")
    for kind in ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
)


async def make_recording(box: ClusterBox, folder: Path, play: Play) -> Bundle:
    cluster = KubernetesCluster(await connect(str(box.write_kubeconfig(folder / "kubeconfig")), None))
    try:
        return await record(cluster, play, "again", "Recorded from the box")
    finally:
        await cluster.close()


def outcomes_of(bundle: Bundle, kind: str) -> list[str]:
    return [read.outcome for read in bundle.reads if read.kind == kind]


async def look(cluster: Cluster) -> list[Any]:
    """Reads of every kind, with what came back or how it failed."""
    found: list[Any] = []

    async def note(call: Awaitable[Any]) -> None:
        try:
            found.append(await call)
        except ClusterError as error:
            found.append((type(error).__name__, str(error)))

    await note(cluster.list("Pod", NAMESPACE, labels="k8s-app=kube-dns"))
    await note(cluster.list("Pod", NAMESPACE, labels="k8s-app=nosuch"))
    await note(cluster.list("Pod", limit=1, form="metadata"))
    await note(cluster.get("ConfigMap", "coredns", NAMESPACE))
    await note(cluster.get("ConfigMap", "kubelet-config", NAMESPACE))
    await note(cluster.list("NetworkPolicy"))
    await note(cluster.logs(NAMESPACE, PODS[0], tail=2))
    await note(cluster.logs(NAMESPACE, PODS[0], previous=True))
    await note(cluster.may(Access("list", "services", user=ACCOUNT)))
    await note(cluster.may(Access("delete", "services", user=ACCOUNT)))
    await note(cluster.execute(NAMESPACE, PODS[0], "coredns", ("false",)))
    await note(ask(cluster, "kubernetes.default.svc.cluster.local"))
    await note(fetch(cluster, 8181, "/ready"))
    return found


async def ask(cluster: Cluster, name: str) -> list[str]:
    async with cluster.forward(NAMESPACE, PODS[0], 53) as stream:
        wire = dns.message.make_query(name, "A").to_wire()
        await stream.send(len(wire).to_bytes(2, "big") + wire)
        size = int.from_bytes(await stream.read_exactly(2), "big")
        return [record.to_text() for record in dns.message.from_wire(await stream.read_exactly(size)).answer]


async def fetch(cluster: Cluster, port: int, path: str) -> bytes:
    async with cluster.forward(NAMESPACE, PODS[0], port) as stream:
        await stream.send(f"GET {path} HTTP/1.1\r\nHost: pod\r\n\r\n".encode())
        answer = b""
        while part := await stream.read():
            answer += part
        return answer


async def test_a_replayed_recording_answers_as_the_cluster_did(tmp_path: Path) -> None:
    heard: list[list[Any]] = []

    async def play(cluster: Cluster) -> None:
        heard.append(await look(cluster))

    async with ClusterBox(with_reads(make_town(), *ROLES)) as box:
        first = await make_recording(box, tmp_path, play)
    async with ClusterBox(first) as box:
        await make_recording(box, tmp_path, play)
    assert heard[0] == heard[1]
    assert [type(item).__name__ for item in heard[0]].count("tuple") == 3


async def test_of_nodes_of_which_only_the_table_was_read_the_rows_are_told_again(tmp_path: Path) -> None:
    tables: list[Any] = []

    async def play(cluster: Cluster) -> None:
        tables.append(await cluster.fold("Node", with_status, (), form="table", limit=2000))

    town = load_scenario("healthy")
    async with ClusterBox(town) as box:
        bundle = await make_recording(box, tmp_path, play)
    assert [item["kind"] for item in bundle.objects if item["kind"] == "Node"] == []
    async with ClusterBox(bundle) as box:
        await make_recording(box, tmp_path, play)
    assert tables[0] == tables[1]
    assert tables[1] == ("Ready", "Ready")


def with_status(told: tuple[str, ...], node: Object) -> tuple[str, ...]:
    return (*told, node["cells"]["Status"])


async def test_what_was_not_read_is_not_in_the_recording(tmp_path: Path) -> None:
    async def play(cluster: Cluster) -> None:
        await cluster.get("ConfigMap", "coredns", NAMESPACE)

    async with ClusterBox(make_town()) as box:
        bundle = await make_recording(box, tmp_path, play)
    assert [item["kind"] for item in bundle.objects] == ["ConfigMap"]


async def test_roles_that_may_be_read_are_kept_for_the_accounts_that_were_seen(tmp_path: Path) -> None:
    async def play(cluster: Cluster) -> None:
        await cluster.list("Pod", NAMESPACE, labels="k8s-app=kube-dns")

    async with ClusterBox(with_reads(make_town(), *ROLES)) as box:
        bundle = await make_recording(box, tmp_path, play)
    kinds = {item["kind"] for item in bundle.objects}
    assert (bundle.roles_of, kinds >= {"ClusterRole", "ClusterRoleBinding"}) == ((ACCOUNT,), True)


async def test_the_workloads_of_the_pods_that_were_seen_are_recorded_with_them(tmp_path: Path) -> None:
    async def play(cluster: Cluster) -> None:
        await cluster.list("Pod", NAMESPACE, labels="k8s-app=kube-dns")

    async with ClusterBox(make_town()) as box:
        bundle = await make_recording(box, tmp_path, play)
    assert sorted(item["kind"] for item in bundle.objects) == ["Deployment", "Pod", "Pod", "ReplicaSet"]


async def test_without_the_roles_the_answers_of_reviews_are_kept(tmp_path: Path) -> None:
    async def play(cluster: Cluster) -> None:
        await cluster.may(Access("list", "services", user=ACCOUNT))

    async with ClusterBox(make_town()) as box:
        bundle = await make_recording(box, tmp_path, play)
    assert (bundle.roles_of, bundle.reviews[0].allowed) == ((), True)
    async with ClusterBox(bundle) as box:
        again = await make_recording(box, tmp_path, play)
    assert again.reviews == bundle.reviews


async def test_secrets_tokens_and_field_ownership_stay_out(tmp_path: Path) -> None:
    kubeconfig = "users:\n- user:\n    token: abcdef.0123456789abcdef\n"
    fields = [{"manager": "kubectl", "operation": "Update", "time": "2026-09-01T00:00:00Z", "fieldsV1": {"f:data": {}}}]
    config = make_object(
        "v1", "ConfigMap", "coredns", data={"kubeconfig": kubeconfig}, metadata={"managedFields": fields}
    )
    secret = make_object("v1", "Secret", "s", data={"password": "aHVudGVyMg=="})
    town = make_town()
    others = [item for item in town.objects if item["kind"] != "ConfigMap"]

    async def play(cluster: Cluster) -> None:
        await cluster.get("ConfigMap", "coredns", NAMESPACE)
        with suppress(ClusterError):
            await cluster.get("Secret", "s", NAMESPACE)

    async with ClusterBox(replace(town, objects=(*others, config, secret))) as box:
        bundle = await make_recording(box, tmp_path, play)
    (kept,) = bundle.objects
    assert kept["data"]["kubeconfig"] == "users:\n- user:\n    token: [redacted]\n"
    assert kept["metadata"]["managedFields"] == [{key: fields[0][key] for key in ("manager", "operation", "time")}]
    assert not [read for read in bundle.reads if read.kind == "Secret"]


async def test_a_read_that_failed_is_recorded_as_failed_and_one_that_later_worked_as_answered(tmp_path: Path) -> None:
    async def play(cluster: Cluster) -> None:
        for _ in range(2):
            with suppress(ServerFailed):
                await cluster.list("Node")

    path = "/api/v1/nodes"
    async with ClusterBox(make_town()) as box:
        box.faults.append(Fault(path=path, status=500))
        failed = await make_recording(box, tmp_path, play)
        assert outcomes_of(failed, "Node") == ["failed"]
        box.faults.clear()
        assert outcomes_of(await make_recording(box, tmp_path, play), "Node") == ["answered"]
    async with ClusterBox(failed) as box:
        assert outcomes_of(await make_recording(box, tmp_path, play), "Node") == ["failed"]


async def test_what_a_pod_printed_that_ran_once_is_told_again_to_the_same_and_no_other(tmp_path: Path) -> None:
    spec = {"nodeName": "node-1", "containers": [{"name": "probe", "image": "shell:1", "command": ["date"]}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {}}, "spec": spec}
    other = {**pod, "spec": {**spec, "nodeName": "node-2"}}
    ends: list[Any] = []

    async def play(cluster: Cluster) -> None:
        ends.append(await cluster.run_pods(NAMESPACE, [pod], 5.0))

    async def play_other(cluster: Cluster) -> None:
        with suppress(ClusterError):
            ends.append(await cluster.run_pods(NAMESPACE, [other], 5.0))

    async with ClusterBox(make_town(), start=lambda sent: ({"phase": "Succeeded"}, "noon\n")) as box:
        bundle = await make_recording(box, tmp_path, play)
    async with ClusterBox(bundle) as box:
        again = await make_recording(box, tmp_path, play)
        await make_recording(box, tmp_path, play_other)
    assert again.runs == bundle.runs
    assert [end[0].log for end in ends] == ["noon\n", "noon\n"]


async def test_connections_from_its_own_pod_are_recorded_and_told_again(tmp_path: Path) -> None:
    ways = [Dial(protocol="TCP", address="10.2.0.10", port=53), Dial(protocol="UDP", address="10.2.0.10", port=53)]
    told = (Connection(protocol="TCP", address="10.2.0.10", port=53, outcome="ok", seconds=0.1),
            Connection(protocol="UDP", address="10.2.0.10", port=53, outcome="timeout", said="no answer within 3 s"))
    first = replace(make_town(), own_pod="ops/netcheck-1", connections=told)

    async def dial(cluster: Cluster) -> None:
        assert cluster.sockets
        for way in ways:
            await cluster.sockets.dial(way)

    async with ClusterBox(first) as box:
        cluster = KubernetesCluster(await connect(str(box.write_kubeconfig(tmp_path / "kubeconfig")), None))
        own = cluster.scoped(sockets=RecordedSockets(first))
        try:
            again = await record(own, dial, "again", "Recorded from the box")
        finally:
            await cluster.close()
    assert (again.own_pod, again.connections) == ("ops/netcheck-1", told)


def test_what_was_recorded_counts_however_often_and_patiently_it_is_asked_for() -> None:
    once, thrice, other = (("sh", "-c", f"nslookup {how} 10.96.0.10") for how in (
        "-retry=1 -timeout=2 a.example", "-retry=3 -timeout=6 a.example", "-retry=1 -timeout=2 b.example"))
    assert plain_command(once) == plain_command(thrice) != plain_command(other)


@pytest.mark.parametrize("why", [
    TimedOut("it is connected but gave no answer within 5 s. For this it asks the kubelet on the pod's node."),
    ServerFailed("failed with status 500: error dialing backend: dial tcp 10.0.0.2:10250: connect: connection refused"),
])
async def test_a_port_to_which_no_way_was_opened_is_not_opened_in_the_replay_either(
    why: ClusterError, tmp_path: Path
) -> None:
    cassette = Cassette()
    cassette.keep_tape((NAMESPACE, PODS[0], 53), b"", b"", *outcome_of(why))
    bundle = replace(make_town(), dns=cassette.bundle("x", "x", 0.0).dns)

    async def play(cluster: Cluster) -> None:
        with pytest.raises(type(why)) as told:
            await ask(cluster, "kubernetes.default.svc.cluster.local")
        assert "the node could not reach the port" not in str(told.value)

    async with ClusterBox(bundle, lag=0.0) as box:
        await make_recording(box, tmp_path, play)
