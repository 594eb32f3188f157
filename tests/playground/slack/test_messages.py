"""chat.*: what is answered, what is refused, and in which words."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.box import SlackBox
from tests.playground.slack.bolt import section


async def refused(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


@pytest.mark.parametrize(
    ("channel", "error"),
    [("C0NOWHERE", "channel_not_found"), ("G0SECRET", "channel_not_found"), ("C0NOBOT", "not_in_channel"),
     ("C0ARCHIVED", "is_archived"), ("", "invalid_arguments")],
)  # fmt: skip
async def test_a_message_is_refused_where_the_bot_may_not_speak(
    client: AsyncWebClient, channel: str, error: str
) -> None:
    assert await refused(client.chat_postMessage(channel=channel, text="hello")) == error


async def test_nothing_to_say_is_refused_and_long_text_is_cut_on_post_and_refused_on_update(
    client: AsyncWebClient,
) -> None:
    nothing = client.api_call("chat.postMessage", json={"channel": "C0GENERAL", "text": " "})
    assert await refused(nothing) == "no_text"
    posted = await client.chat_postMessage(channel="C0GENERAL", text="x" * 40_001)
    assert len(posted["message"]["text"]) == 40_000
    assert await refused(client.chat_update(channel="C0GENERAL", ts=posted["ts"], text="x" * 4001)) == "msg_too_long"


async def test_a_posted_message_comes_back_as_slack_keeps_it(client: AsyncWebClient) -> None:
    metadata = {"event_type": "netcheck_post", "event_payload": {"run": "dns-1"}}
    posted = await client.chat_postMessage(channel="#general", text="t", blocks=[section("b")], metadata=metadata)
    message = posted["message"]
    assert posted["channel"] == "C0GENERAL"
    assert message["blocks"][0]["block_id"]
    assert message["metadata"] == metadata
    assert (message["bot_id"], message["user"]) == ("B0NETCHECK", "U0NETCHECK")


async def test_a_user_id_leads_to_the_direct_conversation(box: SlackBox, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel="U0BOB", text="psst")
    assert posted["channel"] == "D0BOB"


async def test_an_update_of_text_alone_takes_the_blocks_away_and_marks_the_message_edited(
    box: SlackBox, client: AsyncWebClient
) -> None:
    ts = (await client.chat_postMessage(channel="C0GENERAL", text="t", blocks=[section("b")]))["ts"]
    updated = await client.chat_update(channel="C0GENERAL", ts=ts, text="other")
    assert "blocks" not in updated["message"]
    assert updated["message"]["edited"]["user"] == "U0NETCHECK"


async def test_only_own_messages_are_edited_and_deleted(box: SlackBox, client: AsyncWebClient) -> None:
    theirs = await box.post("bob", "#general", "mine")
    assert await refused(client.chat_update(channel="C0GENERAL", ts=theirs.ts, text="x")) == "cant_update_message"
    assert await refused(client.chat_delete(channel="C0GENERAL", ts=theirs.ts)) == "cant_delete_message"
    assert await refused(client.chat_update(channel="C0GENERAL", ts="1.000001", text="x")) == "message_not_found"


async def test_in_an_archived_channel_posting_and_updating_are_refused_in_different_words(
    box: SlackBox, client: AsyncWebClient
) -> None:
    ts = (await client.chat_postMessage(channel="C0GENERAL", text="t"))["ts"]
    box.workspace.channels["C0GENERAL"].archived = True
    assert await refused(client.chat_postMessage(channel="C0GENERAL", text="t")) == "is_archived"
    assert await refused(client.chat_update(channel="C0GENERAL", ts=ts, text="x")) == "is_inactive"


async def test_replies_stay_in_their_thread_unless_they_are_broadcast(box: SlackBox, client: AsyncWebClient) -> None:
    root = (await client.chat_postMessage(channel="C0GENERAL", text="root"))["ts"]
    await client.chat_postMessage(channel="C0GENERAL", text="quiet", thread_ts=root)
    await client.chat_postMessage(channel="C0GENERAL", text="loud", thread_ts=root, reply_broadcast=True)
    assert [m.text for m in box.messages("#general")] == ["root", "loud"]
    assert [m.text for m in box.thread("#general", root)] == ["quiet", "loud"]
    page = await client.conversations_replies(channel="C0GENERAL", ts=root)
    assert page["messages"][0]["reply_count"] == 2


async def test_an_ephemeral_message_needs_its_reader_in_the_channel_and_cannot_be_updated(
    box: SlackBox, client: AsyncWebClient
) -> None:
    box.workspace.channels["C0GENERAL"].members.remove("U0EVE")
    outside = client.chat_postEphemeral(channel="C0GENERAL", user="U0EVE", text="hi")
    assert await refused(outside) == "user_not_in_channel"
    ts = (await client.chat_postEphemeral(channel="C0GENERAL", user="U0BOB", text="hi"))["message_ts"]
    assert await refused(client.chat_update(channel="C0GENERAL", ts=ts, text="x")) == "message_not_found"


@pytest.mark.parametrize("text", ["<!channel> down", "<!here|here> look", "```<!everyone>```"])
async def test_a_broadcast_that_would_ping_everybody_is_counted(
    box: SlackBox, client: AsyncWebClient, text: str
) -> None:
    await client.chat_postMessage(channel="C0GENERAL", text="fine", blocks=[section(text)])
    assert box.workspace.pings == 1
    await client.chat_postMessage(channel="C0GENERAL", text="&lt;!channel&gt; is harmless", blocks=[section("x")])
    assert box.workspace.pings == 1


async def test_a_permalink_leads_to_the_message_and_its_thread(box: SlackBox, client: AsyncWebClient) -> None:
    root = (await client.chat_postMessage(channel="C0GENERAL", text="root"))["ts"]
    reply = (await client.chat_postMessage(channel="C0GENERAL", text="reply", thread_ts=root))["ts"]
    link = (await client.chat_getPermalink(channel="C0GENERAL", message_ts=reply))["permalink"]
    assert link == f"{box.base_url}/archives/C0GENERAL/p{reply.replace('.', '')}?thread_ts={root}&cid=C0GENERAL"


async def test_a_lost_answer_leaves_the_message_standing(box: SlackBox, client: AsyncWebClient) -> None:
    box.faults.lose_replies["chat.postMessage"] = 1
    client.retry_handlers.clear()
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.chat_postMessage(channel="C0GENERAL", text="once")
    assert [m.text for m in box.messages("#general")] == ["once"]


async def test_an_unknown_method_is_named(client: AsyncWebClient) -> None:
    assert await refused(client.api_call("chat.sing")) == "unknown_method"
