"""The HTTP server for whoever runs netcheck: /healthz (the loop lives), /readyz (store and Slack), /metrics.

Liveness never depends on Slack or Redis: an outage of theirs must not restart the pods.
"""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

Check = Callable[[], Awaitable[str]]
"""Gives "" when all is well, else what is wrong."""


class Health:
    def __init__(self, checks: Mapping[str, Check], gauges: Mapping[str, tuple[str, Callable[[], float]]]) -> None:
        """`gauges`: name -> (help, how to read it), asked at each scrape."""
        self._checks = checks
        self._registry = CollectorRegistry()
        for name, (text, read) in gauges.items():
            Gauge(name, text, registry=self._registry).set_function(read)
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int) -> int:
        """Gives the port it listens on. Raises OSError when it is taken."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/metrics", self._metrics),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _: web.Request) -> web.Response:
        wrong = [f"{name}: {said}" for name, check in self._checks.items() if (said := await check())]
        return web.Response(text="\n".join(wrong or ["ok"]) + "\n", status=503 if wrong else 200)

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST})
