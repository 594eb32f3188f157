"""The thread converges to the run, whatever happens: limits, crashes, outages, deletions, closed channels."""

from dataclasses import replace

import pytest

from bot.journal import Shown
from bot.model.run import Run, fold
from bot.slack.publish import SlackSurface
from bot.slack.tables import draw
from tests.slack import histories as h
from tests.slack.conftest import RUN, Stand


def stages(told: h.Telling) -> list[Run]:
    return [fold(told.events[:number]) for number in range(1, len(told.events) + 1)]


def texts(stand: Stand) -> str:
    return str([m.to_api() for m in stand.box.thread("#incidents", stand.root_ts)])


async def test_a_run_is_one_message_in_the_channel_and_ends_with_its_final_state(stand: Stand) -> None:
    await stand.show(h.broken().run)
    (root,) = stand.box.messages("#incidents")
    assert root.text.startswith("netcheck dns on prod: broken. Service kube-system/kube-dns selects")
    assert [m.text.partition(":")[0] for m in stand.box.thread("#incidents", root.ts)] == [
        "Look at service",
        "Look at endpoints",
        "netcheck dns on prod",
    ]


async def test_a_run_of_seven_steps_costs_at_most_25_calls_and_meets_no_limit(stand: Stand) -> None:
    surface = stand.surface()
    for run in stages(h.mended()):
        await surface.publish(RUN, run)
        stand.box.clock.advance(0.3)
    await stand.show(h.mended().run)
    assert len(stand.box.calls) <= 25
    assert {outcome for _, outcome in stand.box.calls} == {"ok"}


async def test_publishing_again_changes_nothing_and_calls_nothing(stand: Stand) -> None:
    await stand.show(h.broken().run)
    before = len(stand.box.calls)
    assert await stand.surface().publish(RUN, h.broken().run) == 0.0
    assert len(stand.box.calls) == before


async def test_the_buttons_go_when_the_change_is_approved_and_the_post_says_by_whom(stand: Stand) -> None:
    await stand.show(h.asking().run)
    prompt = stand.box.thread("#incidents", stand.root_ts)[-1]
    assert "approve" in str(prompt.blocks)
    await stand.show(h.asking().approve().run)
    after = stand.box.thread("#incidents", stand.root_ts)[-1]
    assert after.ts == prompt.ts
    assert "approve" not in [
        element.get("action_id") for block in after.blocks for element in block.get("elements", [])
    ]
    assert "Approved by <@U0BOB>" in after.text


async def test_a_run_asked_for_in_a_thread_stays_in_that_thread(stand: Stand) -> None:
    said = await stand.box.post("alice", "#incidents", "something is wrong")
    told = h.Telling(thread=said.ts).looks(*[step.id for step in h.LOOKS]).conclude().close()
    await stand.show(told.run)
    assert [m.ts for m in stand.box.messages("#incidents")] == [said.ts]
    assert stand.box.thread("#incidents", said.ts)[0].text.startswith("netcheck dns on prod: nothing wrong")


@pytest.mark.parametrize(("broadcast", "seen"), [(True, 2), (False, 1)])
async def test_the_end_of_a_long_run_is_broadcast_once_if_wanted(stand: Stand, broadcast: bool, seen: int) -> None:
    told = h.Telling().looks(*[step.id for step in h.LOOKS]).conclude().close(after=300)
    surface = stand.surface(broadcast=broadcast)
    await stand.show(told.run, surface)
    await stand.show(told.run, surface)
    assert len(stand.box.messages("#incidents")) == seen


async def test_runs_of_the_command_line_are_not_shown(stand: Stand) -> None:
    run = h.broken().run
    began = replace(run.begun, origin=replace(run.begun.origin, surface="cli"))
    assert await stand.surface().publish(RUN, replace(run, started=began)) == 0.0
    assert stand.box.calls == []


# --- crashes ----------------------------------------------------------------------------------------------------------


async def test_a_post_whose_answer_was_lost_is_found_again_by_its_metadata(reader: Stand) -> None:
    reader.box.faults.lose_replies["chat.postMessage"] = 1
    waits = await reader.show(h.broken().run)
    assert waits
    assert len(reader.box.messages("#incidents")) == 1


async def test_without_the_history_scope_a_crash_doubles_one_post_at_most(stand: Stand) -> None:
    await stand.show(h.asking().run)
    await stand.journal.show("slack", RUN, "ask:select:1", Shown("", "before the crash"))
    await stand.show(h.asking().run)
    await stand.show(h.asking().run)
    prompts = [m for m in stand.box.thread("#incidents", stand.root_ts) if "Approve this change" in m.text]
    assert len(prompts) == 2


# --- limits and outages -----------------------------------------------------------------------------------------------


async def test_a_limit_on_edits_pauses_edits_for_all_replicas_and_lets_posts_through(stand: Stand) -> None:
    await stand.show(h.Telling().run)
    stand.box.rates.limit("chat.update", seconds=120, retry_after=30)
    run = h.broken().run
    assert await stand.surface().publish(RUN, run) > 0
    refused = stand.called("chat.update")
    for _ in range(5):
        await stand.surface().publish(RUN, run)
        stand.box.clock.advance(1.1)
    assert stand.called("chat.update") == refused
    assert "broken" in texts(stand)
    stand.box.clock.advance(120)
    await stand.show(run)
    assert "broken" in stand.box.messages("#incidents")[0].text


LOOK_UPS = pytest.mark.parametrize(
    ("key", "method"), [("root", "conversations.history"), ("step:service", "conversations.replies")]
)


