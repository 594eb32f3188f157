"""`pods/NAME:PORT/proxy/PATH`: the API server asks the pod itself, over the pod network. What it got when recorded, it
gets again; of any other page the box knows nothing.

Source: Kubernetes docs, "Access Services Running on Clusters"; answers as seen on 1.34.
"""

import asyncio

from aiohttp import web

from bot.playground.bundle import HttpAnswer
from bot.playground.cluster_box.paths import Ask
from bot.playground.cluster_box.status import ApiFailure, Replayed, bad_request, not_found, not_recorded
from bot.playground.cluster_box.world import World


async def serve_proxy(world: World, ask: Ask) -> web.StreamResponse:
    assert ask.kind is not None
    name, port, path = _read_address(ask)
    pod = world.store.get(ask.kind, ask.namespace, name)
    if pod is None:
        raise not_found(ask.kind, name)
    where = (ask.namespace, name, port, path)
    restarted = (pod["metadata"].get("uid", ""), False) in world.made_logs
    pages = [page for page in world.bundle.http if page.way == "network" and not restarted]
    found = next((page for page in pages if (page.namespace, page.pod, page.port, page.path) == where), None)
    if found is None:
        raise not_recorded(f"what {ask.namespace}/{name}:{port} answers over the pod network to GET {path[:60]}")
    return await _replay(found)


def _read_address(ask: Ask) -> tuple[str, int, str]:
    """`[http:]NAME[:PORT]` and what follows the word proxy."""
    words = ask.name.split(":")
    words = words[1:] if len(words) == 3 and words[0] == "http" else words
    if not 1 <= len(words) <= 2 or not all(words) or (len(words) == 2 and not words[1].isdigit()):
        raise bad_request(f'invalid pod request "{ask.name}"')
    return words[0], int(words[1]) if len(words) == 2 else 80, f"/{ask.path.partition('/proxy')[2].lstrip('/')}"


async def _replay(page: HttpAnswer) -> web.StreamResponse:
    match page.outcome:
        case "answered":
            return web.Response(status=page.status, text=page.body, content_type=page.content_type or "text/plain")
        case "silent":
            await asyncio.Event().wait()
        case "refused" | "failed":
            raise ApiFailure(503, "ServiceUnavailable", f"error trying to reach service: {page.message}")
    raise Replayed(page.outcome, page.message)
