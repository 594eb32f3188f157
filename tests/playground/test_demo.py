"""The demo: what its page offers fits the cluster that was chosen, and what was tried there is seen again."""

from pathlib import Path

import pytest

from bot.playground.demo import playing
from tests.browser import open_browser

ROWS = "[...document.querySelectorAll('#replies table tr')].map((row) => [...row.children].map((cell) => "  \
       "[cell.querySelector('[role=img]')?.getAttribute('aria-label') || '', cell.innerText.trim()]))"


async def test_the_line_to_type_is_that_of_the_scenario(tmp_path: Path) -> None:
    async with playing(scenario="conn-policy", folder=tmp_path) as demo:
        assert demo.line == "/netcheck connectivity prod from=netcheck-shop/client to=netcheck-shop/web"
        await demo.choose("dns-selector")
        panel = await demo.panel()
    assert panel["hints"][0]["text"] == "/netcheck dns prod"
    assert [entry["name"] for entry in panel["scenarios"] if entry["active"]] == ["dns-selector"]


@pytest.mark.browser
async def test_the_matrix_of_what_was_tried_stands_in_the_thread_with_its_failing_cells_marked(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    async with playing(scenario="dns-selector", folder=tmp_path / "demo") as demo, open_browser(tmp_path) as page:
        await page.goto(demo.slack.page_url)
        await page.wait_for("document.getElementById('connection').className === 'up'")
        await demo.choose("conn-overlay-flannel")
        await page.click("#write-channel")
        await page.type(demo.line)
        await page.press_enter()
        await page.wait_for("document.querySelector('#messages article')?.innerText.includes('broken')", 30)
        await page.evaluate("document.querySelector('#messages [data-focus=reply]').click()")
        await page.wait_for("document.querySelector('#replies table')", 18)
        (_, *names), *rows = await page.evaluate(ROWS)
        assert page.problems == []
    red, green = ["large red square", "no answer"], ["large green square", "ok"]
    told = {row[0][1]: row[1:] for row in rows}
    assert [word for _, word in names] == ["API server on n1", "pod on n1", "pod on n2"]
    assert told["pods on n1"] == [green, green, red]
    assert told["pods on n2"] == [red, red, green]
    assert told["node n2"][1:] == [green, green]
