"""Where facts are kept: one port (`Journal`), and `change`, the only way to add to a run or an incident.

Here: memory.py, redis.py (one contract suite runs over both), embedded.py (which journal: REDIS_URL, a server of our
own by launcher and programs, or memory); parts of redis.py: patience, and pure ones: address (REDIS_URL), keys, entries
(streams), bucket (limits), store (is it fit to keep journals?).
May import: model. Called by the engine, slack (shown, limits) and wiring.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from bot.model.errors import Conflict
from bot.model.event import Event

S = TypeVar("S")
E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Entry:
    """Event number `number` of a journal (from 1, without gaps) and the nonce of the one who wrote it."""

    number: int
    nonce: str
    event: Event


@dataclass(frozen=True, slots=True)
class Shown:
    """What a surface shows for one key: where (Slack: ts) and a digest of what."""

    place: str
    digest: str


class Journal(Protocol):
    """All methods raise JournalUnavailable when the store does not answer, JournalCorrupt for what cannot be read.

    `id` is a run (`dns-42`) or an incident (`inc-7`). Times are seconds since the epoch.
    """

    async def read(self, id: str, after: int = 0) -> Sequence[Entry]:
        """Entries with a number above `after`, in order; empty when there is no such journal.

        Raises Conflict when the journal holds fewer than `after`: the store has lost its last writes (a failover, a
        power cut) or the journal has expired; what was folded from it no longer stands.
        """

    async def version(self, id: str) -> int:
        """The number of the last entry; 0 when there is none."""

    async def append(self, id: str, number: int, event: Event, *, nonce: str, now: float | None) -> None:
        """Write entry `number`. With `now`, marks it due in the same transaction. Repeating one's own entry (same
        nonce) does nothing.

        Raises Conflict when somebody else wrote it, or when the journal no longer holds what comes before. After
        JournalUnavailable the entry may have been written or not: repeat with the same nonce, or read.
        """

    async def due(self, now: float, limit: int = 64) -> Sequence[str]:
        """Ids whose time has come, earliest first."""

    async def wake(self, id: str, at: float) -> None:
        """Wants attention at `at`, or earlier if it already wanted that."""

    async def postpone(self, id: str, until: float | None) -> None:
        """Wants attention at `until` and not before; None: not at all."""

    async def lease(self, id: str, owner: str, ttl: float) -> bool:
        """Take or renew the lease for `ttl` seconds; false when somebody else holds it."""

    async def release(self, id: str, owner: str) -> None:
        """Give it back if it is still ours."""

    async def next_id(self, prefix: str) -> str:
        """`dns` -> `dns-42`: short enough to say aloud, never given twice."""

    async def first(self, delivery: str, id: str, ttl: float = 900) -> str:
        """Claim a delivery for `id`; gives the id that claimed it first, so a repetition means the same journal."""

    async def shown(self, surface: str, id: str) -> dict[str, Shown]: ...

    async def show(self, surface: str, id: str, key: str, shown: Shown | None) -> None:
        """Note what is shown for `key`; None: no longer shown."""

    async def remember(self, channel: str, id: str) -> None:
        """Add to the runs and incidents of a channel."""

    async def recent(self, channel: str, limit: int = 20) -> Sequence[str]:
        """Newest first. The channel "" has those of all channels."""

    async def expire(self, id: str, ttl: float) -> None:
        """Everything kept about a closed run goes after `ttl` seconds."""

    async def take(self, bucket: str, rate: float, burst: int, now: float) -> float:
        """One token of a bucket shared by all replicas (`rate` tokens a second, `burst` at once): 0.0, or seconds to
        wait before asking again."""

    async def pause(self, bucket: str, seconds: float, now: float) -> None:
        """Nothing out of the bucket for so long (Slack's Retry-After)."""

    async def check(self) -> str:
        """One line on the store (`Valkey 8.1.8, append-only file on`). Raises SettingsError when the store would lose
        data on purpose (an evicting maxmemory-policy)."""

    async def close(self) -> None: ...


async def change(
    journal: Journal,
    id: str,
    fold: Callable[[Sequence[Event], S | None], S],
    decide: Callable[[S], Event | None],
    *,
    nonce: Callable[[], str],
    now: float | None,
    known: tuple[S, int] | None = None,
) -> tuple[S, int]:
    """The only writer: read, fold, decide, append; on Conflict again. Gives the state and version after the change.

    `decide` sees the state as it is and gives the event that follows from it, or None; what it raises comes through.
    `fold(events, before)` goes on from a state already known (`known`: state and its version). A change whose nonce the
    journal holds was made before and is not made again: for a request that may come twice, give its id.
    """
    state, version = known if known else (None, 0)
    mine = nonce()
    while True:
        try:
            entries = await journal.read(id, version)
        except Conflict:
            state, version = None, 0
            continue
        if entries or state is None:
            state = fold([entry.event for entry in entries], state)
            version = entries[-1].number if entries else version
        if any(entry.nonce == mine for entry in entries):
            return state, version
        event = decide(state)
        if event is None:
            return state, version
        try:
            await journal.append(id, version + 1, event, nonce=mine, now=now)
        except Conflict:
            continue
        return fold([event], state), version + 1
