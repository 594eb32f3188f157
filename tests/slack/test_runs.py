"""Runs as people see them in Slack, from the command to the last message: the real app over the wire."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.slack.office import Office, open_office


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(tmp_path) as office:
        yield office


async def test_a_command_gives_one_message_that_ends_with_the_answer_within_slacks_limits(tmp_path: Path) -> None:
    async with open_office(tmp_path, limited=True) as office:
        outcome = await office.box.command("alice", "#incidents", "well prod")
        assert outcome.ok
        assert outcome.message is None
        root = await office.until_root_says("nothing wrong")
        assert [m.ts for m in office.roots()] == [root.ts]
        assert len(office.box.calls) <= 25
        assert {outcome for _, outcome in office.box.calls} == {"ok"}


async def test_a_fault_is_found_approved_mended_and_seen_to_be_mended(office: Office) -> None:
    await office.box.command("bob", "#incidents", "dns prod")
    prompt = await office.prompt()
    assert "mend it" in str(prompt.blocks)
    assert "+ well" in str(prompt.blocks)
    assert "May be approved by: <!subteam^S0NETONCALL>, the group menders" in str(prompt.blocks)
    assert await office.click("alice", prompt, "approve")
    root = await office.until_root_says("mended")
    assert "It was: it is ill" in root.text
    assert "approved by <@U0ALICE>" in str(root.blocks)
    assert office.world.applied == ["mend"]


async def test_only_those_whom_the_settings_name_may_approve(office: Office) -> None:
    await office.box.command("eve", "#incidents", "dns prod")
    prompt = await office.prompt()
    await office.click("eve", prompt, "approve")
    told = await office.until_told("eve", "You may not change anything on prod")
    assert "<!subteam^S0NETONCALL>" in told.text
    assert office.world.applied == []
    assert (await office.run()).waiting_for_person


async def test_who_left_the_group_after_the_question_was_posted_may_not_approve(office: Office) -> None:
    await office.box.command("alice", "#incidents", "dns prod")
    prompt = await office.prompt()
    office.box.workspace.groups["S0NETONCALL"].users.remove("U0ALICE")
    office.box.clock.advance(61)
    await office.click("alice", prompt, "approve")
    await office.until_told("alice", "You may not change")
    assert office.world.applied == []


async def test_when_groups_cannot_be_looked_up_nobody_may_approve_and_it_says_so(office: Office) -> None:
    office.box.faults.method_errors["usergroups.users.list"] = "plan_upgrade_required"
    await office.box.command("alice", "#incidents", "dns prod")
    await office.click("alice", await office.prompt(), "approve")
    await office.until_told("alice", "Your groups could not be looked up just now")
    assert office.world.applied == []


async def test_groups_of_the_settings_hold_without_slacks_groups(tmp_path: Path) -> None:
    async with open_office(tmp_path, groups={"menders": ("U0BOB",)}) as office:
        office.box.faults.method_errors["usergroups.users.list"] = "plan_upgrade_required"
        await office.box.command("bob", "#incidents", "dns prod")
        await office.click("bob", await office.prompt(), "approve")
        await office.until_root_says("mended")


async def test_a_double_click_counts_once_and_is_not_scolded(office: Office) -> None:
    await office.box.command("alice", "#incidents", "dns prod")
    prompt = await office.prompt()
    office.box.faults.duplicate_envelopes = 1
    await office.click("alice", prompt, "approve")
    await office.until_root_says("mended")
    assert office.world.applied == ["mend"]
    assert office.told("alice") == ""


async def test_whoever_comes_second_is_told_who_was_first(tmp_path: Path) -> None:
    async with open_office(tmp_path, groups={"menders": ("U0BOB",)}) as office:
        await office.box.command("alice", "#incidents", "dns prod")
        prompt = await office.prompt()
        blocks = list(prompt.blocks)
        await office.click("alice", prompt, "approve")
        await office.until_root_says("mended")
        prompt.blocks = blocks
        await office.click("bob", prompt, "approve")
        await office.until_told("bob", "This run was finished")
        assert office.world.applied == ["mend"]


async def test_a_run_can_be_stopped_and_run_again(office: Office) -> None:
    await office.box.command("alice", "#incidents", "dns prod")
    await office.prompt()
    await office.click("bob", office.roots()[0], "stop")
    root = await office.until_root_says("stopped")
    assert "<@U0BOB> stopped it" in root.text
    await office.click("bob", root, "rerun")
    await office.box.until(lambda: len(office.roots()) == 2)


async def test_questions_are_answered_by_buttons_and_by_words(office: Office) -> None:
    await office.box.command("alice", "#incidents", "guided prod")
    prompt = await office.prompt("Is it well?")
    await office.click("bob", prompt, "problem:1")
    await submit(office, "bob", "<!channel> it *smokes* ```badly")
    words = await office.prompt("What is it called?")
    await office.click("bob", words, "write")
    await submit(office, "bob", "the <@U0ALICE> thing")
    await office.until_root_says("nothing wrong")
    assert "it *smokes* ```badly" in str([m.blocks for m in office.thread()])
    assert office.box.workspace.pings == 0


async def test_an_empty_answer_is_refused_beside_the_field_and_the_form_stays(office: Office) -> None:
    await office.box.command("alice", "#incidents", "guided prod")
    await office.click("bob", await office.prompt("Is it well?"), "problem:1")
    view = await office.box.until(lambda: office.box.world.views.top("U0BOB"))
    await office.box.submit("bob", view.id, {"text": "   "})
    assert view.errors == {"words": "Please say it in a few words."}


async def test_a_form_that_opens_too_late_asks_for_another_click(office: Office) -> None:
    await office.box.command("alice", "#incidents", "guided prod")
    prompt = await office.prompt("Is it well?")
    office.box.faults.method_errors["views.open"] = "expired_trigger_id"
    await office.click("bob", prompt, "problem:1")
    await office.until_told("bob", "please click again")


async def test_a_click_and_a_form_are_acknowledged_while_slack_and_the_store_hang(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = asyncio.Event()

    async def hang(*args: object, **kwargs: object) -> None:
        await released.wait()

    await office.box.command("alice", "#incidents", "guided prod")
    prompt = await office.prompt("Is it well?")
    await office.click("bob", prompt, "problem:1")
    view = await office.box.until(lambda: office.box.world.views.top("U0BOB"))
    monkeypatch.setattr("bot.slack.listen.BUDGET", 0.01)
    monkeypatch.setattr(office.desk.journal, "append", hang)
    await office.box.submit("bob", view.id, {"text": "the cable"})
    assert "before you repeat it" in view.errors["words"]
    monkeypatch.setattr(office.workspace.client, "views_open", hang)
    assert await office.click("alice", prompt, "problem:1")
    released.set()


async def submit(office: Office, user: str, text: str) -> None:
    view = await office.box.until(lambda: office.box.world.views.top(office.box.workspace.user(user).id))
    assert (await office.box.submit(user, view.id, {"text": text})).ok


async def test_a_guest_of_another_workspace_neither_opens_nor_sends_a_form(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.box.command("alice", "#incidents", "guided prod")
    prompt = await office.prompt("Is it well?")
    await office.click("bob", prompt, "problem:1")
    view = await office.box.until(lambda: office.box.world.views.top("U0BOB"))
    monkeypatch.setattr("bot.playground.slack.outcome.TEAM_ID", "T0OTHER")
    await office.box.submit("bob", view.id, {"text": "the cable"})
    assert "People of other workspaces" in view.errors["words"]
    await office.click("eve", prompt, "problem:1")
    await office.until_told("eve", "People of other workspaces")
    assert office.box.world.views.top("U0EVE") is None
