"""A TLS server on loopback that answers as a test says. Only for what a healthy API server does not do on demand: the
contract suite is what tells whether the client understands a real one."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from aiohttp import web

from tests.cluster_client.certificates import Pair

Answer: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
ANSWER: web.AppKey[Answer] = web.AppKey("answer")


class Script:
    """`answer` decides what every request gets; `seen` are the requests as they came."""

    def __init__(self) -> None:
        self.seen: list[web.Request] = []
        self.port = 0
        self.answer: Answer = self._refuse

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def reply(self, *responses: Callable[[], web.StreamResponse]) -> None:
        """One response after another; the last one for ever."""
        left = list(responses)

        async def answer(_: web.Request) -> web.StreamResponse:
            return (left.pop(0) if len(left) > 1 else left[0])()

        self.answer = answer

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        return await self.answer(request)

    async def _refuse(self, request: web.Request) -> web.StreamResponse:
        raise AssertionError(f"nothing was scripted for {request.path}")


@asynccontextmanager
async def run_server(pair: Pair, *, client_authority: Path | None = None) -> AsyncIterator[Script]:
    """`client_authority`: clients must show a certificate of that authority."""
    script = Script()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=client_authority)
    tls.load_cert_chain(pair.certificate, pair.key)
    if client_authority:
        tls.verify_mode = ssl.CERT_REQUIRED
    application = web.Application()
    application.router.add_route("*", "/{rest:.*}", script.serve)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        script.port = runner.addresses[0][1]
        yield script
    finally:
        await runner.cleanup()


def json(body: Any, status: int = 200, **headers: str) -> Callable[[], web.Response]:
    return lambda: web.json_response(body, status=status, headers=headers)


def refuse(status: int, message: str, **headers: str) -> Callable[[], web.Response]:
    """A Status object, as the API server says no."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": status}
    return json(body, status, **headers)


def write_kubeconfig(
    file: Path, server: str, authority: Path | None, user: dict[str, Any], *, name: str = "test", **cluster: Any
) -> Path:
    trust = {"certificate-authority": str(authority)} if authority else {}
    file.write_text(yaml.safe_dump({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "clusters": [{"name": name, "cluster": {"server": server, **trust, **cluster}}],
        "users": [{"name": name, "user": user}],
    }))
    return file
