"""Which cluster a word means: nothing runs on one that was not named or is not the only one."""

import pytest

from bot.engine.targets import Target, resolve
from bot.model.errors import UsageError

EU = Target(name="prod", context="prod-eu", configured=True)
CONTEXT = Target(name="prod-us", context="prod-us")
DEV = Target(name="dev", context="dev")


def test_a_target_of_the_settings_is_meant_by_its_name() -> None:
    assert resolve([EU, DEV], "prod", "dns") is EU


def test_a_context_is_meant_by_its_name_also_when_a_target_stands_for_it() -> None:
    assert resolve([EU, CONTEXT], "prod-us", "dns") is CONTEXT
    assert resolve([EU, CONTEXT], "prod-eu", "dns") is EU


def test_a_target_wins_over_a_context_of_the_same_name() -> None:
    same = Target(name="other", context="prod")
    assert resolve([same, EU], "prod", "dns") is EU


def test_a_word_that_is_neither_runs_nothing_and_offers_what_is_near() -> None:
    with pytest.raises(UsageError, match="no target and no context") as caught:
        resolve([EU, CONTEXT, DEV], "prd", "dns")
    assert caught.value.near[0] == "dns prod"


def test_without_a_word_the_only_cluster_is_meant() -> None:
    assert resolve([DEV], "", "dns") is DEV


def test_without_a_word_among_several_one_must_be_named() -> None:
    with pytest.raises(UsageError, match="Which cluster") as caught:
        resolve([EU, DEV], "", "dns")
    assert caught.value.near == ("dns prod", "dns dev")


def test_the_default_of_the_settings_is_meant_without_a_word() -> None:
    default = Target(name="main", context="main", default=True)
    assert resolve([EU, default], "", "dns") is default


def test_without_any_cluster_it_is_said_how_to_name_one() -> None:
    with pytest.raises(UsageError, match="--kubeconfig"):
        resolve([], "", "dns")


def test_what_is_shown_is_the_context_and_the_address_that_are_opened() -> None:
    assert Target(name="p", context="prod", server="https://a:6443").described == "context prod (https://a:6443)"
    assert Target(name="p").described == "the cluster netcheck runs in"
