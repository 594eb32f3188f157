"""What a run asked of a cluster, and when: around the real client, beneath the reads that a run shares."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from bot.cluster import Cluster, Stream


@dataclass(frozen=True, slots=True)
class Span:
    """One call of the client, in seconds of the monotonic clock."""

    name: str
    args: tuple[Any, ...]
    options: dict[str, Any]
    began: float
    ended: float


@dataclass(slots=True)
class Trace:
    spans: list[Span] = field(default_factory=list)

    def around(self, cluster: Cluster) -> Cluster:
        return cast(Cluster, _Traced(cluster, self))

    def longest_chain(self) -> list[Span]:
        """From the last answer back: each call after the one whose answer came last before it began."""
        chain: list[Span] = []
        before = float("inf")
        while earlier := [span for span in self.spans if span.ended <= before]:
            chain.append(max(earlier, key=lambda span: span.ended))
            before = chain[-1].began
        return chain[::-1]


class _Traced:
    """Passes everything on; `forward` is a context manager, all other calls are coroutines."""

    def __init__(self, cluster: Cluster, trace: Trace) -> None:
        self._cluster = cluster
        self._trace = trace

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._cluster, name)
        return self._timed(name, found) if callable(found) else found

    def _timed(self, name: str, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def timed(*args: Any, **options: Any) -> Any:
            began = time.perf_counter()
            try:
                return await call(*args, **options)
            finally:
                self._trace.spans.append(Span(name, args, options, began, time.perf_counter()))

        return timed

    def forward(self, namespace: str, pod: str, port: int) -> AbstractAsyncContextManager[Stream]:
        @asynccontextmanager
        async def timed() -> AsyncIterator[Stream]:
            began = time.perf_counter()
            try:
                async with self._cluster.forward(namespace, pod, port) as stream:
                    yield stream
            finally:
                span = Span("forward", (namespace, pod, port), {}, began, time.perf_counter())
                self._trace.spans.append(span)

        return timed()
