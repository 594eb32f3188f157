"""Being unkind on request: errors, refusals to talk, slowness and broken answers, as often as asked for."""

import asyncio
import json

import aiohttp
import pytest

from bot.playground.cluster_box.box import ClusterBox
from bot.playground.cluster_box.faults import Fault
from tests.playground.cluster_box.client import CORE, Client, open_client
from tests.playground.cluster_box.town import make_town

PODS = f"{CORE}/pods"


async def test_an_error_comes_as_often_as_asked_and_where_asked(client: Client) -> None:
    client.box.faults.append(Fault(path=PODS, status=503, times=2))
    assert [(await client.get(PODS)).status for _ in range(3)] == [503, 503, 200]
    assert (await client.get("/version")).status == 200


async def test_too_many_requests_says_when_to_come_back(client: Client) -> None:
    client.box.faults.append(Fault(status=429, retry_after=3))
    answer = await client.get(PODS)
    assert (answer.status, answer.headers["Retry-After"], answer.body["reason"]) == (429, "3", "TooManyRequests")


async def test_a_dropped_connection_is_no_answer_at_all(client: Client) -> None:
    client.box.faults.append(Fault(drop=True))
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.get(PODS)


async def test_a_truncated_answer_is_broken_json(client: Client) -> None:
    client.box.faults.append(Fault(path=PODS, truncate=True))
    with pytest.raises(json.JSONDecodeError):
        await client.get(PODS)


async def test_a_hanging_request_holds_up_no_other(client: Client) -> None:
    client.box.faults.append(Fault(path=PODS, hang=True))
    hanging = asyncio.ensure_future(client.get(PODS))
    assert (await client.get("/version")).status == 200
    assert not hanging.done()
    hanging.cancel()


async def test_a_stopped_box_refuses_connections() -> None:
    box = ClusterBox(make_town())
    await box.start()
    async with open_client(box) as client:
        await box.stop()
        with pytest.raises(aiohttp.ClientConnectorError):
            await client.get("/version")
