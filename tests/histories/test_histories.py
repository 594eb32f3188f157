"""Journals written by every release still fold, render and come to the same answer."""

import json
from pathlib import Path

import pytest

from bot.model import codec, incident
from bot.model.event import IncidentOpened
from bot.model.run import fold
from bot.views import report, terminal, transcript

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*/*.json"))
ANSWERS = {"dns-1": "ok", "dns-2": "broken", "dns-3": "broken", "dns-4": "broken"}


def test_there_are_histories_of_every_release() -> None:
    assert {file.parent.name for file in FILES} >= {"0.1.0"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_journal_of_an_earlier_release_still_folds_and_renders(file: Path) -> None:
    for id, raw in json.loads(file.read_text())["journals"].items():
        events = [codec.from_json(event) for event in raw]
        if isinstance(events[0], IncidentOpened):
            folded = incident.fold(events)
            assert folded.closed is not None
            assert folded.runs == ("dns-1",)
            assert transcript.incident_markdown(id, folded, [])
            continue
        run = fold(events)
        assert run.closed is not None
        assert report.report(id, run)["answer"] == ANSWERS[id]
        assert run.playbook.title in terminal.tell(id, run)
        assert transcript.run_markdown(id, run, events)
