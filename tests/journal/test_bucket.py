"""The arithmetic of limits, on any rate, burst and sequence of questions, and of replicas whose clocks disagree."""

from hypothesis import given
from hypothesis import strategies as st

from bot.journal.memory import MemoryJournal
from tests.journal.limits import count_most

START = 1_700_000_000.0


@given(
    rate=st.floats(0.01, 200.0),
    burst=st.integers(1, 20),
    steps=st.lists(st.floats(0.0, 5.0), max_size=80),
)
async def test_no_stretch_of_time_sees_more_than_the_burst_and_the_rate(rate: float, burst: int,
                                                                       steps: list[float]) -> None:
    journal, now, grants = MemoryJournal(), START, []
    for step in steps:
        now += step / rate
        if await journal.take("b", rate, burst, now) == 0.0:
            grants.append(now)
    for width in (0.0, 0.5 / rate, 1 / rate, 3 / rate, 50 / rate):
        assert count_most(grants, width) <= burst + width * rate + 0.01


@given(rate=st.floats(0.01, 200.0), burst=st.integers(1, 20), jumps=st.lists(st.floats(-3.0, 3.0), max_size=60))
async def test_a_clock_that_jumps_never_gives_more_tokens_than_time_has_passed_for(rate: float, burst: int,
                                                                                  jumps: list[float]) -> None:
    journal, given_away, times = MemoryJournal(), 0, [START]
    for jump in jumps:
        times.append(times[-1] + jump / rate)
        given_away += await journal.take("b", rate, burst, times[-1]) == 0.0
    assert given_away <= burst + (max(times) - min(times)) * rate + 0.01
