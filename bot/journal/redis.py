"""The journal in Redis 6.2 or newer, or Valkey; the only module that imports `redis`. Keys: keys.py.

Event *n* of a journal is the stream entry `n-0`. Redis refuses an id that is not above the last one, so writing
`version + 1` is compare-and-append. The nonce in each entry makes a repeated append harmless: when a reply is lost, the
command is sent again, is refused, and the entry turns out to be our own. No scripts, no WATCH, no locks.
"""

import heapq
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, TypeAlias

import msgspec
from redis import asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import ExponentialBackoff
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from bot.journal import Entry, Shown
from bot.journal.address import Plain, parse
from bot.journal.bucket import lay, to_micros
from bot.journal.entries import read_entries, read_entry, to_fields
from bot.journal.keys import KEPT, LIMIT_KEPT, RECENT, Keys
from bot.journal.patience import at_most
from bot.journal.store import Store, judge
from bot.model.errors import Conflict, JournalCorrupt, JournalError, JournalUnavailable, SettingsError
from bot.model.event import Event

Command: TypeAlias = tuple[str | bytes | int | float, ...]

PATIENCE = 8.0
"""Seconds for one question, with its retries."""
OPTIONS: dict[str, Any] = {"protocol": 2, "socket_connect_timeout": 2.0, "socket_timeout": 5.0, "timeout": PATIENCE,
                           "max_connections": 32, "health_check_interval": 30}


