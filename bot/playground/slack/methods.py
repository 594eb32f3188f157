"""The table of Web API methods: what carries each out, the scopes of which one must be granted, its tier.

Tiers and scopes are those of the method pages [K]; a tier of None means "special" there. Whatever is not in this table
is answered with `unknown_method`, so that a bot which grows a new call finds out here.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from bot.playground.slack import chat, conversations, directory, uploads, view_methods
from bot.playground.slack.arguments import Arguments
from bot.playground.slack.cast import APP_ID
from bot.playground.slack.refusal import Json, RefusalError
from bot.playground.slack.world import World

Run = Callable[[World, Arguments], Awaitable[Json]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    run: Run
    scopes: tuple[str, ...] = ()
    tier: int | None = None
    token: Literal["bot", "app", "none"] = "bot"


async def open_connection(world: World, args: Arguments) -> Json:
    """A fresh one-time address for Socket Mode [K]."""
    if world.faults.socket_mode_off:
        raise RefusalError("link_disabled")
    if world.faults.take("fail_opens"):
        raise RefusalError("internal_error")
    place = world.base_url.replace("http://", "ws://", 1)
    return {"url": f"{place}/link/?ticket={world.tickets.new_socket()}&app_id={APP_ID}"}


READ = ("channels:read", "groups:read", "im:read", "mpim:read")
HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
WRITE = ("chat:write",)

METHODS: dict[str, Method] = {
    "api.test": Method(run=directory.api_test, tier=4, token="none"),
    "apps.connections.open": Method(run=open_connection, tier=3, scopes=("connections:write",), token="app"),
    "auth.test": Method(run=directory.auth_test),
    "chat.delete": Method(run=chat.delete, scopes=WRITE, tier=3),
    "chat.getPermalink": Method(run=chat.get_permalink),
    "chat.postEphemeral": Method(run=chat.post_ephemeral, scopes=WRITE, tier=4),
    "chat.postMessage": Method(run=chat.post_message, scopes=WRITE),
    "chat.update": Method(run=chat.update, scopes=WRITE, tier=3),
    "conversations.history": Method(run=conversations.history, scopes=HISTORY, tier=3),
    "conversations.info": Method(run=conversations.info, scopes=READ, tier=3),
    "conversations.join": Method(run=conversations.join, scopes=("channels:join",), tier=3),
    "conversations.list": Method(run=conversations.list_all, scopes=READ, tier=2),
    "conversations.members": Method(run=conversations.members, scopes=READ, tier=4),
    "conversations.open": Method(run=conversations.open_direct, scopes=("im:write", "mpim:write"), tier=3),
    "conversations.replies": Method(run=conversations.replies, scopes=HISTORY, tier=3),
    "files.completeUploadExternal": Method(run=uploads.complete_upload, scopes=("files:write",), tier=4),
    "files.getUploadURLExternal": Method(run=uploads.get_upload_url, scopes=("files:write",), tier=4),
    "files.info": Method(run=uploads.info, scopes=("files:read",), tier=4),
    "reactions.add": Method(run=directory.add_reaction, scopes=("reactions:write",), tier=3),
    "team.info": Method(run=directory.team_info, scopes=("team:read",), tier=3),
    "usergroups.list": Method(run=directory.usergroups_list, scopes=("usergroups:read",), tier=2),
    "usergroups.users.list": Method(run=directory.usergroups_users_list, scopes=("usergroups:read",), tier=2),
    "users.info": Method(run=directory.users_info, scopes=("users:read",), tier=4),
    "views.open": Method(run=view_methods.open_view, tier=4),
    "views.publish": Method(run=view_methods.publish, tier=4),
    "views.push": Method(run=view_methods.push, tier=4),
    "views.update": Method(run=view_methods.update, tier=4),
}
