"""What Slack makes of text that a person types: entities are escaped, names and links become `<…>` [D formatting].

With `should_escape: true` a slash command receives users, channels and links in this form too [D manifest reference].
Bare host names are linked when they end in a top-level domain, so `shop.example.com` arrives as
`<http://shop.example.com|shop.example.com>` while `shop.default.svc` stays as it is.
"""

import re
from collections.abc import Callable

from bot.playground.slack.workspace import Workspace

TOP_LEVEL = "com|org|net|io|dev|app|cloud|eu|de|uk|info|example"
ADDRESS = re.compile(rf"(?P<url>https?://[^\s<>]+)|(?<![\w@./-])(?P<host>(?:[a-zA-Z0-9-]+\.)+(?:{TOP_LEVEL}))(?![\w.-])")
NAME = re.compile(r"(?<![\w<])(?P<sign>[@#])(?P<name>[A-Za-z0-9_-]+)")


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_message(workspace: Workspace, text: str) -> str:
    """Names become `<@U…>`, `<#C…|name>`, `<!subteam^S…>`, `<!channel>`."""
    return _link(NAME.sub(_names(workspace, with_label=False), escape(text)))


def as_command(workspace: Workspace, text: str) -> str:
    """As above, with the name beside the id."""
    return _link(NAME.sub(_names(workspace, with_label=True), escape(text.strip())))


def _names(workspace: Workspace, *, with_label: bool) -> Callable[[re.Match[str]], str]:
    def entity(match: re.Match[str]) -> str:
        name = match["name"]
        label = f"|{name}" if with_label else ""
        if match["sign"] == "#":
            found = next((c.id for c in workspace.channels.values() if c.name == name and c.kind != "im"), None)
            return f"<#{found}|{name}>" if found else match[0]
        if name in ("channel", "here", "everyone"):
            return f"<!{name}>"
        for user in workspace.users.values():
            if user.name == name:
                return f"<@{user.id}{label}>"
        for group in workspace.groups.values():
            if group.handle == name:
                return f"<!subteam^{group.id}|@{name}>"
        return match[0]

    return entity


def _link(text: str) -> str:
    def address(match: re.Match[str]) -> str:
        return f"<{match['url']}>" if match["url"] else f"<http://{match['host']}|{match['host']}>"

    return ADDRESS.sub(address, text)
