"""Scenarios made by hand: they say so, and are what their recipe makes of recorded ones today."""

from dataclasses import replace

import pytest

from bot.playground.bundle import pack_bundle
from bot.playground.scenarios import FOLDER, SCENARIOS, load_scenario
from tests.playground.imagined import IMAGINED, UNSEEN


@pytest.mark.parametrize("name", IMAGINED)
def test_a_scenario_made_by_hand_is_what_its_recipe_makes_and_says_that_it_was_never_seen(name: str) -> None:
    row = IMAGINED[name]
    made = replace(row.make(load_scenario(row.base)), name=name, title=row.scenario.title)
    assert pack_bundle(made) == (FOLDER / f"{name}.json.gz").read_bytes()
    assert SCENARIOS[name] == row.scenario
    assert row.scenario.title.endswith(UNSEEN)


def test_no_other_scenario_claims_to_be_made_by_hand() -> None:
    assert {name for name, scenario in SCENARIOS.items() if UNSEEN in scenario.title} == set(IMAGINED)
