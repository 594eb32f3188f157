"""A fresh box per test, with the scopes that read history; limits are off except where a test is about them."""

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.box import SlackBox
from bot.playground.slack.world import HISTORY_SCOPES, MINIMAL_SCOPES
from tests.playground.slack.bolt import Heard

MORE = frozenset({"reactions:write", "im:write", "channels:join", "files:read"})


@pytest.fixture
async def box() -> AsyncIterator[SlackBox]:
    made = SlackBox(scopes=MINIMAL_SCOPES | HISTORY_SCOPES | MORE, rates="off")
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def client(box: SlackBox) -> AsyncWebClient:
    return AsyncWebClient(box.bot_token, base_url=box.api_url)
