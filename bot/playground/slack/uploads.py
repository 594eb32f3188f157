"""files.*: the methods over the file store (errors from [K] method pages)."""

import asyncio
from typing import Any

from bot.playground.slack.arguments import Arguments
from bot.playground.slack.cast import BOT_USER_ID
from bot.playground.slack.chat import postable_channel
from bot.playground.slack.files import SNIPPET_BYTES, File
from bot.playground.slack.messages import Message
from bot.playground.slack.refusal import Json, RefusalError, missing
from bot.playground.slack.world import World

_sharing: set[asyncio.Task[None]] = set()


async def get_upload_url(world: World, args: Arguments) -> Json:
    name = args.required("filename")
    length = args.whole("length", 0, 0, 1_000_000_000)
    if length == 0:
        raise RefusalError("missing_argument")
    if args.has("snippet_type") and length > SNIPPET_BYTES:
        raise RefusalError("snippet_too_large")
    file, place = world.files.reserve(name, length, world.clock.now())
    return {"upload_url": f"{world.base_url}/upload/v1/{place}", "file_id": file.id}


async def complete_upload(world: World, args: Arguments) -> Json:
    wanted = args.nested("files", "invalid_arguments")
    if not isinstance(wanted, list) or not wanted:
        raise missing("files")
    channel = postable_channel(world, args.text("channel_id")) if args.text("channel_id") else None
    if channel is not None and BOT_USER_ID not in channel.members:
        raise RefusalError("not_in_channel")
    files = [_complete(world, entry) for entry in wanted]
    answer = [file.to_api(world.base_url) for file in files]
    if channel is not None:
        task = asyncio.ensure_future(_share(world, files, channel.id, args))
        _sharing.add(task)
        task.add_done_callback(_sharing.discard)
    return {"files": answer}


def _complete(world: World, entry: Any) -> File:
    file = world.files.find(str(entry.get("id")) if isinstance(entry, dict) else "")
    if file.content is None or file.completed:
        raise RefusalError("file_not_found")
    file.completed = True
    file.title = str(entry.get("title") or file.name)
    return file


async def _share(world: World, files: list[File], channel_id: str, args: Arguments) -> None:
    """The message with the files comes after the answer, as at Slack [I python-slack-sdk #1329]."""
    if world.faults.file_share_delay:
        await world.clock.sleep(world.faults.file_share_delay)
    workspace = world.workspace
    channel = workspace.channels.get(channel_id)
    if channel is None:  # deleted meanwhile
        return
    thread_ts = args.text("thread_ts") or None
    ts = workspace.new_ts()
    kind = "private" if channel.kind != "public" else "public"
    for file in files:
        share = {"ts": ts, "channel_name": channel.name} | ({"thread_ts": thread_ts} if thread_ts else {})
        file.shares = {kind: {channel.id: [share]}}
    workspace.add(Message(
        channel=channel.id, ts=ts, user=BOT_USER_ID, text=args.text("initial_comment"), thread_ts=thread_ts,
        subtype="file_share", files=[file.to_api(world.base_url) for file in files],
    ))  # fmt: skip


async def info(world: World, args: Arguments) -> Json:
    return {"file": world.files.find(args.required("file")).to_api(world.base_url)}
