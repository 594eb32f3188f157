"""One read per run: steps that ask the same of the cluster share one request, while it is under way and after it.

What comes out is shared, so nobody may alter it. Kept are answers, and the two errors that are answers (Forbidden,
NotFound); anything else is told to those who wait for it and asked anew by the next. Streams and changes go straight
through, and a change makes everything forgotten.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.cluster import (
    Access,
    Cluster,
    ExecResult,
    Form,
    Headers,
    Listing,
    NodeProbePlace,
    Object,
    PodEnd,
    ProbePlace,
    Sockets,
    Stream,
    Usage,
)
from bot.model.errors import Forbidden, NotFound

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Read:
    task: asyncio.Task[Any]
    waiting: int = 0


class RunReads:
    """A `Cluster` over another, which only this run uses (`KubernetesCluster.scoped`). `usage` counts from here on."""

    def __init__(self, cluster: Cluster, *, behind: "RunReads | None" = None) -> None:
        self._cluster = cluster
        self._behind = behind
        self._before = cluster.usage
        self._reads: dict[Hashable, _Read] = {}

    def fresh(self) -> "RunReads":
        """A view that has read nothing yet; what it reads is from then on what the others get."""
        return RunReads(self._cluster, behind=self)

    def forget(self) -> None:
        """Nothing read before counts any more; reads under way still answer those who wait for them."""
        self._reads.clear()
        if self._behind:
            self._behind.forget()

    @property
    def name(self) -> str:
        return self._cluster.name

    @property
    def server(self) -> str:
        return self._cluster.server

    @property
    def usage(self) -> Usage:
        used = self._cluster.usage
        return Usage(used.requests - self._before.requests, used.bytes - self._before.bytes)

    @property
    def now(self) -> float:
        return self._cluster.now

    async def version(self) -> Object:
        return await self._share("version", self._cluster.version)

    async def groups(self) -> tuple[str, ...]:
        return await self._share("groups", self._cluster.groups)

    async def get(self, kind: str, name: str, namespace: str = "", *, api: str = "") -> Object:
        key = ("get", kind, name, namespace, api)
        if key not in self._reads and (listed := self._find_listed(kind, name, namespace, api)) is not None:
            return listed
        return await self._share(key, lambda: self._cluster.get(kind, name, namespace, api=api))

    async def list(
        self, kind: str, namespace: str = "", *, api: str = "", labels: str = "", fields: str = "", limit: int = 0,
        form: Form = "full",
    ) -> Listing:
        key = ("list", kind, namespace, api, labels, fields, limit, form)
        return await self._share(key, lambda: self._cluster.list(
            kind, namespace, api=api, labels=labels, fields=fields, limit=limit, form=form,
        ))

    async def fold(
        self, kind: str, add: Callable[[T, Object], T], start: T, *, limit: int = 0, form: Form = "full"
    ) -> T:
        key = ("fold", kind, add, start, limit, form)
        return await self._share(key, lambda: self._cluster.fold(kind, add, start, limit=limit, form=form))

    async def logs(
        self, namespace: str, pod: str, container: str = "", *, tail: int = 500, previous: bool = False
    ) -> str:
        key = ("logs", namespace, pod, container, tail, previous)
        return await self._share(
            key, lambda: self._cluster.logs(namespace, pod, container, tail=tail, previous=previous)
        )

    async def may(self, access: Access) -> bool:
        return await self._share(("may", access), lambda: self._cluster.may(access))

    def forward(self, namespace: str, pod: str, port: int) -> AbstractAsyncContextManager[Stream]:
        return self._cluster.forward(namespace, pod, port)

    async def ask_pod(
        self, namespace: str, pod: str, port: int, path: str = "", *, headers: Headers = (), patience: float = 5.0
    ) -> str:
        return await self._cluster.ask_pod(namespace, pod, port, path, headers=headers, patience=patience)

    @property
    def probe(self) -> ProbePlace | None:
        return self._cluster.probe

    @property
    def node_probe(self) -> NodeProbePlace | None:
        return self._cluster.node_probe

    @property
    def sockets(self) -> Sockets | None:
        return self._cluster.sockets

    async def run_pods(self, namespace: str, pods: Sequence[Object], patience: float) -> tuple[PodEnd, ...]:
        return await self._cluster.run_pods(namespace, pods, patience)

    async def execute(self, namespace: str, pod: str, container: str, command: tuple[str, ...]) -> ExecResult:
        return await self._cluster.execute(namespace, pod, container, command)

    async def patch(
        self, kind: str, name: str, namespace: str, body: Mapping[str, Any], *, api: str = "", dry_run: bool = False
    ) -> Object:
        try:
            return await self._cluster.patch(kind, name, namespace, body, api=api, dry_run=dry_run)
        finally:
            # After a failure too: nobody knows then whether the change was made.
            if not dry_run:
                self.forget()

    async def close(self) -> None:
        """Ends the reads under way. The cluster stays open: it belongs to whoever opened it."""
        tasks = [read.task for read in self._reads.values()]
        self._reads.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _share(self, key: Hashable, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        read = self._reads.get(key) or self._begin(key, ask)
        read.waiting += 1
        try:
            # Shielded: who asked first may be cancelled, the others still want the answer.
            answer: T = await asyncio.shield(read.task)
            return answer
        finally:
            read.waiting -= 1
            if not read.waiting and not read.task.done():
                self._drop(key, read)
                read.task.cancel()

    def _begin(self, key: Hashable, ask: Callable[[], Coroutine[Any, Any, T]]) -> _Read:
        read = _Read(asyncio.create_task(ask()))
        self._reads[key] = read
        if self._behind:
            self._behind._reads[key] = read
        read.task.add_done_callback(lambda task: None if _may_stay(task) else self._drop(key, read))
        return read

    def _drop(self, key: Hashable, read: _Read) -> None:
        if self._reads.get(key) is read:
            del self._reads[key]
        if self._behind:
            self._behind._drop(key, read)

    def _find_listed(self, kind: str, name: str, namespace: str, api: str) -> Object | None:
        """The object out of a list that was read whole. One that is not in it is asked for: it may be younger."""
        for scope in {namespace, ""}:
            read = self._reads.get(("list", kind, scope, api, "", "", 0, "full"))
            if read is None or not read.task.done() or not _succeeded(read.task):
                continue
            for row in read.task.result().items:
                if (row["metadata"]["name"], row["metadata"].get("namespace", "")) == (name, namespace):
                    found: Object = row
                    return found
        return None


def _succeeded(task: asyncio.Task[Any]) -> bool:
    return not task.cancelled() and task.exception() is None


def _may_stay(task: asyncio.Task[Any]) -> bool:
    if task.cancelled():
        return False
    error = task.exception()
    return error is None or isinstance(error, Forbidden | NotFound)
