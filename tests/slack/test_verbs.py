"""The verbs beside running a playbook, as people type them in Slack: the real app over the wire."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from bot.model.permission import Rules
from bot.playground.slack.world import MINIMAL_SCOPES
from bot.slack.doctor import NEEDED
from tests.slack.office import Office, open_office, typed


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(tmp_path) as office:
        yield office


async def test_help_offers_what_can_be_asked_as_buttons(office: Office) -> None:
    assert "/netcheck dns prod" in await typed(office, "")
    await office.click("alice", office.box.whispers("alice", "#incidents")[-1], "type:2")
    await office.until_root_says("nothing wrong")


async def test_list_names_playbooks_and_targets(office: Office) -> None:
    told = await typed(office, "list")
    assert "`guided` Asks." in told
    assert "`prod`" in told


async def test_something_unclear_says_what_is_missing(office: Office) -> None:
    assert "`cancel` needs the name of a run" in await typed(office, "cancel")


async def test_status_and_show_tell_of_runs(office: Office) -> None:
    assert "Nothing was run in this channel yet" in await typed(office, "status")
    await office.box.command("alice", "#incidents", "dns prod")
    await office.prompt()
    assert "dns on prod: needs somebody" in await typed(office, "status")
    told = await typed(office, f"show {await office.run_id()}", user="bob")
    assert "Approve this change?" in told
    assert "There is no run dns-99" in await typed(office, "show dns-99")


async def test_an_answer_given_on_a_private_copy_counts_and_takes_its_place(office: Office) -> None:
    await office.box.command("alice", "#incidents", "dns prod")
    await office.prompt()
    await typed(office, f"show {await office.run_id()}")
    copy = office.box.whispers("alice", "#incidents")[-1]
    await office.click("alice", copy, "approve")
    await office.until_root_says("mended")
    await office.until_told("alice", "Done: approve")


async def test_cancel_and_rerun_by_command(office: Office) -> None:
    await office.box.command("alice", "#incidents", "dns prod")
    await office.prompt()
    run_id = await office.run_id()
    assert f"`{run_id}` stops" in await typed(office, f"cancel {run_id}")
    await office.until_root_says("stopped")
    assert "This run was cancelled" in await typed(office, f"cancel {run_id}")
    await office.box.command("alice", "#incidents", f"rerun {run_id}")
    await office.box.until(lambda: len(office.roots()) == 2)


async def test_a_note_in_the_thread_of_a_run_belongs_to_that_run(office: Office) -> None:
    for _ in range(2):
        await office.box.command("alice", "#incidents", "dns prod")
    await office.box.until(lambda: len(office.roots()) == 2)
    first = await office.box.until(lambda: office.roots()[0])
    await office.box.post("bob", "#incidents", "@netcheck note saw it <!channel> too", thread_ts=first.ts)
    await office.box.until(lambda: any("Note by <@U0BOB>" in m.text for m in office.box.thread("#incidents", first.ts)))
    assert office.box.workspace.pings == 0


async def test_a_run_is_handed_over_to_a_person_who_is_mentioned(office: Office) -> None:
    await office.box.command("alice", "#incidents", "dns prod")
    await office.prompt()
    run_id = await office.run_id()
    assert "is with <@U0BOB> now" in await typed(office, f"handover {run_id} @bob please")
    await office.box.until(lambda: any("<@U0BOB> takes over from <@U0ALICE>" in m.text for m in office.thread()))
    assert "is nobody I can find here" in await typed(office, f"handover {run_id} bobby")


async def test_an_incident_is_opened_and_closed_for_all_to_see_and_its_transcript_uploaded(office: Office) -> None:
    await office.box.command("alice", "#incidents", "incident open DNS is down & out")
    await office.box.until(lambda: any("opened `inc-1`: *DNS is down &amp; out*" in m.text for m in office.roots()))
    assert "is open in this channel already" in await typed(office, "incident open again")
    await office.box.command("alice", "#incidents", "well prod")
    await office.until_root_says("nothing wrong")
    await office.box.command("alice", "#incidents", "incident close it was the cable")
    await office.box.until(lambda: any("closed `inc-1`: it was the cable" in m.text for m in office.roots()))
    await office.box.command("alice", "#incidents", "transcript inc-1")
    shared = await office.box.until(lambda: next((m for m in office.roots() if m.files), None))
    assert [file["name"] for file in shared.files] == ["inc-1.md", "inc-1.json"]


async def test_the_transcript_of_a_run_goes_into_its_thread(office: Office) -> None:
    await office.box.command("alice", "#incidents", "well prod")
    root = await office.until_root_says("nothing wrong")
    await office.click("bob", root, "transcript")
    shared = await office.box.until(lambda: next((m for m in office.thread() if m.files), None))
    assert "asked for by <@U0BOB>" in shared.text


async def test_without_the_scope_for_files_the_transcript_is_shown_as_far_as_it_fits(tmp_path: Path) -> None:
    async with open_office(tmp_path, scopes=MINIMAL_SCOPES - {"files:write"}) as office:
        await office.box.command("alice", "#incidents", "well prod")
        await office.until_root_says("nothing wrong")
        told = await typed(office, f"transcript {await office.run_id()}")
        assert "the scope files:write was not granted" in told
        assert "All is well on prod" in told


async def test_the_doctor_names_missing_scopes_the_socket_and_the_store(tmp_path: Path) -> None:
    async with open_office(tmp_path, scopes=MINIMAL_SCOPES - {"usergroups:read"}) as office:
        told = await typed(office, "doctor")
        assert "Scope `usergroups:read` is missing" in told
        assert "1 of at most 10 connections" in told
        assert "memory of this process" in told


def test_the_manifest_asks_for_the_scopes_that_the_doctor_looks_for(root: Path) -> None:
    manifest = yaml.safe_load((root / "manifest.yaml").read_text())
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == set(NEEDED)


async def test_who_may_not_look_at_a_target_reads_neither_its_runs_nor_their_transcripts(tmp_path: Path) -> None:
    rules = Rules(look=("group:S0NETONCALL",))
    async with open_office(tmp_path, rules=rules) as office:
        await office.box.command("alice", "#incidents", "well prod")
        await office.until_root_says("nothing wrong")
        run_id = await office.run_id()
        for text in (f"show {run_id}", f"transcript {run_id}", "transcript"):
            assert "You may not run checks on prod" in await typed(office, text, user="eve")


async def test_lists_count_in_plain_english(office: Office) -> None:
    assert "1 target." in await typed(office, "list")
    await office.box.command("alice", "#incidents", "well prod")
    await office.until_root_says("nothing wrong")
    assert "The last 1 run of this channel" in await typed(office, "status")