async def crashed(reader: Stand, key: str) -> int:
    """A post was made, and the process ended before it was noted where. Gives how many messages there are."""
    await reader.show(h.broken().run)
    made = (await reader.journal.shown("slack", RUN))[key]
    await reader.journal.show("slack", RUN, key, Shown("", made.digest))
    return len(reader.box.thread("#incidents", reader.root_ts))


@LOOK_UPS
async def test_a_look_up_after_a_crash_waits_for_the_limit_that_all_replicas_share(
    reader: Stand, key: str, method: str
) -> None:
    messages = await crashed(reader, key)
    await reader.journal.pause(method, 30, reader.box.clock.now())
    assert 0 < await reader.surface().publish(RUN, h.broken().run) <= 30.1
    assert reader.called(method) == 0
    reader.box.clock.advance(31)
    await reader.show(h.broken().run)
    assert reader.called(method) == 1
    assert len(reader.box.thread("#incidents", reader.root_ts)) == messages


@LOOK_UPS
async def test_a_look_up_that_slack_limits_is_left_alone_by_every_replica_until_the_time_is_over(
    reader: Stand, key: str, method: str
) -> None:
    messages = await crashed(reader, key)
    reader.box.rates.limit(method, seconds=20, retry_after=20)
    for _ in range(5):
        assert await reader.surface().publish(RUN, h.broken().run) > 0
        reader.box.clock.advance(3)
    assert reader.called(method) == 1
    reader.box.clock.advance(10)
    await reader.show(h.broken().run)
    assert len(reader.box.thread("#incidents", reader.root_ts)) == messages


@pytest.mark.parametrize("fault", ["status", "html"])
async def test_an_outage_is_waited_out_and_doubles_nothing(reader: Stand, fault: str) -> None:
    setattr(reader.box.faults, fault, 503 if fault == "status" else True)
    assert await reader.surface().publish(RUN, h.broken().run) == 5.0
    setattr(reader.box.faults, fault, None if fault == "status" else False)
    reader.box.clock.advance(6)
    await reader.show(h.broken().run)
    assert len(reader.box.messages("#incidents")) == 1
    assert len(reader.box.thread("#incidents", reader.root_ts)) == 3


async def test_a_revoked_token_stops_the_calls_until_there_is_a_new_one(stand: Stand) -> None:
    stand.box.faults.token_error = "token_revoked"
    wait = await stand.surface().publish(RUN, h.broken().run)
    calls = len(stand.box.calls)
    await stand.surface().publish(RUN, h.broken().run)
    assert wait == 60.0
    assert len(stand.box.calls) == calls
    stand.box.faults.token_error = None
    stand.box.clock.advance(61)
    await stand.show(h.broken().run)
    assert len(stand.box.messages("#incidents")) == 1


async def test_blocks_that_slack_refuses_are_sent_as_text(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = SlackSurface.wanted

    def unfit(self: SlackSurface, run_id: str, run: Run) -> tuple[object, ...]:
        return tuple(replace(post, blocks=({"type": "hologram"},)) for post in wanted(self, run_id, run))

    monkeypatch.setattr(SlackSurface, "wanted", unfit)
    await stand.show(h.broken().run)
    (root,) = stand.box.messages("#incidents")
    assert "broken" in root.text
    assert root.blocks == []


async def test_tables_that_slack_refuses_are_sent_as_text_in_columns(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, table = SlackSurface.wanted, draw((("to", "n1"), ("from", "no answer")))

    def crowded(self: SlackSurface, run_id: str, run: Run) -> tuple[object, ...]:
        return tuple(replace(post, blocks=(table, table)) for post in wanted(self, run_id, run))

    monkeypatch.setattr(SlackSurface, "wanted", crowded)
    await stand.show(h.broken().run)
    (root,) = stand.box.messages("#incidents")
    assert [block["type"] for block in root.blocks] == ["rich_text", "rich_text"]
    assert "✗ no answer" in str(root.blocks)


# --- what people do to messages and channels ------------------------------------------------------------------------


async def test_a_deleted_root_is_posted_again_once_and_says_so(stand: Stand) -> None:
    await stand.show(h.Telling().run)
    delete(stand, stand.root_ts)
    await stand.show(h.broken().run)
    (root,) = stand.box.messages("#incidents")
    assert "was deleted; here it is again" in str(root.blocks)
    delete(stand, root.ts)
    await stand.show(h.broken().note().run)
    await stand.show(h.broken().note().run)
    assert stand.box.messages("#incidents") == []


async def test_a_post_that_people_delete_from_the_thread_stays_deleted(stand: Stand) -> None:
    await stand.show(h.asking().run)
    delete(stand, stand.box.thread("#incidents", stand.root_ts)[1].ts)
    await stand.show(h.mended().run)
    assert [m.text[:10] for m in stand.box.thread("#incidents", stand.root_ts)] == ["Look at se", "netcheck d"]


@pytest.mark.parametrize("how", ["archived", "kicked", "gone"])
async def test_a_channel_that_is_closed_mid_run_ends_the_telling_and_the_starter_hears_the_result_once(
    stand: Stand, how: str
) -> None:
    await stand.show(h.Telling().run)
    channel = stand.box.workspace.channel("incidents")
    match how:
        case "archived":
            channel.archived = True
        case "kicked":
            channel.members.remove("U0NETCHECK")
            channel.kind = "private"
        case _:
            del stand.box.workspace.channels[channel.id]
    run = h.broken().run
    await stand.show(run)
    calls = len(stand.box.calls)
    await stand.show(run)
    assert len(stand.box.calls) == calls
    (message,) = stand.box.messages("D0ALICE")
    assert "I cannot write about" in message.text
    assert "broken" in message.text


def delete(stand: Stand, ts: str) -> None:
    message = stand.box.workspace.find("C0INCIDENTS", ts)
    assert message is not None
    stand.box.workspace.remove(message)
