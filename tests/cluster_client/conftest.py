"""The local server and a client that is logged in to it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from bot.cluster.auth import connect
from bot.cluster.client import KubernetesCluster
from bot.cluster.records import Limits
from tests.cluster_client.certificates import Authority, Pair
from tests.cluster_client.server import Script, run_server, write_kubeconfig

Open: TypeAlias = Callable[..., Awaitable[KubernetesCluster]]

HASTY = Limits(request=2.0, stream=1.0, wait=2.0)
"""Short enough for a test of what never comes, long enough for a busy machine to do what does come."""


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def pair(authority: Authority) -> Pair:
    return authority.issue("server")


@pytest.fixture
async def script(pair: Pair) -> AsyncIterator[Script]:
    async with run_server(pair) as script:
        yield script


@pytest.fixture
async def open_cluster(script: Script, authority: Authority, tmp_path: Path) -> AsyncIterator[Open]:
    """`await open_cluster(user={...}, limits=..., server=..., **fields of the cluster)`."""
    opened: list[KubernetesCluster] = []

    async def open_one(
        user: dict[str, Any] | None = None, limits: Limits = HASTY, server: str = "", **cluster: Any
    ) -> KubernetesCluster:
        trust = cluster.pop("authority", authority.certificate)
        file = write_kubeconfig(tmp_path / "config", server or script.url, trust, user or {"token": "t1"}, **cluster)
        made = KubernetesCluster(await connect(str(file), None), limits)
        opened.append(made)
        return made

    yield open_one
    for cluster in opened:
        await cluster.close()


@pytest.fixture
async def cluster(open_cluster: Open) -> KubernetesCluster:
    return await open_cluster()
