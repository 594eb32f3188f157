"""What the client does when the network or the server is not at its best."""

import asyncio
import gzip
import time
from email.utils import formatdate

import pytest
from aiohttp import web

from bot.cluster.client import KubernetesCluster
from bot.cluster.records import Limits
from bot.model.errors import (
    Forbidden,
    Malformed,
    NotFound,
    Rejected,
    ServerFailed,
    TimedOut,
    TooLarge,
    Unauthorized,
    Unreachable,
)
from tests.cluster_client.conftest import HASTY, Open
from tests.cluster_client.server import Script, json, refuse

VERSION = {"major": "1", "minor": "34", "gitVersion": "v1.34.4"}


async def test_a_busy_server_is_asked_again_after_the_time_it_names(script: Script, open_cluster: Open) -> None:
    clock = asyncio.get_running_loop().time
    free_at: list[float] = []

    async def answer(_: web.Request) -> web.StreamResponse:
        free_at.append(clock() + 1)
        too_early = clock() < free_at[0]
        return refuse(429, "too many requests", **{"Retry-After": "1"})() if too_early else json(VERSION)()

    script.answer = answer
    cluster = await open_cluster(limits=Limits(attempts=2))
    assert await cluster.version() == VERSION
    assert cluster.usage.requests == len(script.seen) == 2


async def test_a_server_that_asks_for_a_long_wait_is_not_waited_for(script: Script, cluster: KubernetesCluster) -> None:
    script.reply(refuse(429, "too many requests", **{"Retry-After": "60"}))
    with pytest.raises(ServerFailed, match="come back after 60 s"):
        await cluster.version()
    assert len(script.seen) == 1


async def test_a_server_that_stays_busy_is_left_alone_after_three_tries(
    script: Script, cluster: KubernetesCluster
) -> None:
    script.reply(refuse(503, "the server is currently unable to handle the request"))
    with pytest.raises(ServerFailed, match="status 503: the server is currently unable"):
        await cluster.version()
    assert len(script.seen) == 3


async def test_a_change_is_never_sent_twice(script: Script, cluster: KubernetesCluster) -> None:
    script.reply(refuse(503, "not now"))
    with pytest.raises(ServerFailed):
        await cluster.patch("Service", "web", "shop", {"spec": {}})
    assert len(script.seen) == 1


async def test_a_change_without_an_answer_is_said_to_be_in_doubt(script: Script, cluster: KubernetesCluster) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.transport
        request.transport.close()
        return web.Response()

    script.answer = answer
    with pytest.raises(Unreachable, match="Whether the change was made is not known"):
        await cluster.patch("Service", "web", "shop", {"spec": {}})
    assert len(script.seen) == 1


async def test_a_read_is_repeated_when_the_connection_breaks(script: Script, cluster: KubernetesCluster) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if len(script.seen) == 1:
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b'{"half":')
            assert request.transport
            request.transport.close()
            return response
        return web.json_response(VERSION)

    script.answer = answer
    assert await cluster.version() == VERSION


async def test_a_server_that_does_not_answer_is_named_after_the_time_limit(script: Script, open_cluster: Open) -> None:
    never = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        await never.wait()
        return web.json_response(VERSION)

    script.answer = answer
    cluster = await open_cluster(limits=Limits(request=0.3))
    with pytest.raises(TimedOut, match=r"get pods/log shop/web: https://127.0.0.1:\d+ .* within 0.3 s.*kubelet"):
        await cluster.logs("shop", "web")
    never.set()


@pytest.mark.parametrize(("body", "found"), [
    (b"<html>Please log in</html>", "is not JSON .*<html>Please log in"),
    (b'{"cut": ', "is not JSON"),
    (b"[1, 2]", "JSON list"),
    (b"", "is not JSON"),
    (b'{"kind": "Status"}', "no Pod: it has no metadata"),
])
async def test_an_answer_that_is_no_object_is_malformed_and_names_the_path(
    script: Script, cluster: KubernetesCluster, body: bytes, found: str
) -> None:
    script.reply(lambda: web.Response(body=body, content_type="application/json"))
    with pytest.raises(Malformed, match=f"/api/v1/namespaces/shop/pods/web: .*{found}"):
        await cluster.get("Pod", "web", "shop")


