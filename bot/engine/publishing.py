"""Showing a run on its surfaces while it goes on: late, coalesced, and never in the way of the run."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from bot.model.run import Run

log = logging.getLogger(__name__)

AFTER_FAILURE = 5.0
LAST_WORDS = 3.0
"""Seconds for what is being shown when a turn is given up: a message whose answer nobody waits for is posted twice."""


class Surface(Protocol):
    """A place where runs are shown. `publish` makes it show the run as it is and may be called late, twice or seldom.

    Gives 0.0 when all is shown, else the seconds after which it wants to be called again.
    """

    @property
    def name(self) -> str: ...

    async def publish(self, run_id: str, run: Run) -> float: ...


class Publisher:
    """Publishes the newest state of one run, one call at a time; states that came in between are passed over."""

    def __init__(self, run_id: str, surfaces: Sequence[Surface]) -> None:
        self._run_id = run_id
        self._surfaces = surfaces
        self._newest: Run | None = None
        self._task: asyncio.Task[float] | None = None
        self._again_at: float | None = None

    def show(self, run: Run) -> None:
        self._newest, self._again_at = run, None
        if self._surfaces and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._publish(), name=f"publish {self._run_id}")

    def again(self, run: Run) -> None:
        """Shows the run once more if a surface asked for that and its time has come."""
        if self._again_at is not None and asyncio.get_running_loop().time() >= self._again_at:
            self.show(run)

    async def settled(self, patience: float) -> float | None:
        """When the newest state is shown (0.0), or how many seconds to wait before calling again; None: it is still
        being shown after `patience` seconds."""
        later = 0.0
        while self._task:
            # Waits beside the task and not for it: who is cancelled here must not cancel it.
            if not (await asyncio.wait({self._task}, timeout=patience))[0]:
                return None
            later, self._task = self._task.result(), None
            if self._newest is not None and later == 0.0:
                self.show(self._newest)
        return later

    async def stop(self) -> None:
        """Shows nothing new; what is under way may end."""
        self._newest = None
        if self._task:
            await asyncio.wait({self._task}, timeout=LAST_WORDS)
            self._task.cancel()

    async def _publish(self) -> float:
        later = 0.0
        while self._newest is not None:
            run, self._newest = self._newest, None
            waits = [await self._one(surface, run) for surface in self._surfaces]
            later = max(waits, default=0.0)
            if later and self._newest is None:
                break
        self._again_at = asyncio.get_running_loop().time() + later if later else None
        return later

    async def _one(self, surface: Surface, run: Run) -> float:
        try:
            return await surface.publish(self._run_id, run)
        except Exception:
            log.exception("publishing failed", extra={"run": self._run_id, "surface": surface.name})
            return AFTER_FAILURE
