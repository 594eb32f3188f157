"""Modals and the Home tab: a stack of views per person, their hashes and limits ([D surfaces/modals], [K] views.*)."""

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from bot.playground.slack.blocks import VIEW_BYTES, check_view, with_ids
from bot.playground.slack.cast import APP_ID, BOT_ID, TEAM_ID
from bot.playground.slack.elements import plain
from bot.playground.slack.refusal import Json, RefusalError
from bot.playground.slack.schema import Problems, boolean, check_shape, may, must, one_of, string

DEEPEST = 3
COMMON = {
    "type": must(one_of("modal", "home")), "callback_id": may(string(255, 0)), "external_id": may(string(255, 0)),
    "private_metadata": may(string(3000, 0)),
}  # fmt: skip
MODAL = COMMON | {
    "title": must(plain(24)), "submit": may(plain(24)), "close": may(plain(24)), "clear_on_close": may(boolean),
    "notify_on_close": may(boolean), "submit_disabled": may(boolean),
}  # fmt: skip


@dataclass(slots=True, kw_only=True)
class View:
    id: str
    user: str
    body: Json
    root: str
    previous: str | None = None
    hash: str = ""
    values: Json = field(default_factory=dict)
    errors: Json = field(default_factory=dict)
    banner: str | None = None

    def to_api(self) -> Json:
        empty: Json = {"callback_id": "", "private_metadata": "", "external_id": "", "submit": None, "close": None,
                       "clear_on_close": False, "notify_on_close": False}  # fmt: skip
        return empty | self.body | {
            "id": self.id, "team_id": TEAM_ID, "app_id": APP_ID, "bot_id": BOT_ID, "hash": self.hash,
            "root_view_id": self.root, "previous_view_id": self.previous, "app_installed_team_id": TEAM_ID,
            "state": {"values": self.values},
        }  # fmt: skip

    def to_page(self) -> Json:
        return self.to_api() | {"errors": self.errors, "banner": self.banner}


@dataclass(slots=True)
class Views:
    """All open views by id; `stacks` has each person's modals, the topmost last."""

    views: dict[str, View] = field(default_factory=dict)
    stacks: dict[str, list[str]] = field(default_factory=dict)
    homes: dict[str, View] = field(default_factory=dict)

    def open(self, user: str, body: Json, previous: View | None = None) -> View:
        stack = self.stacks.setdefault(user, [])
        if previous is not None and len(stack) >= DEEPEST:
            raise RefusalError("push_limit_reached")
        self._refuse_twin(body, None)
        if previous is None:
            self.clear(user)
            stack = self.stacks.setdefault(user, [])
        view_id = "V" + secrets.token_hex(5).upper()
        view = View(id=view_id, user=user, body=body, hash=new_hash(), root=previous.root if previous else view_id,
                    previous=previous.id if previous else None)  # fmt: skip
        self.views[view_id] = view
        stack.append(view_id)
        return view

    def replace(self, view: View, body: Json, hash: str = "") -> View:
        if hash and hash != view.hash:
            raise RefusalError("hash_conflict")
        self._refuse_twin(body, view)
        view.body, view.hash, view.errors, view.banner = body, new_hash(), {}, None
        return view

    def find(self, view_id: str, external_id: str) -> View:
        for view in self.views.values():
            if view.id == view_id or (external_id and view.body.get("external_id") == external_id):
                return view
        raise RefusalError("not_found")

    def top(self, user: str) -> View | None:
        stack = self.stacks.get(user, [])
        return self.views[stack[-1]] if stack else None

    def close(self, view: View) -> None:
        """Close one view; the one below it shows again."""
        self.views.pop(view.id, None)
        stack = self.stacks.get(view.user, [])
        if view.id in stack:
            stack.remove(view.id)

    def clear(self, user: str) -> None:
        for view_id in self.stacks.pop(user, []):
            self.views.pop(view_id, None)

    def _refuse_twin(self, body: Json, but: View | None) -> None:
        name = body.get("external_id")
        if name and any(v is not but and v.body.get("external_id") == name for v in self.views.values()):
            raise RefusalError("duplicate_external_id")


def new_hash() -> str:
    return secrets.token_hex(8)


def checked_view(body: Any, kind: str) -> Json:
    """A view as Slack keeps it, or `invalid_arguments` with one line per problem."""
    if not isinstance(body, dict):
        raise RefusalError("invalid_arguments", "[ERROR] failed to match all allowed schemas [json-pointer:/view]")
    if len(json.dumps(body)) > VIEW_BYTES:
        raise RefusalError("view_too_large")
    problems = Problems()
    check_shape(body, "/view", problems, MODAL if kind == "modal" else COMMON, "blocks")
    if body.get("type") != kind:
        problems.add("/view/type", f"must be {kind}")
    if "blocks" not in body:
        problems.add("/view", "missing required field: blocks")
    else:
        problems.messages += check_view(body["blocks"]).messages
    blocks = body.get("blocks") or []
    has_input = isinstance(blocks, list) and any(isinstance(b, dict) and b.get("type") == "input" for b in blocks)
    if kind == "modal" and has_input and not body.get("submit"):
        problems.add("/view", "missing required field: submit")
    if problems.messages:
        raise RefusalError("invalid_arguments", *problems.messages)
    return {**body, "blocks": with_ids(body["blocks"])}
