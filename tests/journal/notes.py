"""The plainest journal there is: notes, folded to the tuple of their texts."""

import itertools
from collections.abc import Callable, Sequence

from bot.model.event import Event, NoteAdded

Texts = tuple[str, ...]


def note(text: str = "n") -> NoteAdded:
    return NoteAdded(at=1.0, by="cli:test", text=text)


def fold(events: Sequence[Event], before: Texts | None) -> Texts:
    texts = tuple(event.text for event in events if isinstance(event, NoteAdded))
    return (before or ()) + texts


def add(text: str) -> Callable[[Texts], NoteAdded]:
    """A decision that is always the same."""
    return lambda _: note(text)


_NUMBERS = itertools.count(1)


def nonces(owner: str = "w") -> Callable[[], str]:
    """Never the same twice, as those of two processes."""
    return lambda: f"{owner}-{next(_NUMBERS)}"
