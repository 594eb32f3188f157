"""Looks into Redis, and spoils things in it, beside the journal: with a client of its own."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from redis.asyncio import Redis


class Inspector:
    """Names are without the prefix."""

    def __init__(self, url: str, prefix: str) -> None:
        self._client = Redis.from_url(url, protocol=2)
        self._prefix = prefix

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        await self._client.aclose()

    async def names(self) -> set[str]:
        found: list[bytes] = await self.do("KEYS", "*")
        return {name.decode().removeprefix(self._prefix) for name in found}

    async def kind(self, name: str) -> str:
        return str((await self.do("TYPE", name)).decode())

    async def seconds_left(self, name: str) -> int:
        """-1: for ever."""
        return int(await self.do("TTL", name))

    async def do(self, command: str, name: str, *rest: str | bytes | float) -> Any:
        return await self._client.execute_command(command, self._prefix + name, *rest)  # type: ignore[no-untyped-call]

    async def write_entry(self, name: str, id: str, fields: Mapping[str, str]) -> None:
        await self.do("XADD", name, id, *(part for pair in fields.items() for part in pair))
