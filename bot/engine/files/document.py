"""YAML as JSON with places: which line and column each key and value stands at, and what YAML allows but we do not.

libyaml's events are read one by one, so that nothing is ever expanded: anchors, aliases and tags, duplicate keys,
further documents and deep nesting are mistakes, each told with its place while reading goes on.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml
from yaml import events as e

from bot.engine.files.scalars import read_scalar
from bot.model.errors import Problem

Path: TypeAlias = tuple[str | int, ...]

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 30
MAX_PROBLEMS = 100
MAX_NODES = 50_000


@dataclass(frozen=True, slots=True)
class Place:
    """Counts from 1. `text`: the column at which the characters of a scalar begin, if it stands on one line, else 0."""

    line: int
    column: int
    text: int = 0


class Unreadable(Exception):
    """Inside this package only: no sense in reading on, the problems are noted."""


@dataclass(slots=True)
class Document:
    """One file: its value, where things stand, and the problems found so far. Problems under `broken` are not told."""

    name: str
    value: Any = None
    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)
    broken: set[Path] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def blame(self, place: Place, message: str, hint: str = "") -> None:
        problem = Problem(self.name, place.line, place.column, message, hint)
        if problem not in self.problems:
            self.problems.append(problem)
        if len(self.problems) >= MAX_PROBLEMS:
            more = f"there may be more: reading stopped after {MAX_PROBLEMS} problems"
            self.problems.append(Problem(self.name, place.line, place.column, more))
            raise Unreadable

    def blame_value(self, path: Path, message: str, hint: str = "", *, offset: int = -1, key: bool = False) -> None:
        """At the value (or its key), or at what is nearest above it. `offset`: characters into a scalar."""
        if any(path[: len(hole)] == hole for hole in self.broken):
            return
        while path and path not in self.values:
            path, offset = path[:-1], -1
        place = self.keys.get(path, self.values[path]) if key else self.values[path]
        if offset >= 0 and place.text:
            place = Place(place.line, place.text + offset)
        self.blame(place, message, hint)


def read_document(name: str, data: bytes | str) -> Document:
    """Never raises: what cannot be read is in `problems`, and the value is then as much as could be."""
    document = Document(name)
    try:
        text = _decoded(document, data)
        _Reader(document).read(text)
    except Unreadable:
        document.broken.add(())
    return document


def _decoded(document: Document, data: bytes | str) -> str:
    if len(data) > MAX_BYTES:
        size = f"the file has {len(data) / 1024 / 1024:.1f} MB, a playbook may have {MAX_BYTES // 1024 // 1024} MB"
        document.blame(Place(1, 1), size, "is this a playbook?")
        raise Unreadable
    try:
        return data.decode("utf-8-sig") if isinstance(data, bytes) else data.encode().decode("utf-8-sig")
    except UnicodeError as error:
        before = data[: error.start] if isinstance(data, bytes) and isinstance(error, UnicodeDecodeError) else b""
        line, start = before.count(b"\n") + 1, before.rfind(b"\n") + 1
        column = len(before[start:].decode("utf-8", "replace")) + 1
        document.blame(Place(line, column), "this is not UTF-8", "save the file as UTF-8")
        raise Unreadable from None


class _Reader:
    """Events to values. One recursion per level of nesting, of which there are few."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._events: Iterator[Any] = iter(())
        self._nodes = 0

    def read(self, text: str) -> None:
        self._document.values[()] = Place(1, 1)
        self._events = self._parsed(text)
        for event in self._events:
            if isinstance(event, e.DocumentStartEvent):
                self._document.value = self._value(next(self._events), ())
                break
        for event in self._events:
            if isinstance(event, e.DocumentStartEvent):
                self._document.blame(_place(event), "a second document begins here", "one playbook per file")
                return

    def _parsed(self, text: str) -> Iterator[Any]:
        try:
            yield from yaml.parse(text, Loader=yaml.CSafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
            context = f" {error.context}" if error.context else ""
            self._document.blame(place, f"this is not YAML: {error.problem}{context}")
            raise Unreadable from None
        except (yaml.YAMLError, ValueError) as error:
            position = getattr(error, "position", 0)
            before = text.encode()[:position].decode(errors="replace") if isinstance(position, int) else ""
            place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
            self._document.blame(place, "this is not YAML: a character that may not stand in it")
            raise Unreadable from None

    def _value(self, event: Any, path: Path) -> Any:
        place = _place(event)
        self._document.values[path] = place
        self._nodes += 1
        if len(path) > MAX_DEPTH or self._nodes > MAX_NODES:
            deep = len(path) > MAX_DEPTH
            self._document.blame(place, "this is nested too deeply" if deep else "there is too much here")
            raise Unreadable
        if isinstance(event, e.AliasEvent):
            return self._hole(path, place, f"`*{event.anchor}` is an alias", "write the value out")
        if event.anchor is not None:
            self._document.blame(place, f"`&{event.anchor}` is an anchor", "leave it out: there are no aliases")
        if event.tag is not None:
            self._document.blame(place, f"`{event.tag[:60]}` is a tag", "leave it out: quotes make a text")
        match event:
            case e.MappingStartEvent():
                return self._mapping(path)
            case e.SequenceStartEvent():
                return self._sequence(path)
            case _:
                return self._scalar(event, path, place)

    def _hole(self, path: Path, place: Place, message: str, hint: str) -> None:
        self._document.broken.add(path)
        self._document.blame(place, message, hint)

    def _scalar(self, event: Any, path: Path, place: Place) -> Any:
        if event.style:
            return event.value
        try:
            return read_scalar(event.value)
        except ValueError as error:
            return self._hole(path, place, str(error), "")

    def _sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        for event in self._events:
            if isinstance(event, e.SequenceEndEvent):
                break
            items.append(self._value(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for event in self._events:
            if isinstance(event, e.MappingEndEvent):
                break
            place = _place(event)
            key = self._key(event, place)
            here = (*path, key)
            first = self._document.keys.get(here)
            if first:
                self._document.blame(place, f"`{key[:60]}` stands here twice", f"first in line {first.line}")
                here = (*path, f"{key} again", len(found))
            self._document.keys[here] = place
            value = self._value(next(self._events), here)
            found.setdefault(key, value)
        return found

    def _key(self, event: Any, place: Place) -> str:
        if isinstance(event, e.ScalarEvent):
            if event.anchor is not None or event.tag is not None:
                self._document.blame(place, "a key has an anchor or a tag", "leave it out")
            if event.value == "<<" and not event.style:
                self._document.blame(place, "`<<` would merge another mapping", "write the keys out")
            return str(event.value)
        self._document.blame(place, "a key must be a word", "put quotes around text that begins with {, [ or *")
        raise Unreadable


def _place(event: Any) -> Place:
    start, end = event.start_mark, event.end_mark
    column = start.column + 1
    if not isinstance(event, e.ScalarEvent) or start.line != end.line:
        return Place(start.line + 1, column)
    return Place(start.line + 1, column, column + 1 if event.style else column)
