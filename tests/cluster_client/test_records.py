"""The table of kinds, and what can never become a path."""

import re

import orjson
import pytest

from bot.cluster import Access
from bot.cluster.answers import locate, write_review
from bot.cluster.client import KubernetesCluster
from bot.cluster.records import KINDS, find_kind
from bot.model.errors import NotFound, Rejected
from tests.cluster_client.server import Script, json

OTHERS = "example.com/v1"
RESOURCES = {"kind": "APIResourceList", "resources": [
    {"name": "pools", "kind": "Pool", "namespaced": False, "verbs": ["get"]},
    {"name": "networkpolicies", "kind": "NetworkPolicy", "namespaced": True, "verbs": ["get"]},
]}


@pytest.mark.parametrize("name", ["../secrets/token", "a/b", "a%2Fb", "..", "a?x=1", "a\nb", "web#"])
async def test_a_name_can_never_reach_another_resource(
    script: Script, cluster: KubernetesCluster, name: str
) -> None:
    for place in ((name, "shop"), ("web", name)):
        with pytest.raises(Rejected, match="cannot be the name of an object"):
            await cluster.get("Pod", *place)
    with pytest.raises(Rejected):
        await cluster.logs("shop", name)
    assert script.seen == []


@pytest.mark.parametrize("api", ["", "v1"])
async def test_secrets_are_never_read(script: Script, cluster: KubernetesCluster, api: str) -> None:
    with pytest.raises(Rejected, match="never reads Secrets"):
        await cluster.list("Secret", "shop", api=api)
    assert script.seen == []


async def test_a_namespace_that_is_missing_is_told_before_anything_is_asked(
    script: Script, cluster: KubernetesCluster
) -> None:
    with pytest.raises(Rejected, match="lives in a namespace"):
        await cluster.get("Pod", "web")
    assert script.seen == []


async def test_a_kind_the_table_does_not_know_is_looked_up_once(script: Script, cluster: KubernetesCluster) -> None:
    script.reply(json(RESOURCES), json({"items": []}))
    await cluster.list("Pool", api=OTHERS)
    await cluster.scoped().list("Pool", "ignored", api=OTHERS)
    assert [request.path for request in script.seen] == [
        f"/apis/{OTHERS}", f"/apis/{OTHERS}/pools", f"/apis/{OTHERS}/pools",
    ]


async def test_a_kind_of_the_same_name_in_another_group_is_that_groups_kind(
    script: Script, cluster: KubernetesCluster
) -> None:
    script.reply(json(RESOURCES), json({"metadata": {"name": "deny", "namespace": "shop"}}))
    await cluster.get("NetworkPolicy", "deny", "shop", api=OTHERS)
    assert script.seen[-1].path == f"/apis/{OTHERS}/namespaces/shop/networkpolicies/deny"


async def test_custom_kinds_get_a_merge_patch_and_built_in_ones_a_strategic_one(
    script: Script, cluster: KubernetesCluster
) -> None:
    script.reply(json(RESOURCES), json({"metadata": {"name": "a"}}))
    await cluster.patch("Pool", "a", "", {"spec": {}}, api=OTHERS)
    await cluster.patch("Service", "a", "shop", {"spec": {}}, dry_run=True)
    custom, built_in = script.seen[1:]
    assert custom.headers["Content-Type"] == "application/merge-patch+json"
    assert dict(custom.query) == {"fieldManager": "netcheck"}
    assert built_in.headers["Content-Type"] == "application/strategic-merge-patch+json"
    assert dict(built_in.query) == {"fieldManager": "netcheck", "dryRun": "All"}


async def test_a_kind_that_is_not_served_is_not_found(script: Script, cluster: KubernetesCluster) -> None:
    script.reply(json(RESOURCES))
    with pytest.raises(NotFound, match=f"serves no BGPPeer in {re.escape(OTHERS)}"):
        await cluster.list("BGPPeer", api=OTHERS)


def test_a_mistyped_kind_is_answered_with_the_near_one() -> None:
    with pytest.raises(NotFound, match=r"no kind 'Endpointslice'\. Did you mean EndpointSlice"):
        find_kind("Endpointslice", "")


def test_paths_are_those_of_the_api() -> None:
    assert locate(KINDS["Node"], "", "n1") == "/api/v1/nodes/n1"
    assert locate(KINDS["Pod"], "shop", "web", "log") == "/api/v1/namespaces/shop/pods/web/log"
    assert KINDS["EndpointSlice"].path() == "/apis/discovery.k8s.io/v1/endpointslices"
    # RBAC names hold colons, as in system:coredns.
    assert locate(KINDS["ClusterRole"], "", "system:coredns").endswith("/clusterroles/system:coredns")


def test_a_review_of_a_service_account_carries_the_groups_that_it_really_has() -> None:
    access = Access("list", "pods", user="system:serviceaccount:kube-system:coredns", groups=("extra",))
    assert orjson.loads(write_review("SubjectAccessReview", access))["spec"]["groups"] == [
        "extra", "system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated",
    ]
