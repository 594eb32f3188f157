"""What the box answers to reads: the rules of the API server, and honesty about what was never recorded."""

from dataclasses import replace

import pytest

from bot.playground.bundle import Read
from bot.playground.cluster_box.box import ClusterBox
from tests.playground.cluster_box.client import CORE, SLICES, Client, open_client
from tests.playground.cluster_box.town import NAMESPACE, PODS, make_town, with_reads

METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1"


async def test_a_list_recorded_empty_is_empty(client: Client) -> None:
    answer = await client.get(f"{CORE}/events")
    assert (answer.status, answer.body["items"], answer.body["kind"]) == (200, [], "EventList")


@pytest.mark.parametrize("path", [f"{CORE}/configmaps", "/api/v1/services", f"{CORE}/secrets", "/api/v1/namespaces"])
async def test_a_list_never_recorded_says_so_and_is_never_empty(client: Client, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status, answer.body["reason"]) == (501, "NotRecorded")
    assert "the bundle does not know the list of" in answer.body["message"]


async def test_selectors_are_evaluated_within_a_wider_list_that_was_recorded(client: Client) -> None:
    for selector in ("labelSelector=k8s-app=kube-dns", "labelSelector=k8s-app in (kube-dns,other),pod-template-hash"):
        assert (await client.get(f"{CORE}/pods?{selector}")).names == list(PODS)
    for selector in (
        "labelSelector=k8s-app=kube-dnss",
        "labelSelector=!k8s-app",
        "labelSelector=k8s-app notin (kube-dns)",
    ):
        assert (await client.get(f"{CORE}/pods?{selector}")).names == []
    assert (await client.get(f"{CORE}/pods?fieldSelector=spec.nodeName=node-2,status.phase!=Failed")).names == [PODS[1]]


async def test_a_wider_list_is_not_answered_from_a_narrower_one() -> None:
    read = Read(verb="list", kind="ConfigMap", api="v1", namespace=NAMESPACE, labels="tier=dns")
    async with ClusterBox(with_reads(make_town(), read)) as box, open_client(box) as client:
        assert (await client.get(f"{CORE}/configmaps?labelSelector=tier=dns,zone=a")).names == []
        assert (await client.get(f"{CORE}/configmaps")).status == 501


async def test_a_kind_that_was_not_served_when_recorded_is_not_served() -> None:
    api = "policy.networking.k8s.io/v1alpha1"
    bundle = with_reads(make_town(), Read(verb="list", kind="AdminNetworkPolicy", api=api, outcome="absent"))
    bundle = replace(bundle, groups=(*bundle.groups, "policy.networking.k8s.io"))
    async with ClusterBox(bundle) as box, open_client(box) as client:
        assert (await client.get(f"/apis/{api}/adminnetworkpolicies")).status == 404


async def test_an_object_absent_from_a_recorded_list_does_not_exist(client: Client) -> None:
    answer = await client.get(f"{CORE}/pods/nosuch")
    assert (answer.status, answer.body["reason"], answer.body["message"]) == (
        404,
        "NotFound",
        'pods "nosuch" not found',
    )
    assert answer.body["details"] == {"name": "nosuch", "kind": "pods"}
    assert (await client.get(f"{SLICES}/nosuch")).body["details"]["group"] == "discovery.k8s.io"


async def test_an_object_that_was_asked_for_and_absent_stays_absent(client: Client) -> None:
    assert (await client.get(f"{CORE}/configmaps/kubelet-config")).status == 404
    assert (await client.get(f"{CORE}/configmaps/never-asked")).status == 501


async def test_what_was_forbidden_when_recorded_stays_forbidden(client: Client) -> None:
    answer = await client.get("/apis/networking.k8s.io/v1/networkpolicies")
    assert (answer.status, answer.body["reason"]) == (403, "Forbidden")
    assert 'User "netcheck" cannot list resource "networkpolicies"' in answer.body["message"]


