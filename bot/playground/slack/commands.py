"""A person types: slash commands, messages, thread replies [D slash commands].

A command that nobody acknowledged in 3 s fails in front of the person with `operation_timeout`, one that could not be
delivered with `dispatch_failed`. Slack has no slash commands inside threads.
"""

from bot.playground.slack.cast import APP_ID, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, Channel, User
from bot.playground.slack.chat import UPDATE_TEXT, checked_content
from bot.playground.slack.messages import Message
from bot.playground.slack.outcome import Outcome, own_channel, response_url
from bot.playground.slack.refusal import Json, RefusalError
from bot.playground.slack.socket import SocketMode
from bot.playground.slack.typed import as_command, as_message
from bot.playground.slack.world import World


class Commands:
    def __init__(self, world: World, socket: SocketMode, names: tuple[str, ...]) -> None:
        self.world = world
        self.socket = socket
        self.names = names

    async def write(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> Outcome:
        """What the composer does with a line: a command when it starts with `/`, a message otherwise."""
        if not text.strip():
            return Outcome(error="no_text")
        if not text.startswith("/"):
            return Outcome(message=self.say(user, channel, text, thread_ts))
        name, _, rest = text.partition(" ")
        if thread_ts is not None:
            speaker, place = own_channel(self.world, user, channel)
            told = f"{name} is not supported in threads. Sorry!"
            self.world.workspace.tell(speaker.id, place.id, told, system=True, thread_ts=thread_ts)
            return Outcome(error="not_in_threads")
        return await self.run(user, channel, rest, name)

    def say(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> Message:
        """Post a message as a person; names and links become entities, as the real composer makes them."""
        workspace = self.world.workspace
        speaker, place = own_channel(self.world, user, channel)
        if place.archived:
            raise RefusalError("is_archived")
        body = as_message(workspace, text)
        return workspace.add(Message(channel=place.id, ts=workspace.new_ts(), user=speaker.id, text=body,
                                     thread_ts=thread_ts))  # fmt: skip

    async def run(self, user: str, channel: str, text: str, name: str = "/netcheck") -> Outcome:
        """Type `name text` and wait for what Slack would show at once: nothing, an answer, or a failure."""
        workspace = self.world.workspace
        speaker, place = own_channel(self.world, user, channel)
        if name not in self.names:
            workspace.tell(speaker.id, place.id, f"{name} is not a valid command.", system=True)
            return Outcome(error="unknown_command")
        payload = self._payload(speaker, place, name, text)
        delivery = await self.socket.deliver("slash_commands", payload, answerable=True)
        if delivery.failure is not None:
            told = f'{name} failed with the error "{delivery.failure}"'
            return Outcome(error=delivery.failure, message=workspace.tell(speaker.id, place.id, told, system=True))
        return self._show_answer(speaker, place, delivery.payload)

    def _payload(self, user: User, channel: Channel, name: str, text: str) -> Json:
        return {
            "token": "unused", "team_id": TEAM_ID, "team_domain": TEAM_DOMAIN, "channel_id": channel.id,
            "channel_name": channel.command_name, "user_id": user.id, "user_name": user.name, "command": name,
            "text": as_command(self.world.workspace, text), "api_app_id": APP_ID, "is_enterprise_install": "false",
            "response_url": response_url(self.world, channel.id, user.id, None),
            "trigger_id": self.world.tickets.new_trigger(user.id),
        }  # fmt: skip

    def _show_answer(self, user: User, channel: Channel, answer: Json) -> Outcome:
        """What was acknowledged with a payload: a message for the person, or for all with `in_channel`."""
        if not answer.get("text") and not answer.get("blocks"):
            return Outcome()
        workspace = self.world.workspace
        try:
            content = checked_content(
                str(answer.get("text") or ""), answer.get("blocks"), answer.get("attachments"), UPDATE_TEXT
            )
        except RefusalError as refusal:
            told = f'/netcheck failed with the error "{refusal.code}"'
            return Outcome(error=refusal.code, message=workspace.tell(user.id, channel.id, told, system=True))
        private = answer.get("response_type") != "in_channel"
        return Outcome(message=workspace.add(Message(
            channel=channel.id, ts=workspace.new_ts(), user=BOT_USER_ID, visible_to=user.id if private else None,
            **content,
        )))  # fmt: skip
