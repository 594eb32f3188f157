"""The one place where foreign text is made safe for Slack, and where its size limits are obeyed.

Whatever a cluster, a playbook or a person said is cleaned (no control characters, no ANSI, no bidirectional tricks),
cut between graphemes, and only then escaped, so that no entity is ever cut in two. `Markup` is text that went through
here, or our own words. Sizes count UTF-16 units after escaping, which is never less than what Slack counts.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import NewType

from bot.model.permission import CALLABLE
from bot.model.redact import redact

Markup = NewType("Markup", str)

SECTION = 3000
HEADER = 150
BUTTON = 75
VALUE = 2000
CONFIRM_TITLE = 100
CONFIRM_TEXT = 300
FALLBACK = 2800
"""Of the 4000 characters that `chat.update` takes as `text`."""
BLOCKS = 50
VISIBLE = 10_000
"""Of the undocumented sum of all texts in a message: failures were seen from 11 300 on."""
READ = 12_000
"""More of a foreign text is not even looked at."""

CUT = "…"
NOTHING = "–"

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_JOINER = "\u200d"
_VIRAMA = 9
_MENTION = re.compile(rf"\b{CALLABLE}\b")
_LINK = re.compile(r"<(?:https?|mailto|tel):[^<>|]*\|([^<>]*)>|<((?:https?|mailto|tel):[^<>|]*)>")


def clean(raw: str) -> str:
    """Without secrets and without what could not be seen or would change what is seen."""
    text = raw[:READ]
    if not text.isprintable():
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
        text = _CONTROL.sub("", _ANSI.sub("", text))
    return redact(text)


def size(text: str) -> int:
    """In UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(raw: str, limit: int) -> str:
    """Cleaned, and at most `limit` long; what was taken away is marked. Never empty."""
    return _cut(clean(raw), limit, size)


def escape(raw: str, limit: int = SECTION) -> Markup:
    """Cleaned, cut, and safe inside mrkdwn: what was typed is shown, nothing in it works."""
    text = _cut(clean(raw), limit, _escaped_size)
    return Markup(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def one_line(raw: str, limit: int) -> Markup:
    return escape(" ".join(raw[:READ].split()), limit)


def code(raw: str, limit: int = 200) -> Markup:
    """As inline code; a backquote inside would end it."""
    return Markup(f"`{one_line(raw.replace('`', chr(39)), limit - 2)}`")


def _cut(text: str, limit: int, measure: Callable[[str], int]) -> str:
    text = text if text.strip() else NOTHING
    if measure(text) <= limit:
        return text
    used, safe = 0, 0
    for index, character in enumerate(text):
        if used <= limit - 1 and starts_grapheme(text, index):
            safe = index
        used += measure(character)
        if used > limit:
            break
    return text[:safe] + CUT


def _escaped_size(text: str) -> int:
    return size(text) + 4 * text.count("&") + 3 * (text.count("<") + text.count(">"))


def starts_grapheme(text: str, index: int) -> bool:
    """Whether text may be cut before `index` without tearing apart what is seen as one character."""
    character, before = text[index], text[index - 1] if index else ""
    if character < "\u0300" or not before:
        return not (before == "\r" and character == "\n")
    if _JOINER in (before, character) or unicodedata.category(character).startswith("M"):
        return False
    if unicodedata.combining(before) == _VIRAMA:
        return False
    if "\U0001f3fb" <= character <= "\U0001f3ff" or "\U000e0020" <= character <= "\U000e007f":
        return False
    return not (_is_flag_letter(character) and _flag_letters_before(text, index) % 2)


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_letters_before(text: str, index: int) -> int:
    start = index
    while start and _is_flag_letter(text[start - 1]):
        start -= 1
    return index - start


def lines(parts: Iterable[Markup], limit: int = SECTION) -> Markup:
    """Joined by line breaks; lines that do not fit are counted instead of cut."""
    kept: list[Markup] = []
    left, rest = limit - 40, 0
    for part in parts:
        left -= size(part) + 1
        if left >= 0:
            kept.append(part)
        else:
            rest += 1
    return Markup("\n".join([*kept, f"{CUT} and {rest} more"] if rest else kept) or NOTHING)


def mention(by: str) -> Markup:
    """`slack:U012` as a person, `group:S345` as a group; others by name. Slack notifies them in a new message."""
    kind, _, name = by.partition(":")
    if _MENTION.fullmatch(by):
        return Markup(f"<@{name}>" if kind == "slack" else f"<!subteam^{name}>")
    match kind:
        case "cli":
            return Markup(f"{one_line(name, 60)} (command line)")
        case "group":
            return Markup(f"the group {one_line(name, 60)}")
        case _:
            return {"*": Markup("everybody"), "": Markup("netcheck")}.get(by) or one_line(by, 80)


def told(message: str, limit: int = SECTION) -> Markup:
    """A sentence of the desk: escaped, with the people and groups it speaks of as Slack shows them."""
    return Markup(_MENTION.sub(lambda match: mention(match[0]), escape(message, limit)))


def moment(at: float, form: str = "{time_secs}") -> Markup:
    """A time which each reader sees in their own time zone."""
    minutes = int(at) // 60 % 1440
    return Markup(f"<!date^{int(at)}^{form}|{minutes // 60:02}:{minutes % 60:02} UTC>")


def typed(text: str) -> str:
    """What a person typed, with the links that Slack made of it taken back to words."""
    return _LINK.sub(lambda match: match[1] or match[2] or "", text)
