"""The floors hold, and nothing is hidden from the check: no own import stands inside a function or a condition."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.house.sources import Source, find_own_imports, read_sources

LAZY_IMPORTS_ALLOWED = "bot.cli"


def find_hidden_imports(source: Source) -> Iterator[str]:
    at_top = {id(node) for node in source.tree.body}
    for node in find_own_imports(source.tree):
        if id(node) not in at_top:
            yield f"{source.name}:{node.lineno} {ast.unparse(node)}"


def test_every_floor_imports_only_from_below(root: Path) -> None:
    lint_imports = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([lint_imports, "--no-cache"], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_check_of_floors_bites(tmp_path: Path, root: Path) -> None:
    """A model that reads the journal, and a Redis client in the engine, must both be refused."""
    (tmp_path / "pyproject.toml").write_text((root / "pyproject.toml").read_text())
    for package in ("model", "journal", "engine"):
        (tmp_path / "bot" / package).mkdir(parents=True)
        (tmp_path / "bot" / package / "__init__.py").touch()
    for module in ("__init__", "settings", "wiring", "cli"):
        (tmp_path / "bot" / f"{module}.py").touch()
    (tmp_path / "bot/model/__init__.py").write_text("import bot.journal\n")
    (tmp_path / "bot/engine/__init__.py").write_text("import redis.asyncio\n")
    (tmp_path / "bot/journal/__init__.py").write_text("import bot.settings\n")
    lint_imports = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([lint_imports, "--no-cache"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "bot.model is not allowed to import bot.journal" in done.stdout
    assert "bot.engine is not allowed to import redis" in done.stdout


def test_own_modules_are_imported_at_the_head_of_a_file_and_nowhere_else() -> None:
    sources = [source for source in read_sources() if source.module != LAZY_IMPORTS_ALLOWED]
    assert [line for source in sources for line in find_hidden_imports(source)] == []


def test_settings_are_imported_by_wiring_and_the_floors_above_it_only(root: Path) -> None:
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    floors = [set(re.findall(r"\w+", floor)) for floor in contracts[0]["layers"]]
    wiring = next(number for number, floor in enumerate(floors) if "wiring" in floor)
    readers = {
        source.module.split(".")[1]
        for source in read_sources()
        for node in find_own_imports(source.tree)
        if "settings" in _imported_names(node) and source.module != "bot.settings"
    }
    assert readers <= set().union(*floors[: wiring + 1])


def _imported_names(node: ast.Import | ast.ImportFrom) -> set[str]:
    """The children of `bot` that an import touches."""
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("bot.")}
    parts = (node.module or "").split(".")
    return {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
