"""Servers that cannot be reached or trusted: the message says which one, why, and what to do about it."""

import asyncio
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bot.cluster.client import KubernetesCluster
from bot.model.errors import Unauthorized, Unreachable
from tests.cluster_client.certificates import Authority, Pair
from tests.cluster_client.conftest import Open
from tests.cluster_client.server import Script, json, run_server

VERSION = {"gitVersion": "v1.34.4"}


async def test_a_refused_connection_names_server_and_reason(open_cluster: Open) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Unreachable, match=rf"{url}: no connection \(.*refused.*\)"):
            await (await open_cluster(server=url)).version()


async def test_a_name_that_does_not_resolve_is_said_to_be_that(
    open_cluster: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve(host: str, *_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, f"{host}: Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(Unreachable, match=r"api\.nowhere\.invalid does not resolve here"):
        await (await open_cluster(server="https://api.nowhere.invalid:6443")).version()


async def test_an_expired_certificate_is_said_to_have_expired(authority: Authority, open_cluster: Open) -> None:
    async with run_server(authority.issue("old", expired=True)) as script:
        with pytest.raises(Unreachable, match=f"{script.url}: its certificate has expired"):
            await (await open_cluster(server=script.url)).version()


async def test_a_certificate_of_an_unknown_authority_is_not_trusted(
    script: Script, open_cluster: Open, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stranger = Authority(tmp_path_factory.mktemp("stranger"))
    with pytest.raises(Unreachable, match="authority that the kubeconfig does not name"):
        await (await open_cluster(authority=stranger.certificate)).version()
    assert script.seen == []


async def test_a_certificate_for_another_address_is_not_trusted(authority: Authority, open_cluster: Open) -> None:
    async with run_server(authority.issue("other", "api.example.com")) as script:
        with pytest.raises(Unreachable, match=r"another address .*tls-server-name"):
            await (await open_cluster(server=script.url)).version()
        script.reply(json(VERSION))
        cluster = await open_cluster(server=script.url, **{"tls-server-name": "api.example.com"})
        assert await cluster.version() == VERSION


async def test_a_certificate_is_not_looked_at_when_the_kubeconfig_says_so(script: Script, open_cluster: Open) -> None:
    script.reply(json(VERSION))
    cluster = await open_cluster(authority=None, **{"insecure-skip-tls-verify": True})
    assert await cluster.version() == VERSION


async def test_a_client_certificate_is_shown_to_the_server(
    authority: Authority, pair: Pair, open_cluster: Open
) -> None:
    mine = authority.issue("jane")
    async with run_server(pair, client_authority=authority.certificate) as script:
        script.reply(json(VERSION))
        user = {"client-certificate": str(mine.certificate), "client-key": str(mine.key)}
        assert await (await open_cluster(user=user, server=script.url)).version() == VERSION
        transport = script.seen[0].transport
        assert transport
        assert transport.get_extra_info("peercert")["subject"] [-1] == (("commonName", "jane"),)


async def test_a_client_certificate_that_is_not_there_is_named(open_cluster: Open, tmp_path: Path) -> None:
    cluster = await open_cluster(user={"client-certificate": "gone.crt", "client-key": "gone.key"})
    with pytest.raises(Unauthorized, match=f"{tmp_path}/gone.crt"):
        await cluster.version()


async def test_a_server_that_is_no_tls_server_is_said_to_be_none(open_cluster: Open) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com ESMTP\r\n")
        with suppress(OSError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Unreachable, match=r"does not speak TLS as expected|broke off"):
            await (await open_cluster(server=f"https://127.0.0.1:{port}")).version()


async def test_a_load_balancer_with_no_api_server_behind_it_is_said_to_hang_up(open_cluster: Open) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(Unreachable, match=rf"{url}: no connection \(closed before anything was said\)"):
            await (await open_cluster(server=url)).version()


async def test_requests_go_through_the_proxy_that_the_kubeconfig_names(script: Script, open_cluster: Open) -> None:
    asked: list[bytes] = []
    proxy = await asyncio.start_server(lambda *ends: _tunnel(*ends, asked=asked), "127.0.0.1", 0)
    script.reply(json(VERSION))
    async with proxy:
        url = f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
        cluster = await open_cluster(**{"proxy-url": url})
        assert await cluster.version() == VERSION
        await cluster.close()
    assert asked == [f"CONNECT 127.0.0.1:{script.port} HTTP/1.1".encode()]


async def test_a_proxy_that_is_away_is_named_as_the_proxy(open_cluster: Open) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        cluster: KubernetesCluster = await open_cluster(**{"proxy-url": f"http://127.0.0.1:{port}"})
        with pytest.raises(Unreachable, match=f"the proxy 127.0.0.1:{port} does not answer"):
            await cluster.version()


async def _tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, asked: list[Any]) -> None:
    """A proxy that can do CONNECT and nothing else."""
    line, _, _ = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
    asked.append(line)
    host, _, port = line.split()[1].decode().partition(":")
    other_reader, other_writer = await asyncio.open_connection(host, int(port))
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    await asyncio.gather(_copy(reader, other_writer), _copy(other_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
