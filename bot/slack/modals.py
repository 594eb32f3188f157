"""The one modal there is: a few words with an answer. Opened by a click, because a trigger lives for three seconds."""

import json
from dataclasses import dataclass
from typing import Any

from bot.slack.blocks import plain

CALLBACK = "words"
INPUT, FIELD = "words", "text"
MOST = 3000
TITLES = {"problem": "Found a problem", "write": "Your answer"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What was written, and to which question. `index`: the choice it goes with; -1: the words are the answer."""

    run: str
    step: str
    index: int
    text: str


def view(action: str, run_id: str, step: str, index: int) -> dict[str, Any]:
    field = {"type": "plain_text_input", "action_id": FIELD, "multiline": True, "max_length": MOST}
    label = "What did you find?" if action == "problem" else "What is the answer?"
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": json.dumps([run_id, step, index]),
        "title": plain(TITLES[action], 24),
        "submit": plain("Send", 24),
        "close": plain("Not now", 24),
        "blocks": [{"type": "input", "block_id": INPUT, "label": plain(label, 100), "element": field}],
    }


def read_words(submitted: dict[str, Any]) -> Words:
    """Raises ValueError for a form of another version."""
    run, step, index = json.loads(submitted.get("private_metadata") or "[]")
    written = submitted["state"]["values"].get(INPUT, {}).get(FIELD, {}).get("value") or ""
    return Words(run=str(run), step=str(step), index=int(index), text=str(written))
