"""Who wants attention when, and who gives it: the due list and the leases."""

import asyncio
from collections.abc import Callable

import pytest

from bot.journal import Journal
from bot.model.errors import Conflict
from tests.journal.awaiting import until
from tests.journal.notes import note


async def test_an_append_with_a_time_makes_the_run_due_then(journal: Journal) -> None:
    await journal.append("dns-1", 1, note(), nonce="a", now=100.0)
    assert await journal.due(99.9) == []
    assert await journal.due(100.0) == ["dns-1"]


async def test_an_append_without_a_time_does_not_wake_anybody(journal: Journal) -> None:
    await journal.append("dns-1", 1, note(), nonce="a", now=None)
    assert await journal.due(1e12) == []


async def test_an_append_never_puts_off_what_is_due_earlier(journal: Journal) -> None:
    await journal.wake("dns-1", 50.0)
    await journal.append("dns-1", 1, note(), nonce="a", now=100.0)
    assert await journal.due(50.0) == ["dns-1"]


async def test_a_refused_append_is_at_worst_a_needless_wake_up(journal: Journal) -> None:
    await journal.append("dns-1", 1, note(), nonce="a", now=100.0)
    await journal.postpone("dns-1", None)
    with pytest.raises(Conflict):
        await journal.append("dns-1", 1, note(), nonce="b", now=100.0)
    assert await journal.due(100.0) in ([], ["dns-1"])


async def test_the_earliest_comes_first_and_no_more_than_asked_for(journal: Journal) -> None:
    for id, at in [("dns-3", 30.0), ("dns-1", 10.0), ("dns-2", 20.0)]:
        await journal.wake(id, at)
    assert await journal.due(25.0) == ["dns-1", "dns-2"]
    assert await journal.due(100.0, limit=1) == ["dns-1"]


async def test_waking_brings_forward_and_never_puts_off(journal: Journal) -> None:
    await journal.wake("dns-1", 20.0)
    await journal.wake("dns-1", 10.0)
    await journal.wake("dns-1", 30.0)
    assert await journal.due(10.0) == ["dns-1"]


async def test_postponing_sets_the_time_whatever_it_was(journal: Journal) -> None:
    await journal.wake("dns-1", 10.0)
    await journal.postpone("dns-1", 60.0)
    assert await journal.due(59.0) == []
    assert await journal.due(60.0) == ["dns-1"]
    await journal.postpone("dns-1", None)
    assert await journal.due(1e12) == []


async def test_a_lease_is_held_by_one_and_renewed_by_its_holder(open_journal: Callable[[], Journal]) -> None:
    one, two = open_journal(), open_journal()
    assert await one.lease("dns-1", "one", 30)
    assert not await two.lease("dns-1", "two", 30)
    assert await one.lease("dns-1", "one", 30)
    assert await two.lease("dns-2", "two", 30)


async def test_of_many_who_want_a_lease_at_once_one_gets_it(open_journal: Callable[[], Journal]) -> None:
    replicas = [open_journal() for _ in range(3)]
    taken = await asyncio.gather(*(replicas[n % 3].lease("dns-1", f"w{n}", 30) for n in range(30)))
    assert taken.count(True) == 1


async def test_a_released_lease_is_free_at_once(open_journal: Callable[[], Journal]) -> None:
    one, two = open_journal(), open_journal()
    await one.lease("dns-1", "one", 30)
    await one.release("dns-1", "one")
    assert await two.lease("dns-1", "two", 30)


async def test_nobody_releases_the_lease_of_another(open_journal: Callable[[], Journal]) -> None:
    one, two = open_journal(), open_journal()
    await one.lease("dns-1", "one", 30)
    await two.release("dns-1", "two")
    assert not await two.lease("dns-1", "two", 30)


async def test_a_lease_that_is_not_renewed_goes_to_the_next_and_is_lost_to_its_holder(
        open_journal: Callable[[], Journal]) -> None:
    one, two = open_journal(), open_journal()
    assert await one.lease("dns-1", "one", 0.05)
    await until(lambda: two.lease("dns-1", "two", 30))
    assert not await one.lease("dns-1", "one", 30)
    await one.release("dns-1", "one")
    assert not await one.lease("dns-1", "one", 30)
