"""The page in a real browser: what a person does in the first minute, and that hostile text stays text."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.box import SlackBox
from tests.browser import Page, open_browser
from tests.playground.slack.bolt import Heard, connected, section

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)> &lt;script&gt;alert(2)&lt;/script&gt; <javascript:alert(3)|click me> <!channel>"


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with open_browser(tmp_path) as opened:
        yield opened


async def test_a_person_types_a_command_sees_the_message_and_clicks_its_button(
    box: SlackBox, heard: Heard, page: Page
) -> None:
    async with connected(box, heard):
        await page.goto(box.page_url)
        await page.wait_for("document.getElementById('connection').className === 'up'")
        await page.click("#write-channel")
        await page.type("/netcheck dns prod")
        await page.press_enter()
        await page.wait_for("document.querySelector('#messages button[data-action=go]')")
        await page.wait_for("document.querySelector('#messages article').innerText.includes('done')")
        await page.click("#messages button[data-action=go]")
        await page.wait_for("document.querySelector('#messages article').innerText.includes('approved')")
    assert heard.clicks[0]["user"]["id"] == "U0ALICE"
    assert page.problems == []


async def test_a_reply_in_the_thread_and_another_person_at_the_keyboard(
    box: SlackBox, heard: Heard, page: Page
) -> None:
    async with connected(box, heard):
        root = await box.post("alice", "#incidents", "is DNS down?")
        await page.goto(box.page_url)
        await page.wait_for("document.querySelector('#messages article')")
        await page.click("#messages .quiet")
        await page.wait_for("!document.getElementById('thread').hidden")
        await page.evaluate("""(() => { const who = document.getElementById('identity');
            who.value = 'U0BOB'; who.dispatchEvent(new Event('change')); })()""")
        await page.click("#write-thread")
        await page.type("@netcheck dns prod")
        await page.press_enter()
        await page.wait_for("document.querySelectorAll('#replies article').length === 3")
    assert [m.user for m in box.thread("#incidents", root.ts)] == ["U0BOB", "U0NETCHECK"]
    assert page.problems == []


async def test_a_modal_keeps_what_was_typed_when_it_is_refused(box: SlackBox, heard: Heard, page: Page) -> None:
    async with connected(box, heard):
        await page.goto(box.page_url)
        await page.wait_for("document.getElementById('connection').className === 'up'")
        await page.click("#write-channel")
        await page.type("/netcheck form")
        await page.press_enter()
        await page.wait_for("document.getElementById('modal').open")
        await page.click("#modal input")
        await page.type("bad")
        await page.click("#modal button[type=submit]")
        await page.wait_for("document.querySelector('#modal .error')?.textContent === 'say more'")
        assert await page.evaluate("document.querySelector('#modal input').value") == "bad"
        await page.type("ly broken")
        await page.press_enter()
        await page.wait_for("!document.getElementById('modal').open")
    assert heard.notes == ["badly broken"]


async def test_hostile_text_stays_text_and_a_ping_to_everybody_stands_out(
    box: SlackBox, client: AsyncWebClient, page: Page
) -> None:
    await client.chat_postMessage(channel="C0INCIDENTS", text="fallback text", blocks=[section(HOSTILE)])
    await page.goto(box.page_url)
    await page.wait_for("document.querySelector('#messages article')")
    shown = await page.evaluate("document.querySelector('#messages .body').innerText")
    assert "<script>alert(2)</script>" in shown
    assert await page.evaluate("document.querySelectorAll('#messages .body a, #messages .body img').length") == 0
    assert "@channel" in await page.evaluate("document.querySelector('.badge.alarm').innerText")
    await page.click("#fallback")
    await page.wait_for("document.querySelector('.fallback')?.innerText.includes('fallback text')")
    assert page.problems == []


async def test_the_page_says_when_its_token_is_no_longer_good(box: SlackBox, page: Page) -> None:
    await page.goto(f"{box.base_url}/?token=old")
    await page.wait_for("!document.getElementById('ended').hidden")
