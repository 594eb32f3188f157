"""Requests for resources: single objects, lists, patches, reviews and what hangs under a pod."""

from functools import partial
from typing import Any

import msgspec
from aiohttp import web

from bot.playground.bundle import Object
from bot.playground.cluster_box.births import create_pod, delete_pod, may_be_born
from bot.playground.cluster_box.callers import Caller
from bot.playground.cluster_box.execute import serve_exec
from bot.playground.cluster_box.forward import Program, read_ports, refuses_protocol, serve_forward
from bot.playground.cluster_box.lists import give_list, give_object
from bot.playground.cluster_box.logs import read_log
from bot.playground.cluster_box.patches import patch_object
from bot.playground.cluster_box.paths import Ask
from bot.playground.cluster_box.programs import find_program, find_unopened
from bot.playground.cluster_box.relay import serve_proxy
from bot.playground.cluster_box.resolver import resolve
from bot.playground.cluster_box.reviews import GROUP, REVIEWS, review
from bot.playground.cluster_box.status import (
    ApiFailure,
    Replayed,
    bad_request,
    no_such_page,
    no_such_path,
    not_allowed,
    not_found,
    not_recorded,
)
from bot.playground.cluster_box.world import World

_DEPRECATED = {"Endpoints": '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'}


def give_json(value: Object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(value), status=status, content_type="application/json", headers=headers
    )


async def give(world: World, ask: Ask, request: web.Request, caller: Caller) -> web.StreamResponse:
    if ask.group == GROUP and ask.plural in REVIEWS:
        if ask.method != "POST":
            raise not_allowed()
        body = await _read_json(request)
        return give_json(
            review(world.bundle, world.store, partial(caller.may, world), caller.rules, ask.plural, body), status=201
        )
    if ask.group and ask.group not in world.bundle.groups:
        raise no_such_page()
    if ask.kind is not None and not world.store.is_served(ask.kind):
        raise no_such_page()
    if ask.kind is None or not _is_scoped_right(ask):
        raise no_such_path()
    if (ask.method == "PUT" and not ask.name) or ask.method == "HEAD":
        raise not_allowed()
    if ask.subresource:
        return await _give_part(world, ask, request)
    match ask.verb:
        case "get" | "list":
            _fail_as_recorded(world, ask)
            give_it = give_object if ask.name else give_list
            body = give_it(world.store, ask, request.headers.get("Accept", ""), world.now())
            warning = _DEPRECATED.get(ask.kind.name) if world.minor >= 33 else None
            return give_json(body, headers={"Warning": warning} if warning else None)
        case "patch" if ask.name:
            return give_json(await patch_object(world, ask, request))
        case "create" if ask.kind.name == "Pod" and may_be_born(world):
            return give_json(create_pod(world, ask, await _read_json(request)), status=201)
        case "delete" if ask.kind.name == "Pod" and may_be_born(world) and ask.name:
            return give_json(delete_pod(world, ask))
        case "watch":
            raise not_recorded("what happened over time: watching is not possible on a bundle")
        case "create" | "update" | "delete" | "deletecollection":
            raise not_recorded(f"what would follow: the box only patches, it does not {ask.verb}")
        case _:
            raise not_allowed()


def _is_scoped_right(ask: Ask) -> bool:
    """Objects of a namespaced kind are found in a namespace only, others never."""
    assert ask.kind is not None
    if ask.kind.namespaced:
        return bool(ask.namespace) or not ask.name
    return not ask.namespace or ask.kind.name == "Namespace"


def _fail_as_recorded(world: World, ask: Ask) -> None:
    assert ask.kind is not None
    if ask.name and world.store.find(ask.kind, ask.namespace, ask.name) is not None:
        return
    selectors = ask.query.get("labelSelector", ""), ask.query.get("fieldSelector", "")
    read = world.store.failure_of(ask.kind, ask.verb, ask.namespace, ask.name, *selectors)
    if read is not None:
        raise Replayed(read.outcome, read.message)


async def _give_part(world: World, ask: Ask, request: web.Request) -> web.StreamResponse:
    assert ask.kind is not None
    if ask.kind.name != "Pod" or ask.subresource not in ask.kind.subresources:
        raise no_such_path()
    if ask.method != "GET":
        raise not_allowed() if ask.method != "POST" else not_recorded("SPDY streams: the box speaks WebSocket")
    if ask.subresource == "proxy":
        return await serve_proxy(world, ask)
    pod = world.store.get(ask.kind, ask.namespace, ask.name)
    if pod is None:
        raise not_found(ask.kind, ask.name)
    match ask.subresource:
        case "log":
            if ask.query.get("follow") in ("true", "1"):
                raise not_recorded("how a log goes on: following is not possible on a bundle")
            return web.Response(text=read_log(world.bundle, world.made_logs, pod, ask.query))
        case "exec":
            return await serve_exec(world, pod, request)
        case _:
            return await _give_forward(world, pod, request)


async def _give_forward(world: World, pod: Object, request: web.Request) -> web.StreamResponse:
    _require_upgrade(request)
    metadata = pod["metadata"]
    if not pod.get("spec", {}).get("nodeName"):
        raise bad_request(f"pod {metadata['name']} does not have a host assigned")
    ports = read_ports(request)
    if not pod.get("status", {}).get("podIP"):
        # Without a sandbox the kubelet itself refuses, and not as a Status: seen on 1.34.
        return web.Response(status=500, text=f'pod not found ("{metadata["name"]}_{metadata["namespace"]}")')
    if refuses_protocol(request):
        response = web.Response(status=403)
        response.force_close()
        return response
    forbidden = [
        read for read in world.bundle.dns if read.outcome == "forbidden" and read.pod == pod["metadata"]["name"]
    ]
    if forbidden:
        raise Replayed("forbidden", forbidden[0].message)
    unopened = find_unopened(world.bundle, pod, ports)
    if unopened:
        raise Replayed(unopened.outcome, unopened.message)
    restarted = (metadata.get("uid", ""), False) in world.made_logs
    programs: dict[int, Program] = {
        port: find_program(world.bundle, pod, port, partial(resolve, world), restarted=restarted) for port in ports
    }
    return await serve_forward(request, programs)


def _require_upgrade(request: web.Request) -> None:
    if request.headers.get("Upgrade", "").lower() != "websocket":
        raise bad_request("Upgrade request required")


async def _read_json(request: web.Request) -> Object:
    try:
        body: Any = msgspec.json.decode(await request.read())
    except msgspec.DecodeError as error:
        raise bad_request(f"the object provided is unrecognized (must be of type Status): {error}") from None
    if not isinstance(body, dict):
        raise ApiFailure(400, "BadRequest", "the object provided is unrecognized")
    return body
