"""Takes runs that want attention, one lease each, and gives every one a turn. Any number of workers may run.

The lease only saves work: what keeps two workers from doubling anything is the numbering of the journal.
"""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from functools import partial

from bot.engine.publishing import Publisher, Surface
from bot.engine.tools import Tools
from bot.engine.turn import POLL, Turn
from bot.model.errors import JournalCorrupt, JournalError, JournalUnavailable
from bot.model.run import Run

log = logging.getLogger(__name__)

LEASE = 10.0
RENEW = 2.5
KEEP = 90 * 24 * 3600.0
BACK_OFF = 1.0
CROWDED = 0.003
"""Seconds for one question to the store, above four times the shortest, from which on no turn is added."""
BREATH = 0.01
PATIENCE = 0.5
"""Seconds after which one is added all the same: those in progress may all wait for slow clusters."""
CORRUPT_AGAIN = 60.0
MANY = 64


class Worker:
    """`run()` goes on until it is cancelled; then leases are given back at once. `strict`: a mistake of our own in a
    turn ends `run()`, for whoever waits at a terminal; a bot logs it and tries the run again later."""

    def __init__(self, owner: str, tools: Tools, surfaces: Sequence[Surface] = (), keep: float = KEEP) -> None:
        self.owner = owner
        self._tools = tools
        self._surfaces = surfaces
        self._keep = keep
        self._turns: dict[str, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()
        self._current: dict[str, Turn] = {}
        self._held: set[str] = set()
        self._wanted: dict[str, None] = {}
        self._quickest = 1.0
        self._began = 0.0
        self._broken: Exception | None = None
        self.strict = False

    def wake(self, run_id: str) -> None:
        """Called by the desk of this process; without it the next poll finds the run."""
        if run_id in self._current:
            self._current[run_id].woken.set()
        else:
            self._wanted[run_id] = None
        self._woken.set()

    @property
    def busy(self) -> int:
        """Runs whose lease is held here; those that another replica is at do not count."""
        return len(self._held)

    async def run(self) -> None:
        try:
            while True:
                more = False
                try:
                    more = await self._begin_turns()
                except JournalError as error:
                    log.warning("the journal does not answer: %s", error)
                    await asyncio.sleep(BACK_OFF)
                await self._rest(BREATH if more else POLL)
                if self._broken:
                    raise self._broken
        finally:
            for task in self._turns.values():
                task.cancel()
            await asyncio.gather(*self._turns.values(), return_exceptions=True)

    async def _begin_turns(self) -> bool:
        """One at a time; whether there are more. People come first: who typed something waits for an acknowledgement,
        which takes several questions to the store, and a run can wait there. How long the store took to answer just
        now, with the loop and the connections that all share, tells how much is going on here."""
        clock = asyncio.get_running_loop().time
        asked = clock()
        limit = MANY + len(self._turns)  # those in progress are due as well
        due = await self._tools.journal.due(self._tools.clock(), limit)
        took = clock() - asked
        self._quickest = min(self._quickest, took)
        waiting = [run_id for run_id in dict.fromkeys((*self._wanted, *due)) if run_id not in self._turns]
        crowded = took > CROWDED + 4 * self._quickest
        if waiting and (not crowded or not self._turns or clock() - self._began > PATIENCE):
            self._begin(waiting.pop(0))
            self._began = clock()
        return bool(waiting)

    def _begin(self, run_id: str) -> None:
        self._wanted.pop(run_id, None)
        task = asyncio.create_task(self._guarded(run_id), name=f"turn {run_id}")
        self._turns[run_id] = task
        task.add_done_callback(partial(self._ended, run_id))

    def _ended(self, run_id: str, _: asyncio.Task[None]) -> None:
        self._turns.pop(run_id, None)
        self._held.discard(run_id)
        self._woken.set()

    async def _rest(self, most: float) -> None:
        try:
            async with asyncio.timeout(most):
                await self._woken.wait()
        except TimeoutError:
            pass
        self._woken.clear()

    async def _guarded(self, run_id: str) -> None:
        """A turn under a lease. Whatever goes wrong, the run stays due, for this worker or another."""
        journal = self._tools.journal
        try:
            if not await journal.lease(run_id, self.owner, LEASE):
                await asyncio.sleep(POLL)
                return
            self._held.add(run_id)
            try:
                await self._while_held(run_id, self.turn(run_id))
            finally:
                await journal.release(run_id, self.owner)
        except JournalCorrupt as error:
            log.error("run cannot be read: %s", error, extra={"run": run_id})
            await journal.postpone(run_id, self._tools.clock() + CORRUPT_AGAIN)
        except JournalError as error:
            log.warning("turn given up: %s", error, extra={"run": run_id})
            await asyncio.sleep(BACK_OFF)
        except Exception as error:
            if self.strict:
                self._broken = error
                self._woken.set()
                return
            log.exception("turn failed", extra={"run": run_id})
            await asyncio.sleep(BACK_OFF)

    async def _while_held(self, run_id: str, work: Awaitable[None]) -> None:
        turn = asyncio.ensure_future(work)
        try:
            while not turn.done():
                await asyncio.wait({turn}, timeout=RENEW)
                if not turn.done() and not await self._still_held(run_id):
                    log.warning("lease lost", extra={"run": run_id})
                    return
            turn.result()
        finally:
            turn.cancel()
            await asyncio.gather(turn, return_exceptions=True)

    async def _still_held(self, run_id: str) -> bool:
        """While the store is away nobody else can take the lease either, and the turn may be making a change."""
        try:
            return await self._tools.journal.lease(run_id, self.owner, LEASE)
        except JournalUnavailable as error:
            log.warning("lease not renewed: %s", error, extra={"run": run_id})
            return True

    async def turn(self, run_id: str) -> None:
        """One turn, from the first move to putting the flag down. The lease is the caller's matter."""
        publisher = Publisher(run_id, self._surfaces)
        turn = self._current[run_id] = Turn(run_id, self._tools, publisher)
        try:
            run = await turn.take()
            publisher.show(run)
            while (later := await publisher.settled(POLL)) is None:
                run = await turn.take()  # nobody's word waits for a surface that is slow
            await self._put_down(run_id, run, turn.wants_attention_at, later)
        finally:
            await publisher.stop()
            self._current.pop(run_id, None)

    async def _put_down(self, run_id: str, run: Run, until: float | None, later: float) -> None:
        """Postpone first, then read the version again: what came in between finds the flag up."""
        journal, now = self._tools.journal, self._tools.clock()
        times = [time for time in (until, now + later if later else None) if time is not None]
        await journal.postpone(run_id, min(times, default=None))
        if await journal.version(run_id) > run.version:
            await journal.wake(run_id, now)
            self._woken.set()
        elif run.closed and not later:
            await journal.expire(run_id, self._keep)

