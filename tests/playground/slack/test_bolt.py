"""The real slack_bolt app over the wire: what a bot's author would notice first."""

import asyncio

from bot.playground.slack.box import SlackBox
from tests.playground.slack.bolt import Heard, connected


async def test_a_command_posts_a_message_and_a_click_on_its_button_comes_back_through_the_response_url(
    box: SlackBox, heard: Heard
) -> None:
    async with connected(box, heard):
        assert (await box.command("alice", "#incidents", "dns prod")).ok
        root = await box.until(lambda: next((m for m in box.messages("#incidents") if m.text == "done"), None))
        assert [block["type"] for block in root.blocks] == ["section", "actions"]
        assert (await box.click("bob", "#incidents", root.ts, "go")).ok
        await box.until(lambda: box.messages("#incidents")[0].text == "approved")
    assert box.messages("#incidents") == [root]
    command, click = heard.commands[0], heard.clicks[0]
    assert (command["text"], command["user_id"], command["channel_name"]) == ("dns prod", "U0ALICE", "incidents")
    assert (click["user"]["id"], click["actions"][0]["value"]) == ("U0BOB", "run-1")
    assert click["message"]["ts"] == click["container"]["message_ts"] == root.ts


async def test_what_is_acknowledged_with_text_is_seen_by_that_person_only(box: SlackBox, heard: Heard) -> None:
    async with connected(box, heard):
        outcome = await box.command("alice", "#incidents", "say hello")
    assert outcome.message is not None
    assert [m.text for m in box.whispers("alice", "#incidents")] == ["hello"]
    assert box.whispers("bob", "#incidents") == []
    assert box.messages("#incidents") == []


async def test_a_mention_in_a_thread_is_heard_and_answered_in_that_thread(box: SlackBox, heard: Heard) -> None:
    async with connected(box, heard):
        root = await box.post("bob", "#incidents", "is DNS down?")
        await box.post("alice", "#incidents", "@netcheck dns prod", thread_ts=root.ts)
        await box.until(lambda: len(box.thread("#incidents", root.ts)) == 2)
    assert heard.mentions[0]["text"] == "<@U0NETCHECK> dns prod"
    assert heard.mentions[0]["thread_ts"] == root.ts


async def test_the_bot_is_sent_its_own_messages_and_bolt_drops_them(box: SlackBox, heard: Heard) -> None:
    async with connected(box, heard):
        await box.command("alice", "#incidents", "dns prod")
        await box.until(lambda: any(m.text == "done" for m in box.messages("#incidents")))
        await box.post("bob", "#incidents", "thanks")
        await box.until(lambda: len(heard.messages) == 1)
        await box.until(lambda: sum(entry["type"] == "events_api" for entry in box.socket.delivered) == 3)
    assert heard.messages[0]["text"] == "thanks"


async def test_a_modal_is_opened_refused_with_its_values_kept_and_then_accepted(box: SlackBox, heard: Heard) -> None:
    async with connected(box, heard):
        await box.command("alice", "#incidents", "form")
        view = await box.until(lambda: box.world.views.top("U0ALICE"))
        assert (await box.submit("alice", view.id, {})).error == "input_required"
        assert (await box.submit("alice", view.id, {"text": "bad"})).error == "errors"
        assert view.errors == {"note": "say more"}
        assert view.values["note"]["text"]["value"] == "bad"
        assert (await box.submit("alice", view.id, {"text": "SERVFAIL"})).ok
    assert heard.notes == ["SERVFAIL"]
    assert box.world.views.top("U0ALICE") is None


async def test_names_and_links_reach_a_command_as_slack_escapes_them(box: SlackBox, heard: Heard) -> None:
    async with connected(box, heard):
        await box.command("alice", "#incidents", "note @bob <b> & shop.example.com web.shop.svc #general @net-oncall")
    text = heard.commands[0]["text"]
    link = "<http://shop.example.com|shop.example.com>"
    group = "<!subteam^S0NETONCALL|@net-oncall>"
    assert text == f"note <@U0BOB|bob> &lt;b&gt; &amp; {link} web.shop.svc <#C0GENERAL|general> {group}"


async def test_a_command_in_a_private_conversation_does_not_name_it(box: SlackBox, heard: Heard) -> None:
    async with connected(box, heard):
        await box.command("alice", "#secret-ops", "status")
        await box.command("alice", "@netcheck", "status")
    assert [c["channel_name"] for c in heard.commands] == ["privategroup", "directmessage"]


async def test_a_click_on_an_ephemeral_message_replaces_that_message_for_that_person(
    box: SlackBox, heard: Heard
) -> None:
    async with connected(box, heard) as handler:
        await handler.app.client.chat_postEphemeral(
            channel="C0INCIDENTS", user="U0EVE", text="sure?", blocks=[{"type": "actions", "elements": [
                {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Yes"}}]}],
        )  # fmt: skip
        whisper = box.whispers("eve", "#incidents")[0]
        await box.click("eve", "#incidents", whisper.ts, "go")
        await box.until(lambda: box.whispers("eve", "#incidents")[0].text == "approved")
    assert heard.clicks[0]["container"]["is_ephemeral"] is True
    assert "message" not in heard.clicks[0]


async def test_a_slash_command_inside_a_thread_is_refused_by_slack_itself(box: SlackBox, heard: Heard) -> None:
    async with connected(box, heard):
        root = await box.post("alice", "#incidents", "hm")
        outcome = await box.commands.write("alice", "#incidents", "/netcheck dns", root.ts)
    assert outcome.error == "not_in_threads"
    assert heard.commands == []


async def test_many_commands_at_once_are_all_acknowledged(box: SlackBox, heard: Heard) -> None:
    async with connected(box, heard):
        outcomes = await asyncio.gather(*(box.command("alice", "#general", f"status {n}") for n in range(50)))
    assert all(outcome.ok for outcome in outcomes)
    assert len(heard.commands) == 50
