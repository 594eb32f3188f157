"""A real browser for tests: chromium without a window, driven through its DevTools protocol over a WebSocket.

Only what a test of a page needs: open, evaluate, wait for a condition, type, press, click, take a picture. Used by the
tests marked `browser`; `find_chromium` skips them loudly where no chromium is on the PATH.
"""

import asyncio
import base64
import contextlib
import itertools
import shutil
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
    program = await asyncio.create_subprocess_exec(
        find_chromium(), *arguments, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        address = await _debugger(program)
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://{address}/json/list") as answer:
                tab = next(entry for entry in await answer.json() if entry["type"] == "page")
            async with session.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                page = Page(socket)
                listening = asyncio.ensure_future(page.listen())
                yield page
                listening.cancel()
    finally:
        program.terminate()
        await program.wait()


async def _debugger(program: asyncio.subprocess.Process) -> str:
    """`DevTools listening on ws://127.0.0.1:PORT/…` is what chromium says when it is ready."""
    assert program.stderr is not None
    async with asyncio.timeout(30):
        async for line in program.stderr:
            if b"DevTools listening on ws://" in line:
                return line.decode().split("ws://", 1)[1].split("/", 1)[0]
    raise AssertionError("chromium ended before it listened")
