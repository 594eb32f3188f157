"""What people type, by slash command and by mention, and what they are told: the real app over the wire."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.journal.memory import MemoryJournal
from bot.model.errors import JournalUnavailable
from bot.model.event import Event
from bot.model.permission import Rules
from bot.playground.slack.world import HISTORY_SCOPES, MINIMAL_SCOPES
from bot.slack import listen
from tests.engine.stage import World
from tests.slack.office import Boundless, Office, open_office, replica, typed


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(tmp_path) as office:
        yield office


# --- starting ---------------------------------------------------------------------------------------------------------


async def test_a_near_miss_is_offered_as_a_button_and_runs_only_when_that_is_pressed(office: Office) -> None:
    told = await typed(office, "wel prod")
    assert "There is no playbook “wel”" in told
    assert await office.count() == 0
    message = office.box.whispers("alice", "#incidents")[-1]
    await office.click("alice", message, "type:0")
    await office.until_root_says("nothing wrong")
    assert (await office.run()).begun.target == "prod"


async def test_a_target_that_does_not_exist_starts_nothing(office: Office) -> None:
    assert "is no target and no context here, so nothing was run" in await typed(office, "well prdo")
    assert await office.count() == 0


async def test_it_works_in_a_direct_conversation_with_the_bot(office: Office) -> None:
    assert (await office.box.command("alice", "@netcheck", "well prod")).ok
    await office.until_root_says("nothing wrong", "D0ALICE")


@pytest.mark.parametrize("channel", ["#secret-ops", "#no-bot"])
async def test_where_the_bot_is_no_member_nothing_is_started_and_the_person_learns_how_to_invite_it(
    office: Office, channel: str
) -> None:
    assert "/invite @netcheck" in await typed(office, "well prod", channel=channel)
    assert await office.count() == 0
    assert [name for name, _ in office.box.calls if name.startswith("chat.")] == []


async def test_with_the_scope_to_write_in_public_channels_it_runs_there_uninvited(tmp_path: Path) -> None:
    async with open_office(tmp_path, scopes=MINIMAL_SCOPES | {"chat:write.public"}) as office:
        assert (await office.box.command("alice", "#no-bot", "well prod")).ok
        await office.until_root_says("nothing wrong", "#no-bot")


async def test_an_envelope_that_comes_twice_starts_one_run(office: Office) -> None:
    office.box.faults.duplicate_envelopes = 1
    await office.box.command("alice", "#incidents", "well prod")
    await office.until_root_says("nothing wrong")
    assert await office.count() == 1
    assert len(office.roots()) == 1


async def test_a_mention_whose_first_delivery_got_lost_is_heard_once_by_the_retry(office: Office) -> None:
    office.box.faults.drop_envelopes = 1
    await office.box.post("alice", "#incidents", "@netcheck well prod")
    office.box.clock.advance(4)
    await office.until_root_says("nothing wrong")
    assert await office.count() == 1


async def test_a_mention_in_a_thread_runs_in_that_thread(office: Office) -> None:
    said = await office.box.post("bob", "#incidents", "dns is slow")
    await office.box.post("alice", "#incidents", "@netcheck well prod", thread_ts=said.ts)
    await office.box.until(lambda: any("nothing wrong" in m.text for m in office.box.thread("#incidents", said.ts)))
    assert office.roots() == []


async def test_a_guest_of_another_workspace_starts_nothing(office: Office) -> None:
    payload = office.box.commands._payload(
        office.box.workspace.user("bob"), office.box.workspace.channel("incidents"), "/netcheck", "well prod"
    )
    await office.box.socket.deliver("slash_commands", payload | {"team_id": "T0OTHER"}, answerable=True)
    await office.until_told("bob", "People of other workspaces")
    assert await office.count() == 0


async def test_a_button_on_one_replica_ends_what_a_command_on_another_began(tmp_path: Path) -> None:
    async with (
        open_office(tmp_path) as office,
        replica(office.box, tmp_path, office.journal, office.world, working=False),
    ):
        for _ in range(4):
            await office.box.command("alice", "#incidents", "dns prod")
        await office.box.until(lambda: len(office.roots()) == 4)
        for root in office.roots():
            await office.click("alice", root, "stop")
        await office.box.until(lambda: sum("stopped" in root.text for root in office.roots()) == 4)


async def test_a_prompt_from_before_a_restart_still_works(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        await office.box.command("alice", "#incidents", "dns prod")
        prompt = await office.prompt()
        await office.workspace.connection.close()
        async with replica(office.box, tmp_path, office.journal, office.world) as fresh:
            assert await fresh.click("alice", prompt, "approve")
            await fresh.until_root_says("mended")


class Away(MemoryJournal):
    """A store that does not answer when something is to be written."""

    async def append(self, id: str, number: int, event: Event, *, nonce: str, now: float | None) -> None:
        raise JournalUnavailable("Redis does not answer")


async def test_without_the_state_store_nothing_is_started_and_the_person_is_told(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        await office.workspace.connection.close()
        async with replica(office.box, tmp_path, Away(), World()) as fresh:
            assert "It could not be said whether that was taken" in await typed(fresh, "well prod")
            assert fresh.roots() == []


class Slow(Boundless):
    """A store that hangs until it is let go."""

    async def next_id(self, prefix: str) -> str:
        raise TimeoutError


async def test_what_goes_wrong_inside_is_told_without_details(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        await office.workspace.connection.close()
        async with replica(office.box, tmp_path, Slow(), World()) as fresh:
            assert "Netcheck itself failed at this" in await typed(fresh, "well prod")


async def test_who_may_not_look_is_told_who_may(tmp_path: Path) -> None:
    async with open_office(tmp_path, rules=Rules(look=("group:S0NETONCALL",))) as office:
        assert "You may not run checks on prod" in await typed(office, "well prod", user="eve")


# --- buttons and payloads of other versions ---------------------------------------------------------------------------


async def test_a_button_of_an_older_version_is_acknowledged_and_explained(office: Office) -> None:
    await office.box.command("alice", "#incidents", "dns prod")
    prompt = await office.prompt()
    button = prompt.blocks[-1]["elements"][0]
    button["action_id"] = "approve_v0"
    assert await office.click("alice", prompt, "approve_v0")
    await office.until_told("alice", "This button belongs to an older message")
    button["action_id"], button["value"] = "approve", "{not json"
    assert await office.click("alice", prompt, "approve")


@pytest.mark.parametrize("kind", ["view_submission", "shortcut", "message_action", "block_suggestion"])
async def test_whatever_no_listener_knows_is_acknowledged(office: Office, kind: str) -> None:
    payload = {
        "type": kind,
        "callback_id": "of-long-ago",
        "user": {"id": "U0ALICE", "team_id": "T0NETCHECK"},
        "team": {"id": "T0NETCHECK"},
        "trigger_id": "1.2.abc",
        "view": {"callback_id": "of-long-ago", "type": "modal", "state": {"values": {}}},
        "action_id": "of-long-ago",
        "block_id": "b",
        "value": "x",
        "channel": {"id": "C0INCIDENTS"},
        "message": {"ts": "1.1"},
    }
    delivery = await office.box.socket.deliver("interactive", payload, answerable=True)
    assert delivery.failure is None


# --- the edges --------------------------------------------------------------------------------------------------------


class Held(Boundless):
    """A store that answers only when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()

    async def next_id(self, prefix: str) -> str:
        await self.go.wait()
        return await super().next_id(prefix)


async def test_a_slow_store_does_not_keep_slack_waiting_and_the_run_starts_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listen, "BUDGET", 0.05)
    async with open_office(tmp_path) as office:
        await office.workspace.connection.close()
        held = Held()
        async with replica(office.box, tmp_path, held, World()) as fresh:
            assert (await office.box.command("alice", "#incidents", "well prod")).ok
            assert fresh.roots() == []
            held.go.set()
            await fresh.until_root_says("nothing wrong")


async def test_hearing_its_own_messages_makes_the_bot_say_nothing_more(tmp_path: Path) -> None:
    async with open_office(tmp_path, scopes=MINIMAL_SCOPES | HISTORY_SCOPES) as office:
        await office.box.command("alice", "#incidents", "well prod")
        await office.until_root_says("nothing wrong")
        await office.box.until(
            lambda: all(entry["outcome"] != "dispatch_failed" for entry in office.box.socket.delivered)
        )
        events = [entry for entry in office.box.socket.delivered if entry["type"] == "events_api"]
        assert events
        assert await office.count() == 1
        assert len(office.box.messages("#incidents")) == 1