class RedisJournal:
    """`url` as in address.py. Raises SettingsError for one that cannot be read; connects with the first question."""

    def __init__(self, url: str, prefix: str = "netcheck:") -> None:
        self._keys = Keys(prefix)
        self._client, self._sentinel, self.where = _connect(url)
        self._held: defaultdict[str, list[int]] = defaultdict(list)

    async def read(self, id: str, after: int = 0) -> Sequence[Entry]:
        key = self._keys.journal(id)
        length, raw = await self._ask(key, ("XLEN", key), ("XRANGE", key, f"{after + 1}-0", "+"))
        return read_entries(key, after, length, raw)

    async def version(self, id: str) -> int:
        (length,) = await self._ask(key := self._keys.journal(id), ("XLEN", key))
        return int(length)

    async def append(self, id: str, number: int, event: Event, *, nonce: str, now: float | None) -> None:
        key = self._keys.journal(id)
        # A later entry never begins a stream: what came before would be gone, as after expiry or a lost write.
        onto = ("NOMKSTREAM",) if number > 1 else ()
        commands: list[Command] = [("XADD", key, *onto, f"{number}-0", *to_fields(nonce, event)), ("XLEN", key)]
        if now is not None:
            commands.append(("ZADD", self._keys.due, "LT", now, id))
        added, length, *rest = await self._ask(key, *commands, tolerant=True)
        if isinstance(added, ResponseError) and "equal or smaller" in str(added):
            await self._settle(key, number, nonce)
            return
        for name, reply in zip((key, key, self._keys.due), (added, length, *rest), strict=False):
            if isinstance(reply, ResponseError):
                raise self._refusal(name, reply)
        if added is None:
            raise Conflict(f"entry {number} of {id} cannot be written: the journal is gone")
        if length != number:
            raise JournalCorrupt(f"{key} has {length} entries after {number} was written: the store lost some")

    async def _settle(self, key: str, number: int, nonce: str) -> None:
        """An entry was refused because the stream is already that far: with our own entry, or with another's."""
        length, found = await self._ask(key, ("XLEN", key), ("XRANGE", key, f"{number}-0", f"{number}-0"))
        if found and read_entry(key, number, found[0]).nonce == nonce:
            return
        if found or not length:
            raise Conflict(f"entry {number} of {key} was written by somebody else: read again")
        raise JournalCorrupt(f"{key} refuses entry {number} and does not hold it: something else writes to this stream")

    async def due(self, now: float, limit: int = 64) -> Sequence[str]:
        (ids,) = await self._ask(self._keys.due, ("ZRANGEBYSCORE", self._keys.due, "-inf", now, "LIMIT", 0, limit))
        return [id.decode() for id in ids]

    async def wake(self, id: str, at: float) -> None:
        await self._ask(self._keys.due, ("ZADD", self._keys.due, "LT", at, id))

    async def postpone(self, id: str, until: float | None) -> None:
        key = self._keys.due
        await self._ask(key, ("ZREM", key, id) if until is None else ("ZADD", key, until, id))

    async def lease(self, id: str, owner: str, ttl: float) -> bool:
        key, life = self._keys.lease(id), int(ttl * 1000)
        taken, holder = await self._ask(key, ("SET", key, owner, "NX", "PX", life), ("GET", key))
        if taken or holder != owner.encode():
            return bool(taken)
        # GETEX says whose lease it prolonged: one that lapsed and was taken in between is never mistaken for ours.
        return bool((await self._ask(key, ("GETEX", key, "PX", life)))[0] == owner.encode())

    async def release(self, id: str, owner: str) -> None:
        """Between looking and deleting the lease could lapse and be taken by another, which would then be deleted. So
        one that is about to lapse is left to do so; should it happen all the same, two workers do the same work and
        the numbering of the entries lets one of them win."""
        key = self._keys.lease(id)
        holder, left = await self._ask(key, ("GET", key), ("PTTL", key))
        if holder == owner.encode() and left > 1000:
            await self._ask(key, ("DEL", key))

    async def next_id(self, prefix: str) -> str:
        (number,) = await self._ask(self._keys.seq, ("HINCRBY", self._keys.seq, prefix, 1))
        return f"{prefix}-{number}"

    async def first(self, delivery: str, id: str, ttl: float = 900) -> str:
        key = self._keys.seen(delivery)
        _, holder = await self._ask(key, ("SET", key, id, "NX", "PX", int(ttl * 1000)), ("GET", key))
        return str(holder.decode())

    async def shown(self, surface: str, id: str) -> dict[str, Shown]:
        (fields,) = await self._ask(key := self._keys.shown(surface, id), ("HGETALL", key))
        try:
            return {field.decode(): msgspec.json.decode(data, type=Shown) for field, data in fields.items()}
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise JournalCorrupt(f"{key} holds what netcheck did not write: {error}. Delete the key") from None

    async def show(self, surface: str, id: str, key: str, shown: Shown | None) -> None:
        name = self._keys.shown(surface, id)
        if shown is None:
            await self._ask(name, ("HDEL", name, key))
            return
        *_, left = await self._ask(
            name, ("HSET", name, key, msgspec.json.encode(shown)), ("EXPIRE", name, KEPT),
            ("SADD", self._keys.surfaces, surface), ("PTTL", self._keys.journal(id)),
        )
        if left > 0:  # the run is closed: what was shown of it goes with it
            await self._ask(name, ("PEXPIRE", name, left))

    async def remember(self, channel: str, id: str) -> None:
        commands: list[Command] = []
        for key in sorted({self._keys.recent(channel), self._keys.recent("")}):
            commands += [("LREM", key, 0, id), ("LPUSH", key, id), ("LTRIM", key, 0, RECENT - 1), ("EXPIRE", key, KEPT)]
        await self._ask(self._keys.recent(channel), *commands)

    async def recent(self, channel: str, limit: int = 20) -> Sequence[str]:
        (ids,) = await self._ask(key := self._keys.recent(channel), ("LRANGE", key, 0, limit - 1))
        return [id.decode() for id in ids]

    async def expire(self, id: str, ttl: float) -> None:
        (surfaces,) = await self._ask(self._keys.surfaces, ("SMEMBERS", self._keys.surfaces))
        keys = [self._keys.journal(id), *(self._keys.shown(surface.decode(), id) for surface in surfaces)]
        await self._ask(keys[0], *(("PEXPIRE", key, int(ttl * 1000)) for key in keys))

    async def take(self, bucket: str, rate: float, burst: int, now: float) -> float:
        """Claims the next moment for good (one transaction: lift to the floor, add an interval), since giving it back
        could hand it out twice. One that still lies ahead is held here and used by whoever asks next."""
        grid, key, held = lay(rate, burst, now), self._keys.limit(bucket), self._held[bucket]
        while held and held[0] <= grid.floor:
            heapq.heappop(held)
        paused: float | None
        if held:
            moment = heapq.heappop(held)
            (paused,) = await self._ask(key, ("ZSCORE", key, "paused"))
        else:
            _, given, paused, _ = await self._ask(
                key, ("ZADD", key, "GT", grid.floor, "given"), ("ZINCRBY", key, grid.interval, "given"),
                ("ZSCORE", key, "paused"), ("EXPIRE", key, LIMIT_KEPT),
            )
            moment = int(given)
        until = max(moment, int(paused or 0))
        if until <= grid.now:
            return 0.0
        heapq.heappush(held, moment)
        return grid.wait(until)

    async def pause(self, bucket: str, seconds: float, now: float) -> None:
        key, life = self._keys.limit(bucket), LIMIT_KEPT + int(seconds)
        await self._ask(key, ("ZADD", key, "GT", to_micros(now + seconds), "paused"), ("EXPIRE", key, life))

    async def inspect(self) -> Store:
        """What kind of store it is. Raises SettingsError for one that would lose data on purpose, or is too old."""
        (info,) = await self._ask("INFO", ("INFO",))
        (save,) = await self._ask("CONFIG", ("CONFIG GET", "save"), tolerant=True)  # managed servers may refuse it
        return judge(self.where, info, save.get("save") if isinstance(save, dict) else None)

    async def check(self) -> str:
        return str(await self.inspect())

    async def close(self) -> None:
        await self._client.aclose()
        await self._client.connection_pool.disconnect()
        if self._sentinel:
            await self._sentinel.aclose()

    async def _ask(self, key: str, *commands: Command, tolerant: bool = False) -> list[Any]:
        """The replies to the commands; several go as one transaction. A lost connection is tried again, so each command
        must bear being done twice. `tolerant`: refusals come as replies."""
        pipeline = self._client.pipeline(transaction=len(commands) > 1)
        for command in commands:
            pipeline.execute_command(*command)
        try:
            async with at_most(PATIENCE):
                return list(await pipeline.execute(raise_on_error=not tolerant))
        except ResponseError as error:
            raise self._refusal(key, error) from None
        except (RedisError, OSError, TimeoutError) as error:
            raise self._absence(error) from None

    def _absence(self, error: Exception) -> JournalUnavailable:
        reason = str(error).rstrip(".") or f"no answer within {PATIENCE:.0f} s"
        if isinstance(error, AuthenticationError) or isinstance(error.__cause__, AuthenticationError | ResponseError):
            return JournalUnavailable(
                f"Redis at {self.where} does not let us in: {reason}. Check user, password and database in REDIS_URL"
            )
        return JournalUnavailable(
            f"Redis at {self.where} cannot be reached: {reason}. Nothing can be recorded until it is back; "
            "see that it runs and that REDIS_URL names it"
        )

    def _refusal(self, key: str, error: ResponseError) -> JournalError:
        said = str(error).rpartition("caused error: ")[2]  # redis-py puts the command in front, with all its data
        if "WRONGTYPE" in said or "wrong kind of value" in said:
            return JournalCorrupt(f"{key} in Redis at {self.where} is of a type that netcheck does not write: another "
                                  "program uses this name. Give netcheck a database of its own")
        return JournalUnavailable(f"Redis at {self.where} refuses to work on {key}: {said}")


