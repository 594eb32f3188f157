"""A loop that does not wait: where nothing is left to do but wait, its clock jumps to the end of the wait.

Only what the loop itself measures is skipped (sleeps, time-outs); whatever happens on a socket happens first, and so
does what was given to a thread. Not for tests that wait for another process: the loop knows nothing of that.
"""

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Given = TypeVarTuple("Given")

STILL = 0.01
"""Seconds in which nothing came: a loopback has delivered by then what was sent on it."""


class _Hurried(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.skipped = 0.0
        self.in_threads = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.in_threads or timeout is None or timeout <= STILL:
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

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Given], T], *args: *Given
    ) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self._hurried.in_threads += 1
        future.add_done_callback(self._back)
        return future

    def _back(self, _: object) -> None:
        self._hurried.in_threads -= 1
