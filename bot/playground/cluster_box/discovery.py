"""Discovery: which groups and kinds there are (`/api`, `/apis`, `/apis/<group>/<version>`), limited to the groups that
the recorded cluster served.

Source: Kubernetes docs, "The Kubernetes API", Discovery API (unaggregated).
"""

from typing import Any

from bot.playground.bundle import Bundle, Object
from bot.playground.cluster_box.kinds import Kind
from bot.playground.cluster_box.reviews import GROUP, REVIEWS
from bot.playground.cluster_box.status import no_such_page, not_recorded
from bot.playground.cluster_box.store import Store

_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
_SUB_VERBS = {
    "log": ("get",), "portforward": ("create", "get"), "exec": ("create", "get"),
    "proxy": ("create", "delete", "get", "patch", "update"),
}  # fmt: skip


def give_versions(address: str) -> Object:
    by_client = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": by_client}


def give_groups(bundle: Bundle, store: Store) -> Object:
    if not bundle.groups:
        raise not_recorded("which API groups the cluster serves")
    groups = [_describe_group(store, name) for name in bundle.groups]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def give_group(bundle: Bundle, store: Store, name: str) -> Object:
    if name not in bundle.groups:
        raise no_such_page()
    return {"kind": "APIGroup", "apiVersion": "v1"} | _describe_group(store, name)


def give_resources(bundle: Bundle, store: Store, group: str, version: str) -> Object:
    kinds = [kind for kind in store.kinds() if (kind.group, kind.version) == (group, version)]
    if group and (group not in bundle.groups or version not in _versions_of(store, group)):
        raise no_such_page()
    resources = [entry for kind in kinds for entry in _describe(kind)]
    if group == GROUP:
        resources = [_entry(plural, kind, False, ("create",)) for plural, kind in REVIEWS.items()]
    api = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api, "resources": resources}


def _describe_group(store: Store, name: str) -> Object:
    entries = [{"groupVersion": f"{name}/{version}", "version": version} for version in _versions_of(store, name)]
    return {"name": name, "versions": entries, "preferredVersion": entries[0]}


def _versions_of(store: Store, group: str) -> list[str]:
    """A group of which the box knows no kind is served empty, as v1."""
    return sorted({kind.version for kind in store.kinds() if kind.group == group}) or ["v1"]


def _describe(kind: Kind) -> list[dict[str, Any]]:
    whole = _entry(kind.plural, kind.name, kind.namespaced, _VERBS)
    if kind.short:
        whole["shortNames"] = list(kind.short)
    parts = [_entry(f"{kind.plural}/{sub}", kind.name, kind.namespaced, _SUB_VERBS[sub]) for sub in kind.subresources]
    return [whole, *parts]


def _entry(plural: str, kind: str, namespaced: bool, verbs: tuple[str, ...]) -> dict[str, Any]:
    singular = "" if "/" in plural else kind.lower()
    return {"name": plural, "singularName": singular, "namespaced": namespaced, "kind": kind, "verbs": list(verbs)}
