"""The locks are what is installed: hashed, without the address of an index, and holding all that pyproject declares."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

LOCKS = ("run", "build", "dev")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def read_lock(root: Path, name: str) -> dict[str, tuple[Version, str]]:
    """Package name to pinned version and the whole entry."""
    text = (root / "requirements" / f"{name}.txt").read_text().replace("\\\n", " ")
    entries = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    locked: dict[str, tuple[Version, str]] = {}
    for entry in entries:
        package, _, rest = entry.partition("==")
        locked[canonicalize_name(package)] = (Version(re.split(r"[\s;]", rest, maxsplit=1)[0]), entry)
    return locked


def read_declared(root: Path) -> dict[str, list[Requirement]]:
    project = tomllib.loads((root / "pyproject.toml").read_text())
    run = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["embedded"]]
    build = project["dependency-groups"]["build"]
    dev = [line for line in project["dependency-groups"]["dev"] if isinstance(line, str)]
    return {name: [Requirement(line) for line in lines]
            for name, lines in {"run": run, "build": build, "dev": [*run, *build, *dev]}.items()}


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_is_pinned_by_hash_and_no_address_stands_in_the_file(root: Path, name: str) -> None:
    unhashed = [entry for _, entry in read_lock(root, name).values() if not HASH.search(entry)]
    assert unhashed == []
    assert "://" not in (root / "requirements" / f"{name}.txt").read_text()


@pytest.mark.parametrize("name", LOCKS)
def test_every_declared_dependency_is_in_its_lock_in_a_version_that_is_allowed(root: Path, name: str) -> None:
    locked = read_lock(root, name)
    for requirement in read_declared(root)[name]:
        key = canonicalize_name(requirement.name)
        assert key in locked, f"{requirement} is not in requirements/{name}.txt: run `make lock`"
        version, _ = locked[key]
        assert version in requirement.specifier, f"{requirement} against {version}: run `make lock`"


def test_the_developers_lock_holds_the_very_versions_that_users_run(root: Path) -> None:
    developers = {name: version for name, (version, _) in read_lock(root, "dev").items()}
    users = {name: version for lock in ("run", "build") for name, (version, _) in read_lock(root, lock).items()}
    assert {name: developers.get(name) for name in users} == users


def test_the_four_required_packages_are_direct_dependencies(root: Path) -> None:
    declared = {canonicalize_name(requirement.name) for requirement in read_declared(root)["run"]}
    assert {"slack-bolt", "kubernetes", "jinja2", "redis"} <= declared
