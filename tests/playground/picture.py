"""The picture at the head of README.md, made anew: `python -m tests.playground.picture`. Needs chromium."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.playground.demo import playing
from tests.browser import open_browser

FILE = Path(__file__).resolve().parent.parent.parent / "docs" / "img" / "thread.png"


async def make(file: Path, folder: Path) -> None:
    """What is broken, and the change that waits for its approval."""
    (folder / "demo").mkdir()
    async with playing(scenario="dns-selector", folder=folder / "demo") as demo, open_browser(folder) as page:
        await page.goto(demo.slack.page_url)
        await page.wait_for("document.getElementById('connection').className === 'up'")
        await page.click("#write-channel")
        await page.type(demo.line)
        await page.press_enter()
        await page.wait_for("document.querySelector('#messages article')?.innerText.includes('needs somebody')", 30)
        await page.evaluate("document.querySelector('#messages [data-focus=reply]').click()")
        await page.wait_for("document.getElementById('replies').innerText.includes('Approve this change')", 30)
        await page.ask("Emulation.setDeviceMetricsOverride", width=1360, height=900, deviceScaleFactor=1, mobile=False)
        for seen in ("#replies article:last-of-type", "button.place[aria-pressed=true][data-focus=scenario]"):
            await page.evaluate(f"document.querySelector('{seen}').scrollIntoView({{block: 'center'}})")
        await page.picture(file)


if __name__ == "__main__":
    with TemporaryDirectory() as temporary:
        asyncio.run(make(FILE, Path(temporary)))
