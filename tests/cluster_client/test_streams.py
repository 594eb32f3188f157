"""Streams that do not go as they should: silence, cut connections, refused logins, answers in pieces."""

import asyncio
from contextlib import suppress

import pytest
from aiohttp import web

from bot.cluster.client import KubernetesCluster
from bot.cluster.records import Limits
from bot.model.errors import Forbidden, Malformed, ServerFailed, TimedOut, TooLarge, Unauthorized
from tests.cluster_client.conftest import Open
from tests.cluster_client.server import Script, refuse

V4, V5 = "v4.channel.k8s.io", "v5.channel.k8s.io"
PORT = (53).to_bytes(2, "little")
SUCCESS = b'\x03{"metadata":{},"status":"Success"}'


def serve_stream(script: Script, *messages: bytes, protocol: str = V4, stay: asyncio.Event | None = None) -> None:
    """Sends these messages and closes, unless it is to stay open."""

    async def answer(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=(protocol,))
        await socket.prepare(request)
        for message in messages:
            await socket.send_bytes(message)
        if stay:
            await stay.wait()
        await socket.close()
        return socket

    script.answer = answer


async def test_data_in_pieces_is_put_together_without_the_port_in_front(
    script: Script, cluster: KubernetesCluster
) -> None:
    serve_stream(script, b"\x00" + PORT, b"\x01" + PORT, b"\x00ab", b"\x00", b"\x00cdef")
    async with cluster.forward("shop", "web", 53) as stream:
        assert await stream.read_exactly(3) == b"abc"
        assert await stream.read() == b"def"
        assert await stream.read() == b""


async def test_data_may_come_with_the_port_in_one_message(script: Script, cluster: KubernetesCluster) -> None:
    serve_stream(script, b"\x00" + PORT + b"abc")
    async with cluster.forward("shop", "web", 53) as stream:
        assert await stream.read_exactly(3) == b"abc"
    assert script.seen[0].query["ports"] == "53"
    assert script.seen[0].headers["Sec-WebSocket-Protocol"] == V4


async def test_a_pod_that_hangs_up_early_is_said_to_have_done_so(script: Script, cluster: KubernetesCluster) -> None:
    serve_stream(script, b"\x00" + PORT, b"\x00ab")
    async with cluster.forward("shop", "web", 53) as stream:
        with pytest.raises(ServerFailed, match="closed the connection after 2 of 5 bytes"):
            await stream.read_exactly(5)


async def test_the_nodes_error_is_told(script: Script, cluster: KubernetesCluster) -> None:
    serve_stream(script, b"\x00" + PORT, b"\x01" + PORT, b"\x01dial tcp4 127.0.0.1:53: connection refused")
    async with cluster.forward("shop", "web", 53) as stream:
        with pytest.raises(ServerFailed, match=r"could not reach the port in the pod: .*connection refused"):
            await stream.read()


async def test_a_stream_where_nothing_comes_is_given_up(script: Script, open_cluster: Open) -> None:
    stay = asyncio.Event()
    serve_stream(script, b"\x00" + PORT, stay=stay)
    cluster = await open_cluster(limits=Limits(stream=0.2))
    async with cluster.forward("shop", "web", 53) as stream:
        with pytest.raises(TimedOut, match=r"create pods/portforward shop/web: .* nothing came for 0\.2 s"):
            await stream.read()
        stay.set()


async def test_a_stream_that_is_left_is_closed_though_the_other_side_goes_on_sending(
    script: Script, cluster: KubernetesCluster
) -> None:
    over = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=(V4,))
        await socket.prepare(request)
        with suppress(ConnectionError):
            while not over.is_set():
                await socket.send_bytes(b"\x00" + PORT + b"more")
                await asyncio.sleep(0.01)
        return socket

    script.answer = answer
    async with asyncio.timeout(20), cluster.forward("shop", "web", 53) as stream:
        assert await stream.read() == b"more"
    over.set()


async def test_a_handshake_that_is_never_answered_is_given_up(script: Script, open_cluster: Open) -> None:
    never = asyncio.Event()

    async def answer(_: web.Request) -> web.StreamResponse:
        await never.wait()
        return web.Response()

    script.answer = answer
    cluster = await open_cluster(limits=Limits(request=0.3))
    with pytest.raises(TimedOut, match="kubelet"):
        async with cluster.forward("shop", "web", 53):
            raise AssertionError("it was opened")
    never.set()


@pytest.mark.parametrize(("status", "kind", "found"), [
    (403, Forbidden, r"Grant `create pods/portforward in shop`"),
    (401, Unauthorized, "does not accept the credentials"),
    (500, ServerFailed, "error dialing backend"),
])
async def test_a_refused_handshake_says_what_the_server_said(
    script: Script, cluster: KubernetesCluster, status: int, kind: type[Exception], found: str
) -> None:
    script.reply(refuse(status, "error dialing backend"))
    with pytest.raises(kind, match=found):
        async with cluster.forward("shop", "web", 53):
            raise AssertionError("it was opened")


async def test_a_server_that_agrees_on_no_protocol_is_not_guessed_at(
    script: Script, cluster: KubernetesCluster
) -> None:
    serve_stream(script, protocol="other")
    with pytest.raises(Malformed, match="speaks none of v4"):
        async with cluster.forward("shop", "web", 53):
            raise AssertionError("it was opened")


@pytest.mark.parametrize("protocol", [V5, V4])
async def test_a_command_is_run_over_the_newer_protocol_or_the_older(
    script: Script, cluster: KubernetesCluster, protocol: str
) -> None:
    serve_stream(script, b"\x01out", b"\x02err", b"\x01put", SUCCESS, protocol=protocol)
    result = await cluster.execute("shop", "web", "main", ("cat", "/etc/resolv.conf"))
    assert (result.stdout, result.stderr, result.exit_code) == ("output", "err", 0)
    assert script.seen[0].query.getall("command") == ["cat", "/etc/resolv.conf"]
    assert script.seen[0].query["container"] == "main"
    assert cluster.usage.requests == 1


async def test_an_exit_code_is_a_result(script: Script, cluster: KubernetesCluster) -> None:
    status = (
        b'\x03{"status":"Failure","reason":"NonZeroExitCode",'
        b'"details":{"causes":[{"reason":"ExitCode","message":"7"}]}}'
    )
    serve_stream(script, status, protocol=V5)
    assert (await cluster.execute("shop", "web", "", ("false",))).exit_code == 7


async def test_a_command_whose_end_is_not_told_is_no_success(script: Script, cluster: KubernetesCluster) -> None:
    serve_stream(script, b"\x01half", protocol=V5)
    with pytest.raises(Malformed, match="without saying how the command ended"):
        await cluster.execute("shop", "web", "", ("cat",))


async def test_a_command_that_prints_for_ever_is_stopped(script: Script, open_cluster: Open) -> None:
    serve_stream(script, *[b"\x01" + b"y" * 10_000] * 20, SUCCESS, protocol=V5)
    with pytest.raises(TooLarge):
        await (await open_cluster(limits=Limits(bytes=50_000))).execute("shop", "web", "", ("yes",))