@pytest.mark.parametrize("body", [{"kind": "PodList"}, {"items": {}}, {"items": ["a"]}, {"items": [{"spec": {}}]}])
async def test_a_list_that_holds_no_items_is_never_taken_for_an_empty_one(
    script: Script, cluster: KubernetesCluster, body: object
) -> None:
    script.reply(json(body))
    with pytest.raises(Malformed, match="/api/v1/pods"):
        await cluster.list("Pod")


async def test_a_redirect_to_a_login_page_is_not_followed(script: Script, cluster: KubernetesCluster) -> None:
    script.reply(lambda: web.Response(status=302, headers={"Location": "https://login.example.com/"}))
    with pytest.raises(Malformed, match=r"status 302.*login page"):
        await cluster.version()
    assert len(script.seen) == 1


@pytest.mark.parametrize(("status", "kind"), [
    (400, Rejected), (401, Unauthorized), (403, Forbidden), (404, NotFound), (409, Rejected), (422, Rejected),
    (500, ServerFailed), (504, TimedOut),
])
async def test_each_refusal_has_its_error_with_what_the_server_said(
    script: Script, cluster: KubernetesCluster, status: int, kind: type[Exception]
) -> None:
    script.reply(refuse(status, "because of this"))
    with pytest.raises(kind, match="because of this"):
        await cluster.get("Deployment", "web", "shop")


async def test_a_missing_permission_is_named_so_that_it_can_be_granted(
    script: Script, cluster: KubernetesCluster
) -> None:
    script.reply(refuse(403, 'endpointslices.discovery.k8s.io is forbidden: User "x" cannot list resource'))
    with pytest.raises(Forbidden) as caught:
        await cluster.list("EndpointSlice", "kube-system")
    assert caught.value.permission == "list endpointslices.discovery.k8s.io in kube-system"
    assert "Grant `list endpointslices.discovery.k8s.io in kube-system`" in str(caught.value)


async def test_an_endless_answer_ends_at_the_ceiling(script: Script, open_cluster: Open) -> None:
    script.reply(lambda: web.Response(text="x" * 300_000))
    cluster = await open_cluster(limits=Limits(bytes=100_000))
    with pytest.raises(TooLarge):
        await cluster.logs("shop", "web")
    assert cluster.usage.bytes < 300_000


async def test_bytes_are_counted_as_they_are_after_decompression(script: Script, cluster: KubernetesCluster) -> None:
    plain = b'{"gitVersion": "' + b"v" * 5000 + b'"}'
    script.reply(lambda: web.Response(body=gzip.compress(plain), headers={"Content-Encoding": "gzip"}))
    await cluster.version()
    assert cluster.usage.bytes == len(plain)


async def test_runs_on_the_same_connections_count_for_themselves(script: Script, cluster: KubernetesCluster) -> None:
    script.reply(json(VERSION))
    one, other = cluster.scoped(), cluster.scoped()
    await one.version()
    await one.version()
    await other.version()
    assert (one.usage.requests, other.usage.requests, cluster.usage.requests) == (2, 1, 0)
    await one.close()
    assert await other.version() == VERSION


async def test_the_clock_is_the_servers(script: Script, cluster: KubernetesCluster) -> None:
    ahead = time.time() + 3600
    script.reply(json(VERSION, Date=formatdate(ahead, usegmt=True)))
    assert abs(cluster.now - time.time()) < 60
    await cluster.version()
    assert abs(cluster.now - ahead) < 60


async def test_the_server_is_told_who_asks_and_for_whom(script: Script, open_cluster: Open) -> None:
    script.reply(json(VERSION))
    cluster = (await open_cluster(limits=HASTY)).scoped(user="jane", groups=("net", "oncall"))
    await cluster.version()
    headers = script.seen[0].headers
    assert headers["User-Agent"].startswith("netcheck/")
    assert headers["Authorization"] == "Bearer t1"
    assert headers["Impersonate-User"] == "jane"
    assert headers.getall("Impersonate-Group") == ["net", "oncall"]
