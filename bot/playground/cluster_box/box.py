"""The box itself: started on a loopback address, described by a kubeconfig, stopped.

async with ClusterBox(bundle) as box:
    box.write_kubeconfig(path)
"""

import base64
import json
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from bot.playground.bundle import Bundle, Object
from bot.playground.cluster_box.certificate import make_certificate
from bot.playground.cluster_box.controllers.life import Life
from bot.playground.cluster_box.faults import Fault
from bot.playground.cluster_box.roles import EVERYTHING, Rule
from bot.playground.cluster_box.server import make_application
from bot.playground.cluster_box.store import Store
from bot.playground.cluster_box.world import World

LARGEST_HEAD = 1024 * 1024
"""Bytes of a request's head, as in Go's net/http (`DefaultMaxHeaderBytes`)."""


class ClusterBox:
    """A Kubernetes API made from a bundle. `permissions` are the rules of its one token (default: everything); `lag` is
    how long in seconds its controllers take for a step, as those of a real cluster take a while. `start` tells what
    becomes of a pod that a client creates (its status, its log); without it none can be created."""

    def __init__(
        self,
        bundle: Bundle,
        *,
        permissions: Sequence[Rule] = EVERYTHING,
        user: str = "netcheck",
        context: str = "",
        lag: float = 0.3,
        start: Callable[[Object], tuple[Object, str]] | None = None,
    ) -> None:
        self._context = context or bundle.name
        self._world = World(
            bundle=bundle, store=Store(bundle), user=user, token=secrets.token_urlsafe(24), rules=tuple(permissions),
            start=start,
        )
        self._lag = lag
        self._life = Life(self._world, lag)
        self._world.follow = self._life.follow
        self._runner: web.AppRunner | None = None
        self._authority = ""
        self._server = ""

    @property
    def faults(self) -> list[Fault]:
        return self._world.faults

    @property
    def server(self) -> str:
        """`https://127.0.0.1:<port>`, once started."""
        return self._server

    @property
    def token(self) -> str:
        return self._world.token

    async def settled(self) -> None:
        """Returns when all that follows from the changes made so far has happened."""
        await self._life.settled()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        context, self._authority = make_certificate(host, "localhost")
        self._runner = web.AppRunner(
            make_application(self._world), access_log=None, shutdown_timeout=0.2,
            max_line_size=LARGEST_HEAD, max_field_size=LARGEST_HEAD,
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=context)
        await site.start()
        self._server = f"https://{host}:{self._runner.addresses[0][1]}"

    async def load(self, bundle: Bundle) -> None:
        """Another cluster behind the same address and token; what happened to the one before is forgotten."""
        await self._life.stop()
        world = self._world
        world.bundle, world.store, world.started = bundle, Store(bundle), time.monotonic()
        world.made_logs.clear()
        self._life = Life(world, self._lag)
        world.follow = self._life.follow

    async def stop(self) -> None:
        await self._life.stop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.stop()

    def kubeconfig(self) -> dict[str, Any]:
        """As kubectl reads it; with the box's authority and token."""
        authority = base64.b64encode(self._authority.encode()).decode()
        name = self._context
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": {"server": self._server, "certificate-authority-data": authority}}],
            "users": [{"name": name, "user": {"token": self._world.token}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }

    def write_kubeconfig(self, path: Path) -> Path:
        """Readable by the owner only; JSON, which is YAML too."""
        path.touch(mode=0o600)
        path.write_text(json.dumps(self.kubeconfig(), indent=1))
        return path
