"""The objects of the box, and what is known of those that are not there.

A bundle tells which reads were made; from them follows whether an object that the store lacks does not exist or was
never asked for. Nothing here concludes more than the reads allow.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.cluster import Form
from bot.playground.bundle import Bundle, Object, Read
from bot.playground.cluster_box.kinds import KINDS, Kind, find_kind, guess_kind
from bot.playground.cluster_box.selectors import Requirement, parse_fields, parse_labels
from bot.playground.cluster_box.status import not_recorded

Key: TypeAlias = tuple[str, str, str, str]
"""Group, plural, namespace, name."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which objects a list asks for, in which form."""

    kind: Kind
    namespace: str = ""
    labels: frozenset[Requirement] = frozenset()
    fields: frozenset[tuple[str, bool, str]] = frozenset()
    form: Form = "full"


class Store:
    """Mutable: changes raise `revision`, which is every changed object's resourceVersion (API concepts, "Resource
    versions").
    """

    def __init__(self, bundle: Bundle) -> None:
        self.custom = tuple(_custom_kinds(bundle))
        self._objects: dict[Key, Object] = {}
        self._removed: set[Key] = set()
        self._forgotten: set[tuple[str, str, str]] = set()
        self._made: set[str] = set()
        self._reads: dict[tuple[str, str], list[Read]] = {}
        for item in (*bundle.partial, *bundle.objects):
            key = self.key_of(item)
            self._objects[key] = deepcopy(item)
        self._partial = {self.key_of(item) for item in bundle.partial} - {self.key_of(item) for item in bundle.objects}
        for read in bundle.reads:
            self._reads.setdefault((read.api.rpartition("/")[0], read.kind), []).append(read)
        self.revision = max((_revision_of(item) for item in self._objects.values()), default=0) + 1

    def kinds(self) -> tuple[Kind, ...]:
        return (*KINDS, *self.custom)

    def key_of(self, item: Object) -> Key:
        kind = find_kind(item.get("apiVersion", ""), item["kind"], self.custom)
        assert kind is not None, f"no kind for {item.get('apiVersion')} {item['kind']}"
        return kind.group, kind.plural, item["metadata"].get("namespace", ""), item["metadata"]["name"]

    # --- objects ---------------------------------------------------------------------------------------------------

    def find(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """The object if the box holds it, in full or in part; a copy that may be changed."""
        # The path of a Namespace names it twice: as the object, and as the place that rules are asked for.
        found = self._objects.get((kind.group, kind.plural, namespace if kind.namespaced else "", name))
        return deepcopy(found) if found is not None else None

    def every(self, kind: Kind, namespace: str = "") -> Iterator[Object]:
        """In the order of the API server: by namespace and name."""
        for key in sorted(self._objects):
            if key[:2] == (kind.group, kind.plural) and namespace in ("", key[2]):
                yield self._objects[key]

    def put(self, item: Object) -> Object:
        """Stores the object under a new resourceVersion and gives it as stored."""
        self.revision += 1
        item = deepcopy(item)
        item["metadata"]["resourceVersion"] = str(self.revision)
        self._objects[self.key_of(item)] = item
        self._partial.discard(self.key_of(item))
        return deepcopy(item)

    def remove(self, item: Object) -> None:
        self.revision += 1
        self._objects.pop(self.key_of(item), None)
        self._removed.add(self.key_of(item))

    def make(self, item: Object) -> Object:
        """Like `put`, for an object that came into being here: all that happens to it is known."""
        self._made.add(item["metadata"]["uid"])
        return self.put(item)

    def forget(self, kind: Kind, namespace: str) -> None:
        """From now on lists of this kind in this namespace are unknown: a change had consequences that cannot be
        told.
        """
        self._forgotten.add((kind.group, kind.plural, namespace))

    # --- what is known ---------------------------------------------------------------------------------------------

    def get(self, kind: Kind, namespace: str, name: str, full: bool = True) -> Object | None:
        """The object, or None if it is known not to exist. Raises NotRecorded where neither is known."""
        found = self.find(kind, namespace, name)
        if found is not None and (not full or (kind.group, kind.plural, namespace, name) not in self._partial):
            return found
        if found is None and self._is_known_absent(kind, namespace, name):
            return None
        where = f" in namespace {namespace}" if namespace else ""
        what = "more than the metadata of " if found is not None else ""
        raise not_recorded(f'{what}{kind.resource} "{name}"{where}')

    def failure_of(self, kind: Kind, verb: str, namespace: str, name: str, labels: str, fields: str) -> Read | None:
        """A read that failed when it was made fails again. What was forbidden is so whatever the selectors."""
        for read in self._reads_of(kind):
            if (read.verb, read.namespace, read.name) != (verb, namespace, name):
                continue
            same = (read.labels, read.fields) == (labels, fields)
            if read.outcome == "forbidden" or (same and read.outcome not in ("answered", "absent")):
                return read
        return None

    def is_served(self, kind: Kind) -> bool:
        """A list is never absent where its kind is served: a recorded 404 says that it was not."""
        return all(read.verb != "list" or read.outcome != "absent" for read in self._reads_of(kind))

    def knows(self, query: Query) -> bool:
        """Whether a list with these selectors was recorded, itself or within a wider one."""
        if any(path == "involvedObject.uid" and equal and uid in self._made for path, equal, uid in query.fields):
            return True
        if self._is_forgotten(query):
            return False
        return any(read.total is None and self._covers(read, query) for read in self._lists_of(query.kind))

    def cut_list(self, query: Query) -> Read | None:
        """The recorded list of exactly this question that was cut short, with the server's count."""
        wanted = (query.namespace, query.labels, query.fields)
        for read in self._lists_of(query.kind):
            if read.total is not None and wanted == (read.namespace, *self._selectors(read, query.kind)):
                return read if read.form in ("full", query.form) else None
        return None

    def _is_forgotten(self, query: Query) -> bool:
        kind = (query.kind.group, query.kind.plural)
        return any(item[:2] == kind and query.namespace in ("", item[2]) for item in self._forgotten)

    def _reads_of(self, kind: Kind) -> list[Read]:
        return self._reads.get((kind.group, kind.name), [])

    def _lists_of(self, kind: Kind) -> Iterator[Read]:
        return (read for read in self._reads_of(kind) if read.verb == "list" and read.outcome == "answered")

    def _covers(self, read: Read, query: Query) -> bool:
        labels, fields = self._selectors(read, query.kind)
        within = read.namespace in ("", query.namespace) and labels <= query.labels and fields <= query.fields
        whole = not any(key[:2] == (query.kind.group, query.kind.plural) for key in self._partial)
        return within and (whole or read.form in ("full", query.form))  # what is known in full is so in every form

    def _selectors(self, read: Read, kind: Kind) -> tuple[frozenset[Requirement], frozenset[tuple[str, bool, str]]]:
        return parse_labels(read.labels), parse_fields(read.fields, kind)

    def _is_known_absent(self, kind: Kind, namespace: str, name: str) -> bool:
        if (kind.group, kind.plural, namespace, name) in self._removed:
            return True
        for read in self._reads_of(kind):
            if read.verb == "get" and read.outcome == "absent" and (read.namespace, read.name) == (namespace, name):
                return True
        named = frozenset({("metadata.name", True, name)})
        return self.knows(Query(kind, namespace, fields=named, form="metadata"))


def _custom_kinds(bundle: Bundle) -> Iterator[Kind]:
    seen: dict[tuple[str, str], bool] = {}
    for item in (*bundle.objects, *bundle.partial):
        key = (item.get("apiVersion", ""), item["kind"])
        seen[key] = seen.get(key, False) or bool(item["metadata"].get("namespace"))
    for read in bundle.reads:
        seen[(read.api, read.kind)] = seen.get((read.api, read.kind), False) or bool(read.namespace)
    for (api, name), namespaced in sorted(seen.items()):
        if find_kind(api, name) is None:
            yield guess_kind(api, name, namespaced)


def _revision_of(item: dict[str, Any]) -> int:
    version = str(item["metadata"].get("resourceVersion", ""))
    return int(version) if version.isdigit() else 0
