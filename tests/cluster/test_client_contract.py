"""The client's contract on a real API server, and what only a real one can show: exec, crashes, kube-proxy."""

import secrets
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.model.errors import Forbidden, NotFound, Rejected, ServerFailed
from tests.cluster.rig import Cluster
from tests.cluster_client.contract import ClientContract
from tests.cluster_client.oracle import Oracle
from tests.cluster_client.stand import SYSTEM, Stand, set_up, write_account

pytestmark = pytest.mark.cluster
NAMESPACE = f"netcheck-client-{secrets.token_hex(3)}"


@pytest.fixture(scope="module")
def oracle(cluster: Cluster) -> Iterator[Oracle]:
    oracle = Oracle(cluster.kubeconfig)
    yield oracle
    oracle.close()


@pytest.fixture(scope="module")
def namespace(cluster: Cluster) -> Iterator[str]:
    cluster.kubectl("create", "namespace", NAMESPACE)
    yield NAMESPACE
    cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


@pytest.fixture(scope="module")
def token(cluster: Cluster, namespace: str) -> str:
    """Of an account that nobody gave any role."""
    cluster.kubectl("-n", namespace, "create", "serviceaccount", "nobody")
    return cluster.kubectl("-n", namespace, "create", "token", "nobody").strip()


@pytest.fixture
async def stand(cluster: Cluster, oracle: Oracle, token: str, tmp_path: Path) -> AsyncIterator[Stand]:
    nobody = write_account(cluster.kubeconfig, tmp_path / "nobody", {"token": token})
    async with set_up(oracle, cluster.kubeconfig, nobody, tmp_path) as stand:
        yield stand


class TestRealCluster(ClientContract):
    pass


def proxy_pod(stand: Stand) -> str:
    core = stand.oracle.core
    listed = stand.oracle.ask(core.list_namespaced_pod, SYSTEM, label_selector="k8s-app=kube-proxy")
    return str(listed["items"][0]["metadata"]["name"])


async def test_a_command_gives_its_output_and_its_exit_code(stand: Stand) -> None:
    cluster, pod = stand.cluster, proxy_pod(stand)
    good = await cluster.execute(SYSTEM, pod, "kube-proxy", ("iptables-save", "-t", "nat"))
    assert (good.exit_code, "KUBE-SERVICES" in good.stdout, good.stderr) == (0, True, "")
    bad = await cluster.execute(SYSTEM, pod, "kube-proxy", ("iptables-save", "-t", "nonsense"))
    assert (bad.exit_code != 0, bad.stdout, bool(bad.stderr)) == (True, "", True)


async def test_a_command_that_is_not_in_the_image_is_said_not_to_be(stand: Stand) -> None:
    with pytest.raises(ServerFailed, match=r"could not be run: .*not found"):
        await stand.cluster.execute(SYSTEM, proxy_pod(stand), "kube-proxy", ("no-such-program",))


async def test_a_command_in_a_container_that_is_not_there_is_refused(stand: Stand) -> None:
    with pytest.raises(Rejected, match="container none is not valid"):
        await stand.cluster.execute(SYSTEM, proxy_pod(stand), "none", ("true",))
    with pytest.raises(NotFound):
        await stand.cluster.execute(SYSTEM, "gone", "", ("true",))
    with pytest.raises(Forbidden) as caught:
        await stand.open(stand.nobody).execute(SYSTEM, proxy_pod(stand), "", ("true",))
    assert caught.value.permission == "create pods/exec in kube-system"


async def test_http_over_a_forwarded_port_reaches_the_nodes_kube_proxy(stand: Stand) -> None:
    async with stand.cluster.forward(SYSTEM, proxy_pod(stand), 10249) as stream:
        await stream.send(b"GET /proxyMode HTTP/1.0\r\n\r\n")
        answer = b""
        while part := await stream.read():
            answer += part
    assert answer.startswith(b"HTTP/1.0 200")
    assert answer.endswith((b"iptables", b"nftables", b"ipvs"))


async def test_a_kind_that_the_table_does_not_know_is_found_by_its_api(stand: Stand) -> None:
    ours = await stand.cluster.list("FlowSchema", api="flowcontrol.apiserver.k8s.io/v1")
    theirs = stand.oracle.ask(stand.oracle.flow.list_flow_schema)
    assert [item["metadata"]["name"] for item in ours.items] == [item["metadata"]["name"] for item in theirs["items"]]
    assert ours.items[0]["kind"] == "FlowSchema"


async def test_the_log_before_a_crash_is_read_with_previous(stand: Stand, cluster: Cluster, namespace: str) -> None:
    pod = stand.dns_pods()[0]
    container = pod["spec"]["containers"][0]
    body = {
        "metadata": {"name": "crashes"},
        "spec": {
            "tolerations": [{"operator": "Exists"}],
            "containers": [{
                "name": "main", "image": container["image"], "imagePullPolicy": container["imagePullPolicy"],
                "command": ["/coredns", "-conf", "/no-such-file"],
            }],
        },
    }
    stand.oracle.core.create_namespaced_pod(namespace, body)
    cluster.kubectl(
        "-n", namespace, "wait", "pod/crashes", "--timeout=60s",
        # Between the crash and the back-off the kubelet has thrown the previous container's log away (seen on v1.34).
        "--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=CrashLoopBackOff",
    )
    assert "no-such-file" in await stand.cluster.logs(namespace, "crashes", previous=True)


async def test_the_clock_is_the_api_servers(stand: Stand) -> None:
    kube = stand.cluster
    await kube.version()
    assert abs(kube.now - time.time()) < 120
