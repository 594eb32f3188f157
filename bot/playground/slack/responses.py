"""response_url: five answers within thirty minutes, without scope or membership [D handling-user-interaction].

The only way to change or delete an ephemeral message. Errors come as JSON with HTTP 404 (`used_url`, `expired_url`) or
400; success is the text `ok`.
"""

from aiohttp import web

from bot.playground.slack.arguments import Arguments, read_arguments
from bot.playground.slack.cast import BOT_USER_ID
from bot.playground.slack.chat import UPDATE_TEXT, read_content
from bot.playground.slack.messages import Message
from bot.playground.slack.refusal import RateLimitError, RefusalError
from bot.playground.slack.tickets import ResponsePlace
from bot.playground.slack.world import World

GONE = frozenset({"used_url", "expired_url", "invalid_url"})


class Responses:
    def __init__(self, world: World) -> None:
        self.world = world

    async def respond(self, request: web.Request) -> web.StreamResponse:
        if self.world.faults.status is not None:
            return web.Response(status=self.world.faults.status, text="upstream connect error")
        try:
            name = request.match_info["place"]
            self.world.rates.check("response_url", None, self.world.tickets.channel_of(name))
            place = self.world.tickets.use_response(name)
            args, _ = await read_arguments(request)
            self._carry_out(place, args)
        except RateLimitError as refusal:
            headers = {"Retry-After": str(refusal.retry_after)}
            return web.json_response(refusal.body(), status=429, headers=headers)
        except RefusalError as refusal:
            return web.json_response(refusal.body(), status=404 if refusal.code in GONE else 400)
        return web.Response(text="ok")

    def _carry_out(self, place: ResponsePlace, args: Arguments) -> None:
        workspace = self.world.workspace
        original = workspace.find(place.channel, place.message_ts) if place.message_ts else None
        if args.flag("delete_original"):
            if original is None:
                raise RefusalError("message_not_found")
            workspace.remove(original)
            return
        content = read_content(args, text_limit=UPDATE_TEXT)
        if args.flag("replace_original") and original is not None:
            if original.visible_to is None:
                original.edited = {"user": BOT_USER_ID, "ts": workspace.new_ts()}
            workspace.edit(original, **content)
            return
        private = args.text("response_type", "ephemeral") != "in_channel"
        message = Message(
            channel=place.channel, ts=workspace.new_ts(), user=BOT_USER_ID, thread_ts=args.text("thread_ts") or None,
            visible_to=place.user if private else None, **content,
        )  # fmt: skip
        workspace.add(message)
