"""Starts a Redis or Valkey of our own on a unix socket, or finds the one that is already there. Called by embedded.py.

The folder holds: `lock` (held while somebody starts or stops the server), `users` and `server` (see embedded.py),
`socket` (where the socket is), `log` (what the server said since it started), and the append-only file.
"""

import asyncio
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bot.journal.programs import Program, find_programs
from bot.model.errors import JournalUnavailable

LONGEST_SOCKET = 100
"""Bytes; the systems stop at 108 (Linux) and 104 (macOS)."""
PATIENCE = 60.0
"""Seconds for a server to read its data, or for another netcheck to have started it."""
TICK = 0.02


@dataclass(frozen=True, slots=True)
class NoServer:
    """There is nothing to start, or nowhere to keep the data."""

    reason: str


class Launcher:
    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._users = -1
        self._child: subprocess.Popen[bytes] | None = None

    async def start(self) -> str | NoServer:
        """The URL of a server that answers. Raises JournalUnavailable when there is one and it does not start."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            async with self._locked():
                self._users = self._open("users")
                fcntl.flock(self._users, fcntl.LOCK_SH)
                missing = await self._find_or_spawn()
        except OSError as error:
            missing = NoServer(f"no data can be kept in {self.folder} ({error.strerror})")
        except BaseException:
            self._leave()
            raise
        if missing:
            self._leave()
            return missing
        return f"unix://{self._read_socket()}"

    async def stop(self) -> None:
        """Shuts the server down if nobody else uses it."""
        async with self._locked():
            last = _try_lock(self._users)
            self._leave()
            if last:
                await ask(self._read_socket(), "SHUTDOWN")
                await self._await_end()
                self._remove_socket()

    def _leave(self) -> None:
        if self._users >= 0:
            os.close(self._users)
            self._users = -1

    async def _find_or_spawn(self) -> NoServer | None:
        if await ask(self._read_socket(), "PING") == "+PONG":
            return None
        server = self._open("server")
        try:
            if _try_lock(server):
                return await self._spawn_any(server)
            await self._await_answer()
        finally:
            os.close(server)
        return None

    async def _spawn_any(self, server: int) -> NoServer | None:
        """The first program that can read the data; `server` is the locked file that the child inherits."""
        found = await find_programs(self.folder)
        if not found.programs:
            return NoServer("; ".join(("no redis-server or valkey-server was found", *found.refused)))
        failures = []
        for program in found.programs:
            self._remove_socket()
            try:
                self._child = self._spawn(program, self._choose_socket(), server)
                await self._await_answer()
            except (JournalUnavailable, OSError) as error:
                failures.append(f"{program.path}: {error}")
                await self._give_up()
            else:
                return None
        raise JournalUnavailable(f"no server could be started on the data in {self.folder}: {'; '.join(failures)}")

    def _spawn(self, program: Program, socket: Path, server: int) -> subprocess.Popen[bytes]:
        command = [str(program.path), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700",
                   "--dir", str(self.folder), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
        with (self.folder / "log").open("wb") as log:
            # A session of its own, or Ctrl-C would end it before the bot has written its last events. No environment,
            # since ours holds tokens.
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                    pass_fds=(server,), umask=0o077, env={"LC_ALL": "C"})

    async def _await_answer(self) -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while await ask(self._read_socket(), "PING") != "+PONG":
            if self._child and self._child.poll() is not None:
                raise JournalUnavailable(f"the server ended at once: {self._read_last_words()}")
            if asyncio.get_running_loop().time() > deadline:
                raise JournalUnavailable(
                    f"a server runs on the data in {self.folder} and has not answered within {PATIENCE:.0f} s: "
                    f"{self._read_last_words()}. End that process and start again"
                )
            await asyncio.sleep(TICK)

    async def _await_end(self) -> None:
        """Our own child is waited for, or it would stay as a zombie; a found one has ended when its lock is free."""
        server = self._open("server")
        await _wait_until(lambda: _try_lock(server) and (self._child is None or self._child.poll() is not None))
        os.close(server)

    async def _give_up(self) -> None:
        if self._child and self._child.poll() is None:
            self._child.kill()
            await asyncio.to_thread(self._child.wait)
        self._child = None

    def _choose_socket(self) -> Path:
        socket = self.folder / "redis.sock"
        if len(os.fsencode(socket)) > LONGEST_SOCKET:
            socket = Path(tempfile.mkdtemp(prefix="netcheck-")) / "redis.sock"
        (self.folder / "socket").write_text(str(socket))
        return socket

    def _read_socket(self) -> str:
        with suppress(FileNotFoundError):
            return (self.folder / "socket").read_text()
        return ""

    def _remove_socket(self) -> None:
        socket = Path(self._read_socket())
        if socket.name == "redis.sock" and socket.parent != self.folder:
            shutil.rmtree(socket.parent, ignore_errors=True)
        (self.folder / "socket").unlink(missing_ok=True)

    def _read_last_words(self) -> str:
        lines = (self.folder / "log").read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def _open(self, name: str) -> int:
        return os.open(self.folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @asynccontextmanager
    async def _locked(self) -> AsyncIterator[None]:
        lock = self._open("lock")
        try:
            if not await _wait_until(lambda: _try_lock(lock)):
                raise JournalUnavailable(
                    f"another netcheck has been starting or stopping the server in {self.folder} for {PATIENCE:.0f} s; "
                    "end it and start again"
                )
            yield
        finally:
            os.close(lock)


async def _wait_until(done: Callable[[], bool]) -> bool:
    """Polls, since a file lock and the end of a process that is not our child cannot be awaited. False: gave up."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while not done():
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(TICK)
    return True


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def ask(socket: str, command: str) -> str:
    """The first line of the reply to one inline command; empty when nobody listens."""
    try:
        reader, writer = await asyncio.open_unix_connection(socket)
    except OSError:
        return ""
    try:
        writer.write(f"{command}\r\n".encode())
        async with asyncio.timeout(2):
            return (await reader.readline()).decode(errors="replace").strip()
    except (OSError, TimeoutError):
        return ""
    finally:
        writer.close()
