"""Block Kit limits: one example just inside and one just outside of each, with the pointer to the culprit."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.blocks import check_message
from bot.playground.slack.refusal import RefusalError
from bot.playground.slack.views import checked_view
from tests.playground.slack.bolt import BUTTON, FORM, section


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def button(**fields: Any) -> dict[str, Any]:
    return {**BUTTON, **fields}


def option(number: int) -> dict[str, Any]:
    return {"text": plain(str(number)), "value": str(number)}


DIVIDER = {"type": "divider"}
CONFIRM = {"title": plain("t" * 101), "text": plain("t"), "confirm": plain("y"), "deny": plain("n")}
TASK = {"type": "task_card", "task_id": "1", "title": "one", "status": "pending"}
TABLE = {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}

WRONG = [
    ([section("x" * 3001)], "/blocks/0/text/text", "must be less than 3001 characters"),
    ([section("")], "/blocks/0/text/text", "must be more than 0 characters"),
    ([{"type": "section"}], "/blocks/0", "missing required field: text"),
    ([{"type": "section", "fields": [plain("x")] * 11}], "/blocks/0/fields", "no more than 10 items"),
    ([{"type": "section", "fields": [plain("x" * 2001)]}], "/blocks/0/fields/0/text", "less than 2001"),
    ([{"type": "header", "text": plain("x" * 151)}], "/blocks/0/text/text", "less than 151"),
    ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "/blocks/0/text/type", "unsupported type: mrkdwn"),
    ([{"type": "context", "elements": [plain("x")] * 11}], "/blocks/0/elements", "no more than 10 items"),
    ([actions(*(button(action_id=str(n)) for n in range(26)))], "/blocks/0/elements", "no more than 25 items"),
    ([actions()], "/blocks/0/elements", "no less than 1 items"),
    ([actions(button(text=plain("x" * 76)))], "/blocks/0/elements/0/text/text", "less than 76"),
    ([actions(button(value="x" * 2001))], "/blocks/0/elements/0/value", "less than 2001"),
    ([actions(button(action_id="x" * 256))], "/blocks/0/elements/0/action_id", "less than 256"),
    ([actions(button(url="javascript:alert(1)"))], "/blocks/0/elements/0/url", "valid url"),
    ([actions(button(style="loud"))], "/blocks/0/elements/0/style", "must be one of"),
    ([actions(button(confirm=CONFIRM))], "/blocks/0/elements/0/confirm/title/text", "less than 101"),
    ([actions(button(), button())], "/blocks/0/elements/1/action_id", "must be unique"),
    ([actions({"type": "overflow", "action_id": "o", "options": [option(n) for n in range(6)]})],
     "/blocks/0/elements/0/options", "no more than 5 items"),
    ([actions({"type": "static_select", "action_id": "s"})], "/blocks/0/elements/0", "exactly one of options"),
    ([{**DIVIDER, "block_id": "a"}, {**DIVIDER, "block_id": "a"}], "/blocks/1/block_id", "must be unique"),
    ([{"type": "marquee"}], "/blocks/0/type", "unsupported type: marquee"),
    ([{**DIVIDER, "colour": "red"}], "/blocks/0", "invalid additional property: colour"),
    ([DIVIDER] * 51, "/blocks", "no more than 50 items"),
    ([TABLE, TABLE], "/blocks", "only one table"),
    ([TASK], "/blocks/0/status", "must be one of"),
    ([{"type": "plan", "title": "p", "tasks": [TASK]}, {**TASK, "status": "error"}], "/blocks", "used together"),
]  # fmt: skip


@pytest.mark.parametrize(("blocks", "pointer", "words"), WRONG)
def test_a_wrong_block_is_refused_with_the_place(blocks: list[dict[str, Any]], pointer: str, words: str) -> None:
    with pytest.raises(RefusalError) as caught:
        check_message(blocks)
    assert caught.value.code == "invalid_blocks"
    messages = caught.value.more["response_metadata"]["messages"]
    assert any(words in line and f"[json-pointer:{pointer}]" in line for line in messages), messages


@pytest.mark.parametrize(
    "blocks",
    [
        [section("x" * 3000)],
        [{"type": "section", "fields": [plain("x")] * 10}],
        [actions(*(button(action_id=str(number)) for number in range(25)))],
        [DIVIDER] * 50,
        [{"type": "plan", "title": "p", "tasks": [TASK]}],
        [{"type": "rich_text", "elements": [
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "log"}]}]}],
        [{**section("x"), "accessory": button(confirm={**CONFIRM, "title": plain("Sure?")})}],
        [],
    ],
)  # fmt: skip
def test_what_is_just_inside_the_limits_passes(blocks: list[dict[str, Any]]) -> None:
    assert len(check_message(blocks)) == len(blocks)


def test_too_much_text_in_all_is_refused_although_each_block_is_small() -> None:
    with pytest.raises(RefusalError) as caught:
        check_message([section("x" * 2900)] * 4)
    assert caught.value.code == "msg_blocks_too_long"


@pytest.mark.parametrize("blocks", ["not json", {"type": "section"}, [1]])
async def test_what_is_not_a_list_of_blocks_is_a_wrong_format(client: AsyncWebClient, blocks: Any) -> None:
    with pytest.raises(SlackApiError, match="invalid_blocks_format"):
        await client.api_call("chat.postMessage", json={"channel": "C0GENERAL", "text": "x", "blocks": blocks})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": plain("x" * 25)}, "/view/title/text"),
        ({"private_metadata": "x" * 3001}, "/view/private_metadata"),
        ({"submit": None}, "missing required field: submit"),
        ({"blocks": [TABLE]}, "unsupported type: table"),
        ({"blocks": [DIVIDER] * 101}, "no more than 100 items"),
    ],
)
def test_a_wrong_modal_is_refused_with_the_place(change: dict[str, Any], words: str) -> None:
    body = {name: value for name, value in {**FORM, **change}.items() if value is not None}
    with pytest.raises(RefusalError) as caught:
        checked_view(body, "modal")
    assert caught.value.code == "invalid_arguments"
    assert any(words in line for line in caught.value.more["response_metadata"]["messages"])
