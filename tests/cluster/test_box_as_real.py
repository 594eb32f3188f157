"""The cluster in a box beside the cluster that it was recorded from: the same requests, the same answers.

What may differ is cut away: versions of resources, who owns which field, times. Nothing here is changed: every patch is
a dry run.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from bot.cluster import Access, Cluster
from bot.cluster.auth import connect
from bot.cluster.client import KubernetesCluster
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.recorder import record
from tests.cluster import rig

pytestmark = pytest.mark.cluster

SYSTEM = "/api/v1/namespaces/kube-system"
SERVICE = f"{SYSTEM}/services/kube-dns"
DEPLOYMENT = "/apis/apps/v1/namespaces/kube-system/deployments/coredns"
REVIEWS = "/apis/authorization.k8s.io/v1"
ACCOUNT = "system:serviceaccount:kube-system:coredns"
STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
LISTS = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1"
SINGLE = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
KINDS = ("Node", "Namespace", "Pod", "Service", "EndpointSlice", "Deployment", "ConfigMap", "Event", "ClusterRole")

READS = """
/version /readyz /livez /nowhere /api/v1x /apis/nosuch.io/v1 /apis/nosuch.io/v1/foos /apis/discovery.k8s.io
/api/v1/nosuchkind /api/v1/pods /api/v1/pods?limit=1 /api/v1/pods?limit=2&labelSelector=k8s-app
/api/v1/pods?labelSelector=k8s-app%20in%20(kube-dns,kube-proxy) /api/v1/pods?labelSelector=k8s-app!=kube-dns
/api/v1/pods?labelSelector=!k8s-app /api/v1/pods?labelSelector=k8s-app%20notin%20(kube-dns)
/api/v1/pods?labelSelector=a%20b /api/v1/pods?labelSelector=a=b%20c /api/v1/pods?labelSelector=a%20in%20b
/api/v1/pods?labelSelector==b /api/v1/pods?labelSelector=a, /api/v1/pods?labelSelector=a%3Eb
/api/v1/pods?labelSelector=-a=b /api/v1/pods?labelSelector=a=b/c /api/v1/pods?limit=x /api/v1/pods?limit=-1
/api/v1/pods?fieldSelector=spec.hostNetwork=true /api/v1/pods?fieldSelector=status.phase!=Running
/api/v1/pods?fieldSelector=foo /api/v1/pods?fieldSelector=foo=bar /api/v1/configmaps?fieldSelector=data=x
/api/v1/services?fieldSelector=spec.clusterIP=10.96.0.10 /api/v1/nodes?fieldSelector=spec.unschedulable=false
/api/v1/events?fieldSelector=involvedObject.kind=Pod,reason=Scheduled /api/v1/namespaces/nosuch/pods
/apis/discovery.k8s.io/v1/endpointslices?fieldSelector=x=y /api/v1/namespaces/kube-system /api/v1/namespaces/nosuch
/api/v1/namespaces/kube-system/nodes /api/v1/namespaces/kube-system/pods/nosuch
/api/v1/namespaces/kube-system/pods/nosuch/log /api/v1/namespaces/kube-system/pods/nosuch/portforward?ports=53
/apis/rbac.authorization.k8s.io/v1/clusterroles/nosuch /api/v1/namespaces/kube-system/services/kube-dns
/apis/apps/v1/namespaces/kube-system/deployments/coredns
"""
OF_A_POD = (
    "log?previous=true",
    "log?container=xx",
    "log?tailLines=-2",
    "log?tailLines=x",
    "portforward?ports=53",
    "nosuch",
)
PATCHES: list[tuple[str, str, Any]] = [
    (STRATEGIC, SERVICE, {"spec": {"clusterIP": "10.96.0.99"}}),
    (MERGE, SERVICE, {"metadata": {"resourceVersion": "1"}, "spec": {"selector": {"a": "b"}}}),
    (STRATEGIC, SERVICE, {"spec": {"selector": {"x": None, "k8s-app": "y"}}}),
    (STRATEGIC, SERVICE, {"spec": {"selector": {"a b": "c d"}}}),
    (STRATEGIC, SERVICE, {"spec": {"selector": "x"}}),
    (STRATEGIC, SERVICE, {"spec": {"ports": [{"port": 53, "protocol": "TCP", "targetPort": 5353}]}}),
    (STRATEGIC, SERVICE, {"spec": {"ports": [{"port": 99999}]}}),
    (STRATEGIC, SERVICE, {"spec": {"ports": [{"port": 53, "$patch": "delete"}]}}),
    (STRATEGIC, SERVICE, {"spec": {"ports": [{"port": 80, "name": "x", "targetPort": "a_b"}]}}),
    (STRATEGIC, SERVICE, {"spec": {"ports": [{"name": "q"}]}}),
    (MERGE, SERVICE, {"spec": {"ports": []}}),
    (STRATEGIC, SERVICE, {"spec": {"type": "Foo"}}),
    (STRATEGIC, SERVICE, {"metadata": {"name": "zz"}}),
    (STRATEGIC, SERVICE, [1]),
    ("application/foo+json", SERVICE, {}),
    (STRATEGIC, f"{SYSTEM}/services/nosuch", {}),
    (STRATEGIC, f"{SYSTEM}/configmaps/coredns", {"data": {"Corefile": 5}}),
    (STRATEGIC, f"{SYSTEM}/configmaps/coredns", {"data": {"a b": "x"}}),
    (STRATEGIC, DEPLOYMENT, {"spec": {"replicas": -1}}),
    (STRATEGIC, DEPLOYMENT, {"spec": {"replicas": "x"}}),
    (STRATEGIC, DEPLOYMENT, {"spec": {"selector": {"matchLabels": {"k8s-app": "x"}}}}),
    (STRATEGIC, DEPLOYMENT, {"spec": {"template": {"metadata": {"annotations": {"a": 1}}}}}),
    (STRATEGIC, DEPLOYMENT, {"spec": {"template": {"spec": {"containers": [{"name": "coredns", "image": "x"}]}}}}),
]
REVIEWED: list[tuple[str, Any]] = [
    ("selfsubjectaccessreviews", {"resourceAttributes": {"verb": "list", "resource": "pods"}}),
    ("selfsubjectaccessreviews", {}),
    ("subjectaccessreviews", {"resourceAttributes": {"verb": "list", "resource": "pods"}}),
    ("subjectaccessreviews", {"user": ACCOUNT, "resourceAttributes": {"verb": "list", "resource": "pods"}}),
    ("subjectaccessreviews", {"user": ACCOUNT, "resourceAttributes": {"verb": "delete", "resource": "pods"}}),
    ("subjectaccessreviews", {"user": ACCOUNT, "resourceAttributes": {"verb": "*", "resource": "pods"}}),
    ("selfsubjectrulesreviews", {}),
]


@dataclass(frozen=True, slots=True)
class Side:
    server: str
    headers: dict[str, str]
    tls: Any

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[Any, ...]:
        url = f"{self.server}{path}"
        named = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self.tls)) as session,
            session.request(method, url, json=body, headers=named) as response,
        ):
            return (response.status, response.content_type, *reduce_answer(await response.text()))


@dataclass(frozen=True, slots=True)
class Pair:
    real: Side
    box: Side
    pod: str

    async def compare(self, method: str, path: str, body: Any = None, **headers: str) -> None:
        assert await self.box.ask(method, path, body, **headers) == await self.real.ask(method, path, body, **headers)


def reduce_answer(text: str) -> tuple[Any, ...]:
    """What of an answer must be equal."""
    try:
        answer = json.loads(text)
    except ValueError:
        return (text,)
    if answer.get("kind") == "Status":
        return tuple(json.dumps(answer.get(key)) for key in ("reason", "message", "details"))
    metadata = {key: value for key, value in (answer.get("metadata") or {}).items() if key in _KEPT}
    if answer.get("kind") == "Table":
        titles = [column["name"] for column in answer["columnDefinitions"]]
        rows = [{**dict(zip(titles, row["cells"], strict=True)), "Age": ""} for row in answer["rows"]]
        wide = [column["priority"] for column in answer["columnDefinitions"]]
        return ("Table", titles, wide, rows, [row["object"] is None for row in answer["rows"]])
    if "items" in answer:
        items = [(item["metadata"]["name"], sorted(item)) for item in answer["items"]]
        return (answer["kind"], answer["apiVersion"], bool(answer["metadata"].get("continue")), metadata, items)
    return (json.dumps({**answer, "metadata": metadata}, sort_keys=True),)


_KEPT = ("name", "namespace", "labels", "uid", "generation", "remainingItemCount")


async def look(cluster: Cluster) -> None:
    for kind in KINDS:
        await cluster.list(kind)
    await cluster.may(Access("list", "pods", user=ACCOUNT))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(cluster: rig.Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    credentials = await connect(str(cluster.kubeconfig), None)
    login = await credentials.current()
    client = KubernetesCluster(credentials)
    bundle = await record(client, look, "recorded", "Recorded a moment ago")
    pods = (await client.list("Pod", "kube-system", labels="k8s-app=kube-dns")).items
    await client.close()
    real = Side(credentials.server, {"Authorization": login.authorization}, login.tls or True)
    async with ClusterBox(bundle) as box:
        folder: Path = tmp_path_factory.mktemp("box")
        boxed = await (await connect(str(box.write_kubeconfig(folder / "kubeconfig")), None)).current()
        yield Pair(
            real,
            Side(box.server, {"Authorization": boxed.authorization}, boxed.tls or True),
            pods[0]["metadata"]["name"],
        )


@pytest.mark.asyncio(loop_scope="module")
class TestSameAnswers:
    @pytest.mark.parametrize("path", READS.split())
    async def test_a_read_is_answered_alike(self, pair: Pair, path: str) -> None:
        await pair.compare("GET", path)

    @pytest.mark.parametrize("what", OF_A_POD)
    async def test_what_hangs_under_a_pod_is_refused_alike(self, pair: Pair, what: str) -> None:
        await pair.compare("GET", f"{SYSTEM}/pods/{pair.pod}/{what}")

    @pytest.mark.parametrize("accept", [LISTS, SINGLE, "text/html", "*/*", "text/html,*/*"])
    async def test_the_forms_of_an_answer_are_chosen_alike(self, pair: Pair, accept: str) -> None:
        for path in (f"{SYSTEM}/pods?limit=1", SERVICE):
            await pair.compare("GET", path, Accept=accept)

    async def test_the_table_of_nodes_has_the_same_rows(self, pair: Pair) -> None:
        for include in ("None", "Metadata"):
            await pair.compare("GET", f"/api/v1/nodes?includeObject={include}", Accept=TABLE)

    @pytest.mark.parametrize(("media", "path", "patch"), PATCHES)
    async def test_a_change_is_merged_or_refused_alike(self, pair: Pair, media: str, path: str, patch: Any) -> None:
        await pair.compare("PATCH", f"{path}?dryRun=All", patch, Content_Type=media)

    @pytest.mark.parametrize(("review", "spec"), REVIEWED)
    async def test_a_review_is_answered_alike(self, pair: Pair, review: str, spec: Any) -> None:
        await pair.compare("POST", f"{REVIEWS}/{review}", {"spec": spec})

    @pytest.mark.parametrize(
        ("method", "path"), [("PUT", "/api/v1/pods"), ("DELETE", "/version"), ("HEAD", "/api/v1/pods")]
    )
    async def test_a_method_that_is_not_served_is_refused_alike(self, pair: Pair, method: str, path: str) -> None:
        await pair.compare(method, path)

    async def test_a_wrong_token_and_none_are_refused_alike(self, pair: Pair) -> None:
        for authorization in ("Bearer wrong", ""):
            for path in ("/version", "/api/v1/pods", "/apis"):
                await pair.compare("GET", path, Authorization=authorization)
