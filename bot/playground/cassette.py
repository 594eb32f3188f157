"""What a recording holds while it is made; each fact once, the fuller one kept."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bot.model.redact import redact
from bot.playground.bundle import (
    Bundle,
    Connection,
    DnsAnswer,
    Execution,
    HttpAnswer,
    Log,
    Object,
    Outcome,
    PodRun,
    Read,
    Review,
)
from bot.playground.prune import prune_object
from bot.playground.tape import read_tape

_Key = tuple[str, str, str, str]


@dataclass(slots=True)
class Cassette:
    version: Object = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    failures: dict[str, str] = field(default_factory=dict)
    objects: dict[_Key, Object] = field(default_factory=dict)
    partial: dict[_Key, Object] = field(default_factory=dict)
    reads: dict[Read, None] = field(default_factory=dict)
    logs: list[Log] = field(default_factory=list)
    dns: dict[tuple[str, str, int, str, str], DnsAnswer] = field(default_factory=dict)
    http: dict[tuple[str, str, str, int, str, str], HttpAnswer] = field(default_factory=dict)
    executions: list[Execution] = field(default_factory=list)
    runs: list[PodRun] = field(default_factory=list)
    own_pod: str = ""
    connections: list[Connection] = field(default_factory=list)
    reviews: dict[Review, None] = field(default_factory=dict)
    roles_of: tuple[str, ...] = ()

    def keep(self, read: Read, items: Iterable[Object], total: int | None = None) -> None:
        """A read that was answered. Secrets are never kept: such a read stays unrecorded."""
        if read.kind == "Secret":
            return
        self.reads = {kept: None for kept in self.reads if kept.outcome == "answered" or not _is_same(kept, read)}
        self.reads[replace(read, total=total)] = None
        shelf = self.objects if read.form == "full" else self.partial
        for item in items:
            pruned = prune_object(item, read.api, read.kind)
            metadata = pruned["metadata"]
            key = (read.api, read.kind, metadata.get("namespace", ""), metadata["name"])
            shelf[key] = pruned if read.form == "full" else _merged(shelf.get(key, {}), pruned)

    def keep_failed(self, read: Read, outcome: Outcome, message: str) -> None:
        if read.kind == "Secret" or any(kept.outcome == "answered" and _is_same(kept, read) for kept in self.reads):
            return
        self.reads[replace(read, outcome=outcome, message=message)] = None

    def keep_tape(
        self, where: tuple[str, str, int], sent: bytes, received: bytes, outcome: Outcome, message: str
    ) -> None:
        """An answer counts more than none, so a second attempt that worked is what is kept."""
        for fact in read_tape(where, sent, received, outcome, message):
            if isinstance(fact, HttpAnswer):
                self._keep_page(fact)
            else:
                question = (*where, fact.name, fact.type)
                if fact.outcome == "answered" or question not in self.dns:
                    self.dns[question] = fact

    def keep_page(self, page: HttpAnswer, outcome: Outcome, text: str) -> None:
        """What came of a page that was asked for over the pod network; the port tells its text and not its status."""
        told = {"status": 200, "body": redact(text)} if outcome == "answered" else {"message": text}
        self._keep_page(replace(page, outcome=outcome, **told))

    def _keep_page(self, page: HttpAnswer) -> None:
        key = (page.way, page.namespace, page.pod, page.port, page.path, page.host)
        if page.outcome == "answered" or key not in self.http:
            self.http[key] = page

    def keep_run(self, namespace: str, pod: Object, log: str, why: str) -> None:
        spec = pod["spec"]
        container = spec["containers"][0]
        self.runs.append(PodRun(namespace=namespace, node=spec.get("nodeName", ""), image=container["image"],
                                command=tuple(container["command"]), log=redact(log), why=redact(why)))

    def bundle(self, name: str, title: str, recorded_at: float) -> Bundle:
        partial = {key: item for key, item in self.partial.items() if key not in self.objects}
        return Bundle(
            name=name,
            title=title,
            recorded_at=recorded_at,
            version=self.version,
            groups=self.groups,
            objects=tuple(self.objects[key] for key in sorted(self.objects)),
            partial=tuple(partial[key] for key in sorted(partial)),
            reads=tuple(self.reads),
            logs=tuple(self.logs),
            dns=tuple(self.dns.values()),
            http=tuple(self.http.values()),
            executions=tuple(self.executions),
            runs=tuple(self.runs),
            own_pod=self.own_pod,
            connections=tuple(self.connections),
            reviews=tuple(self.reviews),
            roles_of=self.roles_of,
            failures=self.failures,
        )


def _merged(known: Object, more: Object) -> Object:
    """What lists of different forms gave of one object."""
    return {**known, **more, "metadata": {**known.get("metadata", {}), **more["metadata"]}}


def _is_same(one: Read, other: Read) -> bool:
    """The same question, whatever became of it."""
    return _question(one) == _question(other)


def _question(read: Read) -> tuple[str, ...]:
    return read.verb, read.kind, read.api, read.namespace, read.name, read.labels, read.fields, read.form
