"""What one person sees in one conversation, as JSON for the page. A pure look at the workspace."""

from bot.playground.slack.cast import Channel, User
from bot.playground.slack.messages import Message
from bot.playground.slack.outcome import own_channel
from bot.playground.slack.refusal import Json
from bot.playground.slack.world import World


def draw(world: World, user: str, channel: str, thread: str | None) -> Json:
    who, place = own_channel(world, user, channel)
    workspace = world.workspace
    view, home = world.views.top(who.id), world.views.homes.get(who.id)
    return {
        "ok": True,
        "revision": workspace.revision,
        "me": who.id,
        "users": {u.id: {"name": u.name, "real_name": u.real_name, "title": u.title, "is_bot": u.is_bot}
                  for u in workspace.users.values()},
        "groups": {g.id: {"handle": g.handle, "users": g.users} for g in workspace.groups.values()},
        "channels": [_channel(world, who, c) for c in workspace.channels.values() if who.id in c.members],
        "names": {c.id: c.name for c in workspace.channels.values() if c.kind != "im"},
        "channel": place.id,
        "messages": [_message(world, m) for m in _visible(world, place, who) if m.in_channel],
        "thread": _thread(world, place, who, thread),
        "view": view.to_page() if view else None,
        "home": home.to_page() if home else None,
        "rates": {"mode": world.rates.mode, "refused": world.rates.refused},
        "pings": workspace.pings,
    }  # fmt: skip


def _channel(world: World, who: User, channel: Channel) -> Json:
    last = max((m.ts for m in _visible(world, channel, who) if m.user != who.id), default="")
    name = "netcheck" if channel.kind == "im" else channel.name
    return {"id": channel.id, "name": name, "kind": channel.kind, "topic": channel.topic, "last": last,
            "archived": channel.archived, "members": len(channel.members)}  # fmt: skip


def _visible(world: World, channel: Channel, who: User) -> list[Message]:
    seen = [m for m in world.workspace.messages[channel.id].values() if m.visible_to in (None, who.id)]
    return sorted(seen, key=lambda message: message.ts)


def _message(world: World, message: Message) -> Json:
    return message.to_page() | world.workspace.thread_counters(message)


def _thread(world: World, channel: Channel, who: User, thread: str | None) -> list[Json] | None:
    """The root and everything under it, or None when no thread is open or its root is gone."""
    root = world.workspace.find(channel.id, thread) if thread else None
    if root is None or root.visible_to not in (None, who.id):
        return None
    under = [m for m in _visible(world, channel, who) if m.is_reply and m.thread_ts == root.ts]
    return [_message(world, m) for m in [root, *under]]
