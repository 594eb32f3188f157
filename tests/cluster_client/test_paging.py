"""Long lists: page by page, up to the ceilings, and never cut in silence."""

from typing import Any

import pytest
from aiohttp import web

from bot.cluster import Object
from bot.cluster.records import Limits
from tests.cluster_client.conftest import Open
from tests.cluster_client.server import Script

PODS = 1200


@pytest.fixture
def many_pods(script: Script) -> Script:
    """Pages like the API server's: a `continue` token, and how many are left."""

    async def answer(request: web.Request) -> web.StreamResponse:
        start, limit = int(request.query.get("continue", "0")), int(request.query["limit"])
        end = min(start + limit, PODS)
        metadata: dict[str, Any] = {"resourceVersion": "7"}
        if end < PODS:
            metadata |= {"continue": str(end), "remainingItemCount": PODS - end}
        items = [{"metadata": {"name": f"pod-{number}", "namespace": "shop"}} for number in range(start, end)]
        return web.json_response({"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": items})

    script.answer = answer
    return script


async def test_a_long_list_comes_whole_in_pages_of_five_hundred(many_pods: Script, open_cluster: Open) -> None:
    listing = await (await open_cluster(limits=Limits())).list("Pod", labels="app=web")
    assert [pod["metadata"]["name"] for pod in listing.items] == [f"pod-{number}" for number in range(PODS)]
    assert listing.complete
    assert [request.query["limit"] for request in many_pods.seen] == ["500"] * 3
    assert {request.query["labelSelector"] for request in many_pods.seen} == {"app=web"}


async def test_the_ceiling_on_items_cuts_a_list_and_says_so(many_pods: Script, open_cluster: Open) -> None:
    listing = await (await open_cluster(limits=Limits(items=900))).list("Pod")
    assert (len(listing.items), listing.complete, listing.remaining) == (1000, False, 200)


async def test_the_ceiling_on_bytes_cuts_a_list_and_says_so(many_pods: Script, open_cluster: Open) -> None:
    listing = await (await open_cluster(limits=Limits(page=100, bytes=12_000))).list("Pod")
    assert not listing.complete
    assert len(listing.items) + listing.remaining == PODS


async def test_a_limit_is_one_request_and_tells_how_many_are_left(many_pods: Script, open_cluster: Open) -> None:
    listing = await (await open_cluster()).list("Pod", limit=2)
    assert (len(listing.items), listing.complete, listing.remaining) == (2, False, PODS - 2)
    assert len(many_pods.seen) == 1


async def test_items_of_a_list_know_their_kind_as_kubectl_shows_them(many_pods: Script, open_cluster: Open) -> None:
    listing = await (await open_cluster()).list("Pod", limit=1)
    assert (listing.items[0]["kind"], listing.items[0]["apiVersion"]) == ("Pod", "v1")


async def test_the_metadata_form_is_asked_for_by_its_media_type(many_pods: Script, open_cluster: Open) -> None:
    await (await open_cluster()).list("Pod", limit=1, form="metadata")
    assert many_pods.seen[0].headers["Accept"] == "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


async def test_the_table_form_gives_the_cells_that_kubectl_prints_and_no_objects(
    script: Script, open_cluster: Open
) -> None:
    columns = [{"name": "Name", "priority": 0}, {"name": "Status", "priority": 0}, {"name": "OS-Image", "priority": 1}]
    rows = [{"cells": ["n1", "NotReady", "Debian"], "object": None}, {"cells": None}]

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({"kind": "Table", "metadata": {"continue": "1", "remainingItemCount": 7},
                                  "columnDefinitions": columns, "rows": rows})

    script.answer = answer
    listing = await (await open_cluster()).list("Node", limit=2, form="table")
    assert listing.items == ({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"},
                              "cells": {"Name": "n1", "Status": "NotReady"}},)
    assert (listing.complete, listing.remaining) == (False, 7)
    assert "as=Table" in script.seen[0].headers["Accept"]
    assert script.seen[0].query["includeObject"] == "None"


async def test_a_limit_beyond_a_page_is_reached_in_pages(many_pods: Script, open_cluster: Open) -> None:
    listing = await (await open_cluster(limits=Limits())).list("Pod", limit=1000)
    assert (len(listing.items), listing.complete, listing.remaining) == (1000, False, 200)
    assert [request.query["limit"] for request in many_pods.seen] == ["500", "500"]


def add_up(told: int, pod: Object) -> int:
    return told + int(pod["metadata"]["name"].removeprefix("pod-"))


async def test_a_list_is_folded_in_small_pages_none_of_which_is_kept(many_pods: Script, open_cluster: Open) -> None:
    cluster = await open_cluster(limits=Limits(folded=400))
    assert await cluster.fold("Pod", add_up, 0) == sum(range(PODS))
    assert [request.query["limit"] for request in many_pods.seen] == ["400"] * 3


async def test_a_fold_ends_at_its_limit(many_pods: Script, open_cluster: Open) -> None:
    cluster = await open_cluster(limits=Limits(folded=100))
    assert await cluster.fold("Pod", add_up, 0, limit=200) == sum(range(200))
    assert len(many_pods.seen) == 2
