"""Block Kit, as far as netcheck speaks it: section, context, actions and rich_text, each within Slack's limits.

Foreign text stands in rich_text wherever it can, because nothing is parsed there; our own words stand in mrkdwn with
`verbatim`. `fit` is the last step of every message: at most 50 blocks, and no more text than Slack was seen to take.
"""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from bot.slack import text as t
from bot.slack.text import Markup

Block: TypeAlias = dict[str, Any]
Element: TypeAlias = dict[str, Any]

_CODE = re.compile(r"`([^`\n]+)`")
_HIDDEN = frozenset({"type", "block_id", "action_id", "value", "url", "style", "name", "user_id", "usergroup_id"})


# --- our own words ----------------------------------------------------------------------------------------------------


def section(*parts: Markup) -> Block:
    return {"type": "section", "text": _mrkdwn(t.lines(parts))}


def context(*parts: Markup) -> Block:
    return {"type": "context", "elements": [_mrkdwn(t.lines(parts, 2000))]}


def _mrkdwn(markup: Markup) -> Element:
    return {"type": "mrkdwn", "text": markup, "verbatim": True}


def plain(raw: str, limit: int) -> Element:
    return {"type": "plain_text", "text": t.cut(raw, limit), "emoji": False}


# --- what others said -------------------------------------------------------------------------------------------------


def rich(*elements: Element) -> Block:
    return {"type": "rich_text", "elements": list(elements)}


def paragraph(*parts: Element | list[Element]) -> Element:
    flat = [element for part in parts for element in (part if isinstance(part, list) else [part])]
    return {"type": "rich_text_section", "elements": flat}


def bullets(items: Iterable[list[Element]]) -> Element:
    return {"type": "rich_text_list", "style": "bullet", "elements": [paragraph(item) for item in items]}


def preformatted(rows: Iterable[str], limit: int = 2500) -> Element:
    return {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": t.cut("\n".join(rows), limit)}]}


def said(raw: str, limit: int = 1500, **style: bool) -> list[Element]:
    """Foreign text, with what stands between backquotes as code. Nothing else in it means anything."""
    text = t.cut(raw, limit)
    found: list[Element] = []
    at = 0
    for match in _CODE.finditer(text):
        found += _run(text[at : match.start()], style) + _run(match[1], {**style, "code": True})
        at = match.end()
    return found + _run(text[at:], style)


def literal(raw: str, limit: int = 2500) -> list[Element]:
    """What a person wrote, to the letter."""
    return [{"type": "text", "text": t.cut(raw, limit)}]


def _run(text: str, style: dict[str, bool]) -> list[Element]:
    return [{"type": "text", "text": text, **({"style": dict(style)} if style else {})}] if text else []


def emoji(name: str) -> Element:
    return {"type": "emoji", "name": name.strip(":")}


def link(url: str, label: str) -> Element:
    return {"type": "link", "url": url, "text": label}


# --- what can be clicked ----------------------------------------------------------------------------------------------


def actions(*buttons: Element) -> Block:
    return {"type": "actions", "elements": list(buttons)}


def button(label: str, action: str, *value: str | int, style: str = "", confirm: Element | None = None) -> Element:
    """`value` comes back with the click, as a JSON list; it is looked up again and never trusted."""
    made: Element = {"type": "button", "text": plain(label, t.BUTTON), "action_id": action, "value": json.dumps(value)}
    assert t.size(made["value"]) <= t.VALUE, "a value is a run, a step and a number"
    if style:
        made["style"] = style
    if confirm:
        made["confirm"] = confirm
    return made


def confirm(title: str, text: str, yes: str, *, danger: bool = False) -> Element:
    return {
        "title": plain(title, t.CONFIRM_TITLE),
        "text": plain(text, t.CONFIRM_TEXT),
        "confirm": plain(yes, 30),
        "deny": plain("Not now", 30),
        "style": "danger" if danger else "primary",
    }


# --- the whole message ------------------------------------------------------------------------------------------------


def fit(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """What Slack takes of a message. What can be clicked stays; of the rest the end is left out, and that is said."""
    clickable = [block for block in blocks if block["type"] == "actions"]
    left = t.VISIBLE - sum(map(visible, clickable)) - 100
    room = t.BLOCKS - len(clickable) - 1
    kept: list[Block] = []
    missing = False
    for block in blocks:
        if block["type"] == "actions":
            kept.append(block)
        elif not missing and room > 0 and (seen := visible(block)) <= left:
            kept.append(block)
            left -= seen
            room -= 1
        else:
            missing = True
    if missing:
        note = context(Markup("The rest does not fit here; the transcript has it."))
        at = next((i for i, block in enumerate(kept) if block["type"] == "actions"), len(kept))
        kept.insert(at, note)
    return tuple(kept)


def visible(node: Any) -> int:
    """How much text a reader could see in it."""
    match node:
        case str():
            return t.size(node)
        case dict():
            return sum(visible(value) for key, value in node.items() if key not in _HIDDEN)
        case list() | tuple():
            return sum(map(visible, node))
        case _:
            return 0
