"""The Events API: which events the app is subscribed to, and their delivery with retries [D apis/events-api].

An event that is not acknowledged is sent again at once, after one minute and after five, marked with `retry_attempt`
and `retry_reason`; the same holds for events of a time in which no socket was open.
"""

import asyncio
import secrets

from bot.playground.slack.cast import APP_ID, BOT_USER_ID, TEAM_ID
from bot.playground.slack.refusal import Json
from bot.playground.slack.socket import SocketMode
from bot.playground.slack.world import World

RETRY_AFTER = (0.0, 60.0, 300.0)
HISTORY_SCOPE = {"channel": "channels:history", "group": "groups:history", "im": "im:history"}


class Events:
    def __init__(self, world: World, socket: SocketMode) -> None:
        self.world = world
        self.socket = socket
        self._tasks: set[asyncio.Task[None]] = set()

    def message(self, event: Json) -> None:
        """A message was posted, edited or deleted. The app hears of its own too, and must drop them itself."""
        channel = self.world.workspace.channels[event["channel"]]
        if BOT_USER_ID not in channel.members:
            return
        if HISTORY_SCOPE[event["channel_type"]] in self.world.scopes:
            self.send({name: value for name, value in event.items() if value is not None})
        mentioned = f"<@{BOT_USER_ID}>" in str(event.get("text", "")) and event.get("user") != BOT_USER_ID
        if mentioned and "subtype" not in event and channel.kind != "im" and "app_mentions:read" in self.world.scopes:
            said = {name: value for name, value in event.items() if name != "channel_type" and value is not None}
            self.send(said | {"type": "app_mention"})

    def send(self, event: Json) -> None:
        task = asyncio.ensure_future(self._deliver(event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, event: Json) -> None:
        body = self._callback(event)
        started = self.world.clock.now()
        delivery = await self.socket.deliver("events_api", body, answerable=False, retry_attempt=0, retry_reason="")
        for attempt, after in enumerate(RETRY_AFTER, start=1):
            if delivery.failure is None:
                return
            await self.world.clock.sleep_until(started + after)
            more = {"retry_attempt": attempt, "retry_reason": "timeout"}
            delivery = await self.socket.deliver("events_api", body, answerable=False, **more)

    def _callback(self, event: Json) -> Json:
        authorization = {"enterprise_id": None, "team_id": TEAM_ID, "user_id": BOT_USER_ID, "is_bot": True,
                         "is_enterprise_install": False}  # fmt: skip
        return {
            "token": "unused", "team_id": TEAM_ID, "api_app_id": APP_ID, "event": event, "type": "event_callback",
            "event_id": "Ev" + secrets.token_hex(5).upper(), "event_time": int(self.world.clock.now()),
            "authorizations": [authorization], "is_ext_shared_channel": False, "event_context": secrets.token_hex(12),
        }  # fmt: skip

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
