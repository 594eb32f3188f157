"""The page's way into the box: a token, this machine and this site only; and what each person may see there."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.box import SlackBox
from tests.playground.slack.bolt import Heard, connected


@pytest.fixture
async def page(box: SlackBox) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(box.base_url, headers={"X-Playground-Token": box.page_token}) as session:
        yield session


async def state(page: aiohttp.ClientSession, person: str, channel: str = "C0GENERAL", **more: str) -> dict[str, Any]:
    async with page.get("/control/state", params={"as": person, "channel": channel, **more}) as answer:
        return dict(await answer.json())


async def act(page: aiohttp.ClientSession, path: str, **body: Any) -> dict[str, Any]:
    async with page.post(f"/control/{path}", json=body) as answer:
        return dict(await answer.json())


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example:80"}, {"Host": "127.0.0.1:1"}, {"Origin": "http://evil.example"}, {"Origin": "null"}],
)
async def test_another_site_gets_nothing(page: aiohttp.ClientSession, headers: dict[str, str]) -> None:
    for path in ("/", "/control/panel", "/api/auth.test"):
        async with page.get(path, headers=headers) as answer:
            assert answer.status == 403


async def test_the_controls_need_the_token_and_the_page_forbids_foreign_content(box: SlackBox) -> None:
    async with aiohttp.ClientSession(box.base_url) as stranger:
        for path in ("/control/state", "/control/changes", "/control/panel", "/control/files/F1"):
            async with stranger.get(path, params={"token": "guess"}) as answer:
                assert answer.status == 403
        async with stranger.post("/control/write", json={"as": "alice"}) as answer:
            assert answer.status == 403
        async with stranger.get("/") as answer:
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
            assert "not Slack" in await answer.text()
        async with stranger.get("/page/..%2fslack%2fbox.py") as answer:
            assert answer.status == 404


async def test_only_a_loopback_address_is_listened_on() -> None:
    with pytest.raises(ValueError, match="loopback"):
        await SlackBox().start("0.0.0.0")


async def test_everyone_sees_their_own_channels_and_their_own_whispers(
    box: SlackBox, page: aiohttp.ClientSession, client: AsyncWebClient
) -> None:
    await client.chat_postEphemeral(channel="C0GENERAL", user="U0ALICE", text="only you")
    alice, eve = await state(page, "alice"), await state(page, "eve")
    assert [m["text"] for m in alice["messages"]] == ["only you"]
    assert eve["messages"] == []
    assert "secret-ops" in [c["name"] for c in alice["channels"]]
    assert "secret-ops" not in [c["name"] for c in eve["channels"]]
    assert (await state(page, "eve", "G0SECRET"))["error"] == "not_in_channel"


async def test_the_composer_runs_commands_and_posts_messages(
    box: SlackBox, page: aiohttp.ClientSession, heard: Heard
) -> None:
    async with connected(box, heard):
        assert (await act(page, "write", **{"as": "alice"}, channel="C0GENERAL", text="/netcheck dns prod"))["ok"]
        root = await box.until(lambda: next((m for m in box.messages("#general") if m.text == "done"), None))
        await act(page, "click", **{"as": "bob"}, channel="C0GENERAL", ts=root.ts, action_id="go")
        await box.until(lambda: root.text == "approved")
        await act(page, "write", **{"as": "bob"}, channel="C0GENERAL", text="thanks", thread_ts=root.ts)
        drawn = await state(page, "eve", thread=root.ts)
        assert [m["text"] for m in drawn["thread"]] == ["approved", "thanks"]
        unknown = await act(page, "write", **{"as": "bob"}, channel="C0GENERAL", text="/deploy")
        assert unknown == {"ok": False, "error": "unknown_command"}


async def test_the_stream_tells_of_every_change(box: SlackBox, page: aiohttp.ClientSession) -> None:
    async with page.get("/control/changes") as stream:
        assert (await stream.content.readline()).startswith(b"data: ")
        await stream.content.readline()
        await box.post("bob", "#general", "hello")
        newest, told = box.workspace.revision, -1
        async with asyncio.timeout(10):
            while told < newest:  # changes close together may be told one by one or as one
                line = await stream.content.readline()
                assert line, "the stream ended"
                told = int(line.removeprefix(b"data: ")) if line.strip() else told


async def test_the_panel_shows_what_the_surrounding_program_offers(
    box: SlackBox, page: aiohttp.ClientSession
) -> None:
    async with page.get("/control/panel") as answer:
        assert await answer.json() == {}
    chosen: list[str] = []

    async def panel() -> dict[str, Any]:
        return {"scenarios": [{"name": "healthy", "title": "All is well", "active": True}], "hints": []}

    async def choose(name: str) -> None:
        chosen.append(name)

    box.panel, box.choose = panel, choose
    async with page.get("/control/panel") as answer:
        assert (await answer.json())["scenarios"][0]["name"] == "healthy"
    assert (await act(page, "scenario", name="healthy"))["ok"]
    assert chosen == ["healthy"]


async def test_the_knobs_turn(box: SlackBox, page: aiohttp.ClientSession) -> None:
    before = box.clock.now()
    assert (await act(page, "knob", knob="rates", to="storm"))["ok"]
    assert (await act(page, "knob", knob="advance", to="60"))["ok"]
    assert (await act(page, "knob", knob="status", to="503"))["ok"]
    assert (await act(page, "knob", knob="volume", to="11"))["error"] == "unknown_knob"
    assert box.rates.mode == "storm"
    assert box.clock.now() >= before + 60
    assert box.faults.status == 503
