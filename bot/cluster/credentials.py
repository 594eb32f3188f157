"""How one cluster is reached and who we are there: a `Login`, and `Credentials` that renew it in time, once for all.

Where a login comes from (kubeconfig, exec plugin, the pod's own account) is auth.py's business; here is only when it is
asked for: before the first request, ahead of its expiry, and when the API server no longer accepts it.
"""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.model.errors import ClusterError

_AHEAD = 60.0
"""Seconds before its expiry at which a login is renewed (half its life, when that is shorter)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """`expires` in seconds since the epoch; None: as long as the server accepts it."""

    authorization: str = ""
    tls: ssl.SSLContext | None = None
    tls_name: str | None = None
    proxy: str | None = None
    expires: float | None = None

    def __repr__(self) -> str:
        return f"Login(expires={self.expires}, proxy={self.proxy!r})"


class Credentials:
    """`load` gives a fresh login or raises Unauthorized; it never runs twice at the same time."""

    def __init__(self, name: str, server: str, load: Callable[[], Awaitable[Login]]) -> None:
        self.name = name
        self.server = server.rstrip("/")
        self._load = load
        self._login: Login | None = None
        self._renew_at = float("inf")
        self._loading: asyncio.Task[Login] | None = None

    async def current(self) -> Login:
        """The login to use now. One that still holds is used when its renewal fails."""
        login = self._login
        if login is None:
            return await self._reload()
        if time.time() < self._renew_at:
            return login
        try:
            return await self._reload()
        except ClusterError:
            if login.expires is not None and time.time() < login.expires:
                return login
            raise

    async def renew(self, refused: Login) -> Login:
        """A login to try after `refused` got a 401; the same one when somebody has renewed it meanwhile."""
        if self._login is not None and self._login is not refused:
            return self._login
        return await self._reload()

    async def _reload(self) -> Login:
        if self._loading is None or self._loading.done():
            self._loading = asyncio.create_task(self._take_login())
            self._loading.add_done_callback(_look_at_error)
        # Shielded: the first who asked may be cancelled, the others still want the answer.
        return await asyncio.shield(self._loading)

    async def _take_login(self) -> Login:
        login = await self._load()
        self._login = login
        if login.expires is None:
            self._renew_at = float("inf")
        else:
            life = login.expires - time.time()
            self._renew_at = login.expires - min(_AHEAD, max(life, 0.0) / 2)
        return login


def _look_at_error(task: "asyncio.Task[Login]") -> None:
    if not task.cancelled():
        task.exception()
