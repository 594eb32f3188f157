"""Who may read what: scopes, channels, pages of history, people, groups, files."""

from pathlib import Path

import pytest
import yaml
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.box import SlackBox
from bot.playground.slack.world import MINIMAL_SCOPES
from tests.playground.slack.test_messages import refused


async def test_a_missing_scope_is_named_with_what_was_granted() -> None:
    box = SlackBox(scopes=MINIMAL_SCOPES)
    await box.start()
    client = AsyncWebClient(box.bot_token, base_url=box.api_url)
    try:
        with pytest.raises(SlackApiError) as caught:
            await client.conversations_replies(channel="C0GENERAL", ts="1.0")
        assert caught.value.response["error"] == "missing_scope"
        assert "channels:history" in caught.value.response["needed"]
        assert "chat:write" in caught.value.response["provided"]
        granted = (await client.auth_test()).headers["x-oauth-scopes"]
        assert set(granted.split(",")) == MINIMAL_SCOPES
    finally:
        await box.stop()


async def test_history_is_given_newest_first_in_pages(box: SlackBox, client: AsyncWebClient) -> None:
    for number in range(5):
        await box.post("bob", "#general", f"m{number}")
    first = await client.conversations_history(channel="C0GENERAL", limit=2)
    assert [m["text"] for m in first["messages"]] == ["m4", "m3"]
    assert first["has_more"] is True
    cursor = first["response_metadata"]["next_cursor"]
    second = await client.conversations_history(channel="C0GENERAL", limit=3, cursor=cursor)
    assert [m["text"] for m in second["messages"]] == ["m2", "m1", "m0"]
    assert second["has_more"] is False
    assert await refused(client.conversations_history(channel="C0GENERAL", cursor="????")) == "invalid_cursor"
    assert await refused(client.conversations_history(channel="C0GENERAL", limit=5000)) == "invalid_limit"


async def test_metadata_is_read_back_only_when_it_is_asked_for(client: AsyncWebClient) -> None:
    metadata = {"event_type": "post", "event_payload": {"key": "root"}}
    await client.chat_postMessage(channel="C0GENERAL", text="t", metadata=metadata)
    plain = await client.conversations_history(channel="C0GENERAL")
    whole = await client.conversations_history(channel="C0GENERAL", include_all_metadata=True)
    assert "metadata" not in plain["messages"][0]
    assert whole["messages"][0]["metadata"] == metadata


async def test_an_ephemeral_message_is_in_no_history(client: AsyncWebClient) -> None:
    await client.chat_postEphemeral(channel="C0GENERAL", user="U0BOB", text="psst")
    assert (await client.conversations_history(channel="C0GENERAL"))["messages"] == []


async def test_an_unknown_thread_and_a_foreign_channel_are_refused(client: AsyncWebClient) -> None:
    assert await refused(client.conversations_replies(channel="C0GENERAL", ts="1.000000")) == "thread_not_found"
    assert await refused(client.conversations_history(channel="C0NOBOT")) == "not_in_channel"
    assert await refused(client.conversations_history(channel="G0SECRET")) == "channel_not_found"
    assert await refused(client.conversations_info(channel="G0SECRET")) == "channel_not_found"


async def test_a_channel_tells_whether_the_bot_is_in_it_and_joining_changes_that(client: AsyncWebClient) -> None:
    assert (await client.conversations_info(channel="C0NOBOT"))["channel"]["is_member"] is False
    await client.conversations_join(channel="C0NOBOT")
    assert (await client.conversations_info(channel="C0NOBOT"))["channel"]["is_member"] is True
    await client.chat_postMessage(channel="C0NOBOT", text="here I am")


async def test_the_on_call_group_has_alice_and_an_unknown_group_is_refused(client: AsyncWebClient) -> None:
    groups = (await client.usergroups_list())["usergroups"]
    assert [group["handle"] for group in groups] == ["net-oncall"]
    assert (await client.usergroups_users_list(usergroup=groups[0]["id"]))["users"] == ["U0ALICE"]
    assert await refused(client.usergroups_users_list(usergroup="S0NOBODY")) == "no_such_subteam"
    assert (await client.users_info(user="U0BOB"))["user"]["name"] == "bob"
    assert await refused(client.users_info(user="U0NOBODY")) == "user_not_found"


async def test_a_file_is_uploaded_in_three_calls_and_appears_in_the_thread(
    box: SlackBox, client: AsyncWebClient
) -> None:
    root = await box.post("bob", "#general", "logs?")
    await client.files_upload_v2(channel="C0GENERAL", thread_ts=root.ts, filename="a.log", content="line\n" * 3)
    shared = await box.until(lambda: box.thread("#general", root.ts))
    assert (shared[0].subtype, shared[0].files[0]["size"]) == ("file_share", 15)
    info = await client.files_info(file=shared[0].files[0]["id"])
    assert info["file"]["shares"]["public"]["C0GENERAL"][0]["thread_ts"] == root.ts


async def test_an_empty_file_and_a_channel_without_the_bot_are_refused(client: AsyncWebClient) -> None:
    assert await refused(client.files_getUploadURLExternal(filename="a", length=0)) == "missing_argument"
    uploading = client.files_upload_v2(channel="C0NOBOT", filename="a.log", content="x")
    assert await refused(uploading) == "not_in_channel"


async def test_a_revoked_token_is_refused_everywhere(box: SlackBox, client: AsyncWebClient) -> None:
    box.faults.token_error = "token_revoked"
    assert await refused(client.auth_test()) == "token_revoked"
    assert await refused(client.chat_postMessage(channel="C0GENERAL", text="x")) == "token_revoked"


async def test_a_reaction_can_be_added_once(box: SlackBox, client: AsyncWebClient) -> None:
    said = await box.post("bob", "#general", "look")
    await client.reactions_add(channel="C0GENERAL", timestamp=said.ts, name="eyes")
    assert await refused(client.reactions_add(channel="C0GENERAL", timestamp=said.ts, name="eyes")) == "already_reacted"


async def test_the_box_grants_exactly_the_scopes_of_our_manifest(root: Path) -> None:
    manifest = yaml.safe_load((root / "manifest.yaml").read_text())
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == MINIMAL_SCOPES


async def test_what_administrators_do_is_felt_by_the_next_call(box: SlackBox, client: AsyncWebClient) -> None:
    ts = (await client.chat_postMessage(channel="C0GENERAL", text="root"))["ts"]
    box.acts.delete_message("#general", ts)
    assert await refused(client.chat_update(channel="C0GENERAL", ts=ts, text="x")) == "message_not_found"
    box.acts.archive("#general")
    assert await refused(client.chat_postMessage(channel="C0GENERAL", text="x")) == "is_archived"
    box.acts.archive("#general", on=False)
    box.acts.kick("#general")
    assert await refused(client.chat_postMessage(channel="C0GENERAL", text="x")) == "not_in_channel"
    box.acts.delete_channel("#general")
    assert await refused(client.chat_postMessage(channel="C0GENERAL", text="x")) == "channel_not_found"
    box.acts.uninstall()
    assert await refused(client.auth_test()) == "token_revoked"
    sent = await box.until(lambda: [e for e in box.socket.delivered if e["type"] == "events_api"])
    assert len(sent) >= 4
