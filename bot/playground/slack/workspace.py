"""The state of the workspace: who is in it, what was said, what is shown to whom; and who wants to hear of changes.

It knows nothing of HTTP or sockets. Every change is reported to the listeners (the page's stream, tests that wait),
and every message event to `emit`, which the box connects to the Events API.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from bot.playground.slack import cast
from bot.playground.slack.clock import Clock
from bot.playground.slack.messages import Message, find_pings
from bot.playground.slack.refusal import Json, RefusalError


class Workspace:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.users = {user.id: user for user in cast.people()}
        self.groups = {group.id: group for group in cast.groups()}
        self.channels = {channel.id: channel for channel in cast.channels()}
        self.messages: dict[str, dict[str, Message]] = {channel: {} for channel in self.channels}
        self.revision = 0
        self.pings = 0
        self.closed = False
        self.emit: Callable[[Json], None] = lambda event: None
        self._changed = asyncio.Event()
        self._last_ts = 0

    def new_ts(self) -> str:
        """A message's name: seconds with six digits, never the same twice."""
        self._last_ts = max(int(self.clock.now() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def touch(self) -> None:
        self.revision += 1
        self._changed.set()
        self._changed = asyncio.Event()

    def changed(self) -> asyncio.Event:
        """The event of the next change. Take it before looking at the state, and no change is missed."""
        return self._changed

    def close(self) -> None:
        """Whoever listens for changes may go."""
        self.closed = True
        self.touch()

    async def until(self, condition: Callable[[], Any], timeout: float = 10) -> Any:
        """Wait until `condition()` is true (looked at after each change) and give what it returned."""
        async with asyncio.timeout(timeout):
            while not (value := condition()):
                await self.changed().wait()
            return value

    def user(self, name: str) -> cast.User:
        plain = name.removeprefix("@").lower()
        for user in self.users.values():
            if name == user.id or plain == user.name:
                return user
        raise RefusalError("user_not_found")

    def channel(self, name: str) -> cast.Channel:
        """By id, `#name` or plain name; a private one is found too (the caller decides who may see it)."""
        if name in self.channels:
            return self.channels[name]
        plain = name.removeprefix("#")
        for channel in self.channels.values():
            if channel.kind != "im" and channel.name == plain:
                return channel
        raise RefusalError("channel_not_found")

    def direct(self, user: str) -> cast.Channel:
        """The conversation between the bot and `user`."""
        if user not in self.users or self.users[user].is_bot:
            raise RefusalError("user_not_found")
        return next(c for c in self.channels.values() if c.kind == "im" and user in c.members)

    def find(self, channel: str, ts: str) -> Message | None:
        return self.messages[channel].get(ts)

    def add(self, message: Message) -> Message:
        if message.channel not in self.channels:
            raise RefusalError("channel_not_found")
        message.pings = find_pings(message.text, message.blocks)
        self.pings += len(message.pings)
        self.messages[message.channel][message.ts] = message
        self.touch()
        if message.visible_to is None and not message.system:
            self.emit(self.event(message.channel, **message.to_api()))
        return message

    def edit(self, message: Message, *, text: str, blocks: list[Json], attachments: list[Json]) -> None:
        if message.channel not in self.channels:
            raise RefusalError("channel_not_found")
        before = message.to_api()
        message.text, message.blocks, message.attachments = text, blocks, attachments
        message.pings = find_pings(text, blocks)
        self.touch()
        if message.visible_to is None:
            more = {"message": message.to_api(), "previous_message": before, "hidden": True}
            self.emit(self.event(message.channel, subtype="message_changed", ts=self.new_ts(), **more))

    def remove(self, message: Message) -> None:
        del self.messages[message.channel][message.ts]
        self.touch()
        if message.visible_to is None:
            more = {"previous_message": message.to_api(), "deleted_ts": message.ts, "hidden": True}
            self.emit(self.event(message.channel, subtype="message_deleted", ts=self.new_ts(), **more))

    def event(self, channel: str, **fields: Any) -> Json:
        kind = {"public": "channel", "private": "group", "im": "im"}[self.channels[channel].kind]
        return {"type": "message", "channel": channel, "channel_type": kind, "event_ts": fields.get("ts"), **fields}

    def listed(self, channel: str) -> list[Message]:
        """What history lists: nothing ephemeral, oldest first."""
        kept = [m for m in self.messages[channel].values() if m.visible_to is None and not m.system]
        return sorted(kept, key=lambda message: message.ts)

    def replies(self, channel: str, ts: str) -> list[Message]:
        return [m for m in self.listed(channel) if m.is_reply and m.thread_ts == ts]

    def thread_counters(self, root: Message) -> Json:
        """What the root of a thread carries in history and replies."""
        replies = self.replies(root.channel, root.ts)
        if not replies:
            return {}
        people = list(dict.fromkeys(reply.user for reply in replies))
        return {"thread_ts": root.ts, "reply_count": len(replies), "reply_users_count": len(people),
                "reply_users": people[:5], "latest_reply": replies[-1].ts, "is_locked": False}  # fmt: skip

    def tell(self, user: str, channel: str, text: str, *, blocks: list[Json] | None = None, system: bool = False,
             thread_ts: str | None = None) -> Message:  # fmt: skip
        """Show something to one person only. `system` is what Slack itself says, not the app."""
        speaker = "USLACKBOT" if system else cast.BOT_USER_ID
        return self.add(Message(channel=channel, ts=self.new_ts(), user=speaker, text=text, blocks=blocks or [],
                                thread_ts=thread_ts, visible_to=user, system=system))  # fmt: skip
