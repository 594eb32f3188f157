"""A small bot made of the real slack_bolt AsyncApp and its Socket Mode adapter, connected to a box over the wire."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.box import SlackBox

BUTTON: dict[str, Any] = {
    "type": "button", "action_id": "go", "value": "run-1", "text": {"type": "plain_text", "text": "Go"},
}  # fmt: skip
FORM: dict[str, Any] = {
    "type": "modal", "callback_id": "form", "title": {"type": "plain_text", "text": "Note"},
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [{
        "type": "input", "block_id": "note", "label": {"type": "plain_text", "text": "What did you see?"},
        "element": {"type": "plain_text_input", "action_id": "text", "max_length": 50},
    }],
}  # fmt: skip


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


@dataclass(slots=True)
class Heard:
    """What the bot's listeners were given, in order."""

    commands: list[dict[str, Any]] = field(default_factory=list)
    mentions: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    clicks: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def make_app(box: SlackBox, heard: Heard) -> AsyncApp:
    app = AsyncApp(client=AsyncWebClient(box.bot_token, base_url=box.api_url))

    @app.command("/netcheck")
    async def command(ack: Any, body: Any, client: Any) -> None:
        heard.commands.append(body)
        if body["text"] == "never":
            return
        if body["text"] == "form":
            await client.views_open(trigger_id=body["trigger_id"], view=FORM)
        if body["text"].startswith("say "):
            await ack(body["text"].removeprefix("say "))
            return
        await ack()
        if body["text"].startswith("dns"):
            blocks = [section("running"), {"type": "actions", "elements": [BUTTON]}]
            posted = await client.chat_postMessage(channel=body["channel_id"], text="running", blocks=blocks)
            blocks[0] = section("done")
            await client.chat_update(channel=posted["channel"], ts=posted["ts"], text="done", blocks=blocks)

    @app.action("go")
    async def click(ack: Any, body: Any, respond: Any) -> None:
        heard.clicks.append(body)
        await ack()
        await respond(text="approved", replace_original=True)

    @app.event("app_mention")
    async def mention(event: Any, say: Any) -> None:
        heard.mentions.append(event)
        await say(text="I heard you", thread_ts=event.get("thread_ts", event["ts"]))

    @app.event("message")
    async def message(event: Any) -> None:
        heard.messages.append(event)

    @app.view("form")
    async def submit(ack: Any, view: Any) -> None:
        text = view["state"]["values"]["note"]["text"]["value"]
        if text == "bad":
            await ack(response_action="errors", errors={"note": "say more"})
            return
        heard.notes.append(text)
        await ack()

    return app


@contextlib.asynccontextmanager
async def connected(box: SlackBox, heard: Heard, ping_interval: float = 3) -> AsyncIterator[AsyncSocketModeHandler]:
    handler = AsyncSocketModeHandler(make_app(box, heard), box.app_token, ping_interval=ping_interval)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await box.until(lambda: box.socket.connections)
    try:
        yield handler
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]
