"""What the product imports is declared: a package that only comes along with another is missing one day."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.sources import read_sources


def find_imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def test_every_package_that_the_product_imports_is_a_declared_dependency(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["embedded"]]
    declared = {canonicalize_name(Requirement(line).name) for line in lines}
    distributions = packages_distributions()
    undeclared = {
        f"{source.name} imports {package}"
        for source in read_sources()
        for package in find_imported(source.tree)
        if package not in sys.stdlib_module_names and package != "bot"
        if not declared & {canonicalize_name(name) for name in distributions.get(package, [])}
    }
    assert undeclared == set()


def test_every_declared_dependency_is_imported_by_the_product(root: Path) -> None:
    declared = tomllib.loads((root / "pyproject.toml").read_text())["project"]["dependencies"]
    imported = {package for source in read_sources() for package in find_imported(source.tree)}
    distributions = packages_distributions()
    used = {canonicalize_name(name) for package in imported for name in distributions.get(package, [])}
    assert {canonicalize_name(Requirement(line).name) for line in declared} - used == set()
