"""The way to a cluster: one port (`Cluster`), its errors are in `bot.model.errors`.

Here, from the rim inwards: kubeconfig.py (files and contexts), auth.py (logins, the only place that imports
`kubernetes`) with plugin.py (exec plugins) and credentials.py (renewal in time), transport.py (one request, repeated
and counted), faults.py (statuses and broken connections to errors), records.py (kinds, ceilings, what is asked),
answers.py (what must be true of an answer), lists.py (pages), streams.py (exec and port-forward), client.py (the port
over HTTP), reads.py (one read per run), sockets.py (connections from the pod that netcheck itself runs in). May
import: model. Called by steps, diagnosis, engine, wiring: through the port; only wiring knows a class.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

T = TypeVar("T")

Object: TypeAlias = dict[str, Any]
"""A Kubernetes object as the API gives it: plain JSON."""


Headers: TypeAlias = tuple[tuple[str, str], ...]
Form: TypeAlias = Literal["full", "metadata", "table"]
"""What of each object a list gives: all of it; apiVersion, kind and metadata; or, for few bytes, what `kubectl get`
prints: apiVersion, kind, metadata with the name alone, and `cells`, from the column's title to what is in it."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list call gave. `complete` is false when a ceiling cut it; `remaining` is what the server said is left,
    and 1 where it said no more than that something is: of what was selected by labels or fields it does not know how
    many (API concepts, "Retrieving large results sets in chunks")."""

    items: tuple[Object, ...]
    complete: bool = True
    remaining: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """What a run has cost so far: HTTP requests (streams included) and decoded bytes."""

    requests: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Access:
    """One question of an access review: may `user` (None: we ourselves) do `verb` on `resource`?"""

    verb: str
    resource: str
    group: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    user: str | None = None
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExecResult:
    stdout: str
    stderr: str
    exit_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbePlace:
    """Where probe pods may be started, and what they run: somebody has allowed it in the settings."""

    namespace: str
    image: str
    pull_secret: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeProbePlace(ProbePlace):
    """Where pods may be started that see folders of their node, for reading: `configuration` and `programs` are those
    of the container runtime's network plugins, in which {node} stands for the node's name."""

    configuration: str
    programs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PodEnd:
    """What a pod that ran once has printed; `why` it did not, where it did not."""

    log: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """A connection to try. `sends` (for UDP never empty): what is said, and must be answered; of TCP without it the
    connection alone is enough."""

    protocol: Literal["TCP", "UDP"]
    address: str
    port: int
    sends: bytes = b""


DialOutcome: TypeAlias = Literal["ok", "timeout", "refused", "unreachable", "untold"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialled:
    """What came of it, in how many seconds; `said` is the kernel's word for what went wrong."""

    outcome: DialOutcome
    said: str = ""
    seconds: float = 0.0


class Sockets(Protocol):
    """Plain connections from the pod that netcheck itself runs in, of the cluster that is looked at."""

    @property
    def pod(self) -> str:
        """`namespace/name`."""

    async def dial(self, dial: Dial) -> Dialled:
        """Within a few seconds; that nothing arrives is told, not raised."""


class Stream(Protocol):
    """A byte stream into a pod (one forwarded port). Raises ClusterError; `read` gives b"" at the end."""

    async def send(self, data: bytes) -> None: ...

    async def read_exactly(self, count: int) -> bytes: ...

    async def read(self) -> bytes: ...


class Cluster(Protocol):
    """One cluster, as one identity. All methods raise ClusterError and nothing else.

    `kind` is a kind as in YAML (`Pod`, `EndpointSlice`); `api` ("apps/v1") only for kinds the table does not know.
    """

    @property
    def name(self) -> str:
        """What people call it, for messages: the kube context, or `in-cluster`."""

    @property
    def server(self) -> str:
        """The address of the API server, e.g. `https://10.0.0.1:6443`."""

    @property
    def usage(self) -> Usage: ...

    @property
    def now(self) -> float:
        """The API server's clock (its last `Date` header), seconds since the epoch; ages of objects are told by it."""

    def forget(self) -> None:
        """For whoever waits for the cluster to change: the next read asks it anew, whatever this run has read."""

    async def version(self) -> Object:
        """GET /version."""

    async def get(self, kind: str, name: str, namespace: str = "", *, api: str = "") -> Object: ...

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
        """All namespaces when `namespace` is empty. `limit` 0: all pages up to the ceiling; else about so many items,
        in one request where they fit a page, with `remaining` from the server."""

    async def fold(
        self, kind: str, add: Callable[[T, Object], T], start: T, *, limit: int = 0, form: Form = "full"
    ) -> T:
        """What `add` makes of `start` and one object after another, of all namespaces, up to about `limit` of them
        (0: the ceiling). None is kept, so that a long list takes no more memory than a short one."""

    async def groups(self) -> tuple[str, ...]:
        """The API groups that are served, e.g. `apps`, `discovery.k8s.io`."""

    async def logs(
        self, namespace: str, pod: str, container: str = "", *, tail: int = 500, previous: bool = False
    ) -> str: ...

    async def may(self, access: Access) -> bool:
        """SelfSubjectAccessReview, or SubjectAccessReview when `access.user` is set."""

    def forward(self, namespace: str, pod: str, port: int) -> AbstractAsyncContextManager[Stream]:
        """A TCP stream to a port inside the pod's network namespace (`pods/portforward`)."""

    async def ask_pod(
        self, namespace: str, pod: str, port: int, path: str = "", *, headers: Headers = (), patience: float = 5.0
    ) -> str:
        """What the pod answers to `GET /path`, whatever its status; the API server itself asks, over the pod network
        (`pods/proxy`), once. Raises NotReached where it finds no way to the port, TimedOut after `patience` seconds."""

    @property
    def probe(self) -> ProbePlace | None:
        """None: no pod may be started."""

    @property
    def node_probe(self) -> NodeProbePlace | None:
        """None: no pod that sees its node may be started."""

    @property
    def sockets(self) -> Sockets | None:
        """None: netcheck runs elsewhere."""

    async def run_pods(self, namespace: str, pods: Sequence[Object], patience: float) -> tuple[PodEnd, ...]:
        """Starts pods that run once, and gives what became of each in order; all are gone again when this returns."""

    async def execute(self, namespace: str, pod: str, container: str, command: tuple[str, ...]) -> ExecResult: ...

    async def patch(
        self, kind: str, name: str, namespace: str, body: Mapping[str, Any], *, api: str = "", dry_run: bool = False
    ) -> Object:
        """A strategic merge patch for built-in kinds (JSON merge patch for others); gives the object as it then is."""

    async def close(self) -> None: ...
