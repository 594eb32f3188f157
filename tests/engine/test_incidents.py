"""Incidents of a channel: opened, filled, closed."""

import asyncio
import time
from dataclasses import replace

import pytest

from bot.engine.incidents import Incidents
from bot.journal import Journal
from bot.model import event as e
from bot.model import incident as i
from bot.model.command import RunPlaybook
from bot.model.errors import Refused, UsageError
from bot.model.permission import Person
from tests.engine.stage import ALICE, BOB, Stage, World, playbook, step
from tests.journal.awaiting import until

HERE = e.Origin(surface="slack", channel="C1")
RUN = RunPlaybook("stage")


@pytest.fixture
def incidents(journal: Journal) -> Incidents:
    return Incidents(Stage(journal, World(), playbook(step("one")), clock=time.time).desk)


async def test_runs_and_notes_of_the_channel_belong_to_the_open_incident(incidents: Incidents) -> None:
    before = await incidents.start(RUN, ALICE, HERE)
    incident = await incidents.open("C1", "DNS is slow", ALICE)
    inside = await incidents.start(RUN, BOB, HERE)
    elsewhere = await incidents.start(RUN, BOB, e.Origin(surface="slack", channel="C2"))
    assert await incidents.note("C1", "seen it", BOB) == incident
    assert await incidents.close("C1", ALICE, "mended") == incident
    histories = await incidents.histories("", "C1")
    assert histories.id == incident
    assert [run.id for run in histories.runs] == [inside.run]
    assert before.run != inside.run != elsewhere.run
    assert histories.incident is not None
    assert histories.incident.closed is not None
    assert [said.text for said in histories.incident.spoken if isinstance(said, e.NoteAdded)] == ["seen it"]


async def test_an_incident_is_not_forgotten_over_many_runs(incidents: Incidents) -> None:
    incident = await incidents.open("C1", "a long night", ALICE)
    for _ in range(30):
        await incidents.start(RUN, ALICE, HERE)
    assert await incidents.find("C1") == incident
    assert len((await incidents.histories(incident, "C1")).runs) == 30


async def test_a_channel_has_one_open_incident_at_a_time(incidents: Incidents) -> None:
    incident = await incidents.open("C1", "first", ALICE)
    with pytest.raises(Refused, match=incident):
        await incidents.open("C1", "second", BOB)
    await incidents.close("C1", ALICE)
    with pytest.raises(UsageError, match="No incident is open"):
        await incidents.close("C1", ALICE)
    assert await incidents.open("C1", "second", BOB) != incident


async def test_a_closed_incident_is_not_kept_for_ever(incidents: Incidents) -> None:
    brief = replace(incidents, keep=0.001)
    incident = await brief.open("C1", "over soon", ALICE)
    assert (await brief.histories(incident, "C1")).id == incident
    await brief.close("C1", ALICE)

    async def is_gone() -> bool:
        return not await brief.desk.journal.read(incident)

    await until(is_gone, 10)
    assert await brief.find("C1") == ""


async def test_of_several_people_who_open_one_at_once_one_does(incidents: Incidents) -> None:
    people = [Person(id=f"test:{number}") for number in range(6)]
    opening = [incidents.open("C1", f"by {person.id}", person) for person in people]
    done = await asyncio.gather(*opening, return_exceptions=True)
    opened = [one for one in done if isinstance(one, str)]
    refused = [one for one in done if isinstance(one, Refused)]
    assert (len(opened), len(refused)) == (1, 5)
    assert all(opened[0] in str(one) for one in refused)
    assert await incidents.find("C1") == opened[0]
    assert await incidents.close("C1", ALICE) == opened[0]
    assert await incidents.find("C1") == ""
    for number in range(1, 7):
        told = i.fold([entry.event for entry in await incidents.desk.journal.read(f"inc-{number}")])
        assert told.opened is None or told.closed is not None


async def test_an_incident_that_an_earlier_release_opened_is_still_the_one_of_its_channel(incidents: Incidents) -> None:
    journal = incidents.desk.journal
    old = e.IncidentOpened(at=1.0, by=ALICE.id, channel="C1", title="from before")
    await journal.append("inc-77", 1, old, nonce="old", now=None)
    await journal.remember("C1", "inc-77")
    assert await incidents.find("C1") == "inc-77"
    with pytest.raises(Refused, match="inc-77"):
        await incidents.open("C1", "another", BOB)


async def test_without_anything_in_the_channel_it_is_said_what_to_name(incidents: Incidents) -> None:
    with pytest.raises(UsageError, match="transcript dns-42"):
        await incidents.histories("", "C9")
    with pytest.raises(UsageError, match="There is no run or incident dns-99"):
        await incidents.histories("dns-99", "C9")
