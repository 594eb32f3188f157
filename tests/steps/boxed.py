"""A box with a small town in it, and the production client on it: what steps meet in their tests."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.cluster.auth import connect
from bot.cluster.client import KubernetesCluster
from bot.playground.bundle import Bundle, Object
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.cluster_box.roles import EVERYTHING, Rule

Start = Callable[[Object], tuple[Object, str]]


@dataclass(frozen=True, slots=True)
class Boxed:
    box: ClusterBox
    cluster: KubernetesCluster


@asynccontextmanager
async def open_boxed(
    bundle: Bundle, folder: Path, permissions: Sequence[Rule] = EVERYTHING, start: Start | None = None
) -> AsyncIterator[Boxed]:
    async with ClusterBox(bundle, permissions=permissions, lag=0.0, start=start) as box:
        file = folder / "kubeconfig"
        file.write_text(json.dumps(box.kubeconfig()))
        client = KubernetesCluster(await connect(str(file), None))
        try:
            yield Boxed(box, client)
        finally:
            await client.close()


@asynccontextmanager
async def open_box(
    bundle: Bundle, folder: Path, permissions: Sequence[Rule] = EVERYTHING, start: Start | None = None
) -> AsyncIterator[KubernetesCluster]:
    async with open_boxed(bundle, folder, permissions, start) as boxed:
        yield boxed.cluster
