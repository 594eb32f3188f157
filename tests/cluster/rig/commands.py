"""Running other programs to their end, and waiting for conditions."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from tests.cluster.rig.errors import RigFailed

POLL_SECONDS = 0.1
BOUND = ("setpriv", "--pdeathsig", "KILL")
"""Before a command line: killed by the kernel when the calling process ends, however it ends."""
T = TypeVar("T")


def run(
    *line: str | Path, stdin: str | None = None, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> str:
    """What it printed. Raises RigFailed with the command line and the end of what it said."""
    words = [str(word) for word in line]
    done = subprocess.run(
        words, input=stdin or "", cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True
    )
    if done.returncode:
        raise RigFailed(f"{' '.join(words)} ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done.stdout


def until(what: str, ask: Callable[[], T], patience: float = 300.0) -> T:
    """The first answer that is true in Python's sense. Raises RigFailed after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not (answer := ask()):
        if time.monotonic() > deadline:
            raise RigFailed(f"not within {patience:g} s: {what}")
        time.sleep(POLL_SECONDS)
    return answer
