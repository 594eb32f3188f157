"""What a person typed, as a command. The same grammar for `/netcheck …` and `@netcheck …`; any text gives a command.

    <playbook> [target] [word with / or .] [name=value …]
    help · list · status · show RUN · rerun RUN · cancel RUN · note [RUN] TEXT · handover RUN PERSON · doctor
    incident open TITLE · incident close [SUMMARY] · transcript [RUN]

Which words are playbooks and targets is not known here: the desk resolves them, and offers near names.
"""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

MAX_TEXT = 4000


@dataclass(frozen=True, slots=True)
class RunPlaybook:
    """`words`: what stands after the playbook without `=`: a target, the first parameter, or a mistake."""

    playbook: str
    words: tuple[str, ...] = ()
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Help:
    pass


@dataclass(frozen=True, slots=True)
class ListPlaybooks:
    pass


@dataclass(frozen=True, slots=True)
class ShowStatus:
    pass


@dataclass(frozen=True, slots=True)
class Doctor:
    pass


@dataclass(frozen=True, slots=True)
class ShowRun:
    run: str


@dataclass(frozen=True, slots=True)
class Rerun:
    run: str


@dataclass(frozen=True, slots=True)
class Cancel:
    run: str


@dataclass(frozen=True, slots=True)
class AddNote:
    """`run` is empty when none was named: the incident of the channel, or the run of the thread."""

    run: str
    text: str


@dataclass(frozen=True, slots=True)
class HandOver:
    run: str
    to: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class OpenIncident:
    title: str


@dataclass(frozen=True, slots=True)
class CloseIncident:
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Transcript:
    """Of a run, or of the channel's incident (or its latest run) when `run` is empty."""

    run: str = ""


@dataclass(frozen=True, slots=True)
class Unclear:
    """Begins like a command and is not one; `problem` says what is missing."""

    problem: str


Command: TypeAlias = (
    RunPlaybook
    | Help
    | ListPlaybooks
    | ShowStatus
    | Doctor
    | ShowRun
    | Rerun
    | Cancel
    | AddNote
    | HandOver
    | OpenIncident
    | CloseIncident
    | Transcript
    | Unclear
)

VERBS = ("help", "list", "status", "show", "rerun", "cancel", "note", "handover", "incident", "transcript", "doctor")
RUN_ID = re.compile(r"^[a-z][a-z0-9-]*-\d+$")
_TYPOGRAPHY = str.maketrans({"“": '"', "”": '"', "„": '"', "’": "'", "\u00a0": " ", "\u2013": "-", "\u2014": "-"})


def parse(text: str) -> Command:
    """Total: whatever was typed gives a command, at the least Help or Unclear."""
    clean = html.unescape(text[:MAX_TEXT]).translate(_TYPOGRAPHY)
    words = clean.split()
    if not words:
        return Help()
    verb, rest = words[0].lower(), words[1:]
    reader = _READERS.get(verb)
    return reader(rest) if reader else _playbook(verb, clean.split(maxsplit=1)[1:])


def _playbook(name: str, rest: list[str]) -> Command:
    params: dict[str, str] = {}
    words: list[str] = []
    for word in _split(rest[0]) if rest else []:
        key, equals, value = word.partition("=")
        if not equals:
            words.append(word)
        elif key in params:
            return Unclear(f"`{key}` is given twice")
        else:
            params[key] = value
    return RunPlaybook(name, tuple(words), params)


def _split(text: str) -> list[str]:
    """Words; double quotes hold a value with blanks together."""
    return [match.replace('"', "") for match in re.findall(r'(?:[^\s"]|"[^"]*(?:"|$))+', text)]


def _with_run(make: Callable[[str], Command], verb: str) -> Callable[[list[str]], Command]:
    def read(rest: list[str]) -> Command:
        if len(rest) == 1:
            return make(rest[0])
        return Unclear(f"`{verb}` needs the name of a run, as in `{verb} dns-42`")

    return read


def _note(rest: list[str]) -> Command:
    named = bool(rest) and bool(RUN_ID.match(rest[0]))
    text = " ".join(rest[1:] if named else rest)
    return AddNote(rest[0] if named else "", text) if text else Unclear("`note` needs a text, as in `note saw it too`")


def _hand_over(rest: list[str]) -> Command:
    if len(rest) < 2:
        return Unclear("`handover` needs a run and a person, as in `handover dns-42 @bob`")
    return HandOver(rest[0], rest[1], " ".join(rest[2:]))


def _incident(rest: list[str]) -> Command:
    match rest:
        case ["open", *title] if title:
            return OpenIncident(" ".join(title))
        case ["close", *summary]:
            return CloseIncident(" ".join(summary))
        case _:
            return Unclear("say `incident open <title>` or `incident close`")


_READERS: dict[str, Callable[[list[str]], Command]] = {
    "help": lambda rest: Help(),
    "list": lambda rest: ListPlaybooks(),
    "status": lambda rest: ShowStatus(),
    "doctor": lambda rest: Doctor(),
    "show": _with_run(ShowRun, "show"),
    "rerun": _with_run(Rerun, "rerun"),
    "cancel": _with_run(Cancel, "cancel"),
    "note": _note,
    "handover": _hand_over,
    "incident": _incident,
    "transcript": lambda rest: Transcript(rest[0] if rest else ""),
}
