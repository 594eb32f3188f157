"""`SlackBox`: a whole workspace behind one loopback port, and the hands with which tests and the demo use it.

    box = SlackBox()
    await box.start()
    client = AsyncWebClient(box.bot_token, base_url=box.api_url)       # for AsyncApp; box.app_token for Socket Mode
    await box.command("alice", "#incidents", "dns prod")
    await box.until(lambda: box.messages("#incidents"))

`faults`, `rates` and `clock` are the knobs, `acts` what administrators do (archive, kick, uninstall …), `socket` the
connections, `calls` what was asked and answered.
"""

import ipaddress
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.playground.slack.acts import Acts
from bot.playground.slack.api import WebApi
from bot.playground.slack.clicks import Clicks
from bot.playground.slack.clock import Clock
from bot.playground.slack.commands import Commands
from bot.playground.slack.control import Control
from bot.playground.slack.events import Events
from bot.playground.slack.faults import Faults
from bot.playground.slack.files import Files
from bot.playground.slack.messages import Message
from bot.playground.slack.outcome import Outcome
from bot.playground.slack.rates import Mode, Rates
from bot.playground.slack.refusal import Json
from bot.playground.slack.responses import Responses
from bot.playground.slack.site import local_only, page_routes
from bot.playground.slack.socket import SocketMode
from bot.playground.slack.submissions import Submissions
from bot.playground.slack.tickets import Tickets
from bot.playground.slack.transfers import Transfers
from bot.playground.slack.views import Views
from bot.playground.slack.workspace import Workspace
from bot.playground.slack.world import MINIMAL_SCOPES, World

UPLOAD_BYTES = 64 * 1024 * 1024


class SlackBox:
    """`panel` and `choose` belong to the program around the box: what its page offers beside Slack, and what happens
    when somebody picks from it. `panel` gives `{"scenarios": [{"name", "title", "active"}], "hints": [{"text",
    "label"}]}`; without it the page shows nothing of the kind."""

    def __init__(self, *, scopes: frozenset[str] = MINIMAL_SCOPES, commands: tuple[str, ...] = ("/netcheck",),
                 rates: Mode = "realistic") -> None:  # fmt: skip
        clock = Clock()
        self.clock = clock
        self.world = World(
            clock=clock, workspace=Workspace(clock), rates=Rates(clock, rates), tickets=Tickets(clock), views=Views(),
            files=Files(), faults=Faults(), bot_token=f"xoxb-{secrets.token_hex(12)}", scopes=scopes,
            app_token=f"xapp-1-A0NETCHECK-{secrets.token_hex(12)}",
        )  # fmt: skip
        self.workspace = self.world.workspace
        self.faults = self.world.faults
        self.rates = self.world.rates
        self.socket = SocketMode(self.world)
        self.events = Events(self.world, self.socket)
        self.workspace.emit = self.events.message
        self.acts = Acts(self.world, self.events)
        self.commands = Commands(self.world, self.socket, commands)
        self.clicks = Clicks(self.world, self.socket)
        self.submissions = Submissions(self.world, self.socket)
        self.page_token = secrets.token_urlsafe(18)
        self.panel: Callable[[], Awaitable[Json]] | None = None
        self.choose: Callable[[str], Awaitable[None]] | None = None
        self._api = WebApi(self.world)
        self._runner: web.AppRunner | None = None

    @property
    def base_url(self) -> str:
        return self.world.base_url

    @property
    def api_url(self) -> str:
        return f"{self.world.base_url}/api/"

    @property
    def page_url(self) -> str:
        """The address of the page, with the token that opens its controls."""
        return f"{self.world.base_url}/?token={self.page_token}"

    @property
    def bot_token(self) -> str:
        return self.world.bot_token

    @property
    def app_token(self) -> str:
        return self.world.app_token

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Every Web API call so far: its method and `ok` or the error."""
        return self._api.calls

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen on a loopback address; port 0 takes a free one."""
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"the Slack box was asked to listen on {host}; it takes a loopback address only")
        runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        self._runner = runner
        await web.TCPSite(runner, host, port).start()
        self.world.base_url = f"http://{host}:{runner.addresses[0][1]}"

    async def stop(self) -> None:
        self.workspace.close()
        await self.events.stop()
        await self.socket.stop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _application(self) -> web.Application:
        app = web.Application(middlewares=[local_only], client_max_size=UPLOAD_BYTES)
        transfers = Transfers(self.world)
        app.router.add_route("*", "/api/{method}", self._api.respond)
        app.router.add_get("/link/", self.socket.respond)
        app.router.add_post("/response/{place}", Responses(self.world).respond)
        app.router.add_post("/upload/v1/{place}", transfers.upload)
        app.router.add_get("/files/{file}/{name}", transfers.download)
        app.add_routes(page_routes())
        control = Control(
            token=self.page_token, commands=self.commands, clicks=self.clicks, submissions=self.submissions,
            panel=lambda: self.panel, choose=lambda: self.choose,
        )  # fmt: skip
        app.add_routes(control.routes())
        return app

    async def command(self, user: str, channel: str, text: str, name: str = "/netcheck") -> Outcome:
        """Type a slash command; returns when it was acknowledged or failed."""
        return await self.commands.run(user, channel, text, name)

    async def post(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> Message:
        """Say something, in a thread if asked; `@netcheck …` in it mentions the bot."""
        return self.commands.say(user, channel, text, thread_ts)

    async def click(self, user: str, channel: str, ts: str, action_id: str, *, value: str | None = None,
                    block_id: str | None = None) -> Outcome:  # fmt: skip
        return await self.clicks.on_message(user, channel, ts, action_id, value=value, block_id=block_id)

    async def submit(self, user: str, view_id: str, values: dict[str, str | None]) -> Outcome:
        """Fill a modal in (values by action_id) and submit it."""
        return await self.submissions.submit(user, view_id, values)

    def messages(self, channel: str) -> list[Message]:
        """What everybody sees in the channel itself, oldest first: roots and broadcast replies."""
        return [m for m in self.workspace.listed(self.workspace.channel(channel).id) if m.in_channel]

    def thread(self, channel: str, ts: str) -> list[Message]:
        """The replies under `ts`, oldest first."""
        return self.workspace.replies(self.workspace.channel(channel).id, ts)

    def whispers(self, user: str, channel: str) -> list[Message]:
        """What only `user` sees there: ephemeral messages and Slack's own error lines."""
        who, place = self.workspace.user(user).id, self.workspace.channel(channel).id
        return [m for m in self.workspace.messages[place].values() if m.visible_to == who]

    async def until(self, condition: Callable[[], Any], timeout: float = 10) -> Any:
        """Wait until `condition()` holds, looking after each change, and give its value."""
        return await self.workspace.until(condition, timeout)
