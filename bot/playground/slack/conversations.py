"""conversations.*: what a bot may learn of channels and threads ([K] method pages).

Scopes hang on the kind of conversation (`channels:…`, `groups:…`, `im:…`), so each method asks for its own.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from bot.playground.slack.arguments import Arguments
from bot.playground.slack.cast import BOT_USER_ID, Channel
from bot.playground.slack.chat import visible_channel
from bot.playground.slack.messages import Message
from bot.playground.slack.refusal import Json, RefusalError
from bot.playground.slack.world import World

SCOPE_OF = {"public": "channels", "private": "groups", "im": "im"}
TYPE_OF = {"public": "public_channel", "private": "private_channel", "im": "im"}
PAGE = 1000
T = TypeVar("T")


def _readable(world: World, args: Arguments, right: str) -> Channel:
    channel = visible_channel(world, args.required("channel"))
    world.require(f"{SCOPE_OF[channel.kind]}:{right}")
    return channel


async def info(world: World, args: Arguments) -> Json:
    channel = _readable(world, args, "read").to_api(BOT_USER_ID)
    if not args.flag("include_num_members"):
        channel.pop("num_members", None)
    return {"channel": channel}


async def members(world: World, args: Arguments) -> Json:
    channel = _readable(world, args, "read")
    page, cursor = _page(channel.members, args, 100)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


async def list_all(world: World, args: Arguments) -> Json:
    wanted = args.text("types", "public_channel").replace(" ", "").split(",")
    if set(wanted) - {*TYPE_OF.values(), "mpim"}:
        raise RefusalError("invalid_types")
    found = []
    for channel in world.workspace.channels.values():
        known = channel.kind == "public" or BOT_USER_ID in channel.members
        if TYPE_OF[channel.kind] in wanted and known and not (channel.archived and args.flag("exclude_archived")):
            world.require(f"{SCOPE_OF[channel.kind]}:read")
            found.append(channel.to_api(BOT_USER_ID))
    page, cursor = _page(found, args, 100)
    return {"channels": page, "response_metadata": {"next_cursor": cursor}}


async def open_direct(world: World, args: Arguments) -> Json:
    people = [name for name in args.text("users").split(",") if name]
    if not people:
        raise RefusalError("users_list_not_supplied")
    if len(people) > 1:
        raise RefusalError("method_not_supported_for_channel_type")
    channel = world.workspace.direct(people[0])
    return {"channel": channel.to_api(BOT_USER_ID) if args.flag("return_im") else {"id": channel.id}}


async def join(world: World, args: Arguments) -> Json:
    channel = visible_channel(world, args.required("channel"))
    if channel.kind != "public":
        raise RefusalError("method_not_supported_for_channel_type")
    if channel.archived:
        raise RefusalError("is_archived")
    already = BOT_USER_ID in channel.members
    if not already:
        channel.members.append(BOT_USER_ID)
        world.workspace.touch()
    warning = {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
    return {"channel": channel.to_api(BOT_USER_ID), **(warning if already else {})}


def _member(world: World, args: Arguments) -> Channel:
    channel = _readable(world, args, "history")
    if BOT_USER_ID not in channel.members:
        raise RefusalError("not_in_channel")
    return channel


async def history(world: World, args: Arguments) -> Json:
    """Newest first; replies stand in their thread, except those that were broadcast."""
    channel = _member(world, args)
    found = [m for m in world.workspace.listed(channel.id) if m.in_channel and _between(m, args)]
    page, cursor = _page(found[::-1], args, 100)
    return _messages(world, args, page, cursor)


async def replies(world: World, args: Arguments) -> Json:
    """The root first, then its replies, oldest first. The ts of a reply gives that reply alone [E]."""
    channel = _member(world, args)
    ts = args.required("ts")
    root = world.workspace.find(channel.id, ts)
    thread = world.workspace.replies(channel.id, ts)
    if (root is None or root.visible_to is not None) and not thread:
        raise RefusalError("thread_not_found")
    found = [*([root] if root else []), *(m for m in thread if _between(m, args))]
    page, cursor = _page(found, args, PAGE)
    return _messages(world, args, page, cursor)


def _between(message: Message, args: Arguments) -> bool:
    for name in ("oldest", "latest"):
        if args.has(name) and not args.text(name).replace(".", "", 1).isdigit():
            raise RefusalError(f"invalid_ts_{name}")
    at, inclusive = float(message.ts), args.flag("inclusive")
    oldest, latest = float(args.text("oldest") or 0), float(args.text("latest") or "inf")
    return oldest < at < latest or (inclusive and at in (oldest, latest))


def _messages(world: World, args: Arguments, page: Sequence[Message], cursor: str) -> Json:
    whole = args.flag("include_all_metadata")
    shown = [m.to_api(include_metadata=whole) | world.workspace.thread_counters(m) for m in page]
    body: Json = {"messages": shown, "has_more": bool(cursor)}
    return body | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})


def _page(found: Sequence[T], args: Arguments, default: int) -> tuple[list[T], str]:
    """One page and the cursor of the next ("" at the end)."""
    limit = args.whole("limit", default, 1, PAGE, "invalid_limit")
    try:
        start = int(base64.b64decode(args.text("cursor"), validate=True).removeprefix(b"next:") or 0)
    except (ValueError, binascii.Error):
        raise RefusalError("invalid_cursor") from None
    end = start + limit
    cursor = base64.b64encode(f"next:{end}".encode()).decode() if end < len(found) else ""
    return list(found[start:end]), cursor
