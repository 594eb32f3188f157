"""What the page may do: read what one person sees, act as that person, turn the knobs; all with the session's token.

    GET  /control/state?as=&channel=&thread=     everything that this person sees there
    GET  /control/changes                        a stream of revision numbers (server-sent events)
    POST /control/write|click|submit|close|knob  JSON; answers {"ok", "error"?}
    GET  /control/panel, POST /control/scenario  what the surrounding program offers
    GET  /control/files/{id}                     a file as plain text
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.playground.slack.arguments import Arguments, read_arguments
from bot.playground.slack.clicks import Clicks
from bot.playground.slack.commands import Commands
from bot.playground.slack.outcome import Outcome
from bot.playground.slack.picture import draw
from bot.playground.slack.refusal import Json, RefusalError
from bot.playground.slack.submissions import Submissions

KEEP_ALIVE_SECONDS = 15.0
Panel = Callable[[], Awaitable[Json]]
Choose = Callable[[str], Awaitable[None]]
Act = Callable[[Arguments], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """`panel` and `choose` give the hooks of the surrounding program as they are now, or None."""

    token: str
    commands: Commands
    clicks: Clicks
    submissions: Submissions
    panel: Callable[[], Panel | None]
    choose: Callable[[], Choose | None]

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/control/state", self._guarded(self._state)),
            web.get("/control/changes", self._guarded(self._changes)),
            web.get("/control/panel", self._guarded(self._panel)),
            web.get("/control/files/{file}", self._guarded(self._file)),
            web.post("/control/scenario", self._guarded(self._acting(self._choose))),
            web.post("/control/write", self._guarded(self._acting(self._write))),
            web.post("/control/click", self._guarded(self._acting(self._click))),
            web.post("/control/submit", self._guarded(self._acting(self._submit))),
            web.post("/control/close", self._guarded(self._acting(self._close))),
            web.post("/control/knob", self._guarded(self._acting(self._knob))),
        ]

    def _guarded(self, inner: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> Any:
        async def respond(request: web.Request) -> web.StreamResponse:
            given = request.headers.get("X-Playground-Token") or request.query.get("token", "")
            if not hmac.compare_digest(given.encode(), self.token.encode()):
                return web.json_response({"ok": False, "error": "wrong_page_token"}, status=403)
            try:
                return await inner(request)
            except RefusalError as refusal:
                return web.json_response(refusal.body())

        return respond

    def _acting(self, act: Act) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def respond(request: web.Request) -> web.StreamResponse:
            if request.content_type != "application/json":
                return web.json_response({"ok": False, "error": "json_expected"}, status=415)
            args, _ = await read_arguments(request)
            outcome = await act(args)
            return web.json_response({"ok": outcome.ok, "error": outcome.error})

        return respond

    async def _state(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        world = self.commands.world
        body = draw(world, query.get("as", "alice"), query.get("channel", "incidents"), query.get("thread") or None)
        more = {"commands": list(self.commands.names), "connections": len(self.commands.socket.connections)}
        return web.json_response(body | more)

    async def _changes(self, request: web.Request) -> web.StreamResponse:
        workspace = self.commands.world.workspace
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        shown = -1
        try:
            while not workspace.closed:
                changed = workspace.changed()
                if shown != workspace.revision:
                    shown = workspace.revision
                    await response.write(f"data: {shown}\n\n".encode())
                try:
                    async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                        await changed.wait()
                except TimeoutError:
                    await response.write(b": still here\n\n")
        except ConnectionError:
            pass
        return response

    async def _panel(self, request: web.Request) -> web.StreamResponse:
        panel = self.panel()
        return web.json_response(await panel() if panel is not None else {})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        file = self.commands.world.files.find(request.match_info["file"])
        text = (file.content or b"").decode(errors="replace")
        return web.Response(text=text, content_type="text/plain")

    async def _choose(self, args: Arguments) -> Outcome:
        choose = self.choose()
        if choose is None:
            return Outcome(error="no_scenarios")
        await choose(args.required("name"))
        self.commands.world.workspace.touch()
        return Outcome()

    async def _write(self, args: Arguments) -> Outcome:
        user, channel = args.required("as"), args.required("channel")
        return await self.commands.write(user, channel, args.text("text"), args.text("thread_ts") or None)

    async def _click(self, args: Arguments) -> Outcome:
        user, action, value = args.required("as"), args.required("action_id"), args.text("value") or None
        if args.has("view_id"):
            return await self.clicks.on_view(user, args.text("view_id"), action, value=value)
        place = args.required("channel"), args.required("ts")
        return await self.clicks.on_message(user, *place, action, value=value, block_id=args.text("block_id") or None)

    async def _submit(self, args: Arguments) -> Outcome:
        values = args.nested("values", "invalid_arguments") or {}
        return await self.submissions.submit(args.required("as"), args.required("view_id"), values)

    async def _close(self, args: Arguments) -> Outcome:
        return await self.submissions.close(args.required("as"), args.required("view_id"))

    async def _knob(self, args: Arguments) -> Outcome:
        """`rates` (off, realistic, storm), `advance` (seconds), `socket` (reset, or a reason to disconnect)."""
        world, socket = self.commands.world, self.commands.socket
        match args.text("knob"), args.text("to"):
            case "rates", ("off" | "realistic" | "storm") as mode:
                world.rates.mode = mode
            case "advance", _:
                world.clock.advance(args.whole("to", 0, 0, 86_400))
            case "socket", "reset":
                socket.reset()
            case "socket", ("warning" | "refresh_requested" | "link_disabled") as reason:
                socket.disconnect(reason)
            case "socket", "enable":
                world.faults.socket_mode_off = False
            case "status", code:
                world.faults.status = int(code) if code.isdigit() and code != "0" else None
            case _:
                return Outcome(error="unknown_knob")
        world.workspace.touch()
        return Outcome()
