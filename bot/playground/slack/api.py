"""The edge of the Web API: token, scopes, limits, faults, and the form of every answer [D apis/web-api].

Errors of the application are HTTP 200 with `ok: false`; only limits (429) and the faults use another status.
"""

import secrets

from aiohttp import web

from bot.playground.slack.arguments import Arguments, read_arguments
from bot.playground.slack.methods import METHODS, Method
from bot.playground.slack.refusal import Json, RateLimitError, RefusalError
from bot.playground.slack.world import World, require_any


class WebApi:
    def __init__(self, world: World) -> None:
        self.world = world
        self.calls: list[tuple[str, str]] = []

    async def respond(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        faults = self.world.faults
        if faults.status is not None:
            return web.Response(status=faults.status, text="upstream connect error")
        if faults.html:
            return web.Response(text="<html><body>Slack is having a bad day</body></html>", content_type="text/html")
        headers = {"x-slack-req-id": secrets.token_hex(16), "x-oauth-scopes": ",".join(sorted(self.world.scopes))}
        status, body = 200, Json()
        try:
            body = await self._call(request, name)
            outcome = "ok"
        except RateLimitError as refusal:
            status, body, outcome = 429, refusal.body(), refusal.code
            headers["Retry-After"] = str(refusal.retry_after)
        except RefusalError as refusal:
            body, outcome = refusal.body(), refusal.code
        self.calls.append((name, outcome))
        if (method := METHODS.get(name)) is not None and method.scopes:
            headers["x-accepted-oauth-scopes"] = ",".join(method.scopes)
        if status == 200 and faults.loses_reply(name) and request.transport is not None:
            request.transport.abort()
        return web.json_response(body, status=status, headers=headers)

    async def _call(self, request: web.Request, name: str) -> Json:
        method = METHODS.get(name)
        if method is None:
            raise RefusalError("unknown_method", req_method=name)
        args, warnings = await read_arguments(request)
        self._check_token(request, args, method)
        if (error := self.world.faults.method_errors.get(name)) is not None:
            raise RefusalError(error)
        if method.token == "bot":
            require_any(method.scopes, self.world.scopes)
        if name != "chat.postMessage":  # counted per channel, once the channel is known
            self.world.rates.check(name, method.tier)
        body: Json = {"ok": True, **await method.run(self.world, args)}
        if warnings:
            metadata = body.setdefault("response_metadata", {})
            metadata["warnings"] = [*metadata.get("warnings", []), *warnings]
            body["warning"] = ",".join(metadata["warnings"])
        return body

    def _check_token(self, request: web.Request, args: Arguments, method: Method) -> None:
        if method.token == "none":
            return
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if not given and method.token == "bot":
            given = args.text("token")
        if not given:
            raise RefusalError("not_authed")
        if given not in (self.world.bot_token, self.world.app_token):
            raise RefusalError("invalid_auth")
        if self.world.faults.token_error is not None:
            raise RefusalError(self.world.faults.token_error)
        wanted = self.world.app_token if method.token == "app" else self.world.bot_token
        if given != wanted:
            raise RefusalError("not_allowed_token_type")
