"""One `netcheck serve` as it runs in a pod: a process of its own, known by its port and its log."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.journal.awaiting import until

SAYS_PORT = "health and metrics on"


@dataclass(slots=True)
class Replica:
    """`log` holds what it said, one JSON object a line."""

    log: Path
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, log: Path, environment: Mapping[str, str]) -> "Replica":
        """Nothing of the environment of the tests gets in."""
        clean = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        line = [sys.executable, "-m", "bot.cli", "serve"]
        with log.open("wb") as out:
            process = subprocess.Popen(
                line, env={**clean, **environment}, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip
        return cls(log, process)

    def said(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    @property
    def address(self) -> str:
        """Where it is asked for its health; empty before it listens."""
        told = next((line["message"] for line in self.said() if SAYS_PORT in line["message"]), "")
        return told.rpartition(" ")[2]

    async def get(self, path: str) -> tuple[int, str]:
        async with aiohttp.ClientSession() as session, session.get(f"http://{self.address}{path}") as response:
            return response.status, await response.text()

    async def gauge(self, name: str) -> float:
        _, text = await self.get("/metrics")
        return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(f"{name} "))

    async def until_ready(self) -> None:
        """Listens, and has both its store and its socket to Slack."""

        async def ready() -> bool:
            assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.log.read_text()}"
            return bool(self.address) and (await self.get("/readyz"))[0] == 200

        await until(ready, 60)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    async def terminate(self) -> int:
        """As a pod is asked to go; gives the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self.process.wait, 30)

    def remove(self) -> None:
        if self.process.poll() is None:
            self.kill()
