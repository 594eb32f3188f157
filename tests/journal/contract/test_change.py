"""`change`, the only way to add to a journal: reads, decides on what is there, begins again when it was overtaken."""

import asyncio
from collections.abc import Callable

import pytest

from bot.journal import Journal, change
from bot.model.errors import Refused
from bot.model.event import NoteAdded
from tests.journal.notes import Texts, fold, nonces, note

WRITERS = 50


async def test_the_event_decided_on_is_written_and_the_new_state_given(journal: Journal) -> None:
    assert await change(journal, "dns-1", fold, lambda _: note("a"), nonce=nonces(), now=None) == (("a",), 1)
    assert await change(journal, "dns-1", fold, lambda _: note("b"), nonce=nonces(), now=None) == (("a", "b"), 2)


async def test_deciding_on_nothing_writes_nothing(journal: Journal) -> None:
    assert await change(journal, "dns-1", fold, lambda _: None, nonce=nonces(), now=5.0) == ((), 0)
    assert await journal.version("dns-1") == 0
    assert await journal.due(10.0) == []


async def test_a_refusal_comes_through_and_nothing_is_written(journal: Journal) -> None:
    def refuse(_: Texts) -> NoteAdded:
        raise Refused("not you")

    with pytest.raises(Refused, match="not you"):
        await change(journal, "dns-1", fold, refuse, nonce=nonces(), now=None)
    assert await journal.version("dns-1") == 0


async def test_the_decision_is_made_on_what_somebody_else_wrote_meanwhile(open_journal: Callable[[], Journal]) -> None:
    journal, other = open_journal(), open_journal()
    seen: list[Texts] = []

    def decide(state: Texts) -> NoteAdded:
        seen.append(state)
        return note("mine")

    known = await change(journal, "dns-1", fold, lambda _: note("a"), nonce=nonces("one"), now=None)
    await change(other, "dns-1", fold, lambda _: note("b"), nonce=nonces("two"), now=None)
    state, version = await change(journal, "dns-1", fold, decide, nonce=nonces("three"), now=None, known=known)
    assert (state, version) == (("a", "b", "mine"), 3)
    assert seen == [("a", "b")]


async def test_fifty_writers_at_once_leave_numbers_without_gaps_and_lose_nothing(
        open_journal: Callable[[], Journal]) -> None:
    replicas = [open_journal() for _ in range(3)]

    async def write(writer: int) -> int:
        mine = note(f"w{writer}")
        journal = replicas[writer % len(replicas)]
        _, version = await change(journal, "dns-1", fold, lambda _: mine, nonce=nonces(f"w{writer}"), now=None)
        return version

    versions = await asyncio.gather(*(write(writer) for writer in range(WRITERS)))
    assert sorted(versions) == list(range(1, WRITERS + 1))
    state = fold([entry.event for entry in await replicas[0].read("dns-1")], None)
    assert sorted(state) == sorted(f"w{writer}" for writer in range(WRITERS))


async def test_of_fifty_who_click_at_once_one_wins_and_all_learn_who(open_journal: Callable[[], Journal]) -> None:
    replicas = [open_journal() for _ in range(3)]

    async def click(person: int) -> str:
        def approve(state: Texts) -> NoteAdded | None:
            return None if state else note(f"by {person}")

        state, _ = await change(replicas[person % 3], "dns-1", fold, approve, nonce=nonces(f"p{person}"), now=None)
        return state[0]

    told = await asyncio.gather(*(click(person) for person in range(WRITERS)))
    entries = await replicas[0].read("dns-1")
    assert [entry.event for entry in entries] == [note(told[0])]
    assert len(set(told)) == 1


async def test_a_state_that_the_store_has_lost_is_folded_again_from_what_is_there(journal: Journal) -> None:
    await journal.append("dns-1", 1, note("kept"), nonce="a", now=None)
    known: tuple[Texts, int] = (("kept", "lost"), 2)
    result = await change(journal, "dns-1", fold, lambda _: note("new"), nonce=nonces(), now=None, known=known)
    assert result == (("kept", "new"), 2)
