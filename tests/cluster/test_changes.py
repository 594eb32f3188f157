"""The two changes and the generic looks on a real API server, whose merging, defaulting and refusing is the matter."""

import secrets
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import yaml

from bot.cluster.auth import connect
from bot.cluster.client import KubernetesCluster
from bot.model.errors import NotFound, Rejected
from bot.model.finding import Verdict
from bot.steps.changes.service_patch import ServicePatchArgs, apply_service, judge_service, preview_service
from bot.steps.changes.workload_restart import RestartArgs, apply_restart, judge_restart, preview_restart
from bot.steps.generic import GetArgs, ListArgs, gather_items, gather_object, judge_items, judge_object
from tests.cluster.rig import Cluster
from tests.cluster.rig.commands import until

pytestmark = pytest.mark.cluster
NAMESPACE = f"netcheck-changes-{secrets.token_hex(3)}"
SERVICE = f"{NAMESPACE}/names"
PORTS = [
    {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53},
    {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 53},
]


@pytest.fixture(scope="module")
def namespace(cluster: Cluster) -> Iterator[str]:
    cluster.kubectl("create", "namespace", NAMESPACE)
    yield NAMESPACE
    cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


@pytest.fixture
async def api(cluster: Cluster, namespace: str) -> AsyncIterator[KubernetesCluster]:
    """With a fresh NodePort Service, so that there is something which a change must leave alone."""
    body: dict[str, Any] = {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "names", "namespace": namespace},
        "spec": {"type": "NodePort", "selector": {"app": "old", "tier": "dns"}, "ports": PORTS},
    }  # fmt: skip
    cluster.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(body))
    client = KubernetesCluster(await connect(str(cluster.kubeconfig), None))
    yield client
    await client.close()
    cluster.kubectl("-n", namespace, "delete", "service", "names")


def patch(**fields: Any) -> ServicePatchArgs:
    return ServicePatchArgs.model_validate({"service": SERVICE, **fields})


async def read_spec(api: KubernetesCluster) -> dict[str, Any]:
    return dict((await api.get("Service", "names", NAMESPACE))["spec"])


async def test_a_new_selector_takes_the_place_of_the_old_one_as_the_preview_said(api: KubernetesCluster) -> None:
    args = patch(selector={"app": "new"})
    shown = await preview_service(api, args)
    assert shown["difference"] == ["  selector:", "-   app: old", "-   tier: dns", "+   app: new"]
    assert (await read_spec(api))["selector"] == {"app": "old", "tier": "dns"}
    judged = judge_service(await apply_service(api, args), args)
    assert (await read_spec(api))["selector"] == {"app": "new"}
    assert (judged.findings[0].verdict, judged.outputs["changed"]) == (Verdict.INFO, True)
    assert (await preview_service(api, args))["difference"] == []


async def test_one_of_two_ports_with_the_same_number_is_changed_and_node_ports_stay(api: KubernetesCluster) -> None:
    before = (await read_spec(api))["ports"]
    args = patch(ports=[{**PORTS[0], "targetPort": 5353}, {"port": 53}])
    shown = (await preview_service(api, args))["difference"]
    assert [line for line in shown if line[0] != " "] == ["-     targetPort: 53", "+     targetPort: 5353"]
    assert judge_service(await apply_service(api, args), args).findings[0].verdict is Verdict.INFO
    assert (await read_spec(api))["ports"] == [{**before[0], "targetPort": 5353}, before[1]]


async def test_ports_that_are_not_named_go_and_defaults_of_new_ones_are_no_surprise(api: KubernetesCluster) -> None:
    args = patch(ports=[{"port": 53, "protocol": "UDP"}, {"port": 80, "name": "web"}])
    judged = judge_service(await apply_service(api, args), args)
    assert [(port["port"], port["protocol"]) for port in (await read_spec(api))["ports"]] == [(53, "UDP"), (80, "TCP")]
    assert judged.findings[0].verdict is Verdict.INFO


async def test_what_the_server_would_refuse_is_refused_by_the_dry_run(api: KubernetesCluster) -> None:
    with pytest.raises(Rejected, match=r"spec\.selector"):
        await preview_service(api, patch(selector={"no good!": "x"}))
    with pytest.raises(Rejected, match=r"ports\[1\]\.name"):
        await preview_service(api, patch(ports=[{"port": 53}, {"port": 80}]))
    with pytest.raises(NotFound):
        await preview_service(api, ServicePatchArgs(service=f"{NAMESPACE}/nothing", selector={"a": "b"}))


async def test_a_restart_replaces_the_pods_and_its_preview_does_not(api: KubernetesCluster, cluster: Cluster) -> None:
    args = RestartArgs(workload="Deployment kube-system/coredns")
    generation = (await api.get("Deployment", "coredns", "kube-system"))["metadata"]["generation"]
    shown = await preview_restart(api, args)
    assert shown["difference"][-1].startswith("+ kubectl.kubernetes.io/restartedAt: ")
    assert (await api.get("Deployment", "coredns", "kube-system"))["metadata"]["generation"] == generation
    judged = judge_restart(await apply_restart(api, args), args)
    assert judged.outputs["changed"] is True
    cluster.kubectl("-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=90s")
    assert (await api.get("Deployment", "coredns", "kube-system"))["metadata"]["generation"] == generation + 1
    until("the old pods are gone, which the next test would see come and go", lambda: len(
        cluster.kubectl("-n", "kube-system", "get", "pods", "-l", "k8s-app=kube-dns", "-o", "name").split()) == 2)


async def test_nothing_is_restarted_where_there_are_no_pods(api: KubernetesCluster, cluster: Cluster) -> None:
    cluster.kubectl("-n", NAMESPACE, "create", "deployment", "idle", "--image=none", "--replicas=0")
    with pytest.raises(Rejected, match="has no pods to restart"):
        await preview_restart(api, RestartArgs(workload=f"Deployment {NAMESPACE}/idle"))


async def test_generic_looks_read_objects_and_tell_an_absent_one_from_an_absent_kind(api: KubernetesCluster) -> None:
    gone = GetArgs.model_validate({
        "kind": "Service", "name": "nothing", "namespace": NAMESPACE,
        "outcomes": [{"fail": {"when": "object is none", "message": "It is gone."}}],
    })  # fmt: skip
    judged = judge_object(await gather_object(api, gone), gone)
    assert (judged.findings[0].verdict, judged.outputs["found"]) == (Verdict.FAIL, False)
    with pytest.raises(NotFound):
        await gather_object(api, GetArgs(api="example.com/v1", kind="Thing", name="x"))
    some = ListArgs(kind="Service", namespace=NAMESPACE, keep=("spec.selector",))
    assert judge_items(await gather_items(api, some), some).outputs["items"] == [
        {"metadata": {"name": "names", "namespace": NAMESPACE}, "spec": {"selector": {"app": "old", "tier": "dns"}}}
    ]
