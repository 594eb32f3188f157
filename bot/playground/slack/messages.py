"""A message as the workspace keeps it, and the three faces it shows: to the app, to the page, and as an event.

Generated block ids, thread counters and `edited` follow Slack's samples of chat.postMessage and conversations.replies.
"""

from dataclasses import dataclass, field
from typing import Any

from bot.playground.slack.cast import APP_ID, BOT_ID, BOT_NAME, BOT_USER_ID, CREATED, TEAM_ID
from bot.playground.slack.refusal import Json


@dataclass(slots=True, kw_only=True)
class Message:
    """One message. `visible_to` is set on an ephemeral one, which no history ever lists."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    subtype: str | None = None
    edited: Json | None = None
    metadata: Json | None = None
    files: list[Json] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    visible_to: str | None = None
    pings: list[str] = field(default_factory=list)
    warning: str | None = None
    system: bool = False

    @property
    def by_bot(self) -> bool:
        return self.user == BOT_USER_ID

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts

    @property
    def in_channel(self) -> bool:
        """Whether the channel itself shows it: roots, and replies that were broadcast."""
        return not self.is_reply or self.subtype == "thread_broadcast"

    def to_api(self, *, include_metadata: bool = False) -> Json:
        body: Json = {"type": "message", "user": self.user, "text": self.text, "ts": self.ts, "team": TEAM_ID}
        if self.by_bot:
            icons = {"image_36": "", "image_48": "", "image_72": ""}
            profile = {"id": BOT_ID, "app_id": APP_ID, "user_id": BOT_USER_ID, "name": BOT_NAME, "icons": icons,
                       "deleted": False, "updated": CREATED, "team_id": TEAM_ID}  # fmt: skip
            body |= {"bot_id": BOT_ID, "app_id": APP_ID, "bot_profile": profile}
        optional: dict[str, Any] = {
            "blocks": self.blocks, "attachments": self.attachments, "thread_ts": self.thread_ts, "files": self.files,
            "subtype": self.subtype, "edited": self.edited, "metadata": self.metadata if include_metadata else None,
            "reactions": [{"name": n, "users": u, "count": len(u)} for n, u in self.reactions.items()],
        }  # fmt: skip
        return body | {name: value for name, value in optional.items() if value}

    def to_page(self) -> Json:
        return self.to_api() | {
            "ephemeral": self.visible_to is not None, "pings": self.pings, "warning": self.warning,
            "system": self.system, "by_bot": self.by_bot,
        }  # fmt: skip


def find_pings(text: str, blocks: list[Json]) -> list[str]:
    """Which broadcasts (`channel`, `here`, `everyone`) this message would really send to everybody.

    `<!channel>` counts in the top-level text and in every mrkdwn object, fenced or not [D formatting, E], and as
    a rich_text `broadcast` element.
    """
    found: list[str] = []
    texts = [text]
    stack: list[Any] = list(blocks)
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(node)
        elif isinstance(node, dict):
            if node.get("type") in ("mrkdwn", "markdown") and isinstance(node.get("text"), str):
                texts.append(node["text"])
            if node.get("type") == "broadcast":
                found.append(str(node.get("range", "channel")))
            stack.extend(node.values())
    found.extend(word for word in ("channel", "here", "everyone") if any(has_broadcast(t, word) for t in texts))
    return sorted(set(found))


def has_broadcast(text: str, word: str) -> bool:
    return f"<!{word}>" in text or f"<!{word}|" in text
