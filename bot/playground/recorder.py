"""Records a bundle: passes every call on to a real cluster and remembers what came back.

`RecordingCluster` is the port of `bot.cluster` around another one, so that a playbook runs over it unchanged. Called by
`record`, which the verb `netcheck record` calls.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import reduce
from typing import Any, TypeVar

from bot.cluster import (
    Access,
    Cluster,
    ExecResult,
    Form,
    Headers,
    Listing,
    NodeProbePlace,
    PodEnd,
    ProbePlace,
    Sockets,
    Stream,
    Usage,
)
from bot.cluster.probes import LABEL
from bot.model.errors import ClusterError
from bot.model.redact import redact
from bot.playground.bundle import Bundle, Execution, HttpAnswer, Log, Object, Outcome, Read, Review
from bot.playground.cassette import Cassette
from bot.playground.cluster_box.kinds import find_kind
from bot.playground.connections import RecordingSockets
from bot.playground.rights import read_rights
from bot.playground.surroundings import read_surroundings
from bot.playground.taped import TapedStream, outcome_of

T = TypeVar("T")


async def record(cluster: Cluster, run_playbook: Callable[[Cluster], Awaitable[None]], name: str, title: str) -> Bundle:
    """Runs the playbook over a recording cluster and gives what was read. Errors of single reads are recorded, too."""
    recording = RecordingCluster(cluster)
    await recording.observe("/version", recording.version())
    await recording.observe("/apis", recording.groups())
    await run_playbook(recording)
    await read_surroundings(recording, recording.cassette)
    await read_rights(cluster, recording.cassette)
    return recording.cassette.bundle(name=name, title=title, recorded_at=cluster.now)


class RecordingCluster:
    """A `Cluster` whose reads are kept in `cassette`; changes are passed on and not recorded."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.cassette = Cassette()

    @property
    def name(self) -> str:
        return self._cluster.name

    @property
    def server(self) -> str:
        return self._cluster.server

    @property
    def usage(self) -> Usage:
        return self._cluster.usage

    @property
    def now(self) -> float:
        return self._cluster.now

    async def observe(self, path: str, call: Awaitable[object]) -> None:
        """Makes a call whose failure is a fact to record rather than the end."""
        try:
            await call
        except ClusterError as error:
            self.cassette.failures[path] = redact(str(error))

    def forget(self) -> None:
        self._cluster.forget()

    async def version(self) -> Object:
        self.cassette.version = await self._cluster.version()
        return self.cassette.version

    async def groups(self) -> tuple[str, ...]:
        self.cassette.groups = await self._cluster.groups()
        return self.cassette.groups

    async def get(self, kind: str, name: str, namespace: str = "", *, api: str = "") -> Object:
        read = Read(verb="get", kind=kind, api=_api_of(kind, api), namespace=namespace, name=name)
        try:
            found = await self._cluster.get(kind, name, namespace, api=api)
        except (ClusterError, asyncio.CancelledError) as error:
            self.cassette.keep_failed(read, *outcome_of(error))
            raise
        self.cassette.keep(read, [found])
        return found

    async def list(
        self,
        kind: str,
        namespace: str = "",
        *,
        api: str = "",
        labels: str = "",
        fields: str = "",
        limit: int = 0,
        form: Form = "full",
    ) -> Listing:
        read = Read(
            verb="list", kind=kind, api=_api_of(kind, api), namespace=namespace, labels=labels, fields=fields, form=form
        )
        try:
            found = await self._cluster.list(
                kind, namespace, api=api, labels=labels, fields=fields, limit=limit, form=form
            )
        except (ClusterError, asyncio.CancelledError) as error:
            self.cassette.keep_failed(read, *outcome_of(error))
            raise
        cut = not found.complete or found.remaining > 0
        self.cassette.keep(read, found.items, len(found.items) + found.remaining if cut else None)
        return found

    async def fold(
        self, kind: str, add: Callable[[T, Object], T], start: T, *, limit: int = 0, form: Form = "full"
    ) -> T:
        return reduce(add, (await self.list(kind, limit=limit, form=form)).items, start)

    async def logs(
        self, namespace: str, pod: str, container: str = "", *, tail: int = 500, previous: bool = False
    ) -> str:
        def log(outcome: Outcome, message: str = "", text: str = "") -> Log:
            return Log(
                namespace=namespace,
                pod=pod,
                container=container,
                previous=previous,
                tail=tail,
                outcome=outcome,
                message=message,
                text=redact(text),
            )

        try:
            text = await self._cluster.logs(namespace, pod, container, tail=tail, previous=previous)
        except (ClusterError, asyncio.CancelledError) as error:
            self.cassette.logs.append(log(*outcome_of(error)))
            raise
        self.cassette.logs.append(log("answered", text=text))
        return text

    async def may(self, access: Access) -> bool:
        allowed = await self._cluster.may(access)
        review = Review(
            verb=access.verb,
            resource=access.resource,
            group=access.group,
            namespace=access.namespace,
            name=access.name,
            subresource=access.subresource,
            user=access.user or "",
            allowed=allowed,
        )
        self.cassette.reviews[review] = None
        return allowed

    def forward(self, namespace: str, pod: str, port: int) -> AbstractAsyncContextManager[Stream]:
        return self._forward((namespace, pod, port))

    @asynccontextmanager
    async def _forward(self, where: tuple[str, str, int]) -> AsyncIterator[Stream]:
        tape = TapedStream()
        try:
            async with self._cluster.forward(*where) as stream:
                tape.stream = stream
                yield tape
        except (ClusterError, asyncio.CancelledError) as error:
            tape.end = tape.end or outcome_of(error)
            raise
        finally:
            self.cassette.keep_tape(where, bytes(tape.sent), bytes(tape.received), *(tape.end or ("silent", "")))

    async def ask_pod(
        self, namespace: str, pod: str, port: int, path: str = "", *, headers: Headers = (), patience: float = 5.0
    ) -> str:
        page = HttpAnswer(namespace=namespace, pod=pod, port=port, path=f"/{path}", way="network")
        try:
            text = await self._cluster.ask_pod(namespace, pod, port, path, headers=headers, patience=patience)
        except (ClusterError, asyncio.CancelledError) as error:
            self.cassette.keep_page(page, *outcome_of(error))
            raise
        self.cassette.keep_page(page, "answered", text)
        return text

    @property
    def probe(self) -> ProbePlace | None:
        return self._cluster.probe

    @property
    def node_probe(self) -> NodeProbePlace | None:
        return self._cluster.node_probe

    @property
    def sockets(self) -> Sockets | None:
        found = self._cluster.sockets
        return RecordingSockets(found, self.cassette) if found else None

    async def run_pods(self, namespace: str, pods: Sequence[Object], patience: float) -> tuple[PodEnd, ...]:
        ends = await self._cluster.run_pods(namespace, pods, patience)
        self.cassette.keep(Read(verb="list", kind="Pod", api="v1", namespace=namespace, labels=LABEL), ())  # the sweep
        for pod, end in zip(pods, ends, strict=True):
            self.cassette.keep_run(namespace, pod, end.log, end.why)
        return ends

    async def execute(self, namespace: str, pod: str, container: str, command: tuple[str, ...]) -> ExecResult:
        result = await self._cluster.execute(namespace, pod, container, command)
        self.cassette.executions.append(
            Execution(
                namespace=namespace,
                pod=pod,
                container=container,
                command=command,
                stdout=redact(result.stdout),
                stderr=redact(result.stderr),
                exit_code=result.exit_code,
            )
        )
        return result

    async def patch(
        self, kind: str, name: str, namespace: str, body: Mapping[str, Any], *, api: str = "", dry_run: bool = False
    ) -> Object:
        return await self._cluster.patch(kind, name, namespace, body, api=api, dry_run=dry_run)

    async def close(self) -> None:
        await self._cluster.close()


def _api_of(kind: str, api: str) -> str:
    found = find_kind(api, kind)
    return found.api if found else api
