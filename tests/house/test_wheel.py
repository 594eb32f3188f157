"""What people install is whole: the wheel holds every file of the product, with the playbooks inside the package."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    line = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(line, cwd=root, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_every_file_of_the_product_is_in_the_wheel(root: Path, wheel: Path) -> None:
    ours = [*(root / "bot").rglob("*"), *(root / "playbooks").rglob("*.yaml")]
    wanted = {str(path.relative_to(root)) for path in ours if path.is_file() and "__pycache__" not in path.parts}
    wanted = {f"bot/{name}" if name.startswith("playbooks/") else name for name in wanted}
    assert wanted - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_the_playbooks_are_found_where_only_the_wheel_is_installed(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    script = "import sys, bot.cli; print(bot.__file__); sys.argv = ['netcheck', 'list']; bot.cli.main()"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert str(tmp_path) in done.stdout
    assert "dns" in done.stdout.removeprefix(str(tmp_path))
