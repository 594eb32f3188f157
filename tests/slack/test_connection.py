"""The socket comes back after everything that a socket meets, and an outage never ends the process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.playground.slack.box import SlackBox
from bot.slack.connection import Connection, close_client, make_client
from bot.slack.identity import Identity

PING = 0.3


@asynccontextmanager
async def connected(box: SlackBox, *, at_once: bool = True) -> AsyncIterator[Connection]:
    client = make_client(box.bot_token, box.api_url)
    identity = Identity(client, box.clock.now)
    app = AsyncApp(client=identity.bolt_client(), authorize=identity.for_bolt(), process_before_response=True)

    @app.command("/netcheck")
    async def hear(ack: AsyncAck) -> None:
        await ack(text="heard")

    connection = Connection(app, box.app_token, ping=PING)
    task = asyncio.create_task(connection.run())
    if at_once:
        await box.until(lambda: box.socket.connections)
    try:
        yield connection
    finally:
        task.cancel()
        await connection.close()
        await close_client(client)


@pytest.fixture
async def box() -> AsyncIterator[SlackBox]:
    box = SlackBox(rates="off")
    await box.start()
    yield box
    await box.stop()


async def heard(box: SlackBox, attempts: int = 100) -> bool:
    """Whether a command gets through within a while, as often as it has to be typed."""
    for _ in range(attempts):
        outcome = await box.command("alice", "#incidents", "dns")
        if outcome.ok:
            return True
        await asyncio.sleep(0.1)
    return False


async def test_commands_are_heard_and_it_says_that_it_is_connected(box: SlackBox) -> None:
    async with connected(box) as connection:
        assert await heard(box, 1)
        assert connection.describe() == (True, "connected; 1 of at most 10 connections of this app are open")


def reset(box: SlackBox) -> None:
    box.socket.reset()


def refresh(box: SlackBox) -> None:
    box.socket.disconnect("refresh_requested")


def refresh_with_two_failed_handshakes(box: SlackBox) -> None:
    box.faults.fail_handshakes = 2
    box.socket.disconnect("refresh_requested")


def refresh_while_the_api_is_failing(box: SlackBox) -> None:
    box.faults.fail_opens = 1
    box.socket.disconnect("refresh_requested")
    asyncio.get_running_loop().call_later(0.3, box.clock.advance, 11)


def silence(box: SlackBox) -> None:
    box.socket.swallow()


@pytest.mark.parametrize(
    "trouble", [reset, refresh, refresh_with_two_failed_handshakes, refresh_while_the_api_is_failing, silence]
)
async def test_it_comes_back_after(box: SlackBox, trouble: Callable[[SlackBox], None]) -> None:
    async with connected(box):
        before = box.socket.accepted
        trouble(box)
        await box.until(lambda: box.socket.accepted > before, timeout=20)
        assert await heard(box)


async def test_no_command_is_lost_while_the_connection_is_refreshed(box: SlackBox) -> None:
    async with connected(box):
        typed: list[Awaitable[object]] = [box.command("alice", "#incidents", "dns") for _ in range(3)]
        box.socket.disconnect("warning")
        typed += [box.command("alice", "#incidents", "dns") for _ in range(2)]
        outcomes = await asyncio.gather(*typed)
        assert all(getattr(outcome, "ok", False) for outcome in outcomes)
        assert len(box.socket.connections) <= 10


async def test_slack_being_down_at_the_start_is_waited_out(box: SlackBox) -> None:
    box.faults.status = 503
    async with connected(box, at_once=False) as connection:
        await box.until(lambda: not connection.connected)
        await asyncio.sleep(0)
        assert connection.describe()[0] is False
        box.faults.status = None
        await box.until(lambda: box.socket.connections, timeout=20)
        assert await heard(box)


async def test_a_token_that_slack_refuses_is_not_tried_over_and_over(box: SlackBox) -> None:
    box.faults.socket_mode_off = True
    async with connected(box, at_once=False) as connection:
        assert not await heard(box, 5)
        assert "link_disabled" in connection.describe()[1]
        opens = sum(name == "apps.connections.open" for name, _ in box.calls)
        assert opens == 1


async def test_a_post_is_never_retried_by_the_sdk_itself() -> None:
    client = make_client("xoxb-1", "http://127.0.0.1:1/api/")
    assert client.retry_handlers == []
    await close_client(client)
