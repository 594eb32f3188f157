"""A person submits or closes a modal: `view_submission`, `view_closed`, and the answers to them [D view payloads]."""

from typing import Any

from bot.playground.slack.clicks import chosen, clickable
from bot.playground.slack.outcome import Outcome, common_fields
from bot.playground.slack.refusal import Json, RefusalError
from bot.playground.slack.socket import SocketMode
from bot.playground.slack.views import View, checked_view
from bot.playground.slack.world import World


class Submissions:
    def __init__(self, world: World, socket: SocketMode) -> None:
        self.world = world
        self.socket = socket

    async def submit(self, user: str, view_id: str, values: dict[str, str | None]) -> Outcome:
        """Fill in `values` (by action_id) and press submit. A required input without a value never leaves Slack."""
        who = self.world.workspace.user(user)
        view = self.world.views.find(view_id, "")
        if view.user != who.id:
            raise RefusalError("not_found")
        view.values, view.errors = filled_in(view, values)
        if view.errors:
            self.world.workspace.touch()
            return Outcome(error="input_required")
        payload = common_fields(who) | {
            "type": "view_submission", "view": view.to_api(), "response_urls": [],
            "trigger_id": self.world.tickets.new_trigger(who.id, view.id),
        }  # fmt: skip
        delivery = await self.socket.deliver("interactive", payload, answerable=True)
        error = delivery.failure or self._follow(view, delivery.payload)
        if error is not None:
            view.banner = None if error == "errors" else error
        self.world.workspace.touch()
        return Outcome(error=error)

    async def close(self, user: str, view_id: str) -> Outcome:
        who = self.world.workspace.user(user)
        view = self.world.views.find(view_id, "")
        self.world.views.close(view)
        self.world.workspace.touch()
        if not view.body.get("notify_on_close"):
            return Outcome()
        payload = common_fields(who) | {"type": "view_closed", "view": view.to_api(), "is_cleared": False}
        delivery = await self.socket.deliver("interactive", payload, answerable=False)
        return Outcome(error=delivery.failure)

    def _follow(self, view: View, answer: Json) -> str | None:
        """Do what the ack asks; gives the error to show, if there is one."""
        views = self.world.views
        try:
            match answer.get("response_action"):
                case "errors":
                    view.errors = self._errors(view, answer.get("errors"))
                    return "errors"
                case "update":
                    views.replace(view, checked_view(answer.get("view"), "modal"))
                case "push":
                    views.open(view.user, checked_view(answer.get("view"), "modal"), previous=view)
                case "clear":
                    views.clear(view.user)
                case None:
                    views.close(view)
                case _:
                    return "invalid_response_action"
        except RefusalError as refusal:
            return refusal.code
        return None

    def _errors(self, view: View, errors: Any) -> Json:
        """Only the ids of input blocks may be named; anything else Slack shows as a failure [D view submissions]."""
        inputs = {block["block_id"] for block in view.body["blocks"] if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or set(errors) - inputs:
            raise RefusalError("invalid_errors")
        return dict(errors)


def filled_in(view: View, values: dict[str, str | None]) -> tuple[Json, Json]:
    """The `state.values` of the form, and the complaints about required inputs that were left empty."""
    state: Json = {}
    complaints: Json = {}
    for block, element in clickable(view.body["blocks"]):
        action_id = element.get("action_id", "")
        value = values.get(action_id, initial(element))
        if element["type"] == "button" or block["type"] != "input":
            continue
        picked = chosen(element, value) if value else None
        empty = {"value": None} if element["type"].endswith("_input") else {"selected_option": None}
        state[block["block_id"]] = {action_id: {"type": element["type"], **(picked or empty)}}
        if not value and not block.get("optional"):
            complaints[block["block_id"]] = "Please complete this required field."
        elif value and (limit := element.get("max_length")) and len(value) > limit:
            complaints[block["block_id"]] = f"Please use at most {limit} characters."
    return state, complaints


def initial(element: Json) -> str | None:
    option = element.get("initial_option")
    if isinstance(option, dict):
        return str(option["value"])
    names = ("initial_value", "initial_user", "initial_channel", "initial_conversation", "initial_date", "initial_time")
    return next((str(element[name]) for name in names if name in element), None)
