"""Slack delivers a request again: at once, or after the state store failed in the middle of it. It counts once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.model import event as e
from bot.model.errors import JournalUnavailable
from tests.slack.office import Office, open_office

WISHES = {
    "note {run} the cable": e.NoteAdded,
    "note the cable": e.NoteAdded,
    "cancel {run}": e.RunCancelled,
    "handover {run} <@U0BOB|bob>": e.HandedOver,
    "incident open the cable": e.IncidentOpened,
    "incident close": e.IncidentClosed,
}
OPERATIONS = ("first", "append", "remember")
Operation = Callable[..., Awaitable[Any]]


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """A run that waits for approval; for what closes an incident, one is open."""
    async with open_office(tmp_path) as office:
        await office.box.command("alice", "#incidents", "dns prod")
        await office.prompt()
        yield office


async def deliver(office: Office, wish: str, delivery: str = "1.2.again") -> list[str]:
    """What was answered."""
    told: list[str] = []

    async def hear(**said: object) -> None:
        told.append(str(said["text"]))

    async def ack() -> None:
        return None

    body = {"user_id": "U0ALICE", "channel_id": office.roots()[0].channel, "trigger_id": delivery, "team_id": ""}
    text = wish.format(run=await office.run_id())
    await office.workspace.listener.command(ack, body | {"text": text}, hear)  # type: ignore[arg-type]
    await office.workspace.listener.settle()
    return told


async def taken(office: Office, kind: type[e.Event]) -> int:
    entries = [entry for id in await office.journal.recent("") for entry in await office.journal.read(id)]
    return sum(isinstance(entry.event, kind) for entry in entries)


def failing(work: Operation, *, done: bool) -> Operation:
    """Fails, having done its work (the reply got lost) or not."""

    async def fail(*args: Any, **more: Any) -> None:
        if done:
            await work(*args, **more)
        raise JournalUnavailable("Redis does not answer")

    return fail


async def prepare(office: Office, wish: str) -> None:
    if "incident close" in wish:
        await deliver(office, "incident open before", "1.1.before")


@pytest.mark.parametrize("wish", WISHES)
async def test_a_request_that_comes_twice_is_carried_out_once_and_answered_once(office: Office, wish: str) -> None:
    await prepare(office, wish)
    assert len(await deliver(office, wish)) == 1
    office.box.clock.advance(120)
    assert await deliver(office, wish) == []
    assert await taken(office, WISHES[wish]) == 1


@pytest.mark.parametrize("done", [False, True], ids=["not done", "done, and the reply lost"])
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("wish", WISHES)
async def test_what_the_store_failed_at_is_made_good_by_the_repetition(
    office: Office, monkeypatch: pytest.MonkeyPatch, wish: str, operation: str, done: bool
) -> None:
    await prepare(office, wish)
    with monkeypatch.context() as away:
        away.setattr(office.journal, operation, failing(getattr(office.journal, operation), done=done))
        first = await deliver(office, wish)
    again = await deliver(office, wish)
    assert await taken(office, WISHES[wish]) == 1
    assert first or again


async def test_a_note_goes_where_its_first_delivery_meant_it_to(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run of that time, though an incident was opened meanwhile."""
    with monkeypatch.context() as away:
        away.setattr(office.journal, "append", failing(office.journal.append, done=False))
        await deliver(office, "note the cable")
    await deliver(office, "incident open meanwhile", "1.3.other")
    assert await deliver(office, "note the cable") == [f"Noted in `{await office.run_id()}`."]


async def test_the_same_words_asked_for_again_are_another_request(office: Office) -> None:
    await deliver(office, "note the cable", "1.4.one")
    await deliver(office, "note the cable", "1.5.two")
    assert await taken(office, e.NoteAdded) == 2
