"""Socket Mode as it behaves on a bad day: refreshes, resets, duplicates, silence, dead tickets, too many sockets."""

import asyncio

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.box import SlackBox
from tests.playground.slack.bolt import Heard, connected


async def open_address(box: SlackBox) -> str:
    client = AsyncWebClient(box.app_token, base_url=box.api_url)
    answer = await client.api_call("apps.connections.open")
    return str(answer["url"])


async def test_a_command_without_any_app_fails_in_front_of_the_person(box: SlackBox) -> None:
    outcome = await box.command("alice", "#incidents", "dns prod")
    assert outcome.error == "dispatch_failed"
    shown = [m.text for m in box.whispers("alice", "#incidents")]
    assert shown == ['/netcheck failed with the error "dispatch_failed"']


async def test_a_command_that_nobody_acknowledges_fails_after_three_seconds_of_the_clock(
    box: SlackBox, heard: Heard
) -> None:
    async with connected(box, heard):
        typing = asyncio.ensure_future(box.command("alice", "#incidents", "never"))
        await box.until(lambda: heard.commands or box.socket.delivered)
        box.clock.advance(2.5)
        await asyncio.sleep(0)
        assert not typing.done()
        box.clock.advance(0.5)
        assert (await typing).error == "operation_timeout"


async def test_no_command_is_lost_while_the_connection_is_refreshed(box: SlackBox, heard: Heard) -> None:
    async with connected(box, heard):
        typing = []
        for number in range(6):
            if number in (1, 4):
                box.socket.disconnect("refresh_requested" if number == 1 else "warning")
            await box.until(lambda: any(not c.leaving and not c.ws.closed for c in box.socket.connections))
            typing.append(asyncio.ensure_future(box.command("alice", "#general", f"status {number}")))
        outcomes = await asyncio.gather(*typing)
        await box.until(lambda: box.socket.accepted >= 3)
    assert [outcome.error for outcome in outcomes] == [None] * 6


async def test_the_same_envelope_twice_runs_the_listener_twice(box: SlackBox, heard: Heard) -> None:
    async with connected(box, heard):
        box.faults.duplicate_envelopes = 1
        await box.command("alice", "#incidents", "status")
        await box.command("alice", "#incidents", "list")
        assert [c["text"] for c in heard.commands].count("status") == 2
    assert heard.commands[0]["trigger_id"] == heard.commands[1]["trigger_id"]


async def test_after_a_reset_the_app_comes_back_by_itself(box: SlackBox, heard: Heard) -> None:
    async with connected(box, heard, ping_interval=0.2):
        box.socket.reset()
        await box.until(lambda: box.socket.accepted == 2 and box.socket.connections)
        assert (await box.command("alice", "#incidents", "status")).ok


async def test_a_silent_connection_is_noticed_by_its_missing_pongs(box: SlackBox, heard: Heard) -> None:
    async with connected(box, heard, ping_interval=0.2):
        box.socket.swallow()
        await box.until(lambda: box.socket.accepted == 2)


async def test_a_ticket_is_good_for_one_connection_within_thirty_seconds(box: SlackBox) -> None:
    async with aiohttp.ClientSession() as session:
        address = await open_address(box)
        async with session.ws_connect(address) as socket:
            hello = await socket.receive_json()
        assert (hello["type"], hello["num_connections"]) == ("hello", 1)
        late = await open_address(box)
        box.clock.advance(31)
        for dead in (address, late, address.split("?")[0]):
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(dead)


async def test_the_eleventh_socket_sends_another_one_away(box: SlackBox) -> None:
    async with aiohttp.ClientSession() as session:
        sockets = []
        for _ in range(11):
            sockets.append(await session.ws_connect(await open_address(box)))
            await sockets[-1].receive_json()
        told = await sockets[0].receive_json()
        assert (told["type"], told["reason"]) == ("disconnect", "too_many_websockets")
        for socket in sockets:
            await socket.close()


async def test_pings_are_echoed_with_their_payload(box: SlackBox) -> None:
    address = await open_address(box)
    async with aiohttp.ClientSession() as session, session.ws_connect(address, autoping=False) as socket:
        await socket.receive_json()
        await socket.ping(b"sdk-ping-pong:1.5")
        pong = await socket.receive()
    assert (pong.type, pong.data) == (aiohttp.WSMsgType.PONG, b"sdk-ping-pong:1.5")


async def test_an_event_nobody_heard_is_sent_again_at_once_after_one_minute_and_after_five(
    box: SlackBox, heard: Heard
) -> None:
    await box.post("bob", "#incidents", "@netcheck dns prod")

    def attempts(number: int) -> list[str]:
        return [e["outcome"] for e in box.socket.delivered if e.get("retry_attempt") == number]

    await box.until(lambda: attempts(1) == ["dispatch_failed"] * 2)
    async with connected(box, heard):
        box.clock.advance(60)
        await box.until(lambda: attempts(2) == ["acknowledged"] * 2)
        box.clock.advance(300)
        await box.command("alice", "#incidents", "status")
    assert attempts(3) == []
    assert len(heard.mentions) == 1


async def test_socket_mode_switched_off_closes_and_refuses(box: SlackBox) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(await open_address(box)) as socket:
        await socket.receive_json()
        box.socket.disconnect("link_disabled")
        assert (await socket.receive_json())["reason"] == "link_disabled"
        with pytest.raises(SlackApiError, match="link_disabled"):
            await open_address(box)


async def test_only_an_app_token_opens_connections(box: SlackBox, client: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        await client.apps_connections_open(app_token=box.bot_token)
    with pytest.raises(SlackApiError, match="invalid_auth"):
        await client.apps_connections_open(app_token="xapp-1-somebody-else")
