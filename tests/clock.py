"""A loop whose time does not wait: where nothing is left to do but to wait, it is at once as late as was waited for.

Only what the loop itself measures is skipped (sleeps, time-outs); whatever happens on a socket happens first. Not for
tests that wait for another process or thread: those take their time, and the loop knows nothing of it.
"""

import asyncio
import selectors

STILL = 0.01
"""Seconds in which nothing came: a loopback has delivered by then what was sent on it."""


class _Hurried(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= STILL:
            return super().select(timeout)
        ready = super().select(STILL)
        if not ready:
            self.skipped += timeout - STILL
        return ready


class HurriedLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._hurried = _Hurried()
        super().__init__(self._hurried)

    def time(self) -> float:
        return super().time() + self._hurried.skipped
