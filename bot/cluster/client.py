"""The cluster port over HTTP: which path to ask, and what becomes of the answer."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import reduce
from typing import Any, TypeVar

import orjson

from bot.cluster import (
    Access,
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
from bot.cluster.answers import (
    check_object,
    decode_object,
    locate,
    read_review,
    take_rows,
    word,
    write_review,
)
from bot.cluster.credentials import Credentials
from bot.cluster.lists import read_pages
from bot.cluster.probes import run_pods
from bot.cluster.records import KINDS, Ask, Kind, Limits, find_kind
from bot.cluster.streams import open_forward, run_command
from bot.cluster.transport import Meter, Query, Request, Transport
from bot.model.errors import NotFound

T = TypeVar("T")
_ANYTHING = ("Accept", "*/*")
_STRATEGIC = "application/strategic-merge-patch+json"
_MERGE = "application/merge-patch+json"
_GONE_LOG = "unable to retrieve container logs for "
_POD = KINDS["Pod"]


class KubernetesCluster:
    """One cluster, as one identity. `scoped` gives a cheap second one over the same connections with a count of its
    own, for one run; whoever made the first one closes it."""

    def __init__(
        self, credentials: Credentials, limits: Limits | None = None, *, user: str = "", groups: tuple[str, ...] = ()
    ) -> None:
        self._transport = Transport(credentials, limits or Limits())
        self._meter = Meter()
        self._kinds: dict[tuple[str, str], Kind] = {}
        self._identity = _impersonate(user, groups)
        self._owner = True
        self.probe: ProbePlace | None = None
        self.node_probe: NodeProbePlace | None = None
        self.sockets: Sockets | None = None

    def scoped(
        self, *, user: str = "", groups: tuple[str, ...] = (), probe: ProbePlace | None = None,
        node_probe: NodeProbePlace | None = None, sockets: Sockets | None = None,
    ) -> "KubernetesCluster":
        """`user` and `groups`: whom to act as (impersonation); empty: as this one. `probe`, `node_probe`: where it may
        start pods. `sockets`: where netcheck runs in this cluster."""
        other = KubernetesCluster(self._transport.credentials, self._transport.limits, user=user, groups=groups)
        other._transport = self._transport
        other._kinds = self._kinds
        other._identity = other._identity or self._identity
        other._owner = False
        other.probe, other.node_probe, other.sockets = probe, node_probe, sockets
        return other

    @property
    def name(self) -> str:
        return self._transport.credentials.name

    @property
    def server(self) -> str:
        return self._transport.credentials.server

    @property
    def usage(self) -> Usage:
        return Usage(self._meter.requests, self._meter.bytes)

    @property
    def now(self) -> float:
        return self._transport.now

    def forget(self) -> None:
        """Nothing is kept here: each read is a request."""

    async def version(self) -> Object:
        return decode_object(await self._send(Ask(verb="get", resource="/version"), "/version"), "/version")

    async def groups(self) -> tuple[str, ...]:
        answer = decode_object(await self._send(Ask(verb="get", resource="/apis"), "/apis"), "/apis")
        return tuple(str(group.get("name")) for group in take_rows(answer, "groups", "/apis"))

    async def get(self, kind: str, name: str, namespace: str = "", *, api: str = "") -> Object:
        row = await self._find(kind, api)
        path = locate(row, namespace, name)
        return check_object(decode_object(await self._send(word("get", row, namespace, name), path), path), kind, path)

    async def list(
        self, kind: str, namespace: str = "", *, api: str = "", labels: str = "", fields: str = "", limit: int = 0,
        form: Form = "full",
    ) -> Listing:
        row, most = await self._find(kind, api), self._transport.limits.page
        items: list[Object] = []
        last = Listing(())
        async for last in self._pages(row, namespace, min(limit, most) or most, form, labels, fields):
            items += last.items
            if 0 < limit <= max(most, len(items)):
                break
        return replace(last, items=tuple(items))

    async def fold(
        self, kind: str, add: Callable[[T, Object], T], start: T, *, limit: int = 0, form: Form = "full"
    ) -> T:
        told, seen = start, 0
        async for page in self._pages(await self._find(kind, ""), "", self._transport.limits.folded, form):
            told, seen = reduce(add, page.items, told), seen + len(page.items)
            del page  # before the next one is there
            if 0 < limit <= seen:
                break
        return told

    def _pages(
        self, row: Kind, namespace: str, size: int, form: Form, labels: str = "", fields: str = ""
    ) -> AsyncIterator[Listing]:
        path, ask, limits = row.path(namespace), word("list", row, namespace), self._transport.limits

        async def send(query: Query, headers: Headers) -> bytes:
            return await self._send(ask, path, query=query, headers=headers)

        return read_pages(send, row, path, limits, labels=labels, fields=fields, size=size, form=form)

    async def logs(
        self, namespace: str, pod: str, container: str = "", *, tail: int = 500, previous: bool = False
    ) -> str:
        ask = word("get", _POD, namespace, pod).of("log")
        options = (("container", container), ("tailLines", str(tail)), ("previous", "true" if previous else ""))
        query = tuple((key, value) for key, value in options if value)
        body = await self._send(ask, locate(_POD, namespace, pod, "log"), query=query, headers=(_ANYTHING,))
        text = body.decode(errors="replace")
        # The kubelet says this with status 200 when the container's log file is no longer on the node.
        if text.startswith(_GONE_LOG):
            raise NotFound(f"{ask}: the log is no longer on the node ({' '.join(text.split())[:200]}).")
        return text

    async def may(self, access: Access) -> bool:
        kind = "SubjectAccessReview" if access.user is not None else "SelfSubjectAccessReview"
        resource = kind.lower() + "s"
        path = f"/apis/authorization.k8s.io/v1/{resource}"
        ask = Ask(verb="create", resource=resource, group="authorization.k8s.io")
        body = write_review(kind, access)
        json = (("Content-Type", "application/json"),)
        return read_review(decode_object(await self._send(ask, path, "POST", body=body, headers=json), path), path)

    def forward(self, namespace: str, pod: str, port: int) -> AbstractAsyncContextManager[Stream]:
        request = Request(
            ask=word("create", _POD, namespace, pod).of("portforward"),
            path=locate(_POD, namespace, pod, "portforward"),
            query=(("ports", str(port)),),
            headers=(_ANYTHING, *self._identity),
        )
        return open_forward(self._transport, request, self._meter)

    async def ask_pod(
        self, namespace: str, pod: str, port: int, path: str = "", *, headers: Headers = (), patience: float = 5.0
    ) -> str:
        # The path is ours and goes as it is: quoted once more it would be another one.
        request = Request(
            ask=word("get", _POD, namespace, pod).of("proxy"),
            path=f"{locate(_POD, namespace, f'{pod}:{port}', 'proxy')}/{path}",
            headers=(_ANYTHING, *headers, *self._identity),
            safe=False, relayed=True, seconds=patience,
        )
        return (await self._transport.send(request, self._meter)).decode(errors="replace")

    async def run_pods(self, namespace: str, pods: Sequence[Object], patience: float) -> tuple[PodEnd, ...]:
        async def send(ask: Ask, path: str, method: str, query: Query, body: bytes | None) -> bytes:
            form = (_ANYTHING, *((("Content-Type", "application/json"),) if body else ()))
            return await self._send(ask, path, method, query=query, headers=form, body=body, safe=method != "POST")

        return await run_pods(send, namespace, pods, patience, self.now)

    async def execute(self, namespace: str, pod: str, container: str, command: tuple[str, ...]) -> ExecResult:
        options = (("container", container), ("stdout", "true"), ("stderr", "true"))
        request = Request(
            ask=word("create", _POD, namespace, pod).of("exec"),
            path=locate(_POD, namespace, pod, "exec"),
            query=(*((key, value) for key, value in options if value), *(("command", part) for part in command)),
            headers=(_ANYTHING, *self._identity),
        )
        return await run_command(self._transport, request, self._meter)

    async def patch(
        self, kind: str, name: str, namespace: str, body: Mapping[str, Any], *, api: str = "", dry_run: bool = False
    ) -> Object:
        row = await self._find(kind, api)
        path = locate(row, namespace, name)
        query = (("fieldManager", "netcheck"), *((("dryRun", "All"),) if dry_run else ()))
        form = (("Content-Type", _STRATEGIC if row.builtin else _MERGE),)
        ask = word("patch", row, namespace, name)
        change = orjson.dumps(dict(body))
        answer = await self._send(ask, path, "PATCH", query=query, headers=form, body=change, safe=False)
        return check_object(decode_object(answer, path), kind, path)

    async def close(self) -> None:
        if self._owner:
            await self._transport.close()

    async def _find(self, kind: str, api: str) -> Kind:
        """The table's row, else what the API server says about this group and version."""
        if row := find_kind(kind, api) or self._kinds.get((api, kind)):
            return row
        path = f"/apis/{api}" if "/" in api else f"/api/{api}"
        answer = decode_object(await self._send(Ask(verb="get", resource=path), path), path)
        for served in take_rows(answer, "resources", path):
            plural = str(served.get("name"))
            if served.get("kind") == kind and "/" not in plural:
                namespaced = served.get("namespaced") is True
                row = Kind(kind=kind, plural=plural, api=api, namespaced=namespaced, builtin=False)
                self._kinds[api, kind] = row
                return row
        raise NotFound(f"{self.server} serves no {kind} in {api}. Check kind and api, or whether it is installed.")

    async def _send(
        self, ask: Ask, path: str, method: str = "GET", *, query: Query = (), headers: Headers = (),
        body: bytes | None = None, safe: bool = True,
    ) -> bytes:
        request = Request(
            ask=ask, path=path, method=method, query=query, headers=(*headers, *self._identity), body=body,
            safe=safe,
        )
        return await self._transport.send(request, self._meter)


def _impersonate(user: str, groups: tuple[str, ...]) -> Headers:
    if not user:
        return ()
    return (("Impersonate-User", user), *(("Impersonate-Group", group) for group in groups))
