"""A box with a small town in it, and the production client on it: what steps meet in their tests."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.cluster.auth import connect
from bot.cluster.client import KubernetesCluster
from bot.playground.bundle import Bundle
from bot.playground.cluster_box.box import ClusterBox


@asynccontextmanager
async def open_box(bundle: Bundle, folder: Path) -> AsyncIterator[KubernetesCluster]:
    async with ClusterBox(bundle, lag=0.0) as box:
        file = folder / "kubeconfig"
        file.write_text(json.dumps(box.kubeconfig()))
        client = KubernetesCluster(await connect(str(file), None))
        try:
            yield client
        finally:
            await client.close()
