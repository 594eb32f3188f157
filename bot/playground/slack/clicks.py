"""A person clicks: buttons, menus and pickers in messages and modals, as `block_actions` [D block_actions payload].

A click that nobody acknowledges in 3 s leaves a warning sign beside the button. The payload of a click on an ephemeral
message carries no `message`, only the container.
"""

from collections.abc import Iterator
from typing import Any

from bot.playground.slack.cast import User
from bot.playground.slack.messages import Message
from bot.playground.slack.outcome import Outcome, common_fields, own_channel, response_url
from bot.playground.slack.refusal import Json, RefusalError
from bot.playground.slack.socket import SocketMode
from bot.playground.slack.views import View
from bot.playground.slack.world import World


class Clicks:
    def __init__(self, world: World, socket: SocketMode) -> None:
        self.world = world
        self.socket = socket

    async def on_message(self, user: str, channel: str, ts: str, action_id: str, *, value: str | None = None,
                         block_id: str | None = None) -> Outcome:  # fmt: skip
        """Click the element `action_id`. `value` tells several of that id apart, or chooses the option of a menu."""
        who, place = own_channel(self.world, user, channel)
        message = self.world.workspace.find(place.id, ts)
        if message is None or message.visible_to not in (None, who.id):
            raise RefusalError("message_not_found")
        action = self._action(message.blocks, action_id, block_id, value)
        delivery = await self.socket.deliver("interactive", self._payload(who, message, action), answerable=False)
        message.warning = delivery.failure
        self.world.workspace.touch()
        return Outcome(error=delivery.failure)

    async def on_view(self, user: str, view_id: str, action_id: str, *, value: str | None = None) -> Outcome:
        """Use an element inside a modal or the Home tab."""
        who = self.world.workspace.user(user)
        view = self.world.views.homes.get(who.id) or self.world.views.find(view_id, "")
        if view.id != view_id:
            view = self.world.views.find(view_id, "")
        action = self._action(view.body["blocks"], action_id, None, value)
        delivery = await self.socket.deliver("interactive", self._view_payload(who, view, action), answerable=False)
        view.banner = delivery.failure
        self.world.workspace.touch()
        return Outcome(error=delivery.failure)

    def _action(self, blocks: list[Json], action_id: str, block_id: str | None, value: str | None) -> Json:
        ts = self.world.workspace.new_ts()
        for block, element in clickable(blocks):
            here = element.get("action_id") == action_id and block_id in (None, block["block_id"])
            if here and (state := chosen(element, value)) is not None:
                kept: Json = {name: element[name] for name in ("text", "value", "style", "url") if name in element}
                return {"type": element["type"], "action_id": action_id, "block_id": block["block_id"],
                        "action_ts": ts, **kept, **state}  # fmt: skip
        raise RefusalError("action_not_found")

    def _payload(self, user: User, message: Message, action: Json) -> Json:
        world = self.world
        hidden = message.visible_to is not None
        container: Json = {"type": "message", "message_ts": message.ts, "channel_id": message.channel,
                           "is_ephemeral": hidden}  # fmt: skip
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        channel = world.workspace.channels[message.channel]
        body = {} if hidden else {"message": message.to_api() | world.workspace.thread_counters(message)}
        return common_fields(user) | body | {
            "type": "block_actions", "container": container, "state": {"values": {}}, "actions": [action],
            "trigger_id": world.tickets.new_trigger(user.id),
            "channel": {"id": channel.id, "name": channel.command_name},
            "response_url": response_url(world, channel.id, user.id, message.ts),
        }  # fmt: skip

    def _view_payload(self, user: User, view: View, action: Json) -> Json:
        return common_fields(user) | {
            "type": "block_actions", "container": {"type": "view", "view_id": view.id}, "actions": [action],
            "trigger_id": self.world.tickets.new_trigger(user.id, view.id), "view": view.to_api(),
        }  # fmt: skip


def clickable(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    for block in blocks:
        held = list(block.get("elements", [])) if block.get("type") == "actions" else []
        for element in [*held, block.get("accessory"), block.get("element")]:
            if isinstance(element, dict):
                yield block, element


def chosen(element: Json, value: str | None) -> Json | None:
    """What using the element with `value` puts into the payload; None when it has no such value."""
    kind = str(element["type"])
    if kind == "button":
        return {} if value in (None, element.get("value")) else None
    if kind in ("overflow", "static_select", "radio_buttons"):
        option = find_option(element, value)
        return {"selected_option": option} if option else None
    if kind in ("checkboxes", "multi_static_select"):
        option = find_option(element, value)
        return {"selected_options": [option] if option else []}
    name = {"users_select": "selected_user", "conversations_select": "selected_conversation",
            "channels_select": "selected_channel", "datepicker": "selected_date",
            "timepicker": "selected_time"}.get(kind)  # fmt: skip
    return {name: value} if name else {"value": value}


def find_option(element: Json, value: str | None) -> Any:
    options = [*element.get("options", [])]
    for group in element.get("option_groups", []):
        options += group["options"]
    return next((option for option in options if option["value"] == value), None)
