"""Incidents of a channel: opened, filled, closed."""

import time

import pytest

from bot.engine.incidents import Incidents
from bot.journal import Journal
from bot.model import event as e
from bot.model.command import RunPlaybook
from bot.model.errors import Refused, UsageError
from tests.engine.stage import ALICE, BOB, Stage, World, playbook, step

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


async def test_without_anything_in_the_channel_it_is_said_what_to_name(incidents: Incidents) -> None:
    with pytest.raises(UsageError, match="transcript dns-42"):
        await incidents.histories("", "C9")
    with pytest.raises(UsageError, match="There is no run or incident dns-99"):
        await incidents.histories("dns-99", "C9")
