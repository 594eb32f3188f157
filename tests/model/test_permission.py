"""Who may look and who may change."""

import pytest

from bot.model.errors import Refused
from bot.model.permission import Person, Policy, Right, Rules, check, nobody_may_change

ALICE = Person("slack:U1", "Alice", frozenset({"group:S1"}))
BOB = Person("slack:U2", "Bob")


def test_without_rules_everybody_looks_and_nobody_changes() -> None:
    check(Policy(), BOB, Right.LOOK, "prod")
    with pytest.raises(Refused, match="Nobody may change anything on prod"):
        check(Policy(), ALICE, Right.CHANGE, "prod")


@pytest.mark.parametrize("allowed", ["slack:U1", "group:S1", "*"])
def test_a_person_is_allowed_by_id_by_group_or_by_star(allowed: str) -> None:
    check(Policy(Rules(change=(allowed,))), ALICE, Right.CHANGE, "prod")


def test_the_refusal_names_who_may() -> None:
    with pytest.raises(Refused, match="group:S1"):
        check(Policy(Rules(change=("group:S1",))), BOB, Right.CHANGE, "prod")


def test_groups_that_could_not_be_looked_up_count_as_none_and_it_is_said() -> None:
    lost = Person("slack:U1", "Alice", None)
    with pytest.raises(Refused, match="could not be looked up"):
        check(Policy(Rules(change=("group:S1",))), lost, Right.CHANGE, "prod")


def test_a_playbook_may_only_narrow_what_the_target_allows() -> None:
    narrowed = Policy(Rules(change=("*",)), Rules(change=("slack:U2",)))
    check(narrowed, BOB, Right.CHANGE, "prod")
    with pytest.raises(Refused):
        check(narrowed, ALICE, Right.CHANGE, "prod")
    with pytest.raises(Refused):
        check(Policy(Rules(), Rules(change=("*",))), ALICE, Right.CHANGE, "prod")


def test_four_eyes_keeps_the_starter_from_approving() -> None:
    policy = Policy(Rules(change=("*",), four_eyes=True))
    check(policy, BOB, Right.CHANGE, "prod", started_by=ALICE.id)
    with pytest.raises(Refused, match="four eyes"):
        check(policy, ALICE, Right.CHANGE, "prod", started_by=ALICE.id)


@pytest.mark.parametrize(("target", "playbook", "said"), [
    (Rules(), Rules(), "the setting `targets.prod.change` would name who may"),
    (Rules(change=("slack:U1",)), Rules(change=("slack:U2",)), "nobody is named under `change` both"),
    (Rules(change=("slack:U1",), four_eyes=True), Rules(), "names only who started the run"),
], ids=["nobody named", "nobody in both lists", "only who started it"])
def test_where_nobody_at_all_may_approve_it_is_said_why(target: Rules, playbook: Rules, said: str) -> None:
    assert said in nobody_may_change(Policy(target, playbook), "prod", "slack:U1")


@pytest.mark.parametrize(("target", "playbook"), [
    (Rules(change=("*",)), Rules()),
    (Rules(change=("slack:U1",)), Rules()),
    (Rules(change=("slack:U1", "slack:U2"), four_eyes=True), Rules()),
    (Rules(change=("slack:U2",)), Rules(change=("group:S1",))),
], ids=["anybody", "who started it", "four eyes and two people", "a group that may have them"])
def test_where_somebody_may_approve_nothing_is_said(target: Rules, playbook: Rules) -> None:
    assert nobody_may_change(Policy(target, playbook), "prod", "slack:U1") == ""
