"""The journal through real Sentinels: a primary, its replica, and the take-over when the primary is killed."""

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.journal.redis import RedisJournal
from bot.model.errors import JournalUnavailable
from tests.journal.awaiting import until
from tests.journal.notes import note
from tests.redis_server import find_program


def find_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])


async def ask(port: int, *lines: str) -> str:
    """The replies to inline commands; empty when nobody listens."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return ""
    writer.write("".join(f"{line}\r\n" for line in lines).encode())
    writer.write_eof()
    replies = await reader.read()
    writer.close()
    return replies.decode(errors="replace")


@dataclass
class House:
    primary: subprocess.Popen[bytes]
    url: str


def spawn(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    folder.mkdir()
    return subprocess.Popen([find_program(), *arguments], cwd=folder, stdout=subprocess.DEVNULL, start_new_session=True)


def spawn_sentinel(folder: Path, port: int, primary: int) -> subprocess.Popen[bytes]:
    folder.mkdir()
    (folder / "sentinel.conf").write_text(
        f"port {port}\nbind 127.0.0.1\nsentinel monitor mymaster 127.0.0.1 {primary} 1\n"
        "sentinel auth-pass mymaster p/w\nsentinel down-after-milliseconds mymaster 1000\n"
        "sentinel failover-timeout mymaster 2000\n"
    )
    command = [find_program(), str(folder / "sentinel.conf"), "--sentinel"]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, start_new_session=True)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    one, two, watch = find_port(), find_port(), find_port()
    common = ["--bind", "127.0.0.1", "--requirepass", "p/w", "--masterauth", "p/w", "--save", ""]
    started = [
        spawn(tmp_path / "one", "--port", str(one), *common, "--repl-diskless-sync-delay", "0"),
        spawn(tmp_path / "two", "--port", str(two), *common, "--replicaof", "127.0.0.1", str(one)),
    ]

    async def is_followed() -> bool:
        return "state=online" in await ask(one, "AUTH p/w", "INFO replication")

    async def knows_the_replica() -> bool:
        return "num-slaves\r\n$1\r\n1" in await ask(watch, "SENTINEL MASTER mymaster")

    try:
        await until(is_followed, 30)
        started.append(spawn_sentinel(tmp_path / "watch", watch, one))
        await until(knows_the_replica, 30)
        dead = find_port()
        yield House(started[0], f"redis+sentinel://:p%2Fw@127.0.0.1:{dead},127.0.0.1:{watch}/mymaster?db=2")
    finally:
        for process in started:
            process.kill()
            process.wait(10)


async def test_the_journal_finds_the_primary_and_follows_it_when_another_takes_over(house: House) -> None:
    journal = RedisJournal(house.url)
    assert await journal.check()
    await asyncio.gather(*(journal.append(f"dns-{n}", 1, note(), nonce="a", now=1.0) for n in range(100)))
    house.primary.kill()

    async def goes_on() -> bool:
        try:
            await journal.append("inc-1", 1, note("after"), nonce="b", now=2.0)
        except JournalUnavailable:
            return False
        return True

    await until(goes_on, 30)
    assert [entry.event for entry in await journal.read("inc-1")] == [note("after")]
    await journal.close()


async def test_a_service_that_the_sentinels_do_not_know_is_named(house: House) -> None:
    journal = RedisJournal(house.url.replace("mymaster", "other"))
    with pytest.raises(JournalUnavailable, match="other by the Sentinels"):
        await journal.version("dns-1")
    await journal.close()