async def test_pages_follow_one_another_and_count_what_is_left(client: Client) -> None:
    first = await client.get(f"{CORE}/pods?limit=1")
    assert first.names == [PODS[0]]
    assert first.body["metadata"]["remainingItemCount"] == 1
    second = await client.get(f"{CORE}/pods?limit=1&continue={first.body['metadata']['continue']}")
    assert (second.names, "continue" in second.body["metadata"]) == ([PODS[1]], False)
    selected = await client.get(f"{CORE}/pods?limit=1&labelSelector=k8s-app")
    assert "remainingItemCount" not in selected.body["metadata"]
    assert selected.body["metadata"]["continue"]


async def test_a_list_cut_short_when_recorded_gives_its_count_and_no_more(client: Client) -> None:
    answer = await client.get("/api/v1/pods?limit=1", Accept=METADATA)
    assert answer.body["metadata"]["remainingItemCount"] == 39
    assert (await client.get("/api/v1/pods?limit=500", Accept=METADATA)).status == 501
    assert (await client.get("/api/v1/pods?limit=1")).status == 501


async def test_metadata_only_and_tables_are_given_when_asked_for(client: Client) -> None:
    partial = await client.get(f"{CORE}/pods", Accept=METADATA)
    assert partial.body["kind"] == "PartialObjectMetadataList"
    assert set(partial.body["items"][0]) == {"kind", "apiVersion", "metadata"}
    table = await client.get(f"{CORE}/pods", Accept=f"{TABLE},application/json")
    columns = [column["name"] for column in table.body["columnDefinitions"]]
    assert dict(zip(columns, table.body["rows"][0]["cells"], strict=True))["Status"] == "Running"
    assert (await client.get(f"{CORE}/pods", Accept="text/html")).status == 406


async def test_items_of_a_list_carry_no_kind_as_on_a_real_server(client: Client) -> None:
    item = (await client.get(f"{CORE}/pods")).body["items"][0]
    assert "kind" not in item
    assert "apiVersion" not in item


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("labelSelector=a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("fieldSelector=foo=bar", "field label not supported: foo"),
        ("fieldSelector=foo", "invalid selector: 'foo'; can't understand 'foo'"),
        ("limit=x", 'strconv.ParseInt: parsing "x": invalid syntax'),
    ],
)
async def test_a_wrong_selector_or_limit_is_refused_in_the_servers_words(
    client: Client, query: str, message: str
) -> None:
    answer = await client.get(f"{CORE}/pods?{query}")
    assert (answer.status, answer.body["reason"], answer.body["message"]) == (400, "BadRequest", message)


async def test_every_answer_carries_the_recorded_day(client: Client) -> None:
    for path in ("/version", f"{CORE}/pods", f"{CORE}/pods/nosuch", "/nowhere"):
        assert (await client.get(path)).headers["Date"].startswith("Mon, 21 Sep 2026")


async def test_discovery_lists_the_groups_that_were_recorded(client: Client) -> None:
    groups = [group["name"] for group in (await client.get("/apis")).body["groups"]]
    assert "discovery.k8s.io" in groups
    assert "storage.k8s.io" not in groups
    kinds = [item["kind"] for item in (await client.get("/apis/discovery.k8s.io/v1")).body["resources"]]
    assert kinds == ["EndpointSlice"]
    assert (await client.get("/apis/storage.k8s.io/v1")).status == 404
    assert (await client.get("/apis/storage.k8s.io/v1/storageclasses")).status == 404


async def test_reading_endpoints_warns_that_they_are_deprecated() -> None:
    read = Read(verb="list", kind="Endpoints", api="v1", namespace=NAMESPACE)
    async with ClusterBox(with_reads(make_town(), read)) as box, open_client(box) as client:
        assert "deprecated" in (await client.get(f"{CORE}/endpoints")).headers["Warning"]


async def test_watching_and_creating_are_said_to_be_impossible(client: Client) -> None:
    assert (await client.get(f"{CORE}/pods?watch=1")).body["reason"] == "NotRecorded"
    assert (await client.post(f"{CORE}/pods", {})).body["reason"] == "NotRecorded"
