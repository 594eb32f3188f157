"""A bundle: what was read from a cluster, so that it can be served again (`netcheck record`, the cluster in a box).

It holds objects, logs, what probes answered and which reads were made, all redacted; never a finding, never a pair of
address and answer. On disk: JSON, gzip, one file. `reads` tell recorded-and-empty from never-recorded.
"""

import gzip
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from bot.cluster import DialOutcome, Form
from bot.model.errors import UsageError

VERSION = 1
LARGEST = 64 * 1024 * 1024
"""Bytes of an unpacked bundle. More is a mistake or an attack: gzip packs zeros a thousandfold."""

Object: TypeAlias = dict[str, Any]
Outcome: TypeAlias = Literal["answered", "absent", "forbidden", "rejected", "refused", "failed", "silent"]
"""`absent` 404, `forbidden` 403, `rejected` 400, `refused` nobody listens there, `failed` 5xx, `silent` no answer in
time.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One read that was made. `total` is what the server said there is, where a list was cut short."""

    verb: Literal["get", "list"]
    kind: str
    api: str
    namespace: str = ""
    name: str = ""
    labels: str = ""
    fields: str = ""
    form: Form = "full"
    outcome: Outcome = "answered"
    message: str = ""
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """`tail` lines were asked for; fewer in `text` means that this is all there was."""

    namespace: str
    pod: str
    container: str = ""
    previous: bool = False
    tail: int
    text: str = ""
    outcome: Outcome = "answered"
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsAnswer:
    """What a pod answered to a question; `wire` is the response as it came (base64 on disk)."""

    namespace: str
    pod: str
    port: int
    name: str
    type: str
    transport: Literal["tcp", "udp"] = "tcp"
    outcome: Outcome = "answered"
    wire: bytes = b""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """`way`: asked over a port-forward, inside the pod, or by the API server over the pod network (`pods/proxy`).
    `host`: who was asked for, where that is not the pod. `packed`: it came compressed, as the client had offered."""

    namespace: str
    pod: str
    port: int
    path: str
    way: Literal["forward", "network"] = "forward"
    host: str = ""
    outcome: Outcome = "answered"
    status: int = 0
    location: str = ""
    content_type: str = ""
    body: str = ""
    packed: bool = False
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    namespace: str
    pod: str
    container: str
    command: tuple[str, ...]
    outcome: Outcome = "answered"
    stdout: str = ""
    stderr: str = ""
    exit_code: int = 0
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PodRun:
    """What a pod that ran once printed, by the node it ran on and what it was told to do; `why` it did not run."""

    namespace: str
    node: str
    image: str
    command: tuple[str, ...]
    log: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What became of one that was tried from netcheck's own pod."""

    protocol: Literal["TCP", "UDP"]
    address: str
    port: int
    outcome: DialOutcome
    said: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """An access review whose answer cannot be derived, since the roles behind it could not be read."""

    verb: str
    resource: str
    group: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    user: str = ""
    allowed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """`recorded_at` is the API server's clock then, seconds since the epoch. `partial` objects have metadata only, or
    the `cells` that a table shows of them.

    `own_pod`: that in which netcheck ran, `namespace/name`; empty: it ran elsewhere, and no `connections` were tried.
    `roles_of` names the users whose roles and bindings are all in `objects`. What was broken is not told here but
    beside it (`scenarios.py`): a bundle holds what was seen.
    """

    name: str
    title: str
    recorded_at: float
    version: Object
    groups: tuple[str, ...] = ()
    objects: tuple[Object, ...] = ()
    partial: tuple[Object, ...] = ()
    reads: tuple[Read, ...] = ()
    logs: tuple[Log, ...] = ()
    dns: tuple[DnsAnswer, ...] = ()
    http: tuple[HttpAnswer, ...] = ()
    executions: tuple[Execution, ...] = ()
    runs: tuple[PodRun, ...] = ()
    own_pod: str = ""
    connections: tuple[Connection, ...] = ()
    reviews: tuple[Review, ...] = ()
    roles_of: tuple[str, ...] = ()
    failures: Mapping[str, str] = field(default_factory=dict)
    """Paths outside the kinds that failed when recorded: `/version` or `/apis` to the message."""


def pack_bundle(bundle: Bundle) -> bytes:
    """The same bytes for the same bundle."""
    plain = {"netcheck_bundle": VERSION, **msgspec.to_builtins(bundle)}
    return gzip.compress(msgspec.json.encode(plain, order="sorted"), compresslevel=9, mtime=0)


def unpack_bundle(data: bytes, origin: str) -> Bundle:
    """Raises UsageError naming `origin`, the place inside it and what to do."""
    try:
        raw = msgspec.json.decode(_inflate(data, origin))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{origin} is not a bundle: no JSON inside ({error}). Record it with `netcheck record`."
        ) from None
    version = raw.get("netcheck_bundle") if isinstance(raw, dict) else None
    if version != VERSION:
        raise UsageError(
            f"{origin} is not a bundle of version {VERSION} but of {version!r}. Record it again with `netcheck record`."
        )
    try:
        bundle = msgspec.convert(raw, Bundle, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(f"{origin} is damaged: {error}. Record it again with `netcheck record`.") from None
    _check_objects(bundle, origin)
    return bundle


def save_bundle(bundle: Bundle, path: Path) -> int:
    """Writes the file and gives its size in bytes. Raises UsageError."""
    data = pack_bundle(bundle)
    try:
        path.write_bytes(data)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}. Name a file in a folder that exists.") from None
    return len(data)


def load_bundle(path: Path) -> Bundle:
    """Raises UsageError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"The bundle {path} cannot be read: {error.strerror}. Give the path of a recorded file."
        ) from None
    return unpack_bundle(data, str(path))


def _inflate(data: bytes, origin: str) -> bytes:
    engine = zlib.decompressobj(wbits=31)
    try:
        plain = engine.decompress(data, LARGEST)
    except zlib.error:
        raise UsageError(
            f"{origin} is not a bundle: not compressed with gzip. Record it with `netcheck record`."
        ) from None
    if engine.unconsumed_tail:
        raise UsageError(f"{origin} is larger than {LARGEST >> 20} MiB when unpacked, which no bundle is.")
    if not engine.eof:
        raise UsageError(f"{origin} ends too early: the file was cut. Copy or record it again.")
    return plain


def _check_objects(bundle: Bundle, origin: str) -> None:
    for where in ("objects", "partial"):
        for number, item in enumerate(getattr(bundle, where)):
            metadata = item.get("metadata")
            if not item.get("kind") or not isinstance(metadata, dict) or not metadata.get("name"):
                raise UsageError(f"{origin} is damaged: `{where}[{number}]` has no kind or no metadata.name.")
            if item["kind"] == "Secret":
                raise UsageError(
                    f"{origin} holds a Secret (`{where}[{number}]`), which no bundle may. Record it again."
                )
