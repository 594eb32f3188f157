"""Changes: merged as the API server merges them, tried without effect, refused with every field that is wrong."""

from typing import Any

import pytest

from tests.playground.cluster_box.client import APPS, CORE, MERGE, Client

SERVICE = f"{CORE}/services/kube-dns"
DEPLOYMENT = f"{APPS}/deployments/coredns"


async def test_a_dry_run_shows_what_would_be_and_changes_nothing(client: Client) -> None:
    before = (await client.get(SERVICE)).body
    answer = await client.patch(f"{SERVICE}?dryRun=All", {"spec": {"selector": {"k8s-app": "other"}}})
    assert answer.body["spec"]["selector"] == {"k8s-app": "other"}
    assert answer.body["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
    assert (await client.get(SERVICE)).body == before


async def test_a_change_is_kept_signed_and_raises_the_resource_version(client: Client) -> None:
    before = (await client.get(SERVICE)).body["metadata"]["resourceVersion"]
    await client.change(f"{SERVICE}?fieldManager=netcheck", {"spec": {"selector": {"k8s-app": "other", "tier": "dns"}}})
    after = (await client.get(SERVICE)).body
    assert after["spec"]["selector"] == {"k8s-app": "other", "tier": "dns"}
    assert int(after["metadata"]["resourceVersion"]) > int(before)
    signature = after["metadata"]["managedFields"][-1]
    assert (signature["manager"], signature["time"][:10]) == ("netcheck", "2026-09-21")


async def test_a_patch_that_changes_nothing_leaves_the_version(client: Client) -> None:
    before = (await client.get(SERVICE)).body["metadata"]["resourceVersion"]
    assert (await client.patch(SERVICE, {"spec": {"type": "ClusterIP"}})).body["metadata"]["resourceVersion"] == before


async def test_null_removes_a_key_in_both_kinds_of_patch(client: Client) -> None:
    for media in (MERGE, "application/strategic-merge-patch+json"):
        answer = await client.patch(f"{SERVICE}?dryRun=All", {"spec": {"selector": {"k8s-app": None, "a": "b"}}}, media)
        assert answer.body["spec"]["selector"] == {"a": "b"}


async def test_lists_merge_by_their_key_and_a_merge_patch_replaces_them(client: Client) -> None:
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "coredns", "image": "new"}, {"name": "extra"}]}}}}
    merged = (await client.patch(f"{DEPLOYMENT}?dryRun=All", patch)).body["spec"]["template"]["spec"]["containers"]
    assert [(item["name"], item.get("image"), "ports" in item) for item in merged] == [
        ("coredns", "new", True),
        ("extra", None, False),
    ]
    replaced = (await client.patch(f"{DEPLOYMENT}?dryRun=All", patch, MERGE)).body
    assert "ports" not in replaced["spec"]["template"]["spec"]["containers"][0]


async def test_a_list_item_is_deleted_by_its_key(client: Client) -> None:
    patch = {"spec": {"template": {"spec": {"volumes": [{"name": "config", "$patch": "delete"}]}}}}
    answer = await client.patch(f"{DEPLOYMENT}?dryRun=All", patch)
    assert answer.body["spec"]["template"]["spec"]["volumes"] == []


@pytest.mark.parametrize(
    ("path", "patch", "field", "message"),
    [
        (SERVICE, {"spec": {"clusterIP": "10.2.0.99"}}, "spec.clusterIPs[0]", "may not change once set"),
        (SERVICE, {"spec": {"selector": {"a b": "c"}}}, "spec.selector", "name part must consist of alphanumeric"),
        (
            SERVICE,
            {"spec": {"ports": [{"port": 99999, "name": "x"}]}},
            "spec.ports[0].port",
            "must be between 1 and 65535",
        ),
        (SERVICE, {"spec": {"ports": [{"port": 53, "protocol": "TCP"}]}}, "spec.ports[1]", "Duplicate value"),
        (SERVICE, {"spec": {"selector": "x"}}, "patch", "cannot restore map from"),
        (DEPLOYMENT, {"spec": {"replicas": -1}}, "spec.replicas", "must be greater than or equal to 0"),
        (DEPLOYMENT, {"spec": {"selector": {"matchLabels": {"a": "b"}}}}, "spec.selector", "field is immutable"),
    ],
)
async def test_what_may_not_be_is_refused_naming_the_field(
    client: Client, path: str, patch: Any, field: str, message: str
) -> None:
    answer = await client.patch(path, patch)
    assert (answer.status, answer.body["reason"]) == (422, "Invalid")
    causes = {cause["field"]: cause["message"] for cause in answer.body["details"]["causes"]}
    assert message in causes[field]


async def test_a_change_based_on_an_old_version_is_a_conflict(client: Client) -> None:
    answer = await client.patch(SERVICE, {"metadata": {"resourceVersion": "1"}, "spec": {"selector": {"a": "b"}}})
    assert (answer.status, answer.body["reason"]) == (409, "Conflict")
    assert 'cannot be fulfilled on services "kube-dns": the object has been modified' in answer.body["message"]


async def test_mistaken_requests_are_told_apart(client: Client) -> None:
    assert (await client.patch(f"{CORE}/services/nosuch", {})).status == 404
    assert (await client.patch(SERVICE, {}, "application/json")).status == 415
    assert (await client.patch(SERVICE, {"metadata": {"name": "other"}})).status == 400
    assert (await client.patch(f"{SERVICE}?dryRun=Some", {})).body["details"]["causes"][0]["field"] == "dryRun"
