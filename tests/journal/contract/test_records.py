"""What is kept beside the journals: ids, deliveries, what a surface shows, the runs of a channel, and its end."""

import asyncio
from collections.abc import Callable

from bot.journal import Journal, Shown
from bot.journal.keys import RECENT
from tests.journal.awaiting import until
from tests.journal.notes import note


async def test_ids_are_short_counted_by_name_and_never_given_twice(open_journal: Callable[[], Journal]) -> None:
    one, two = open_journal(), open_journal()
    ids = await asyncio.gather(*(journal.next_id("dns") for journal in (one, two) for _ in range(20)))
    assert sorted(ids) == sorted(f"dns-{number}" for number in range(1, 41))
    assert await one.next_id("inc") == "inc-1"


async def test_a_delivery_belongs_to_the_run_that_claimed_it_first(open_journal: Callable[[], Journal]) -> None:
    one, two = open_journal(), open_journal()
    assert await one.first("Ev1", "dns-1") == "dns-1"
    assert await two.first("Ev1", "dns-2") == "dns-1"
    assert await two.first("Ev2", "dns-2") == "dns-2"


async def test_of_many_deliveries_of_the_same_request_all_are_told_the_same_run(
        open_journal: Callable[[], Journal]) -> None:
    replicas = [open_journal() for _ in range(3)]
    told = await asyncio.gather(*(replicas[n % 3].first("Ev1", f"dns-{n}") for n in range(30)))
    assert len(set(told)) == 1


async def test_a_delivery_is_forgotten_in_the_end(journal: Journal) -> None:
    await journal.first("Ev1", "dns-1", ttl=0.05)

    async def is_forgotten() -> bool:
        return await journal.first("Ev1", "dns-2", ttl=60) == "dns-2"

    await until(is_forgotten)


async def test_what_a_surface_shows_is_kept_by_key_until_it_is_taken_back(journal: Journal) -> None:
    assert await journal.shown("slack", "dns-1") == {}
    await journal.show("slack", "dns-1", "root", Shown("1700000000.000100", "abc"))
    await journal.show("slack", "dns-1", "step:pods", Shown("1700000000.000200", "def"))
    await journal.show("slack", "dns-1", "root", Shown("1700000000.000100", "xyz"))
    await journal.show("slack", "dns-1", "step:pods", None)
    await journal.show("slack", "dns-1", "never", None)
    assert await journal.shown("slack", "dns-1") == {"root": Shown("1700000000.000100", "xyz")}


async def test_surfaces_and_runs_are_shown_apart(journal: Journal) -> None:
    await journal.show("slack", "dns-1", "root", Shown("1", "a"))
    await journal.show("page", "dns-1", "root", Shown("2", "b"))
    assert await journal.shown("page", "dns-1") == {"root": Shown("2", "b")}
    assert await journal.shown("slack", "dns-2") == {}


async def test_a_channel_remembers_its_runs_newest_first_and_everybody_sees_them_all(journal: Journal) -> None:
    for channel, id in [("C1", "dns-1"), ("C2", "dns-2"), ("C1", "dns-3")]:
        await journal.remember(channel, id)
    assert await journal.recent("C1") == ["dns-3", "dns-1"]
    assert await journal.recent("") == ["dns-3", "dns-2", "dns-1"]
    assert await journal.recent("", limit=1) == ["dns-3"]
    assert await journal.recent("C9") == []


async def test_remembering_twice_does_not_list_twice(journal: Journal) -> None:
    for id in ["dns-1", "dns-2", "dns-1"]:
        await journal.remember("C1", id)
    await journal.remember("", "dns-9")
    assert await journal.recent("C1") == ["dns-1", "dns-2"]
    assert await journal.recent("") == ["dns-9", "dns-1", "dns-2"]


async def test_a_channel_does_not_remember_for_ever(journal: Journal) -> None:
    for number in range(RECENT + 5):
        await journal.remember("C1", f"dns-{number}")
    remembered = await journal.recent("C1", limit=10 * RECENT)
    assert len(remembered) == RECENT
    assert remembered[0] == f"dns-{RECENT + 4}"


async def test_everything_about_a_closed_run_goes_and_nothing_of_another(journal: Journal) -> None:
    for id in ["dns-1", "dns-2"]:
        await journal.append(id, 1, note(), nonce="a", now=None)
        await journal.show("slack", id, "root", Shown("1", "a"))
    await journal.expire("dns-1", 0.05)

    async def is_gone() -> bool:
        return not await journal.read("dns-1") and not await journal.shown("slack", "dns-1")

    await until(is_gone)
    assert await journal.version("dns-1") == 0
    assert len(await journal.read("dns-2")) == 1
    assert await journal.shown("slack", "dns-2") == {"root": Shown("1", "a")}


async def test_a_closed_run_can_be_read_until_it_goes(journal: Journal) -> None:
    await journal.append("dns-1", 1, note(), nonce="a", now=None)
    await journal.expire("dns-1", 3600)
    await journal.append("dns-1", 2, note("a late note"), nonce="b", now=None)
    assert len(await journal.read("dns-1")) == 2


async def test_the_store_says_in_one_line_what_it_is(journal: Journal) -> None:
    line = await journal.check()
    assert line
    assert "\n" not in line
