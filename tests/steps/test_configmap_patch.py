"""`configmap.patch` over the wire of the box, and the edits by themselves."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.cluster.client import KubernetesCluster
from bot.model.errors import Rejected
from bot.model.finding import Verdict
from bot.steps.changes.configmap_patch import (
    SAVED,
    ConfigMapPatchArgs,
    LineEdit,
    apply_config_map,
    edit_text,
    judge_config_map,
    preview_config_map,
)
from tests.playground.cluster_box.town import NAMESPACE, make_town
from tests.steps.boxed import open_box

TEXT = ".:53 {\n    errors\n    proxy  . /etc/resolv.conf {\n        max 3\n    }\n}\n"
FORWARD = LineEdit(line=3, old="proxy . /etc/resolv.conf", new="forward . /etc/resolv.conf")


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[KubernetesCluster]:
    async with open_box(make_town(), tmp_path) as cluster:
        yield cluster


async def read(cluster: KubernetesCluster) -> tuple[str, dict[str, str]]:
    found = await cluster.get("ConfigMap", "coredns", NAMESPACE)
    return found["data"]["Corefile"], found["metadata"].get("annotations", {})


async def make_edit(cluster: KubernetesCluster) -> ConfigMapPatchArgs:
    """The first plugin of the town's Corefile gets a line before it."""
    line = (await read(cluster))[0].split("\n")[1]
    edit = LineEdit(line=2, old=line.strip(), new=f"ready\n{line.strip()}")
    return ConfigMapPatchArgs(config_map=f"{NAMESPACE}/coredns", key="Corefile", lines=(edit,))


async def test_the_preview_shows_the_line_and_changes_nothing(town: KubernetesCluster) -> None:
    before, args = await read(town), await make_edit(town)
    shown = await preview_config_map(town, args)
    assert [line.split() for line in shown["difference"] if line[0] in "-+"] == [["+", "ready"]]
    assert SAVED + "Corefile" in shown["description"]
    assert await read(town) == before


async def test_what_was_is_kept_beside_it_and_can_be_put_back(town: KubernetesCluster) -> None:
    (old, _), args = await read(town), await make_edit(town)
    judged = judge_config_map(await apply_config_map(town, args), args)
    new, notes = await read(town)
    assert (judged.findings[0].verdict, judged.outputs["changed"]) == (Verdict.INFO, True)
    assert notes[SAVED + "Corefile"] == old != new
    back = ConfigMapPatchArgs(config_map=args.config_map, key="Corefile", restore=True)
    await apply_config_map(town, back)
    assert (await read(town))[0] == old


async def test_a_copy_that_was_never_saved_is_not_put_back(town: KubernetesCluster) -> None:
    args = ConfigMapPatchArgs(config_map=f"{NAMESPACE}/coredns", key="Corefile", restore=True)
    with pytest.raises(Rejected, match="no copy was saved"):
        await preview_config_map(town, args)


async def test_a_key_that_is_not_there_is_told_with_those_that_are(town: KubernetesCluster) -> None:
    args = ConfigMapPatchArgs(config_map=f"{NAMESPACE}/coredns", key="Corefil", lines=(FORWARD,))
    with pytest.raises(Rejected, match=r"no such key. Its keys: Corefile"):
        await preview_config_map(town, args)


def test_an_edit_keeps_what_stands_around_it() -> None:
    edited = edit_text(TEXT, (FORWARD,), "here")
    assert edited == TEXT.replace("proxy  .", "forward .")


def test_new_lines_are_indented_like_the_old_one_and_edits_do_not_shift_each_other() -> None:
    more = LineEdit(line=2, old="errors", new="ready\nerrors")
    assert edit_text(TEXT, (more, FORWARD), "here").split("\n")[1:4] == [
        "    ready", "    errors", "    forward . /etc/resolv.conf {",
    ]  # fmt: skip


def test_a_line_of_which_nothing_is_left_goes() -> None:
    assert edit_text(TEXT, (LineEdit(line=2, old="errors"),), "here") == TEXT.replace("    errors\n", "")


@pytest.mark.parametrize("edit", [
    LineEdit(line=2, old="proxy . /etc/resolv.conf", new="x"),
    LineEdit(line=99, old="errors", new="x"),
    LineEdit(line=2, old="error", new="x"),
])  # fmt: skip
def test_a_line_that_is_not_as_it_was_is_not_touched(edit: LineEdit) -> None:
    with pytest.raises(Rejected, match="not as it was"):
        edit_text(TEXT, (edit,), "here")


@pytest.mark.parametrize("given", [
    {},
    {"lines": [{"line": 1, "old": "a"}], "restore": True},
    {"lines": [{"line": 1, "old": "a"}, {"line": 1, "old": "b"}]},
    {"lines": [{"line": 0, "old": "a"}]},
])  # fmt: skip
def test_arguments_that_say_nothing_or_two_things_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ConfigMapPatchArgs.model_validate({"config_map": "a/b", "key": "c", **given})
