"""Every fault that a look can find is told with what was seen, and all else that is told with when it was read."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import bot.steps

FILES = sorted(Path(bot.steps.__file__).parent.rglob("*.py"))
Function = ast.FunctionDef | ast.AsyncFunctionDef


def calls(tree: ast.AST, name: str) -> Iterator[tuple[ast.Call, Function]]:
    """Each call of a function of this name, and the function in which it stands."""
    for function in ast.walk(tree):
        if isinstance(function, Function):
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == name:
                    yield call, function


def is_bare(told: ast.expr | None, function: Function) -> bool:
    """Whether it holds nothing but the time of reading; a name stands for what the function puts into it."""
    match told:
        case None:
            return True
        case ast.Name(id=name):
            given = [a.value for a in ast.walk(function) if isinstance(a, ast.Assign) for t in a.targets
                     if isinstance(t, ast.Name) and t.id == name]
            return bool(given) and all(is_bare(value, function) for value in given)
        case ast.Tuple(elts=[ast.Call(func=ast.Name(id="read_at"))]) | ast.Tuple(elts=[]):
            return True
    return False


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_fault_has_the_time_of_reading_as_its_only_evidence(path: Path) -> None:
    bare = [call.lineno for call, function in calls(ast.parse(path.read_text()), "find")
            if is_bare(next((k.value for k in call.keywords if k.arg == "evidence"), None), function)]
    assert not bare, f"{path.name}: lines {bare}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_whatever_was_read_is_told_with_its_time(path: Path) -> None:
    bare = [call.lineno for call, _ in calls(ast.parse(path.read_text()), "note")
            if ast.unparse(call.args[0]) != "Verdict.SKIPPED" and "evidence" not in {k.arg for k in call.keywords}]
    assert not bare, f"{path.name}: lines {bare}"
