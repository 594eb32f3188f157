"""A workspace in a box, and the Slack parts in front of it, over the wire. The box's clock is everybody's."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.journal.memory import MemoryJournal
from bot.model.run import Run
from bot.playground.slack.box import SlackBox
from bot.playground.slack.world import HISTORY_SCOPES, MINIMAL_SCOPES
from bot.slack.calls import Calls
from bot.slack.limits import Limits
from bot.slack.publish import SlackSurface

RUN = "dns-42"


@dataclass
class Stand:
    """`show` publishes until nothing is left to do, letting the clock of the box run as far as was asked for."""

    box: SlackBox
    client: AsyncWebClient
    journal: MemoryJournal

    def surface(self, *, broadcast: bool = True) -> SlackSurface:
        """As another replica would have it: nothing is shared but the journal."""
        limits = Limits(self.journal, self.box.clock.now)
        calls = Calls(self.client, limits)
        return SlackSurface(
            calls=calls, limits=limits, journal=self.journal, clock=self.box.clock.now, broadcast=broadcast
        )

    async def show(self, run: Run, surface: SlackSurface | None = None, most: int = 60) -> list[float]:
        waits: list[float] = []
        surface = surface or self.surface()
        for _ in range(most):
            wait = await surface.publish(RUN, run)
            if not wait:
                return waits
            waits.append(wait)
            self.box.clock.advance(wait + 0.01)
        raise AssertionError(f"not settled after {most} attempts: {waits[-5:]}")

    def called(self, method: str) -> int:
        return sum(name == method for name, _ in self.box.calls)

    @property
    def root_ts(self) -> str:
        return self.box.messages("#incidents")[-1].ts


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    box = SlackBox(scopes=MINIMAL_SCOPES)
    await box.start()
    yield Stand(box, client_of(box), MemoryJournal(box.clock.now))
    await box.stop()


@pytest.fixture
async def reader() -> AsyncIterator[Stand]:
    """With the scopes that let the bot read history."""
    box = SlackBox(scopes=MINIMAL_SCOPES | HISTORY_SCOPES)
    await box.start()
    yield Stand(box, client_of(box), MemoryJournal(box.clock.now))
    await box.stop()


def client_of(box: SlackBox) -> AsyncWebClient:
    return AsyncWebClient(box.bot_token, base_url=box.api_url, timeout=5, retry_handlers=[])
