"""What expires: trigger ids, response URLs, windows of the rate limits. The box's clock is moved; nobody waits."""

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.box import SlackBox
from tests.playground.slack.bolt import FORM, Heard, connected


async def open_form(client: AsyncWebClient, trigger: str) -> str:
    try:
        await client.views_open(trigger_id=trigger, view=FORM)
    except SlackApiError as error:
        return str(error.response["error"])
    return "ok"


async def test_a_trigger_opens_one_modal_within_three_seconds(box: SlackBox, client: AsyncWebClient) -> None:
    fresh, late = (box.world.tickets.new_trigger("U0ALICE") for _ in range(2))
    assert await open_form(client, fresh) == "ok"
    assert await open_form(client, fresh) == "exchanged_trigger_id"
    box.clock.advance(3.1)
    assert await open_form(client, late) == "expired_trigger_id"
    assert await open_form(client, "1.2.abc") == "invalid_trigger_id"


async def test_a_modal_pushed_too_deep_or_updated_with_an_old_hash_is_refused(
    box: SlackBox, client: AsyncWebClient
) -> None:
    opened = await client.views_open(trigger_id=box.world.tickets.new_trigger("U0ALICE"), view=FORM)
    view = opened["view"]
    await client.views_update(view_id=view["id"], hash=view["hash"], view=FORM)
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await client.views_update(view_id=view["id"], hash=view["hash"], view=FORM)
    for _ in range(2):
        await client.views_push(trigger_id=box.world.tickets.new_trigger("U0ALICE", view["id"]), view=FORM)
    with pytest.raises(SlackApiError, match="push_limit_reached"):
        await client.views_push(trigger_id=box.world.tickets.new_trigger("U0ALICE", view["id"]), view=FORM)


async def respond(address: str, **body: Any) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.post(address, json=body) as answer:
        return answer.status, await answer.text()


async def response_url(box: SlackBox, heard: Heard) -> str:
    async with connected(box, heard):
        await box.command("alice", "#no-bot", "status")
    return str(heard.commands[-1]["response_url"])


async def test_a_response_url_speaks_five_times_even_where_the_bot_is_no_member(box: SlackBox, heard: Heard) -> None:
    address = await response_url(box, heard)
    for number in range(5):
        kind = "in_channel" if number == 0 else "ephemeral"
        assert await respond(address, text=f"{number}", response_type=kind) == (200, "ok")
    status, text = await respond(address, text="one too many")
    assert status == 404
    assert "used_url" in text
    assert [m.text for m in box.messages("#no-bot")] == ["0"]
    assert [m.text for m in box.whispers("alice", "#no-bot")] == ["1", "2", "3", "4"]


async def test_a_response_url_ends_after_half_an_hour(box: SlackBox, heard: Heard) -> None:
    address = await response_url(box, heard)
    box.clock.advance(1799)
    assert (await respond(address, text="in time"))[0] == 200
    box.clock.advance(2)
    assert "expired_url" in (await respond(address, text="late"))[1]


async def test_a_channel_takes_a_short_burst_and_then_one_message_a_second(
    box: SlackBox, client: AsyncWebClient
) -> None:
    box.rates.mode = "realistic"
    for number in range(4):
        await client.chat_postMessage(channel="C0GENERAL", text=str(number))
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="C0GENERAL", text="too fast")
    assert caught.value.response.status_code == 429
    assert caught.value.response["error"] == "ratelimited"
    wait = int(caught.value.response.headers["Retry-After"])
    await client.chat_postMessage(channel="C0INCIDENTS", text="another channel is free")
    box.clock.advance(wait)
    await client.chat_postMessage(channel="C0GENERAL", text="now")


async def test_updates_are_limited_to_fifty_a_minute_in_all_channels_together(
    box: SlackBox, client: AsyncWebClient
) -> None:
    box.rates.mode = "realistic"
    places = [(c, (await client.chat_postMessage(channel=c, text="t"))["ts"]) for c in ("C0GENERAL", "C0INCIDENTS")]
    for number in range(50):
        channel, ts = places[number % 2]
        await client.chat_update(channel=channel, ts=ts, text=str(number))
    with pytest.raises(SlackApiError) as caught:
        await client.chat_update(channel=places[0][0], ts=places[0][1], text="51")
    assert 1 <= int(caught.value.response.headers["Retry-After"]) <= 60


async def test_a_storm_refuses_every_third_call(box: SlackBox, client: AsyncWebClient) -> None:
    box.rates.mode = "storm"
    outcomes = []
    for _ in range(6):
        answer = await asyncio.gather(client.auth_test(), return_exceptions=True)
        outcomes.append(isinstance(answer[0], SlackApiError))
    assert outcomes == [False, False, True] * 2


async def test_one_method_can_be_held_back_for_a_while(box: SlackBox, client: AsyncWebClient) -> None:
    box.rates.limit("chat.update", seconds=120, retry_after=30)
    ts = (await client.chat_postMessage(channel="C0GENERAL", text="t"))["ts"]
    with pytest.raises(SlackApiError, match="ratelimited"):
        await client.chat_update(channel="C0GENERAL", ts=ts, text="x")
    box.clock.advance(121)
    await client.chat_update(channel="C0GENERAL", ts=ts, text="x")


async def test_who_is_told_to_go_in_the_moment_their_time_comes_goes(box: SlackBox) -> None:
    sleeping = asyncio.create_task(box.clock.sleep(60))
    await asyncio.sleep(0)
    box.clock.advance(61)
    sleeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeping
