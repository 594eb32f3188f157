"""chat.*: posting, editing, deleting, ephemeral messages, permalinks (errors: [K] method pages; lengths: [D])."""

from typing import Any

from bot.playground.slack.arguments import Arguments
from bot.playground.slack.blocks import check_message
from bot.playground.slack.cast import BOT_USER_ID, Channel
from bot.playground.slack.messages import Message
from bot.playground.slack.refusal import Json, RefusalError
from bot.playground.slack.world import World

POST_TEXT = 40_000
UPDATE_TEXT = 4_000
MARKDOWN_TEXT = 12_000
ATTACHMENTS = 100
METADATA_BYTES = 8_000


def visible_channel(world: World, name: str) -> Channel:
    """The conversation as far as the bot may know it: a private one without it does not exist for it [K]."""
    workspace = world.workspace
    if name in workspace.users:
        return workspace.direct(name)
    channel = workspace.channel(name)
    if channel.kind != "public" and BOT_USER_ID not in channel.members:
        raise RefusalError("channel_not_found")
    return channel


def postable_channel(world: World, name: str) -> Channel:
    channel = visible_channel(world, name)
    if channel.archived:
        raise RefusalError("is_archived")
    if BOT_USER_ID not in channel.members and "chat:write.public" not in world.scopes:
        raise RefusalError("not_in_channel")
    return channel


def read_content(args: Arguments, *, text_limit: int | None) -> Json:
    """`text`, `blocks` and `attachments` of a message, checked. `text_limit` None: too long a text is cut."""
    text = args.text("text")
    blocks = args.nested("blocks", "invalid_blocks_format")
    if args.has("markdown_text"):
        if text or blocks:
            raise RefusalError("markdown_text_conflict")
        if len(args.text("markdown_text")) > MARKDOWN_TEXT:
            raise RefusalError("msg_too_long")
        blocks = [{"type": "markdown", "text": args.text("markdown_text")}]
    return checked_content(text, blocks, args.nested("attachments", "invalid_attachments"), text_limit)


def checked_content(text: str, blocks: Any, attachments: Any, text_limit: int | None) -> Json:
    if text_limit is not None and len(text) > text_limit:
        raise RefusalError("msg_too_long")
    if attachments is not None and not isinstance(attachments, list):
        raise RefusalError("invalid_attachments")
    if len(attachments or []) > ATTACHMENTS:
        raise RefusalError("too_many_attachments")
    kept = check_message(blocks) if blocks is not None else []
    for attachment in attachments or []:
        if isinstance(attachment, dict) and "blocks" in attachment:
            attachment["blocks"] = check_message(attachment["blocks"])
    if not text.strip() and not kept and not attachments:
        raise RefusalError("no_text")
    return {"text": text[:POST_TEXT], "blocks": kept, "attachments": attachments or []}


def read_metadata(args: Arguments) -> Json | None:
    metadata = args.nested("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
    if not isinstance(payload, dict) or not isinstance(metadata.get("event_type"), str):
        raise RefusalError("invalid_metadata_schema")
    if len(str(metadata)) > METADATA_BYTES:
        raise RefusalError("metadata_too_large")
    return dict(metadata)


async def post_message(world: World, args: Arguments) -> Json:
    channel = postable_channel(world, args.required("channel"))
    world.rates.check("chat.postMessage", None, channel.id)
    content = read_content(args, text_limit=None)
    thread_ts = args.text("thread_ts") or None
    if thread_ts and (root := world.workspace.find(channel.id, thread_ts)) is not None and root.visible_to:
        raise RefusalError("cannot_reply_to_message")
    broadcast = thread_ts is not None and args.flag("reply_broadcast")
    message = Message(
        channel=channel.id, ts=world.workspace.new_ts(), user=BOT_USER_ID, thread_ts=thread_ts,
        metadata=read_metadata(args), subtype="thread_broadcast" if broadcast else None, **content,
    )  # fmt: skip
    world.workspace.add(message)
    return {"channel": channel.id, "ts": message.ts, "message": message.to_api(include_metadata=True)}


def own_message(world: World, args: Arguments, refusal: str) -> Message:
    channel = visible_channel(world, args.required("channel"))
    message = world.workspace.find(channel.id, args.required("ts"))
    if message is None or message.visible_to is not None:
        raise RefusalError("message_not_found")
    if not message.by_bot:
        raise RefusalError(refusal)
    return message


async def update(world: World, args: Arguments) -> Json:
    """Archived gives `is_inactive` here, unlike posting [K]. Text without blocks takes the blocks away [E]."""
    message = own_message(world, args, "cant_update_message")
    if world.workspace.channels[message.channel].archived:
        raise RefusalError("is_inactive")
    if args.flag("reply_broadcast") and not message.is_reply:
        raise RefusalError("cant_broadcast_message")
    content = read_content(args, text_limit=UPDATE_TEXT)
    metadata = read_metadata(args)
    if metadata is not None:
        message.metadata = metadata
    if args.flag("reply_broadcast"):
        message.subtype = "thread_broadcast"
    message.edited = {"user": BOT_USER_ID, "ts": world.workspace.new_ts()}
    world.workspace.edit(message, **content)
    shown = message.to_api(include_metadata=True)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": shown}


async def delete(world: World, args: Arguments) -> Json:
    message = own_message(world, args, "cant_delete_message")
    world.workspace.remove(message)
    return {"channel": message.channel, "ts": message.ts}


async def post_ephemeral(world: World, args: Arguments) -> Json:
    channel = postable_channel(world, args.required("channel"))
    user = args.required("user")
    if BOT_USER_ID not in channel.members:
        raise RefusalError("not_in_channel")
    if user not in channel.members:
        raise RefusalError("user_not_in_channel")
    content = read_content(args, text_limit=UPDATE_TEXT)
    message = Message(channel=channel.id, ts=world.workspace.new_ts(), user=BOT_USER_ID, visible_to=user,
                      thread_ts=args.text("thread_ts") or None, **content)  # fmt: skip
    world.workspace.add(message)
    return {"message_ts": message.ts}


async def get_permalink(world: World, args: Arguments) -> Json:
    channel = visible_channel(world, args.required("channel"))
    message = world.workspace.find(channel.id, args.required("message_ts"))
    if message is None or message.visible_to is not None:
        raise RefusalError("message_not_found")
    return {"channel": channel.id, "permalink": permalink(world, message)}


def permalink(world: World, message: Message) -> str:
    link = f"{world.base_url}/archives/{message.channel}/p{message.ts.replace('.', '')}"
    return f"{link}?thread_ts={message.thread_ts}&cid={message.channel}" if message.is_reply else link
