"""Rate limits per method, as Slack documents them, on the box's clock.

Tier 1…4 = 1, 20, 50, 100 calls in any 60 s [D apis/web-api/rate-limits; tiers per method: K]. chat.postMessage is
special: about one a second in a channel with short bursts, which is played as four in any 4 s, and 300 a minute in the
workspace [E]. `storm` refuses every n-th call for half a minute.
"""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from math import ceil
from typing import Literal

from bot.playground.slack.clock import Clock
from bot.playground.slack.refusal import RateLimitError

Mode = Literal["off", "realistic", "storm"]
TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
MINUTE = 60.0
BURST = 4
POSTS_A_MINUTE = 300


@dataclass(slots=True)
class Rates:
    clock: Clock
    mode: Mode = "realistic"
    storm_every: int = 3
    storm_seconds: int = 30
    refused: int = 0
    _calls: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _counted: int = 0
    _forced: dict[str, tuple[float, int]] = field(default_factory=dict)

    def limit(self, method: str, *, seconds: float, retry_after: int) -> None:
        """Refuse `method` with 429 for `seconds` of the box's clock, whatever the mode."""
        self._forced[method] = (self.clock.now() + seconds, retry_after)

    def check(self, method: str, tier: int | None, channel: str = "") -> None:
        """Count one call, or raise RateLimitError; a refused call is not counted."""
        try:
            self._check(method, tier, channel)
        except RateLimitError:
            self.refused += 1
            raise

    def _check(self, method: str, tier: int | None, channel: str) -> None:
        until, retry_after = self._forced.get(method, (0.0, 0))
        if self.clock.now() < until:
            raise RateLimitError(retry_after)
        if self.mode == "off":
            return
        if self.mode == "storm":
            self._counted += 1
            if self._counted % self.storm_every == 0:
                raise RateLimitError(self.storm_seconds)
        if method == "chat.postMessage":
            self._take((f"{method}:{channel}", BURST, float(BURST)), (method, POSTS_A_MINUTE, MINUTE))
        elif method == "response_url":
            self._take((f"{method}:{channel}", BURST, float(BURST)))
        elif tier is not None:
            self._take((method, TIERS[tier], MINUTE))

    def _take(self, *windows: tuple[str, int, float]) -> None:
        """All windows must have room before one of them counts the call."""
        now = self.clock.now()
        for key, most, seconds in windows:
            calls = self._calls[key]
            while calls and calls[0] <= now - seconds:
                calls.popleft()
            if len(calls) >= most:
                raise RateLimitError(ceil(calls[0] + seconds - now))
        for key, _, _ in windows:
            self._calls[key].append(now)
