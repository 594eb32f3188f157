"""Appending and reading: numbers without gaps, one writer per number, and nothing written twice."""

from collections.abc import Callable

import pytest

from bot.journal import Entry, Journal
from bot.model.errors import Conflict
from bot.model.event import Event, RunStarted, StepFinished
from bot.model.finding import Finding, Layer, Verdict
from bot.model.playbook import Kind, Param, Playbook, Step
from tests.journal.notes import note


async def test_a_journal_that_was_never_written_is_empty_and_at_version_0(journal: Journal) -> None:
    assert await journal.read("dns-1") == []
    assert await journal.version("dns-1") == 0


async def test_entries_are_read_back_in_order_with_their_numbers_and_nonces(journal: Journal) -> None:
    for number in (1, 2, 3):
        await journal.append("dns-1", number, note(f"n{number}"), nonce=f"w{number}", now=None)
    assert await journal.read("dns-1") == [Entry(number, f"w{number}", note(f"n{number}")) for number in (1, 2, 3)]
    assert await journal.version("dns-1") == 3


async def test_reading_goes_on_after_a_known_number(journal: Journal) -> None:
    for number in (1, 2, 3):
        await journal.append("dns-1", number, note(), nonce=f"w{number}", now=None)
    assert [entry.number for entry in await journal.read("dns-1", after=2)] == [3]
    assert await journal.read("dns-1", after=3) == []


async def test_a_number_is_written_once_and_the_second_writer_is_told(journal: Journal) -> None:
    await journal.append("dns-1", 1, note("first"), nonce="a", now=None)
    with pytest.raises(Conflict):
        await journal.append("dns-1", 1, note("second"), nonce="b", now=None)
    assert [entry.event for entry in await journal.read("dns-1")] == [note("first")]


async def test_repeating_ones_own_entry_does_nothing_even_when_others_went_on(journal: Journal) -> None:
    await journal.append("dns-1", 1, note("mine"), nonce="a", now=None)
    await journal.append("dns-1", 2, note("theirs"), nonce="b", now=None)
    await journal.append("dns-1", 1, note("mine"), nonce="a", now=None)
    assert [entry.event for entry in await journal.read("dns-1")] == [note("mine"), note("theirs")]


async def test_a_later_entry_never_begins_a_journal(journal: Journal) -> None:
    with pytest.raises(Conflict):
        await journal.append("dns-1", 8, note(), nonce="a", now=None)
    assert await journal.read("dns-1") == []


async def test_a_reader_that_knows_more_than_the_journal_holds_is_told(journal: Journal) -> None:
    await journal.append("dns-1", 1, note(), nonce="a", now=None)
    with pytest.raises(Conflict, match="anew"):
        await journal.read("dns-1", after=2)


async def test_journals_do_not_see_each_other(journal: Journal) -> None:
    await journal.append("dns-1", 1, note("one"), nonce="a", now=None)
    await journal.append("inc-1", 1, note("two"), nonce="b", now=None)
    assert [entry.event for entry in await journal.read("inc-1")] == [note("two")]


async def test_another_replica_reads_what_this_one_wrote(open_journal: Callable[[], Journal]) -> None:
    await open_journal().append("dns-1", 1, note(), nonce="a", now=None)
    assert [entry.number for entry in await open_journal().read("dns-1")] == [1]


async def test_rich_events_come_back_as_they_were(journal: Journal) -> None:
    step = Step(id="pods", uses="dns.pods", kind=Kind.LOOK, title="Pods", with_={"names": ["a", 1, None]})
    playbook = Playbook(name="dns", title="DNS", summary="…", params=(Param(name="name"),), steps=(step,))
    finding = Finding(verdict=Verdict.FAIL, summary="It’s down — „ja“", layer=Layer.DNS_SERVICE, evidence=("x",))
    events: list[Event] = [
        RunStarted(at=1.5, by="slack:U1", playbook=playbook, target="prod", params={"name": "ä", "n": 1.5}),
        StepFinished(at=2.0, step="pods", attempt=1, findings=(finding,), evidence={"pods": [{"a": None}]}, bytes=7),
    ]
    for number, event in enumerate(events, 1):
        await journal.append("dns-1", number, event, nonce="a", now=None)
    assert [entry.event for entry in await journal.read("dns-1")] == events
