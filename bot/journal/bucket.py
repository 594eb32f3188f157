"""How many tokens a bucket gives: arithmetic without a store, in whole microseconds so that no rounding adds a token.

A token is a moment. Moments are at least `interval` apart, each is given once, and only one that lies within the last
`burst` intervals counts; hence no stretch of time ever sees more than `burst` tokens and `rate` a second on top.
Called by the memory and the Redis journal, which differ only in where the last moment given away is kept.
"""

import math
from dataclasses import dataclass

SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Grid:
    """One question to a bucket: the spacing of its moments, and the present one, both in microseconds."""

    interval: int
    burst: int
    now: int

    @property
    def floor(self) -> int:
        """No moment at or before this is worth anything any more; the next one given is at least `interval` later."""
        return self.now - self.burst * self.interval

    def usable(self, moment: int) -> bool:
        return self.floor < moment <= self.now

    def wait(self, moment: int) -> float:
        """Seconds until the moment comes, and a microsecond, so that whoever waits so long is not early."""
        return (max(moment - self.now, 0) + 1) / SECOND


def lay(rate: float, burst: int, now: float) -> Grid:
    """`rate` in tokens a second, `now` in seconds."""
    if rate <= 0 or burst < 1:
        raise ValueError(f"a bucket needs a rate above 0 and a burst of at least 1, not rate {rate} and burst {burst}")
    return Grid(interval=math.ceil(SECOND / rate), burst=burst, now=to_micros(now))


def to_micros(seconds: float) -> int:
    return int(seconds * SECOND)
