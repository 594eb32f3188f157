"""The playbooks there are: files in folders, read again when they change. Later folders are laid over earlier ones.

A file that has become bad keeps its last good version, and says so in `problems()`. Called by the desk, the command
line and whoever lists playbooks; files/ does the reading.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from bot.engine.files.document import MAX_BYTES
from bot.engine.files.reading import read_playbook
from bot.engine.files.reference import make_reference
from bot.engine.files.schema import make_schema
from bot.engine.params import bare, resolve_params
from bot.model.errors import PlaybookError, Problem, UsageError
from bot.model.playbook import Playbook
from bot.steps import StepType
from bot.steps.library import STEP_TYPES

__all__ = [
    "Library", "bare", "lint", "load_file", "load_text", "reference", "resolve_params", "schema", "shipped_folder",
]  # fmt: skip

SUFFIXES = (".yaml", ".yml")
MAX_FILES = 500


def load_text(name: str, text: str | bytes, step_types: Mapping[str, StepType] = STEP_TYPES) -> Playbook:
    """`name`: of the file, for messages. Raises PlaybookError with every problem."""
    return read_playbook(name, text, step_types)


def load_file(path: Path, step_types: Mapping[str, StepType] = STEP_TYPES) -> Playbook:
    """Raises PlaybookError with every problem; never reads more than a playbook may have."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
            size = path.stat().st_size
    except OSError as error:
        raise PlaybookError([Problem(str(path), 1, 1, f"cannot be read: {error.strerror or error}")]) from None
    if len(data) > MAX_BYTES:
        told = f"the file has {size / 1024 / 1024:.1f} MB, a playbook may have {MAX_BYTES // 1024 // 1024} MB"
        raise PlaybookError([Problem(str(path), 1, 1, told, "is this a playbook?")])
    # Which folder of which machine it was read from is nobody's business who reads the journal of a run.
    return replace(load_text(str(path), data, step_types), source=path.name)


def lint(paths: Iterable[Path], step_types: Mapping[str, StepType] = STEP_TYPES) -> list[Problem]:
    """Every problem in files, and in the playbooks of folders."""
    problems: list[Problem] = []
    for path in paths:
        files = _files(path) if path.is_dir() else [path]
        if not files:
            problems.append(Problem(str(path), 1, 1, "there is no playbook here", "playbooks end in .yaml"))
        for file in files:
            try:
                load_file(file, step_types)
            except PlaybookError as error:
                problems.extend(error.problems)
    return problems


def schema(step_types: Mapping[str, StepType] = STEP_TYPES) -> dict[str, Any]:
    """JSON Schema of a playbook file."""
    return make_schema(step_types)


def reference(step_types: Mapping[str, StepType] = STEP_TYPES) -> str:
    """All step types as a Markdown table."""
    return make_reference(step_types)


def shipped_folder() -> Path:
    """The playbooks that come with netcheck: inside the package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "playbooks"
    return inside if inside.is_dir() else package.parent / "playbooks"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One file as last seen; `playbook` is its last good version, which may be older than `problems`."""

    signature: tuple[int, int, int]
    playbook: Playbook | None
    problems: tuple[Problem, ...] = ()


class Library:
    """`clock` and `interval` (seconds) say how often the folders are looked at again, upon being asked."""

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        clock: Callable[[], float] = time.monotonic,
        interval: float = 2.0,
        step_types: Mapping[str, StepType] = STEP_TYPES,
    ) -> None:
        self._folders = [*dict.fromkeys(folders)]
        self._clock = clock
        self._interval = interval
        self._step_types = step_types
        self._entries: dict[Path, _Entry] = {}
        self._playbooks: dict[str, Playbook] = {}
        self._problems: tuple[Problem, ...] = ()
        self._looked: float | None = None

    def get(self, name: str) -> Playbook:
        """Raises UsageError with near names."""
        self._refresh()
        playbook = self._playbooks.get(name)
        if playbook is not None:
            return playbook
        broken = [problem for problem in self._problems if Path(problem.file).stem == name]
        if broken:
            raise UsageError(f"The playbook {name} cannot be used: {broken[0]}")
        near = tuple(get_close_matches(name, self._playbooks, n=3, cutoff=0.5))
        known = ", ".join(sorted(self._playbooks)) or "none"
        meant = f" Did you mean {' or '.join(near)}?" if near else ""
        raise UsageError(f"There is no playbook “{name[:80]}”.{meant} There are: {known}.", near)

    def all(self) -> tuple[Playbook, ...]:
        """By name."""
        self._refresh()
        return tuple(self._playbooks[name] for name in sorted(self._playbooks))

    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the files as they are now; a playbook named here may run on in its last good version."""
        self._refresh()
        return self._problems

    def _refresh(self) -> None:
        now = self._clock()
        if self._looked is not None and now - self._looked < self._interval:
            return
        self._looked = now
        entries: dict[Path, _Entry] = {}
        found: dict[str, tuple[Path, Playbook]] = {}
        problems: list[Problem] = []
        for folder in self._folders:
            if not folder.is_dir():
                problems.append(Problem(str(folder), 1, 1, "this folder of playbooks does not exist"))
            for path in _files(folder):
                entry = self._read(path)
                entries[path] = entry
                problems.extend(entry.problems)
                if entry.playbook:
                    problems.extend(_twice(path, entry.playbook, found))
                    found[entry.playbook.name] = (path, entry.playbook)
        self._entries, self._problems = entries, tuple(problems)
        self._playbooks = {name: playbook for name, (_, playbook) in found.items()}

    def _read(self, path: Path) -> _Entry:
        before = self._entries.get(path)
        signature = _signature(path)
        if before and before.signature == signature:
            return before
        try:
            return _Entry(signature, load_file(path, self._step_types))
        except PlaybookError as error:
            return _Entry(signature, before.playbook if before else None, error.problems)


def _files(folder: Path) -> list[Path]:
    """Names that begin with a dot are left out: a mounted ConfigMap keeps its versions in such folders."""
    try:
        names = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and not path.name.startswith("."))
    except OSError:
        return []
    return [path for path in names if path.is_file()][:MAX_FILES]


def _signature(path: Path) -> tuple[int, int, int]:
    try:
        stat = path.stat()
    except OSError:
        return (0, 0, 0)
    return (stat.st_mtime_ns, stat.st_size, stat.st_ino)


def _twice(path: Path, playbook: Playbook, found: Mapping[str, tuple[Path, Playbook]]) -> list[Problem]:
    """In one folder a name stands for one playbook; a later folder is meant to be laid over an earlier one."""
    first = found.get(playbook.name)
    if first is None or first[0].parent != path.parent:
        return []
    told = f"the playbook `{playbook.name}` is in {first[0].name} too, and this file wins"
    return [Problem(str(path), 1, 1, told, "give one of them another name")]
