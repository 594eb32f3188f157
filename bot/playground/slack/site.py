"""The static page and the guard before everything: only this machine, only this site.

The Host header must name the loopback address the box listens on, an Origin must be the box itself (against
DNS rebinding), and every answer forbids foreign content.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

PAGE = Path(__file__).resolve().parent.parent / "page"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin",
}  # fmt: skip
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def local_only(request: web.Request, handler: Next) -> web.StreamResponse:
    name, _, port = request.host.rpartition(":")
    local = request.transport.get_extra_info("sockname") if request.transport else None
    if name not in LOOPBACK or local is None or port != str(local[1]):
        return web.Response(status=403, text="this playground answers to its own loopback address only")
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{request.host}":
        return web.Response(status=403, text="this playground takes no requests from other sites")
    response = await handler(request)
    if not response.prepared:
        response.headers.update(HEADERS)
    return response


def page_routes() -> list[web.RouteDef]:
    return [
        web.get("/", _index),
        web.get("/archives/{channel}/{message}", _permalink),
        web.get("/page/{name}", _asset),
    ]


async def _index(request: web.Request) -> web.StreamResponse:
    return _static("index.html")


async def _permalink(request: web.Request) -> web.StreamResponse:
    """A permalink opens the page at that message; the page finds its token where it left it."""
    channel, message = request.match_info["channel"], request.match_info["message"]
    root = request.query.get("thread_ts", "").replace(".", "")
    if not (channel.isalnum() and message.isalnum() and (root.isdigit() or not root)):
        raise web.HTTPNotFound
    raise web.HTTPFound(f"/#{channel}/{'p' + root if root else message}")


async def _asset(request: web.Request) -> web.StreamResponse:
    return _static(request.match_info["name"])


def _static(name: str) -> web.StreamResponse:
    """Only files that lie in the page's folder by that very name."""
    known = {path.name: path for path in PAGE.iterdir() if path.suffix in TYPES}
    path = known.get(name)
    if path is None:
        return web.Response(status=404, text="no such file")
    return web.Response(body=path.read_bytes(), content_type=TYPES[path.suffix], charset="utf-8")
