"""Socket Mode: one-time addresses, hello, envelopes, acknowledgements, disconnects, and the ways in which it fails.

Rules: [D apis/events-api/using-socket-mode], [S] the SDKs. Each envelope goes to exactly one of the open sockets,
chosen at random; at most ten sockets are open; an envelope that is not acknowledged within 3 s counts as lost; pings
are echoed.
"""

import asyncio
import contextlib
import json
import random
import socket
import struct
import uuid
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import WSMsgType, web

from bot.playground.slack.cast import APP_ID
from bot.playground.slack.refusal import Json
from bot.playground.slack.world import World

MOST_SOCKETS = 10
ACK_SECONDS = 3.0
PING_SECONDS = 10.0
CONNECTION_SECONDS = 18_060
WARNING_SECONDS = 10.0

Failure = Literal["dispatch_failed", "operation_timeout"]
Reason = Literal["warning", "refresh_requested", "link_disabled", "too_many_websockets"]
RESET = struct.pack("ii", 1, 0)


@dataclass(slots=True, kw_only=True, eq=False)
class Connection:
    ws: web.WebSocketResponse
    transport: asyncio.BaseTransport
    leaving: bool = False
    black_hole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of one envelope: the payload of the ack, or why there was none."""

    failure: Failure | None = None
    payload: Json = field(default_factory=dict)


class SocketMode:
    def __init__(self, world: World) -> None:
        self.world = world
        self.connections: list[Connection] = []
        self.delivered: list[Json] = []
        self.accepted = 0
        self._waiting: dict[str, asyncio.Future[Json]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """The upgrade: a used, old or unknown ticket is refused before it."""
        if not self.world.tickets.use_socket(request.query.get("ticket", "")):
            return web.Response(status=404, text="no such connection")
        if self.world.faults.take("fail_handshakes"):
            return web.Response(status=503, text="try again")
        ws = web.WebSocketResponse(autoping=False, heartbeat=None, timeout=1.0)
        await ws.prepare(request)
        if request.transport is None:
            return ws
        connection = Connection(ws=ws, transport=request.transport)
        await self._greet(connection)
        pinging = asyncio.ensure_future(self._ping(connection))
        try:
            await self._listen(connection)
        finally:
            pinging.cancel()
            self.connections.remove(connection)
            self.world.workspace.touch()
        return ws

    async def _greet(self, connection: Connection) -> None:
        if len(self.connections) >= MOST_SOCKETS:
            self._part(self.connections[0], "too_many_websockets", 0)
        self.connections.append(connection)
        self.accepted += 1
        debug = {"host": "playground", "build_number": 1, "approximate_connection_time": CONNECTION_SECONDS}
        hello = {"type": "hello", "num_connections": len(self.connections), "debug_info": debug,
                 "connection_info": {"app_id": APP_ID}}  # fmt: skip
        await connection.ws.send_json(hello)
        self.world.workspace.touch()

    async def _ping(self, connection: Connection) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                await asyncio.sleep(PING_SECONDS)
                if not connection.black_hole:
                    await connection.ws.ping(b"Ping from the playground")

    async def _listen(self, connection: Connection) -> None:
        async for message in connection.ws:
            if connection.black_hole:
                continue
            if message.type is WSMsgType.PING:
                await connection.ws.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                self._acknowledge(message.data)

    def _acknowledge(self, text: str) -> None:
        """Unknown ids, late ones and what is not JSON are ignored, as Slack does."""
        with contextlib.suppress(ValueError):
            frame = json.loads(text)
            waiting = self._waiting.get(frame.get("envelope_id", "")) if isinstance(frame, dict) else None
            if waiting is not None and not waiting.done():
                payload = frame.get("payload")
                waiting.set_result(payload if isinstance(payload, dict) else {})

    async def deliver(self, kind: str, payload: Json, *, answerable: bool, **more: Any) -> Delivery:
        """Send one envelope and wait for its ack; `more` are the retry fields of events."""
        faults = self.world.faults
        envelope = {"envelope_id": str(uuid.uuid4()), "type": kind, "accepts_response_payload": answerable,
                    "payload": payload, **more}  # fmt: skip
        entry: Json = {"id": envelope["envelope_id"], "type": kind, "outcome": "dispatch_failed", **more}
        self.delivered.append(entry)
        self.world.workspace.touch()
        if faults.delivery_delay:
            await self.world.clock.sleep(faults.delivery_delay)
        if not self._open():
            return Delivery(failure="dispatch_failed")
        waiting: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[str(envelope["envelope_id"])] = waiting
        try:
            copies = 2 if faults.take("duplicate_envelopes") else 1
            for _ in range(0 if faults.take("drop_envelopes") else copies):
                await self._send(envelope)
            self.world.workspace.touch()
            if not await self.world.clock.wait(waiting, ACK_SECONDS):
                entry["outcome"] = "operation_timeout"
                return Delivery(failure="operation_timeout")
        finally:
            self._waiting.pop(str(envelope["envelope_id"]), None)
        entry["outcome"] = "acknowledged"
        self.world.workspace.touch()
        return Delivery(payload=waiting.result())

    def _open(self) -> list[Connection]:
        alive = [c for c in self.connections if not c.ws.closed]
        return [c for c in alive if not c.leaving] or alive

    async def _send(self, envelope: Json) -> None:
        chosen = random.choice(self._open())
        if not chosen.black_hole:
            with contextlib.suppress(ConnectionError):
                await chosen.ws.send_json(envelope)

    def disconnect(self, reason: Reason) -> None:
        """Tell every socket to go. `link_disabled` also refuses new ones until `faults.socket_mode_off` is cleared."""
        if reason == "link_disabled":
            self.world.faults.socket_mode_off = True
        grace = 0.0 if reason == "link_disabled" else WARNING_SECONDS
        for connection in list(self.connections):
            self._part(connection, reason, grace)

    def _part(self, connection: Connection, reason: Reason, grace: float) -> None:
        connection.leaving = reason != "warning"
        task = asyncio.ensure_future(self._say_goodbye(connection, reason, grace))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _say_goodbye(self, connection: Connection, reason: Reason, grace: float) -> None:
        body = {"type": "disconnect", "reason": reason, "num_connections": len(self.connections),
                "debug_info": {"host": "playground"}}  # fmt: skip
        with contextlib.suppress(ConnectionError):
            await connection.ws.send_json(body)
            await self.world.clock.sleep(grace)
            await connection.ws.close()

    def reset(self) -> None:
        """Break every connection with a TCP reset, as a dying middlebox does."""
        for connection in list(self.connections):
            raw = connection.transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            if isinstance(connection.transport, asyncio.Transport):
                connection.transport.abort()

    def swallow(self, *, on: bool = True) -> None:
        """Turn the open sockets into black holes: nothing is read or answered any more, and nothing is closed."""
        for connection in self.connections:
            connection.black_hole = on

    async def stop(self) -> None:
        for task in self._closing:
            task.cancel()
        for connection in list(self.connections):
            with contextlib.suppress(ConnectionError):
                await connection.ws.close(drain=False)
