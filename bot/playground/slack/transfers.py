"""The bytes of files over HTTP: uploading to a reserved place, reading back with a token [D working-with-files]."""

import html

from aiohttp import web

from bot.playground.slack.refusal import RefusalError
from bot.playground.slack.world import World


class Transfers:
    def __init__(self, world: World) -> None:
        self.world = world

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """Raw bytes, or the first file of a multipart form; the answer is `OK - n`."""
        content = await self._content(request)
        try:
            size = self.world.files.upload(request.match_info["place"], content)
        except RefusalError as refusal:
            return web.Response(status=400, text=html.escape(refusal.code))
        return web.Response(text=f"OK - {size}")

    async def _content(self, request: web.Request) -> bytes:
        if request.content_type != "multipart/form-data":
            return await request.read()
        for value in (await request.post()).values():
            if isinstance(value, web.FileField):
                return value.file.read()
        return b""

    async def download(self, request: web.Request) -> web.StreamResponse:
        """`url_private` wants the bot's token; the page has its own way in (control.py)."""
        if request.headers.get("Authorization") != f"Bearer {self.world.bot_token}":
            return web.Response(status=403, text="a token is needed")
        try:
            file = self.world.files.find(request.match_info["file"])
        except RefusalError as refusal:
            return web.Response(status=404, text=refusal.code)
        return web.Response(body=file.content or b"", content_type="application/octet-stream")
