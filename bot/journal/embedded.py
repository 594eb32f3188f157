"""Where the journal of a bot is: in the Redis of REDIS_URL, in a server of our own, or in memory. Called by wiring.

The server of our own is a child that outlives a crash of the bot: the next start finds it by its socket. Everybody who
uses a data directory holds a shared lock on the file `users`; the last one to leave shuts the server down. The server
itself holds the lock `server` as long as it lives, so that there are never two on the same data.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from bot.journal import Journal
from bot.journal.launcher import Launcher, NoServer
from bot.journal.memory import MemoryJournal
from bot.journal.redis import RedisJournal


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """`notice` is one line for the person who starts netcheck. `stop` closes the journal, and shuts a server of our own
    down if nobody else uses it."""

    journal: Journal
    notice: str
    durable: bool
    stop: Callable[[], Awaitable[None]]


async def open_journal(redis_url: str, data_dir: Path) -> Opened:
    """Raises SettingsError for a Redis that will not do, JournalUnavailable for one that does not answer or start."""
    if redis_url:
        return await _open_redis(redis_url)
    launcher = Launcher(data_dir / "redis")
    url = await launcher.start()
    if isinstance(url, NoServer):
        return _open_memory(url.reason)
    journal = RedisJournal(url)

    async def stop() -> None:
        await journal.close()
        await launcher.stop()

    try:
        notice = f"{await journal.check()}; runs are kept in {launcher.folder}"
    except BaseException:
        await stop()
        raise
    return Opened(journal=journal, notice=notice, durable=True, stop=stop)


async def _open_redis(url: str) -> Opened:
    journal = RedisJournal(url)
    try:
        store = await journal.inspect()
    except BaseException:
        await journal.close()
        raise
    return Opened(journal=journal, notice=f"{store} (at {journal.where})", durable=store.durable, stop=journal.close)


def _open_memory(reason: str) -> Opened:
    journal = MemoryJournal()
    notice = (
        f"NOT DURABLE: {reason}. Runs are kept in memory and are lost when netcheck ends. "
        "Set REDIS_URL, install redis-server or valkey-server, or install netcheck[embedded]"
    )
    return Opened(journal=journal, notice=notice, durable=False, stop=journal.close)
