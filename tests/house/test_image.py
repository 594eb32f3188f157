"""The Dockerfile keeps its promises: linted, from the lock, not root, no shell between Kubernetes and netcheck."""

import subprocess
import sys
from pathlib import Path


def read_instructions(root: Path) -> list[str]:
    text = (root / "Dockerfile").read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_hadolint_finds_nothing(root: Path) -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([hadolint, "Dockerfile"], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_image_is_built_from_the_hashed_lock(root: Path) -> None:
    installs = [line for line in read_instructions(root) if "pip" in line and " install " in line]
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)
    assert any("requirements/run.txt" in line for line in installs)


def test_the_image_runs_as_a_number_that_is_not_root_and_starts_netcheck_itself(root: Path) -> None:
    instructions = read_instructions(root)
    assert "USER 10001:10001" in instructions
    assert 'ENTRYPOINT ["netcheck"]' in instructions
    assert 'CMD ["serve"]' in instructions


def test_what_is_copied_into_the_image_is_let_through_to_the_build(root: Path) -> None:
    let_through = {line[1:] for line in (root / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        word.rstrip("/")
        for line in read_instructions(root) if line.startswith("COPY") and "--from" not in line
        for word in line.split()[1:-1]
    }
    assert copied == let_through
