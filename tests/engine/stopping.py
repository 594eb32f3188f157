"""A journal that stops answering after so many operations, as a process does that is killed."""

from typing import Any

from bot.journal import Journal


class Stopped(Exception):
    """Not of our error tree: nobody may catch it and go on as if nothing was."""


class StoppingJournal:
    """Passes `operations` calls through. The next one is lost: before it reaches the store, or after (`late`)."""

    def __init__(self, journal: Journal, operations: int, *, late: bool) -> None:
        self._journal = journal
        self._left = operations
        self._late = late

    @property
    def stopped(self) -> bool:
        return self._left < 0

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._journal, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            self._left -= 1
            if self._left >= 0:
                return await operation(*args, **kwargs)
            if self._left == -1 and self._late:
                await operation(*args, **kwargs)
            raise Stopped(name)

        return call
