"""The Python files of the product as the house rules see them: path, module name, lines, syntax tree."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    path: Path
    module: str
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))


def read_sources(folder: str = "bot") -> list[Source]:
    return [_read(path) for path in sorted((ROOT / folder).rglob("*.py"))]


def _read(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    parts = path.relative_to(ROOT).with_suffix("").parts
    module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Source(path=path, module=module, text=text, tree=ast.parse(text, filename=str(path)))


def find_functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def find_own_imports(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Imports of our own package, wherever they stand."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            if node.level or (node.module or "").split(".")[0] == "bot":
                yield node
        elif isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "bot" for alias in node.names):
            yield node
