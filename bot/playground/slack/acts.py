"""What people and administrators do to a workspace while a bot is at work: archive, remove, uninstall.

Each changes the state and sends the event that goes with it [D reference/events]; what a bot may rely on is the error
of its next call, for events get lost.
"""

from bot.playground.slack.cast import BOT_USER_ID
from bot.playground.slack.events import Events
from bot.playground.slack.world import World


class Acts:
    def __init__(self, world: World, events: Events) -> None:
        self.world = world
        self.events = events

    def archive(self, channel: str, *, on: bool = True) -> None:
        place = self.world.workspace.channel(channel)
        place.archived = on
        self.world.workspace.touch()
        kind = "channel_archive" if on else "channel_unarchive"
        self.events.send({"type": kind, "channel": place.id, "user": "U0ALICE", "event_ts": self._ts()})

    def delete_channel(self, channel: str) -> None:
        """From now on nobody finds it: `channel_not_found`."""
        place = self.world.workspace.channel(channel)
        del self.world.workspace.channels[place.id]
        self.world.workspace.touch()
        self.events.send({"type": "channel_deleted", "channel": place.id, "event_ts": self._ts()})

    def kick(self, channel: str) -> None:
        """Remove the bot from a channel."""
        self.world.workspace.channel(channel).members.remove(BOT_USER_ID)
        self.world.workspace.touch()

    def delete_message(self, channel: str, ts: str) -> None:
        """As an administrator may, whoever wrote it."""
        place = self.world.workspace.channel(channel)
        message = self.world.workspace.find(place.id, ts)
        if message is None:
            raise KeyError(f"there is no message {ts} in {channel} to delete")
        self.world.workspace.remove(message)

    def uninstall(self) -> None:
        """Every token is revoked, and the app is told once."""
        self.world.faults.token_error = "token_revoked"
        self.events.send({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [BOT_USER_ID]},
                          "event_ts": self._ts()})  # fmt: skip

    def _ts(self) -> str:
        return self.world.workspace.new_ts()
