"""Limits that all replicas share: never more than the rate and the burst, on whatever times they ask."""

from collections.abc import Callable

import pytest

from bot.journal import Journal
from tests.journal.limits import count_most, simulate

START = 1_700_000_000.0


@pytest.mark.parametrize(("rate", "burst"), [(1.0, 1), (1.0, 3), (0.3, 2), (20.0, 5)])
async def test_three_replicas_that_ask_in_turn_never_get_more_than_the_bucket_holds(
        open_journal: Callable[[], Journal], rate: float, burst: int) -> None:
    length = 40 / rate
    grants = await simulate([open_journal() for _ in range(3)], rate=rate, burst=burst, start=START, length=length)
    for width in (0.0, 1 / rate, 5 / rate, 20 / rate):
        assert count_most(grants, width) <= burst + width * rate + 1e-6
    assert len(grants) >= rate * length * 0.95  # and what the bucket holds is not wasted either


async def test_the_burst_is_given_at_once_and_then_one_has_to_wait(journal: Journal) -> None:
    assert [await journal.take("C1", 1.0, 2, START) for _ in range(2)] == [0.0, 0.0]
    assert 0 < await journal.take("C1", 1.0, 2, START) <= 1.001
    assert await journal.take("C1", 1.0, 2, START + 1.01) == 0.0


async def test_after_the_time_it_was_told_to_wait_one_gets_a_token(journal: Journal) -> None:
    now = START
    assert await journal.take("C1", 3.0, 1, now) == 0.0
    for _ in range(5):
        now += await journal.take("C1", 3.0, 1, now)
        assert await journal.take("C1", 3.0, 1, now) == 0.0


async def test_a_long_rest_fills_the_bucket_and_no_more_than_that(journal: Journal) -> None:
    await journal.take("C1", 1.0, 3, START)
    assert [await journal.take("C1", 1.0, 3, START + 3600) == 0.0 for _ in range(5)] == [True] * 3 + [False] * 2


async def test_buckets_are_independent(journal: Journal) -> None:
    assert await journal.take("C1", 1.0, 1, START) == 0.0
    assert await journal.take("C2", 1.0, 1, START) == 0.0


async def test_a_pause_holds_for_all_replicas_until_it_is_over(open_journal: Callable[[], Journal]) -> None:
    one, two = open_journal(), open_journal()
    assert await two.take("C1", 1.0, 1, START) == 0.0
    assert await two.take("C1", 1.0, 1, START) > 0
    await one.pause("C1", 30.0, START)
    for journal in (one, two):
        assert 29 <= await journal.take("C1", 1.0, 1, START + 1) <= 30
    assert await two.take("C1", 1.0, 1, START + 30.1) == 0.0


async def test_a_shorter_pause_does_not_end_a_longer_one(journal: Journal) -> None:
    await journal.pause("C1", 30.0, START)
    await journal.pause("C1", 1.0, START)
    assert await journal.take("C1", 1.0, 1, START + 5) > 20


async def test_a_rate_that_changes_does_not_lock_the_bucket(journal: Journal) -> None:
    assert await journal.take("C1", 100.0, 1, START) == 0.0
    assert await journal.take("C1", 0.1, 1, START + 11) == 0.0
    assert await journal.take("C1", 100.0, 1, START + 11.1) == 0.0


@pytest.mark.parametrize(("rate", "burst"), [(0.0, 1), (-1.0, 1), (1.0, 0)])
async def test_a_bucket_that_could_never_give_anything_is_refused(journal: Journal, rate: float, burst: int) -> None:
    with pytest.raises(ValueError, match="rate above 0"):
        await journal.take("C1", rate, burst, START)
