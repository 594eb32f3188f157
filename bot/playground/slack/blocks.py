"""Block Kit as Slack checks it: which block may stand on which surface, how much it may hold, and what must be unique.

`check_message` and `check_view` raise the error that Slack answers: `invalid_blocks` (messages) or `invalid_arguments`
(views) with one `[ERROR] … [json-pointer:…]` line per problem, `invalid_blocks_format` for what is not a list,
`msg_blocks_too_long` for too much text in all ([D] block-kit pages, [I]). Blocks newer than these are refused as
unknown, as an old workspace would.
"""

from collections.abc import Iterator
from typing import Any

from bot.playground.slack.elements import CLICKABLE, ID, PICKERS, RICH_TEXT, SELECTS, TEXT_INPUTS, elements, plain, text
from bot.playground.slack.refusal import Json, RefusalError, new_block_id
from bot.playground.slack.schema import (
    Problems,
    Shape,
    anything,
    boolean,
    items,
    may,
    must,
    one_of,
    string,
    typed,
    url,
)

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
# Undocumented; the smallest total that was seen to fail counted 11 341 characters [I bolt-js #2509, #2867].
MESSAGE_CHARACTERS = 11_300
MARKDOWN_CHARACTERS = 12_000
VIEW_BYTES = 250_000

CELL: dict[str, Shape] = {"raw_text": {"text": must(string(3000))}, "rich_text": RICH_TEXT}
TASK: Shape = {
    "block_id": ID, "task_id": must(string(255)), "title": must(string(255)), "sources": may(anything),
    "details": may(typed({"rich_text": RICH_TEXT})), "output": may(typed({"rich_text": RICH_TEXT})),
    "status": must(one_of("pending", "in_progress", "complete", "error")),
}  # fmt: skip
CONTEXT_TEXT = text(3000)
CONTEXT_IMAGE = elements("image")


def _context_element(value: Any, pointer: str, problems: Problems) -> None:
    is_image = isinstance(value, dict) and value.get("type") == "image"
    (CONTEXT_IMAGE if is_image else CONTEXT_TEXT)(value, pointer, problems)


BLOCKS: dict[str, Shape] = {
    "section": {
        "block_id": ID, "text": may(text(3000)), "fields": may(items(text(2000), 10)), "expand": may(boolean),
        "accessory": may(elements("image", allowed=CLICKABLE)),
    },
    "context": {"block_id": ID, "elements": must(items(_context_element, 10))},
    "actions": {"block_id": ID, "elements": must(items(elements(allowed=CLICKABLE), 25))},
    "header": {"block_id": ID, "text": must(plain(150)), "level": may(anything)},
    "divider": {"block_id": ID},
    "image": {"block_id": ID, "image_url": must(url), "alt_text": must(string(2000)), "title": may(plain(2000))},
    "input": {
        "block_id": ID, "label": must(plain(2000)), "hint": may(plain(2000)), "optional": may(boolean),
        "dispatch_action": may(boolean), "element": must(elements(allowed=TEXT_INPUTS | SELECTS | PICKERS)),
    },
    "rich_text": RICH_TEXT,
    "markdown": {"block_id": ID, "text": must(string(MARKDOWN_CHARACTERS))},
    "table": {
        "block_id": ID, "rows": must(items(items(typed(CELL), 20), 100)),
        "column_settings": may(items(anything, 20, 0)),
    },
    "plan": {"block_id": ID, "title": must(string(255)), "tasks": may(items(typed({"task_card": TASK}), 50, 0))},
    "task_card": TASK,
}  # fmt: skip
MESSAGE_ONLY = frozenset({"markdown", "table", "plan", "task_card"})
ON_MESSAGE = typed(BLOCKS)
ON_VIEW = typed(BLOCKS, frozenset(BLOCKS) - MESSAGE_ONLY)


