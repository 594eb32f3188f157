"""One request from socket to answer: unkindness, who asks, may they, what does the path mean, the answer or a
Status.

The order is the API server's: authentication, authorization, then everything else. Each answer carries the box's
`Date`.
"""

import asyncio
from email.utils import formatdate

import msgspec
from aiohttp import web

from bot.playground.bundle import Object
from bot.playground.cluster_box import resources
from bot.playground.cluster_box.callers import Caller, authenticate, authorize
from bot.playground.cluster_box.discovery import give_group, give_groups, give_resources, give_versions
from bot.playground.cluster_box.faults import Fault, pause
from bot.playground.cluster_box.paths import Ask, read_path
from bot.playground.cluster_box.roles import action_of, refuse
from bot.playground.cluster_box.status import (
    PAGE,
    ApiFailure,
    Replayed,
    failed,
    no_such_page,
    no_such_path,
    not_allowed,
)
from bot.playground.cluster_box.world import World

LARGEST_BODY = 3 * 1024 * 1024
"""What the API server takes (`maxRequestBodyBytes`)."""


def make_application(world: World) -> web.Application:
    async def answer(request: web.Request) -> web.StreamResponse:
        return await _answer(world, request)

    async def set_date(request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = formatdate(world.now(), usegmt=True)
        response.headers.pop("Server", None)

    application = web.Application(client_max_size=LARGEST_BODY)
    application.router.add_route("*", "/{path:.*}", answer)
    application.on_response_prepare.append(set_date)
    return application


async def _answer(world: World, request: web.Request) -> web.StreamResponse:
    faults = [fault for fault in world.faults if fault.strikes(request.path)]
    ask = read_path(request.method, request.path, request.query, world.store.kinds())
    try:
        await _be_unkind(faults, request)
        caller = authenticate(world, request)
        authorize(world, ask, caller)
        try:
            response = await _route(world, ask, request, caller)
        except Replayed as replayed:
            raise await _replay(replayed, ask, caller.user) from None
    except ApiFailure as failure:
        response = _give_failure(failure)
    except ConnectionAbortedError:
        return _hang_up(request)
    return _truncate(response) if any(fault.truncate for fault in faults) else response


async def _be_unkind(faults: list[Fault], request: web.Request) -> None:
    for fault in faults:
        await pause(fault)
        if fault.hang:
            await asyncio.Event().wait()
        if fault.drop:
            raise ConnectionAbortedError
        if fault.status == 429:
            text = "the server has received too many requests and has asked us to try again later"
            raise ApiFailure(
                429, "TooManyRequests", text, {"retryAfterSeconds": fault.retry_after or 1}, fault.retry_after or 1
            )
        if fault.status:
            raise ApiFailure(
                fault.status, "InternalError", "the server is unable to handle the request", {}, fault.retry_after
            )


async def _route(world: World, ask: Ask, request: web.Request, caller: Caller) -> web.StreamResponse:
    if ask.is_resource:
        return await resources.give(world, ask, request, caller)
    if request.method not in ("GET", "HEAD"):
        raise not_allowed()
    failure = world.bundle.failures.get(request.path)
    if failure:
        raise failed(failure)
    if request.path.rstrip("/") in ("/readyz", "/livez", "/healthz"):
        return web.Response(text="ok")
    return resources.give_json(_give_path(world, request))


def _give_path(world: World, request: web.Request) -> Object:
    match [part for part in request.path.split("/") if part]:
        case ["version"]:
            return world.bundle.version
        case ["api"]:
            return give_versions(request.host)
        case ["api", "v1"]:
            return give_resources(world.bundle, world.store, "", "v1")
        case ["apis"]:
            return give_groups(world.bundle, world.store)
        case ["apis", group]:
            return give_group(world.bundle, world.store, group)
        case ["apis", group, version]:
            return give_resources(world.bundle, world.store, group, version)
        case ["api", *_]:
            raise no_such_path()
        case _:
            raise no_such_page()


async def _replay(replayed: Replayed, ask: Ask, user: str) -> BaseException:
    match replayed.outcome:
        case "forbidden":
            return refuse(ask, action_of(ask), user)
        case "rejected":
            return ApiFailure(400, "BadRequest", str(replayed))
        case "refused":
            return ConnectionAbortedError()
        case "silent":
            await asyncio.Event().wait()
    return failed(str(replayed))


def _give_failure(failure: ApiFailure) -> web.Response:
    headers = {"Retry-After": str(failure.retry_after)} if failure.retry_after is not None else {}
    if failure.reason == PAGE:
        return web.Response(status=failure.code, text=f"{failure}\n", headers=headers)
    body = msgspec.json.encode(failure.body())
    return web.Response(status=failure.code, body=body, content_type="application/json", headers=headers)


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _truncate(response: web.StreamResponse) -> web.StreamResponse:
    if isinstance(response, web.Response) and isinstance(response.body, bytes):
        response.body = response.body[: len(response.body) // 2]
    return response