class _SentinelPool(SentinelConnectionPool, aioredis.BlockingConnectionPool):
    """Asks the Sentinels for the primary, and waits for a free connection instead of failing without one."""


def _connect(url: str) -> tuple[aioredis.Redis, Sentinel | None, str]:
    address = parse(url)
    retry: dict[str, Any] = {"retry": Retry(ExponentialBackoff(cap=0.5, base=0.05), 3)}
    if isinstance(address, Plain):
        try:
            pool = aioredis.BlockingConnectionPool.from_url(address.url, **OPTIONS, **retry)
            pool.make_connection()  # type: ignore[no-untyped-call]
        except (ValueError, TypeError) as error:
            raise SettingsError(f"REDIS_URL cannot be used: {error}") from None
        return aioredis.Redis.from_pool(pool), None, address.where
    options = {name: value for name, value in OPTIONS.items() if name.startswith("socket_")}
    options["retry"] = Retry(ExponentialBackoff(), 0)  # a Sentinel that is down is not waited for: there are others
    options |= {"username": address.sentinel_username, "password": address.sentinel_password, "ssl": address.tls}
    sentinel = Sentinel(address.hosts, sentinel_kwargs=options)  # type: ignore[no-untyped-call]
    client = sentinel.master_for(
        address.service, connection_pool_class=_SentinelPool, db=address.db, username=address.username,
        password=address.password, ssl=address.tls, **OPTIONS, **retry,
    )
    return client, sentinel, address.where
