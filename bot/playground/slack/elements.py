"""Composition objects, interactive elements and rich text: their fields and limits ([D] block-kit pages).

Text objects: `plain_text` may say `emoji`, `mrkdwn` may say `verbatim`, neither both [D composition objects].
"""

from typing import Any

from bot.playground.slack.schema import (
    Problems,
    Rule,
    Shape,
    anything,
    boolean,
    items,
    may,
    must,
    one_of,
    shape,
    string,
    typed,
    url,
    whole,
)

ID = may(string(255))


def text(most: int, *, plain_only: bool = False, least: int = 1) -> Rule:
    """A text object of at most `most` characters."""
    shapes: dict[str, Shape] = {"plain_text": {"text": must(string(most, least)), "emoji": may(boolean)}}
    if not plain_only:
        shapes["mrkdwn"] = {"text": must(string(most, least)), "verbatim": may(boolean)}
    return typed(shapes)


def plain(most: int) -> Rule:
    return text(most, plain_only=True)


CONFIRM = shape({
    "title": must(plain(100)), "text": must(text(300)), "confirm": must(plain(30)), "deny": must(plain(30)),
    "style": may(one_of("primary", "danger")),
})  # fmt: skip
OPTION = shape({
    "text": must(text(75)), "value": must(string(150)), "description": may(text(75)), "url": may(url),
})  # fmt: skip
OPTION_GROUP = shape({"label": must(plain(75)), "options": must(items(OPTION, 100))})
PLACEHOLDER = may(plain(150))


def _static_select(value: Any, pointer: str, problems: Problems) -> None:
    if isinstance(value, dict) and ("options" in value) == ("option_groups" in value):
        problems.add(pointer, "exactly one of options and option_groups is required")


COMMON: Shape = {"action_id": ID, "confirm": may(CONFIRM), "focus_on_load": may(boolean), "placeholder": PLACEHOLDER}
CHOICES: Shape = {"options": may(items(OPTION, 100)), "option_groups": may(items(OPTION_GROUP, 100))}
MULTI: Shape = {"max_selected_items": may(whole(1, 100))}
TICKS: Shape = {
    "action_id": ID, "options": must(items(OPTION, 10)), "confirm": may(CONFIRM), "focus_on_load": may(boolean),
}  # fmt: skip
DISPATCH = may(anything)
TYPED_TEXT: Shape = {
    "action_id": ID, "initial_value": may(string(3000, 0)), "placeholder": PLACEHOLDER,
    "dispatch_action_config": DISPATCH, "focus_on_load": may(boolean),
}  # fmt: skip

ELEMENTS: dict[str, Shape] = {
    "button": {
        "text": must(plain(75)), "action_id": ID, "value": may(string(2000)), "url": may(url),
        "style": may(one_of("primary", "danger")), "confirm": may(CONFIRM), "accessibility_label": may(string(75)),
    },
    "overflow": {"action_id": ID, "options": must(items(OPTION, 5)), "confirm": may(CONFIRM)},
    "static_select": {**COMMON, **CHOICES, "initial_option": may(OPTION)},
    "multi_static_select": {**COMMON, **CHOICES, **MULTI, "initial_options": may(items(OPTION, 100))},
    "external_select": {**COMMON, "initial_option": may(OPTION), "min_query_length": may(whole(0, 100))},
    "users_select": {**COMMON, "initial_user": may(string(32))},
    "multi_users_select": {**COMMON, **MULTI, "initial_users": may(items(string(32), 100))},
    "conversations_select": {**COMMON, "initial_conversation": may(string(32)), "filter": may(anything),
                             "default_to_current_conversation": may(boolean), "response_url_enabled": may(boolean)},
    "channels_select": {**COMMON, "initial_channel": may(string(32)), "response_url_enabled": may(boolean)},
    "datepicker": {**COMMON, "initial_date": may(string(10))},
    "timepicker": {**COMMON, "initial_time": may(string(5)), "timezone": may(string(64))},
    "checkboxes": {**TICKS, "initial_options": may(items(OPTION, 10))},
    "radio_buttons": {**TICKS, "initial_option": may(OPTION)},
    "plain_text_input": {**TYPED_TEXT, "multiline": may(boolean), "min_length": may(whole(0, 3000)),
                         "max_length": may(whole(1, 3000))},
    "number_input": {**TYPED_TEXT, "is_decimal_allowed": must(boolean), "min_value": may(string(64)),
                     "max_value": may(string(64))},
    "url_text_input": TYPED_TEXT,
    "email_text_input": TYPED_TEXT,
    "image": {"image_url": must(url), "alt_text": must(string(2000))},
}  # fmt: skip

TEXT_INPUTS = frozenset({"plain_text_input", "number_input", "url_text_input", "email_text_input"})
SELECTS = frozenset(name for name in ELEMENTS if name.endswith("_select"))
PICKERS = frozenset({"datepicker", "timepicker", "checkboxes", "radio_buttons"})
CLICKABLE = frozenset({"button", "overflow"}) | SELECTS | PICKERS


def elements(*names: str, allowed: frozenset[str] = frozenset()) -> Rule:
    """An element of one of these types; a select also needs options or option groups, not both."""
    check = typed(ELEMENTS, allowed | set(names))

    def both(value: Any, pointer: str, problems: Problems) -> None:
        check(value, pointer, problems)
        if isinstance(value, dict) and value.get("type") in ("static_select", "multi_static_select"):
            _static_select(value, pointer, problems)

    return both


STYLE = may(shape({name: may(boolean) for name in ("bold", "italic", "strike", "code")}))
BORDER = may(whole(0, 1))
INLINE: dict[str, Shape] = {
    "text": {"text": must(string(4000)), "style": STYLE},
    "link": {"url": must(url), "text": may(string(3000)), "unsafe": may(boolean), "style": STYLE},
    "emoji": {"name": must(string(100)), "unicode": may(string(100)), "skin_tone": may(whole(1, 6)), "style": STYLE},
    "user": {"user_id": must(string(32)), "style": STYLE},
    "usergroup": {"usergroup_id": must(string(32)), "style": STYLE},
    "channel": {"channel_id": must(string(32)), "style": STYLE},
    "broadcast": {"range": must(one_of("here", "channel", "everyone")), "style": STYLE},
    "date": {"timestamp": must(anything), "format": must(string(200)), "url": may(url), "fallback": may(string(200))},
    "color": {"value": must(string(32))},
}  # fmt: skip
SECTION: Shape = {"elements": must(items(typed(INLINE), 1000, 0))}
PREFORMATTED: Shape = {
    "elements": must(items(typed(INLINE, frozenset({"text", "link"})), 1000, 0)), "border": BORDER,
    "language": may(string(50)),
}  # fmt: skip
RICH: dict[str, Shape] = {
    "rich_text_section": SECTION,
    "rich_text_preformatted": PREFORMATTED,
    "rich_text_quote": {**SECTION, "border": BORDER},
    "rich_text_list": {
        "style": must(one_of("bullet", "ordered")), "border": BORDER, "indent": may(whole(0, 8)),
        "offset": may(whole(0, 10_000)), "elements": must(items(typed({"rich_text_section": SECTION}), 1000, 0)),
    },
}  # fmt: skip
RICH_TEXT: Shape = {"elements": must(items(typed(RICH), 1000, 0)), "block_id": ID}
