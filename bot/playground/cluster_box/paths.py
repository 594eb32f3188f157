"""What a URL asks for: the API server's own reading of a path
(`k8s.io/apiserver/pkg/endpoints/request.RequestInfo`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.playground.cluster_box.kinds import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """`kind` is None for paths that are no resource, and for resources that nobody serves (then `plural` is set)."""

    method: str
    path: str
    query: Mapping[str, str]
    kind: Kind | None = None
    group: str = ""
    plural: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def is_resource(self) -> bool:
        return bool(self.plural)

    @property
    def verb(self) -> str:
        """As in roles."""
        if not self.is_resource:
            return self.method.lower()
        match self.method:
            case "GET" | "HEAD":
                return "get" if self.name else "watch" if self.query.get("watch") in ("1", "true") else "list"
            case "POST":
                return "create"
            case "PUT":
                return "update"
            case "PATCH":
                return "patch"
            case _:
                return "delete" if self.name else "deletecollection"

    @property
    def field_name(self) -> str:
        """The one name a list is limited to by its field selector: rules with resourceNames allow such lists."""
        terms = self.query.get("fieldSelector", "").split(",")
        named = [term.partition("=")[2].lstrip("=") for term in terms if term.startswith("metadata.name=")]
        return named[0] if len(named) == 1 else ""


def read_path(method: str, path: str, query: Mapping[str, str], kinds: Iterable[Kind]) -> Ask:
    parts = [part for part in path.split("/") if part]
    match parts:
        case ["api", "v1", *rest] if rest:
            group, version = "", "v1"
        case ["apis", group, version, *rest] if rest:
            pass
        case _:
            return Ask(method=method, path=path, query=query)
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in ("status", "finalize"):
        namespace, rest = rest[1], rest[2:]
    elif rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
    plural, name, subresource = (*rest, "", "")[:3]
    found = next((k for k in kinds if (k.group, k.version, k.plural) == (group, version, plural)), None)
    return Ask(
        method=method, path=path, query=query, kind=found, group=group, plural=plural,
        namespace=namespace, name=name, subresource=subresource,
    )  # fmt: skip
