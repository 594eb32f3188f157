"""The client's contract on the cluster in a box, by the same questions that are put to the real API server."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.playground.bundle import load_bundle
from bot.playground.cluster_box.box import ClusterBox
from tests.cluster_client.contract import ClientContract
from tests.cluster_client.oracle import Oracle
from tests.cluster_client.recording import BUNDLE
from tests.cluster_client.stand import Stand, set_up


@contextmanager
def run_apart(*boxes: ClusterBox) -> Iterator[None]:
    """In a loop and thread of their own: the oracle is synchronous and would wait for itself."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="boxes")
    thread.start()
    try:
        for box in boxes:
            asyncio.run_coroutine_threadsafe(box.start(), loop).result()
        yield
    finally:
        for box in boxes:
            asyncio.run_coroutine_threadsafe(box.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture(scope="module")
def kubeconfigs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """A box knows one account, so who may do nothing stands before a second one of the same bundle."""
    folder, bundle = tmp_path_factory.mktemp("boxes"), load_bundle(BUNDLE)
    box, closed = ClusterBox(bundle), ClusterBox(bundle, permissions=(), user="nobody")
    with run_apart(box, closed):
        yield box.write_kubeconfig(folder / "admin"), closed.write_kubeconfig(folder / "nobody")


@pytest.fixture
async def stand(kubeconfigs: tuple[Path, Path], tmp_path: Path) -> AsyncIterator[Stand]:
    oracle = Oracle(kubeconfigs[0])
    async with set_up(oracle, *kubeconfigs, tmp_path) as stand:
        yield stand
    oracle.close()


class TestBox(ClientContract):
    pass