def check_message(blocks: Any) -> list[Json]:
    """The blocks as Slack keeps them (missing block ids filled in), or a refusal."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise RefusalError("invalid_blocks_format")
    problems = Problems()
    items(ON_MESSAGE, MESSAGE_BLOCKS, 0)(blocks, "/blocks", problems)
    _check_blocks(blocks, problems)
    _check_company(blocks, problems)
    if problems.messages:
        raise RefusalError("invalid_blocks", *problems.messages)
    if sum(len(part) for part in visible_text(blocks)) > MESSAGE_CHARACTERS:
        raise RefusalError("msg_blocks_too_long")
    return with_ids(blocks)


def check_view(blocks: Any) -> Problems:
    """Problems of the blocks of a modal or Home tab, under `/view/blocks`."""
    problems = Problems()
    items(ON_VIEW, VIEW_BLOCKS, 0)(blocks, "/view/blocks", problems)
    if isinstance(blocks, list):
        _check_blocks([block for block in blocks if isinstance(block, dict)], problems, "/view/blocks")
    return problems


def with_ids(blocks: list[Json]) -> list[Json]:
    """Slack invents a `block_id` where there is none, and an `action_id` likewise."""
    kept: list[Json] = []
    for block in blocks:
        held = {**block, "block_id": block.get("block_id") or new_block_id()}
        if block["type"] == "actions":
            held["elements"] = [_with_action_id(element) for element in block["elements"]]
        for place in ("accessory", "element"):
            if place in block and block[place].get("type") != "image":
                held[place] = _with_action_id(block[place])
        kept.append(held)
    return kept


def _with_action_id(element: Json) -> Json:
    return {**element, "action_id": element.get("action_id") or new_block_id()}


def _check_blocks(blocks: list[Json], problems: Problems, at: str = "/blocks") -> None:
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        pointer = f"{at}/{number}"
        if block.get("type") == "section" and not ({"text", "fields"} & block.keys()):
            problems.add(pointer, "missing required field: text")
        name = block.get("block_id")
        if isinstance(name, str):
            if name in seen:
                problems.add(f"{pointer}/block_id", f"`block_id` must be unique: {name}")
            seen.add(name)
        _check_action_ids(block, pointer, problems)


def _check_action_ids(block: Json, pointer: str, problems: Problems) -> None:
    held = block.get("elements")
    if block.get("type") != "actions" or not isinstance(held, list):
        return
    seen: set[str] = set()
    for number, element in enumerate(held):
        name = element.get("action_id") if isinstance(element, dict) else None
        if isinstance(name, str):
            if name in seen:
                problems.add(f"{pointer}/elements/{number}/action_id", f"`action_id` must be unique: {name}")
            seen.add(name)


def _check_company(blocks: list[Json], problems: Problems) -> None:
    """Rules about blocks beside each other: one table, plan or task cards, no lone pending task [D, I]."""
    kinds = [block.get("type") for block in blocks]
    if kinds.count("table") > 1:
        problems.add("/blocks", "only one table block allowed")
    if "plan" in kinds and "task_card" in kinds:
        problems.add("/blocks", "plan and task_card blocks cannot be used together")
    for number, block in enumerate(blocks):
        if block.get("type") == "task_card" and block.get("status") == "pending":
            problems.add(f"/blocks/{number}/status", "must be one of: in_progress, complete, error")
    markdown = sum(len(str(block.get("text", ""))) for block in blocks if block.get("type") == "markdown")
    if markdown > MARKDOWN_CHARACTERS:
        problems.add("/blocks", f"markdown blocks must be less than {MARKDOWN_CHARACTERS + 1} characters in total")


def visible_text(node: Any) -> Iterator[str]:
    """Every string that a reader sees: the texts, not the ids and values."""
    if isinstance(node, list):
        for item in node:
            yield from visible_text(item)
    elif isinstance(node, dict):
        for name, value in node.items():
            if isinstance(value, str):
                if name in ("text", "title", "alt_text"):
                    yield value
            else:
                yield from visible_text(value)
