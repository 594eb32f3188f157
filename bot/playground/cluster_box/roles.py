"""Who may do what: RBAC rules as the API server matches them, and the roles of the bundle as its authorizer walks them.

Source: Kubernetes docs, "Using RBAC Authorization"; reasons as seen on 1.34.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.playground.cluster_box.kinds import Kind, find_kind
from bot.playground.cluster_box.paths import Ask
from bot.playground.cluster_box.status import ApiFailure
from bot.playground.cluster_box.store import Store

Rule: TypeAlias = Mapping[str, Any]
"""A PolicyRule as in a ClusterRole; with `namespace` it holds there only."""

EVERYTHING: tuple[Rule, ...] = (
    {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
    {"nonResourceURLs": ["*"], "verbs": ["*"]},
)
PUBLIC: tuple[Rule, ...] = (
    {"nonResourceURLs": ["/healthz", "/livez", "/readyz", "/version", "/version/"], "verbs": ["get"]},
)
"""What anybody may, also without a token: the role system:public-info-viewer."""
AUTHENTICATED: tuple[Rule, ...] = (
    {"nonResourceURLs": ["/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*"], "verbs": ["get"]},
    {
        "apiGroups": ["authorization.k8s.io"],
        "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
        "verbs": ["create"],
    },
    *PUBLIC,
)
"""What everybody with a token may: system:discovery and system:basic-user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to be allowed. `resource` holds the subresource too (`pods/log`); empty for a `path`."""

    verb: str
    group: str = ""
    resource: str = ""
    name: str = ""
    namespace: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    allowed: bool
    reason: str = ""
    error: str = ""


def action_of(ask: Ask, verb: str = "") -> Action:
    if not ask.is_resource:
        return Action(verb=verb or ask.verb, path=ask.path)
    resource = f"{ask.plural}/{ask.subresource}" if ask.subresource else ask.plural
    name = ask.name or ask.field_name
    return Action(verb=verb or ask.verb, group=ask.group, resource=resource, name=name, namespace=ask.namespace)


def rule_allows(rule: Rule, action: Action) -> bool:
    if not _has(rule.get("verbs"), action.verb):
        return False
    if not action.resource:
        return any(_path_matches(pattern, action.path) for pattern in rule.get("nonResourceURLs") or ())
    names = rule.get("resourceNames") or ()
    return (
        rule.get("namespace", "") in ("", action.namespace)
        and _has(rule.get("apiGroups"), action.group)
        and _resource_matches(rule.get("resources") or (), action.resource)
        and (not names or action.name in names)
    )


def refuse(ask: Ask, action: Action, user: str) -> ApiFailure:
    """403 in the server's words."""
    if not ask.is_resource:
        return ApiFailure(403, "Forbidden", f'forbidden: User "{user}" cannot {action.verb} path "{ask.path}"', {})
    resource = f"{ask.plural}.{ask.group}" if ask.group else ask.plural
    where = f'in the namespace "{ask.namespace}"' if ask.namespace else "at the cluster scope"
    named = f' "{ask.name}"' if ask.name else ""
    message = (
        f'{resource}{named} is forbidden: User "{user}" cannot {action.verb} resource "{action.resource}" '
        f'in API group "{ask.group}" {where}'
    )
    details = ({"name": ask.name} if ask.name else {}) | ({"group": ask.group} if ask.group else {})
    return ApiFailure(403, "Forbidden", message, details | {"kind": ask.plural})


def decide(store: Store, user: str, groups: Sequence[str], action: Action) -> Decision:
    """By the roles and bindings of the bundle, cluster-wide ones first, as the RBAC authorizer goes through them."""
    error = ""
    for binding, subject in _bindings_of(store, user, groups, action.namespace):
        reference = binding["roleRef"]
        role = _find_role(store, binding)
        if role is None:
            error = f'{reference["kind"].lower()}.rbac.authorization.k8s.io "{reference["name"]}" not found'
            continue
        if any(rule_allows(rule, action) for rule in role.get("rules") or ()):
            where = f"/{binding['metadata']['namespace']}" if binding["kind"] == "RoleBinding" else ""
            origin = (
                f'{binding["kind"]} "{binding["metadata"]["name"]}{where}" of {reference["kind"]} "{reference["name"]}"'
            )
            return Decision(True, f"RBAC: allowed by {origin} to {subject}")
    return Decision(False, error=f"RBAC: {error}" if error else "")


def _bindings_of(store: Store, user: str, groups: Sequence[str], namespace: str) -> Iterator[tuple[Any, str]]:
    scopes = [("ClusterRoleBinding", "")] + ([("RoleBinding", namespace)] if namespace else [])
    for name, where in scopes:
        for binding in store.every(_rbac_kind(name), where):
            for subject in binding.get("subjects") or ():
                said = _match_subject(subject, user, groups, where)
                if said:
                    yield binding, said
                    break


def _match_subject(subject: Mapping[str, str], user: str, groups: Sequence[str], namespace: str) -> str:
    name = subject.get("name", "")
    match subject.get("kind"):
        case "ServiceAccount":
            home = subject.get("namespace") or namespace
            return f'ServiceAccount "{name}/{home}"' if user == f"system:serviceaccount:{home}:{name}" else ""
        case "User":
            return f'User "{name}"' if user == name else ""
        case "Group":
            return f'Group "{name}"' if name in groups else ""
        case _:
            return ""


def _find_role(store: Store, binding: Mapping[str, Any]) -> Any:
    reference = binding["roleRef"]
    namespace = binding["metadata"].get("namespace", "") if reference["kind"] == "Role" else ""
    return store.find(_rbac_kind(reference["kind"]), namespace, reference["name"])


def _rbac_kind(name: str) -> Kind:
    kind = find_kind("rbac.authorization.k8s.io/v1", name)
    assert kind is not None
    return kind


def _has(values: Iterable[str] | None, wanted: str) -> bool:
    return any(value in ("*", wanted) for value in values or ())


def _resource_matches(patterns: Iterable[str], resource: str) -> bool:
    _, _, subresource = resource.partition("/")
    return any(p in ("*", resource) or bool(subresource and p == f"*/{subresource}") for p in patterns)


def _path_matches(pattern: str, path: str) -> bool:
    return pattern in ("*", path) or (pattern.endswith("*") and path.startswith(pattern[:-1]))
