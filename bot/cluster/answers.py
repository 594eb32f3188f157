"""What must be true of an answer before a step sees it, and how a question to the API is written."""

import sys
from collections.abc import Mapping
from typing import Any

import orjson

from bot.cluster import Access, Object
from bot.cluster.records import Ask, Kind
from bot.model.errors import Malformed, Rejected


def decode_object(body: bytes, path: str) -> Object:
    try:
        answer: Any = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        start = " ".join(body[:60].decode(errors="replace").split())
        raise Malformed(
            f"{path}: the answer is not JSON (it begins with {start!r}). Is there a proxy or a login page in between?"
        ) from error
    if not isinstance(answer, dict):
        raise Malformed(f"{path}: the answer is a JSON {type(answer).__name__}, where an object was promised.")
    return answer


def check_object(answer: Object, kind: str, path: str) -> Object:
    metadata = answer.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        raise Malformed(f"{path}: the answer is no {kind}: it has no metadata with a name. Is this an API server?")
    return answer


def take_rows(answer: Object, field: str, path: str) -> list[Object]:
    """A list of objects; `null` is how Go writes an empty one."""
    if field not in answer:
        raise Malformed(f"{path}: the answer has no `{field}`, so nothing can be said about what is there.")
    rows = [] if answer[field] is None else answer[field]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Malformed(f"{path}: `{field}` of the answer is no list of objects.")
    return rows


def take_items(page: Object, kind: Kind, path: str) -> list[Object]:
    """The objects of one page. A list leaves out what kind its items are; kubectl puts it back, and so do we."""
    return [
        {**row, "apiVersion": kind.api, "kind": kind.kind, "metadata": check_object(row, kind.kind, path)["metadata"]}
        for row in take_rows(page, "items", path)
    ]


def take_cells(page: Object, kind: Kind, path: str) -> list[Object]:
    """The rows of one page of a table (API concepts, "Receiving resources as Tables"), as far as they have a name; of
    its columns those that kubectl prints without `-o wide` (priority 0)."""
    columns = [(place, str(column.get("name"))) for place, column in enumerate(
        take_rows(page, "columnDefinitions", path)) if not column.get("priority")]
    if "Name" not in {title for _, title in columns}:
        raise Malformed(f"{path}: the table of the answer has no column Name, by which its rows could be told apart.")
    cells_of = [row.get("cells") or [] for row in take_rows(page, "rows", path)]
    rows = [{title: _once(cells[place]) for place, title in columns if place < len(cells)} for cells in cells_of]
    return [{"apiVersion": kind.api, "kind": kind.kind, "metadata": {"name": str(cells["Name"])}, "cells": cells}
            for cells in rows if cells.get("Name")]


def _once(cell: Any) -> Any:
    """Thousands of rows say `Ready`: each text is held once."""
    return sys.intern(cell) if isinstance(cell, str) else cell


def read_paging(page: Object, path: str) -> tuple[str, int]:
    """The token of the next page (empty on the last), and how many items the server said are left (0: it did not)."""
    metadata = page.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise Malformed(f"{path}: the list has a metadata that is no object.")
    left = metadata.get("remainingItemCount")
    return str(metadata.get("continue") or ""), left if isinstance(left, int) else 0


def locate(kind: Kind, namespace: str, name: str, subresource: str = "") -> str:
    if kind.namespaced and not namespace:
        raise Rejected(f"{kind.kind} {name}: it lives in a namespace, and none was given. Name one.")
    if not name:
        raise Rejected(f"{kind.kind}: no name was given. Name one, or list them.")
    return kind.path(namespace, name, subresource)


def word(verb: str, kind: Kind, namespace: str, name: str = "") -> Ask:
    scope = namespace if kind.namespaced else ""
    return Ask(verb=verb, resource=kind.plural, group=kind.group, namespace=scope, name=name)


def write_review(kind: str, access: Access) -> bytes:
    attributes = {
        "verb": access.verb,
        "resource": access.resource,
        "group": access.group,
        "namespace": access.namespace,
        "name": access.name,
        "subresource": access.subresource,
    }
    spec: dict[str, Any] = {"resourceAttributes": {key: value for key, value in attributes.items() if value}}
    if access.user is not None:
        spec["user"] = access.user
        spec["groups"] = [*access.groups, *_infer_groups(access.user, access.groups)]
    return orjson.dumps({"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec})


def read_review(answer: Mapping[str, Any], path: str) -> bool:
    status = answer.get("status")
    allowed = status.get("allowed") if isinstance(status, dict) else None
    if not isinstance(allowed, bool):
        raise Malformed(f"{path}: the answer does not say whether it is allowed.")
    return allowed


def _infer_groups(user: str, groups: tuple[str, ...]) -> list[str]:
    """A review takes groups as they are given, while a real request of a ServiceAccount always carries these.
    https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings"""
    match user.split(":"):
        case ["system", "serviceaccount", namespace, _]:
            implied = ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"]
        case ["system", "anonymous"]:
            implied = ["system:unauthenticated"]
        case _:
            implied = ["system:authenticated"]
    return [group for group in implied if group not in groups]
