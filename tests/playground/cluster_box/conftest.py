"""Boxes to ask, over the wire: what is asserted is what any client would see."""

from collections.abc import AsyncIterator

import pytest

from bot.playground.cluster_box.box import ClusterBox
from tests.playground.cluster_box.client import Client, open_client
from tests.playground.cluster_box.town import make_town


@pytest.fixture
async def box() -> AsyncIterator[ClusterBox]:
    async with ClusterBox(make_town(), lag=0.0) as started:
        yield started


@pytest.fixture
async def client(box: ClusterBox) -> AsyncIterator[Client]:
    async with open_client(box) as opened:
        yield opened
