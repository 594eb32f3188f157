"""A real browser for tests: chromium without a window, driven through its DevTools protocol over a WebSocket.

Only what a test of a page needs: open, evaluate, wait for a condition, type, press, click, take a picture. Used by the
tests marked `browser`; `find_chromium` skips them loudly where no chromium is on the PATH.
"""

import asyncio
import base64
import contextlib
import itertools
import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--mute-audio",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-port=0",
    "--no-proxy-server", "--remote-debugging-address=127.0.0.1",
)  # fmt: skip
ENTER = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}


def find_chromium() -> str:
    for name in NAMES:
        if path := shutil.which(name):
            return path
    pytest.skip("THE BROWSER TEST DID NOT RUN: no chromium on the PATH (Debian: apt-get install chromium)")


class Page:
    """One tab. `problems` collects what the page itself complained of: exceptions, refused content, console errors."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.problems: list[str] = []

    async def listen(self) -> None:
        async for frame in self._socket:
            message = frame.json()
            if "id" in message:
                self._waiting.pop(message["id"]).set_result(message)
            elif message["method"] == "Runtime.exceptionThrown":
                self.problems.append(str(message["params"]["exceptionDetails"]))
            elif message["method"] == "Log.entryAdded" and message["params"]["entry"]["level"] == "error":
                self.problems.append(str(message["params"]["entry"]))

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        await self._socket.send_json({"id": number, "method": method, "params": params})
        async with asyncio.timeout(20):
            message = await answer
        if "error" in message:
            raise AssertionError(f"the browser refused {method}: {message['error']}")
        return dict(message["result"])

    async def goto(self, address: str, width: int = 1280, height: int = 850) -> None:
        for domain in ("Page", "Runtime", "Log"):
            await self.ask(f"{domain}.enable")
        await self.resize(width, height)
        await self.ask("Page.navigate", url=address)

    async def resize(self, width: int, height: int) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self.ask("Emulation.setDeviceMetricsOverride", **size)

    async def evaluate(self, expression: str) -> Any:
        answer = await self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    async def wait_for(self, condition: str, seconds: float = 10) -> Any:
        """Until the expression is truthy; the browser itself looks again and again, so nothing is polled from here."""
        watch = f"""new Promise((resolve) => {{
            const end = performance.now() + {seconds * 1000};
            const look = () => {{
                let value = null;
                try {{ value = {condition}; }} catch (error) {{ value = null; }}
                if (value instanceof Object) value = true;
                if (value || performance.now() > end) resolve(value); else setTimeout(look, 20);
            }};
            look();
        }})"""
        value = await self.evaluate(watch)
        if not value:
            shown = await self.evaluate("document.body ? document.body.innerText : ''")
            raise AssertionError(f"never came true in the page: {condition}\n--- the page shows ---\n{shown}")
        return value

    async def click(self, selector: str) -> None:
        """With the mouse, at the middle of the element, as a person would: what covers it gets the click."""
        place = f"""(() => {{ const found = document.querySelector({selector!r});
            found.scrollIntoView({{block: 'center'}}); const box = found.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2]; }})()"""
        x, y = await self.evaluate(place)
        for kind in ("mousePressed", "mouseReleased"):
            await self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    async def type(self, text: str) -> None:
        await self.ask("Input.insertText", text=text)

    async def press_enter(self) -> None:
        await self.ask("Input.dispatchKeyEvent", type="keyDown", **ENTER)
        await self.ask("Input.dispatchKeyEvent", type="keyUp", **ENTER)

    async def picture(self, path: Path) -> None:
        answer = await self.ask("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(answer["data"]))


@contextlib.asynccontextmanager
async def open_browser(folder: Path) -> AsyncIterator[Page]:
    """A browser with a profile of its own in `folder`, gone at the end together with its children."""
    arguments = (*FLAGS, f"--user-data-dir={folder}", "about:blank")
    with (folder / "chromium.log").open("wb") as log:  # a pipe that nobody empties, or that a child keeps, ends no wait
        program = await asyncio.create_subprocess_exec(
            find_chromium(), *arguments, stdout=log, stderr=log, start_new_session=True
        )
    try:
        address = await _debugger(program, folder)
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://{address}/json/list") as answer:
                tab = next(entry for entry in await answer.json() if entry["type"] == "page")
            async with session.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                page = Page(socket)
                listening = asyncio.ensure_future(page.listen())
                yield page
                listening.cancel()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)  # asked to end, it may wait for its children forever
        await program.wait()


async def _debugger(program: asyncio.subprocess.Process, folder: Path) -> str:
    """Chromium writes the port it listens on into its profile when it is ready."""
    ready = folder / "DevToolsActivePort"
    async with asyncio.timeout(30):
        while not (ready.exists() and "\n" in ready.read_text()):
            assert program.returncode is None, (folder / "chromium.log").read_text(errors="replace")
            await asyncio.sleep(0.01)
    return f"127.0.0.1:{ready.read_text().splitlines()[0]}"
