"""What the journal does when Redis or the line to it fails: nothing is lost, nothing doubled, and the message helps."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.journal import change
from bot.journal.patience import at_most
from bot.journal.redis import RedisJournal
from bot.model.errors import Conflict, JournalUnavailable
from tests.journal.awaiting import until
from tests.journal.inspection import Inspector
from tests.journal.notes import add, fold, nonces, note
from tests.journal.proxy import Line, open_line
from tests.redis_server import RedisServer, start_valkey


@pytest.fixture
async def line(server: RedisServer, prefix: str) -> AsyncIterator[tuple[Line, RedisJournal]]:
    async with open_line(server.socket, server.sockets) as (opened, url):
        journal = RedisJournal(url, prefix)
        yield opened, journal
        await journal.close()


async def test_an_append_whose_answer_was_lost_is_recognised_as_ones_own(line: tuple[Line, RedisJournal]) -> None:
    cutter, journal = line
    cutter.cut("XADD")
    await journal.append("dns-1", 1, note("once"), nonce="a", now=5.0)
    assert cutter.cuts == 1
    assert [entry.event for entry in await journal.read("dns-1")] == [note("once")]
    assert await journal.due(5.0) == ["dns-1"]


async def test_an_append_whose_answer_was_lost_after_somebody_else_was_first_is_a_conflict(
        line: tuple[Line, RedisJournal]) -> None:
    cutter, journal = line
    await journal.append("dns-1", 1, note("theirs"), nonce="b", now=None)
    cutter.cut("XADD")
    with pytest.raises(Conflict):
        await journal.append("dns-1", 1, note("mine"), nonce="a", now=None)
    assert cutter.cuts == 1


async def test_a_change_whose_answers_get_lost_writes_each_event_once(line: tuple[Line, RedisJournal]) -> None:
    cutter, journal = line
    for number in range(5):
        cutter.cut("XADD")
        await change(journal, "dns-1", fold, add(f"n{number}"), nonce=nonces(f"w{number}"), now=None)
    assert cutter.cuts == 5
    assert fold([entry.event for entry in await journal.read("dns-1")], None) == ("n0", "n1", "n2", "n3", "n4")


async def test_when_all_answers_are_lost_the_writer_is_told_and_may_repeat(line: tuple[Line, RedisJournal]) -> None:
    cutter, journal = line
    cutter.cut("XADD", times=100)
    with pytest.raises(JournalUnavailable):
        await journal.append("dns-1", 1, note("once"), nonce="a", now=None)
    cutter.cut("XADD", times=0)
    await journal.append("dns-1", 1, note("once"), nonce="a", now=None)
    assert len(await journal.read("dns-1")) == 1


async def test_a_lease_whose_answer_was_lost_is_still_ours(line: tuple[Line, RedisJournal]) -> None:
    cutter, journal = line
    cutter.cut("SET")
    assert await journal.lease("dns-1", "me", 30)
    assert cutter.cuts == 1


async def test_a_delivery_whose_answer_was_lost_keeps_the_run_that_claimed_it(line: tuple[Line, RedisJournal]) -> None:
    cutter, journal = line
    cutter.cut("SET")
    assert await journal.first("Ev1", "dns-1") == "dns-1"
    assert await journal.first("Ev1", "dns-2") == "dns-1"


async def test_a_token_whose_answer_was_lost_is_gone_and_never_given_twice(line: tuple[Line, RedisJournal]) -> None:
    cutter, journal = line
    cutter.cut("ZINCRBY")
    assert await journal.take("C1", 1.0, 1, 1000.0) > 0
    assert await journal.take("C1", 1.0, 1, 1001.0) == 0.0


async def test_who_is_told_to_stop_as_the_store_fails_stops() -> None:
    async def fail() -> None:
        async with at_most(60):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:  # as wait_for does where both come at once
                raise ConnectionError from None

    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()


async def test_a_caller_that_is_cancelled_ends_and_leaves_a_journal_that_works(
        server: RedisServer, prefix: str) -> None:
    journal = RedisJournal(server.url, prefix)
    for number in range(1, 30):
        task = asyncio.create_task(journal.append(f"dns-{number}", 1, note(), nonce="a", now=None))
        for _ in range(number):
            await asyncio.sleep(0)
        early = task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled() is early
        assert await journal.version(f"dns-{number}") in (0, 1)
        await journal.append(f"dns-{number}", 1, note(), nonce="a", now=None)
        assert [entry.number for entry in await journal.read(f"dns-{number}")] == [1]
    await journal.close()


async def test_what_was_acknowledged_survives_kill_9_of_the_server(tmp_path: Path) -> None:
    with start_valkey(tmp_path) as own:
        journal = RedisJournal(own.url)
        for number in range(1, 201):
            await journal.append("dns-1", number, note(f"n{number}"), nonce="a", now=5.0)
        own.kill()
        with pytest.raises(JournalUnavailable):
            await journal.read("dns-1")
        own.start()
        assert [entry.event for entry in await journal.read("dns-1")] == [note(f"n{n}") for n in range(1, 201)]
        assert await journal.due(5.0) == ["dns-1"]
        await journal.close()


async def test_a_journal_says_where_redis_is_missing_and_works_when_it_is_back(tmp_path: Path) -> None:
    with start_valkey(tmp_path) as own:
        journal = RedisJournal(own.url)
        await journal.append("dns-1", 1, note(), nonce="a", now=None)
        own.stop()
        with pytest.raises(JournalUnavailable, match=r"redis\.sock cannot be reached.*REDIS_URL"):
            await journal.append("dns-1", 2, note(), nonce="b", now=None)
        own.start()
        await journal.append("dns-1", 2, note(), nonce="b", now=None)
        assert await journal.version("dns-1") == 2
        await journal.close()


async def test_a_store_that_lost_its_last_writes_is_noticed_and_gone_on_from(server: RedisServer, prefix: str,
                                                                            inspector: Inspector) -> None:
    journal = RedisJournal(server.url, prefix)
    for number in (1, 2):
        await change(journal, "dns-1", fold, add(f"n{number}"), nonce=nonces(), now=None)
    backup = await inspector.do("DUMP", "journal:dns-1")
    known = await change(journal, "dns-1", fold, add("lost"), nonce=nonces("a"), now=None)
    await inspector.do("RESTORE", "journal:dns-1", 0, backup, "REPLACE")
    result = await change(journal, "dns-1", fold, add("new"), nonce=nonces("b"), now=None, known=known)
    assert result == (("n1", "n2", "new"), 3)
    await journal.close()


async def test_two_hundred_callers_share_the_connections_and_all_are_served(server: RedisServer, prefix: str,
                                                                           inspector: Inspector) -> None:
    journal = RedisJournal(server.url, prefix)
    await asyncio.gather(*(journal.append(f"dns-{n}", 1, note(), nonce="a", now=1.0) for n in range(200)))
    assert len(await journal.due(1.0, limit=1000)) == 200
    await journal.close()


async def test_the_password_never_gets_into_a_message(tmp_path: Path) -> None:
    with start_valkey(tmp_path, "--requirepass", "right-secret") as own:
        journal = RedisJournal(f"unix://:wrong-secret@{own.socket}")
        with pytest.raises(JournalUnavailable, match="does not let us in") as caught:
            await journal.check()
        assert "secret" not in str(caught.value)
        await journal.close()
        missing = RedisJournal(f"unix://:wrong-secret@{tmp_path / 'nothing.sock'}")
        with pytest.raises(JournalUnavailable) as absent:
            await missing.check()
        assert "secret" not in str(absent.value)


async def test_a_server_that_is_full_is_named_as_the_reason(tmp_path: Path) -> None:
    with start_valkey(tmp_path, "--maxmemory", "500kb", "--maxmemory-policy", "noeviction") as own:
        journal = RedisJournal(own.url)
        with pytest.raises(JournalUnavailable, match="maxmemory") as caught:
            await journal.append("dns-1", 1, note("private " * 1000), nonce="a", now=1.0)
        assert "private" not in str(caught.value)
        await journal.close()


async def test_a_server_that_is_still_reading_its_data_is_waited_for(tmp_path: Path) -> None:
    with start_valkey(tmp_path) as own:
        journal = RedisJournal(own.url)
        await journal.append("dns-1", 1, note(), nonce="a", now=None)
        own.kill()

        async def answers() -> bool:
            try:
                return await journal.version("dns-1") == 1
            except JournalUnavailable:
                return False

        waiting = asyncio.create_task(until(answers))
        await asyncio.to_thread(own.start)
        await waiting
        await journal.close()
