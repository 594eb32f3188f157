"""How often Slack may be called, for all replicas together: buckets in the journal, one per method and one per channel.

Slack's tiers are per method and workspace; posting is about one message a second in a channel (reference: docs
apis/web-api/rate-limits). A 429 pauses its bucket for everybody, and no other bucket.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot.journal import Journal

POST = "chat.postMessage"
UPDATE = "chat.update"
HISTORY = "conversations.history"
REPLIES = "conversations.replies"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `burst` calls plus `rate` a second in any stretch of time."""

    rate: float
    burst: int


METHODS = {
    POST: Limit(4.0, 20),  # an unpublished cap of the workspace
    UPDATE: Limit(0.66, 10),  # tier 3: 50 a minute
    HISTORY: Limit(0.66, 10),
    REPLIES: Limit(0.66, 10),
}
LANE = Limit(1 / 4.2, 1)
LANES = 4
"""A channel takes one message a second, and short bursts: four lanes, each good for one message in a little over four
seconds, so that the few messages of a short run come at once and never more than four within four seconds."""
NEW, YOUNG, OLD = 1.2, 3.0, 10.0
"""Seconds between two edits of one root message while its run goes on: in its first 15 s, its first minute, later."""


class Limits:
    def __init__(self, journal: Journal, clock: Callable[[], float]) -> None:
        self._journal = journal
        self._clock = clock
        self._edited: dict[str, float] = {}

    async def wait(self, method: str, channel: str) -> float:
        """0.0 when the call may be made now, else the seconds to wait before asking again."""
        if method == POST and (wait := await self._lane(channel)):
            return wait
        return await self._take(method, METHODS[method])

    async def _lane(self, channel: str) -> float:
        waits: list[float] = []
        for name in _lanes(channel):
            wait = await self._take(name, LANE)
            if not wait:
                return 0.0
            waits.append(wait)
        return min(waits)

    def space(self, run_id: str, age: float) -> float:
        """The same for an edit that a newer one will replace soon. `age` of the run, in seconds. Known to this process
        only: one replica has a run at a time, and the bucket of all edits holds for all."""
        now = self._clock()
        gap = NEW if age < 15 else YOUNG if age < 60 else OLD
        wait = self._edited.get(run_id, now - gap) + gap - now
        if wait > 0:
            return wait
        self._edited[run_id] = now
        return 0.0

    def forget(self, run_id: str) -> None:
        self._edited.pop(run_id, None)

    async def pause(self, method: str, channel: str, seconds: float) -> None:
        for name in _lanes(channel) if method == POST else (method,):
            await self._journal.pause(name, seconds, self._clock())

    async def _take(self, name: str, limit: Limit) -> float:
        return await self._journal.take(name, limit.rate, limit.burst, self._clock())


def _lanes(channel: str) -> tuple[str, ...]:
    return tuple(f"post:{channel}:{lane}" for lane in range(LANES))
