"""`dns prod`, with everything `prod` can be: nothing runs on a cluster that was not named or is not the only one.

Two clusters in boxes behind one kubeconfig, over the wire; in Slack and on the command line.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.settings import TargetSettings
from tests.engine.cities import City, netcheck, open_city, open_desk, write_kubeconfig


@pytest.fixture
async def eu() -> AsyncIterator[City]:
    async with open_city("prod-eu") as city:
        yield city


@pytest.fixture
async def us() -> AsyncIterator[City]:
    async with open_city("prod") as city:
        yield city


# --- in Slack -------------------------------------------------------------------------------------------------------


async def test_a_target_of_the_settings_runs_on_its_own_context(tmp_path: Path, eu: City, us: City) -> None:
    kubeconfig = write_kubeconfig(tmp_path / "config", eu, us, current="prod")
    async with open_desk(kubeconfig, {"main": TargetSettings(context="prod-eu")}) as desk:
        await desk.type("dns main")
        root = await desk.root()
        assert "prod-eu" in root
        assert eu.box.server in root
    assert us.asked == 0


async def test_a_context_runs_by_its_own_name(tmp_path: Path, eu: City, us: City) -> None:
    kubeconfig = write_kubeconfig(tmp_path / "config", eu, us, current="prod-eu")
    async with open_desk(kubeconfig, {}) as desk:
        await desk.type("dns prod")
        assert us.box.server in await desk.root()
    assert eu.asked == 0


async def test_where_a_target_and_a_context_share_a_name_the_target_is_meant_and_said(
    tmp_path: Path, eu: City, us: City
) -> None:
    kubeconfig = write_kubeconfig(tmp_path / "config", eu, us, current="prod")
    async with open_desk(kubeconfig, {"prod": TargetSettings(context="prod-eu")}) as desk:
        await desk.type("dns prod")
        root = await desk.root()
        assert "context prod-eu" in root
        assert eu.box.server in root
        assert [run.target for run in await desk.runs()] == ["prod"]
    assert us.asked == 0


async def test_a_name_that_is_only_a_namespace_runs_when_the_offer_is_taken(tmp_path: Path, eu: City) -> None:
    kubeconfig = write_kubeconfig(tmp_path / "config", eu)
    async with open_desk(kubeconfig, {"main": TargetSettings(context="prod-eu", default=True)}) as desk:
        await desk.type("dns prod")
        told = await desk.told()
        assert "“prod” is a namespace on main" in str(told.blocks)
        assert "prod-eu" in str(told.blocks)
        assert await desk.runs() == []
        await desk.press(told, "dns main")
        assert eu.box.server in await desk.root()


async def test_no_cluster_is_asked_for_a_namespace_that_this_person_may_not_look_at(tmp_path: Path, eu: City) -> None:
    kubeconfig = write_kubeconfig(tmp_path / "config", eu)
    target = TargetSettings(context="prod-eu", default=True, look=("slack:U0BOB",))
    async with open_desk(kubeconfig, {"main": target}) as desk:
        await desk.type("dns prod")
        assert "is no target" in str((await desk.told()).blocks)
    assert eu.asked == 0


async def test_a_typing_mistake_runs_nothing_until_the_near_name_is_pressed(tmp_path: Path, eu: City, us: City) -> None:
    kubeconfig = write_kubeconfig(tmp_path / "config", eu, us, current="prod")
    async with open_desk(kubeconfig, {}) as desk:
        await desk.type("dns prdo")
        told = await desk.told()
        assert "is no target and no context here, so nothing was run" in str(told.blocks)
        assert await desk.runs() == []
        assert eu.asked + us.asked == 0
        await desk.press(told, "dns prod")
        assert us.box.server in await desk.root()
    assert eu.asked == 0


async def test_among_several_contexts_without_a_word_one_must_be_chosen(tmp_path: Path, eu: City, us: City) -> None:
    kubeconfig = write_kubeconfig(tmp_path / "config", eu, us, current="prod")
    async with open_desk(kubeconfig, {}) as desk:
        await desk.type("dns")
        told = await desk.told()
        assert "Which cluster?" in str(told.blocks)
        assert await desk.runs() == []
        assert eu.asked + us.asked == 0
        await desk.press(told, "dns prod-eu")
        assert eu.box.server in await desk.root()
    assert us.asked == 0


async def test_without_a_word_the_only_context_is_meant_and_named(tmp_path: Path, eu: City) -> None:
    kubeconfig = write_kubeconfig(tmp_path / "config", eu)
    async with open_desk(kubeconfig, {}) as desk:
        await desk.type("dns")
        assert "prod-eu" in await desk.root()


async def test_a_mistyped_name_with_dots_is_not_taken_for_a_parameter(tmp_path: Path) -> None:
    async with open_city("admin@prod.example.com") as eu:
        kubeconfig = write_kubeconfig(tmp_path / "config", eu)
        async with open_desk(kubeconfig, {}) as desk:
            await desk.type("dns admin@prod.exampel.com")
            told = str((await desk.told()).blocks)
            assert "is no target and no context" in told
            assert "name=admin@prod.exampel.com" in told
            assert await desk.runs() == []
            await desk.type("dns kubernetes.io")
            await desk.root()
            assert [run.params["name"] for run in await desk.runs()] == ["kubernetes.io"]


# --- on the command line --------------------------------------------------------------------------------------------


async def test_the_command_line_runs_on_the_context_that_was_named(tmp_path: Path, eu: City, us: City) -> None:
    kubeconfig = write_kubeconfig(tmp_path / "config", eu, us, current="prod-eu")
    status, out, _ = await netcheck("run", "dns", "prod", kubeconfig=kubeconfig)
    assert status == 0
    assert "context prod" in out.splitlines()[0]
    assert us.box.server in out.splitlines()[0]
    assert eu.asked == 0


async def test_without_a_word_it_is_the_current_context_as_with_kubectl(tmp_path: Path, eu: City, us: City) -> None:
    kubeconfig = write_kubeconfig(tmp_path / "config", eu, us, current="prod-eu")
    status, out, _ = await netcheck("run", "dns", "--output", "json", kubeconfig=kubeconfig)
    assert (status, json.loads(out)["target"]) == (0, "prod-eu")
    assert us.asked == 0


@pytest.mark.parametrize(("arguments", "said"), [
    (["dns", "prdo"], "Did you mean: netcheck run dns prod"),
    (["dns"], "Which cluster? Name one of: prod-eu, prod."),
    (["dns", "prod", "--context", "prod-eu"], "“prod” is no target and no context here"),
    (["dns", "prod", "prod-eu"], "one target at a time"),
    (["dns", "shop"], "“shop” is no target and no context here"),
], ids=["typing mistake", "several and none current", "another than --context", "two", "a namespace only"])
async def test_whatever_leaves_a_doubt_runs_nothing_and_ends_with_status_3(
    tmp_path: Path, eu: City, us: City, arguments: list[str], said: str
) -> None:
    kubeconfig = write_kubeconfig(tmp_path / "config", eu, us)
    status, out, err = await netcheck("run", *arguments, kubeconfig=kubeconfig)
    assert (status, out) == (3, "")
    assert said in err
    assert us.asked == 0


async def test_a_namespace_is_offered_on_the_command_line_too(tmp_path: Path, eu: City) -> None:
    kubeconfig = write_kubeconfig(tmp_path / "config", eu)
    status, _, err = await netcheck("run", "dns", "shop", kubeconfig=kubeconfig)
    assert status == 3
    assert "“shop” is a namespace on prod-eu, context prod-eu" in err
    assert "Did you mean: netcheck run dns prod-eu" in err


async def test_a_target_with_dots_and_slashes_can_be_recorded(tmp_path: Path, us: City) -> None:
    name = "arn:aws:eks:eu-west-1/prod.example.com"
    async with open_city(name) as eu:
        kubeconfig = write_kubeconfig(tmp_path / "config", us, eu, current="prod")
        to = tmp_path / "bundle.json.gz"
        status, out, err = await netcheck("record", "dns", name, "--to", str(to), kubeconfig=kubeconfig)
        assert (status, err) == (0, "")
        assert "came to ok" in out
        assert to.exists()
    assert us.asked == 0
