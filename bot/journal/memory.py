"""A journal in the memory of one process: for a run on a terminal, for tests, and where no Redis is to be had.

Events pass through the codec on their way in and out, so that what works here works on Redis. Nothing survives the end
of the process; wiring says so loudly.
"""

import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence

from bot.journal import Entry, Shown
from bot.journal.bucket import lay, to_micros
from bot.journal.keys import RECENT
from bot.model.codec import decode, encode
from bot.model.errors import Conflict
from bot.model.event import Event


class MemoryJournal:
    """`clock` (seconds, any beginning) decides when leases, deliveries and closed runs lapse."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: dict[str, list[tuple[str, bytes]]] = {}
        self._due: dict[str, float] = {}
        self._leases: dict[str, tuple[str, float]] = {}
        self._counts: Counter[str] = Counter()
        self._deliveries: dict[str, tuple[str, float]] = {}
        self._shown: dict[str, dict[str, dict[str, Shown]]] = {}
        self._recent: defaultdict[str, deque[str]] = defaultdict(lambda: deque(maxlen=RECENT))
        self._lapses: dict[str, float] = {}
        self._moments: dict[str, int] = {}
        self._pauses: dict[str, int] = {}

    async def read(self, id: str, after: int = 0) -> Sequence[Entry]:
        entries = self._living(id)
        if len(entries) < after:
            raise Conflict(f"{id} was known up to entry {after}, the journal holds {len(entries)}: read anew")
        return [Entry(number, nonce, decode(data)) for number, (nonce, data) in enumerate(entries[after:], after + 1)]

    async def version(self, id: str) -> int:
        return len(self._living(id))

    async def append(self, id: str, number: int, event: Event, *, nonce: str, now: float | None) -> None:
        entries = self._living(id)
        if 0 < number <= len(entries) and entries[number - 1][0] == nonce:
            return
        if number != len(entries) + 1:
            raise Conflict(f"entry {number} of {id} cannot be written: the journal holds {len(entries)}")
        self._entries.setdefault(id, entries).append((nonce, encode(event)))
        if now is not None:
            await self.wake(id, now)

    async def due(self, now: float, limit: int = 64) -> Sequence[str]:
        return sorted((id for id, at in self._due.items() if at <= now), key=lambda id: (self._due[id], id))[:limit]

    async def wake(self, id: str, at: float) -> None:
        self._due[id] = min(at, self._due.get(id, at))

    async def postpone(self, id: str, until: float | None) -> None:
        if until is None:
            self._due.pop(id, None)
        else:
            self._due[id] = until

    async def lease(self, id: str, owner: str, ttl: float) -> bool:
        holder, until = self._leases.get(id, (owner, 0.0))
        if holder != owner and until > self._clock():
            return False
        self._leases[id] = (owner, self._clock() + ttl)
        return True

    async def release(self, id: str, owner: str) -> None:
        if self._leases.get(id, ("", 0.0))[0] == owner:
            del self._leases[id]

    async def next_id(self, prefix: str) -> str:
        self._counts[prefix] += 1
        return f"{prefix}-{self._counts[prefix]}"

    async def first(self, delivery: str, id: str, ttl: float = 900) -> str:
        now = self._clock()
        self._deliveries = {key: claim for key, claim in self._deliveries.items() if claim[1] > now}
        return self._deliveries.setdefault(delivery, (id, now + ttl))[0]

    async def shown(self, surface: str, id: str) -> dict[str, Shown]:
        self._forget_lapsed()
        return dict(self._shown.get(id, {}).get(surface, {}))

    async def show(self, surface: str, id: str, key: str, shown: Shown | None) -> None:
        keys = self._shown.setdefault(id, {}).setdefault(surface, {})
        if shown is None:
            keys.pop(key, None)
        else:
            keys[key] = shown

    async def remember(self, channel: str, id: str) -> None:
        for name in {channel, ""}:
            if id in self._recent[name]:
                self._recent[name].remove(id)
            self._recent[name].appendleft(id)

    async def recent(self, channel: str, limit: int = 20) -> Sequence[str]:
        return list(self._recent[channel])[:limit]

    async def expire(self, id: str, ttl: float) -> None:
        self._lapses[id] = self._clock() + ttl

    async def take(self, bucket: str, rate: float, burst: int, now: float) -> float:
        grid = lay(rate, burst, now)
        if (paused := self._pauses.get(bucket, 0)) > grid.now:
            return grid.wait(paused)
        moment = max(self._moments.get(bucket, 0), grid.floor) + grid.interval
        if not grid.usable(moment):
            return grid.wait(moment)
        self._moments[bucket] = moment
        return 0.0

    async def pause(self, bucket: str, seconds: float, now: float) -> None:
        self._pauses[bucket] = max(self._pauses.get(bucket, 0), to_micros(now + seconds))

    async def check(self) -> str:
        return "memory of this process: nothing is kept when it ends"

    async def close(self) -> None:
        pass

    def _living(self, id: str) -> list[tuple[str, bytes]]:
        self._forget_lapsed()
        return self._entries.get(id, [])

    def _forget_lapsed(self) -> None:
        for id in [id for id, at in self._lapses.items() if at <= self._clock()]:
            del self._lapses[id]
            self._entries.pop(id, None)
            self._shown.pop(id, None)
