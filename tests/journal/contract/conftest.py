"""`journal`: every test of this folder runs on the memory journal and on the one in Redis. They must not differ."""

from collections.abc import Callable

import pytest

from bot.journal import Journal
from bot.journal.memory import MemoryJournal


@pytest.fixture(params=["memory", "redis"])
def open_journal(request: pytest.FixtureRequest) -> Callable[[], Journal]:
    """Each call gives the journal of another replica on the same store (in memory there is but one)."""
    if request.param == "redis":
        return request.getfixturevalue("open_redis")  # type: ignore[no-any-return]
    only = MemoryJournal()
    return lambda: only


@pytest.fixture
def journal(open_journal: Callable[[], Journal]) -> Journal:
    return open_journal()
