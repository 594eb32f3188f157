"""Files and functions stay small enough to be read at one sitting. There is no list of exceptions."""

import ast
from pathlib import Path

import pytest

from tests.house.sources import Source, find_functions, read_sources

FILE_LINES = 250
FUNCTION_LINES = 40
MODEL_FUNCTION_LINES = 25
VAGUE_NAMES = frozenset({"utils", "util", "helpers", "helper", "manager", "base", "handler", "handlers", "service"})
SOURCES = read_sources()


def find_long_functions(source: Source) -> list[str]:
    limit = MODEL_FUNCTION_LINES if source.module.startswith("bot.model") else FUNCTION_LINES
    return [
        f"{source.name}:{node.lineno} {node.name} has {length} lines, {limit} are allowed"
        for node in find_functions(source.tree)
        if (length := (node.end_lineno or node.lineno) - node.lineno + 1) > limit
    ]


def test_no_file_is_longer_than_250_lines() -> None:
    lengths = {source.name: len(source.text.splitlines()) for source in SOURCES}
    assert {name: length for name, length in lengths.items() if length > FILE_LINES} == {}


def test_no_function_is_longer_than_40_lines_and_none_of_the_model_than_25() -> None:
    assert [line for source in SOURCES for line in find_long_functions(source)] == []


def test_every_package_and_module_opens_with_a_paragraph_that_says_what_it_is() -> None:
    assert [source.name for source in SOURCES if not ast.get_docstring(source.tree)] == []


@pytest.mark.parametrize("folder", ["bot", "tests"])
def test_no_module_has_a_name_that_says_nothing(folder: str) -> None:
    names = [source.name for source in read_sources(folder)]
    assert [name for name in names if VAGUE_NAMES & set(Path(name).with_suffix("").parts)] == []
