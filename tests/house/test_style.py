"""Style and types are part of the tests, so that `make test` alone says whether a change is good."""

import subprocess
import sys
from pathlib import Path


def run_tool(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *arguments], cwd=root, capture_output=True, text=True)


def test_ruff_finds_nothing(root: Path) -> None:
    done = run_tool(root, "ruff", "check", "--output-format=concise", ".")
    assert done.returncode == 0, done.stdout + done.stderr


def test_mypy_finds_nothing_in_strict_mode(root: Path) -> None:
    done = run_tool(root, "mypy", "--no-error-summary")
    assert done.returncode == 0, done.stdout + done.stderr
