"""Lists and single objects, as the server gives them: selectors, pages, and the forms a client may ask for.

Source: API concepts, "Retrieving large results sets in chunks" and "Alternate representations of resources"; seen on
1.34: items of a list carry no kind, `remainingItemCount` is left out when a selector is given.
"""

import base64
import binascii
import json
import re
from typing import Any

from bot.cluster import Form
from bot.playground.bundle import Object
from bot.playground.cluster_box.paths import Ask
from bot.playground.cluster_box.selectors import matches_fields, matches_labels, parse_fields, parse_labels
from bot.playground.cluster_box.status import ApiFailure, bad_request, not_found, not_recorded
from bot.playground.cluster_box.store import Query, Store
from bot.playground.cluster_box.tables import make_table

_FORMS: dict[str, Form] = {
    "": "full", "PartialObjectMetadataList": "metadata", "Table": "table",
}
_JSON = ("application/json", "application/*", "*/*")
_OFFERED = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
_STREAMED = ", application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"


def wanted_form(accept: str, offered: str) -> str:
    """`` for the whole object, or PartialObjectMetadata, PartialObjectMetadataList, Table: the first that we can
    give.
    """
    for choice in (accept or "application/json").split(","):
        media, *parameters = [part.strip() for part in choice.split(";")]
        options = dict(parameter.split("=", 1) for parameter in parameters if "=" in parameter)
        if media in _JSON and options.get("as", "") in (
            "",
            "PartialObjectMetadata",
            "PartialObjectMetadataList",
            "Table",
        ):
            return options.get("as", "")
    raise ApiFailure(406, "NotAcceptable", f"406: Not Acceptable\n\nAvailable representations: {offered}", {})


def give_object(store: Store, ask: Ask, accept: str, now: float) -> Object:
    assert ask.kind is not None
    form = wanted_form(accept, _OFFERED)
    if form == "PartialObjectMetadataList":
        message = f"you requested {form}, but the requested object is not a list (*core.{ask.kind.name})"
        raise ApiFailure(406, "NotAcceptable", message)
    found = store.get(ask.kind, ask.namespace, ask.name, full=form != "PartialObjectMetadata")
    if found is None:
        raise not_found(ask.kind, ask.name)
    if form == "Table":
        return make_table(ask.kind, [found], now, _list_metadata(store), ask.query.get("includeObject", "Metadata"))
    return _as_partial(found) if form else found


def give_list(store: Store, ask: Ask, accept: str, now: float) -> Object:
    kind = ask.kind
    assert kind is not None
    form = wanted_form(accept, _OFFERED + _STREAMED)
    if form == "PartialObjectMetadata":
        raise ApiFailure(
            406,
            "NotAcceptable",
            f"you requested PartialObjectMetadata, but the requested object is a list (*core.{kind.name}List)",
        )
    labels = parse_labels(ask.query.get("labelSelector", ""))
    fields = parse_fields(ask.query.get("fieldSelector", ""), kind)
    query = Query(kind, ask.namespace, labels, fields, _FORMS[form])
    items, metadata = _take_page(store, query, ask)
    match form:
        case "PartialObjectMetadataList":
            kept = [_as_partial(item) for item in items]
            return {"kind": form, "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "items": kept}
        case "Table":
            return make_table(kind, items, now, metadata, ask.query.get("includeObject", "Metadata"))
        case _:
            bare = [{k: v for k, v in item.items() if k not in ("kind", "apiVersion")} for item in items]
            return {"kind": f"{kind.name}List", "apiVersion": kind.api, "metadata": metadata, "items": bare}


def _take_page(store: Store, query: Query, ask: Ask) -> tuple[list[Object], dict[str, Any]]:
    limit = _read_limit(ask.query.get("limit", ""))
    after = _read_continue(ask.query.get("continue", ""))
    items = [item for item in store.every(query.kind, query.namespace) if _is_wanted(item, query)]
    rest = [item for item in items if _position(item) > after]
    total = len(items)
    if not store.knows(query):
        cut = store.cut_list(query)
        if cut is None or not limit or limit > len(rest):
            raise not_recorded(_describe(query, ask))
        total = max(cut.total or 0, total)
    page = rest[:limit] if limit else rest
    metadata = _list_metadata(store)
    left = total - (len(items) - len(rest)) - len(page)
    if left > 0:
        metadata["continue"] = _write_continue(store.revision, page)
        if not (query.labels or query.fields):
            metadata["remainingItemCount"] = left
    return page, metadata


def _is_wanted(item: Object, query: Query) -> bool:
    return matches_labels(item, query.labels) and matches_fields(item, query.fields)


def _list_metadata(store: Store) -> dict[str, Any]:
    return {"resourceVersion": str(store.revision)}


def _describe(query: Query, ask: Ask) -> str:
    selectors = [f"{key}={ask.query[key]}" for key in ("labelSelector", "fieldSelector") if ask.query.get(key)]
    where = f" in namespace {query.namespace}" if query.namespace else " in all namespaces"
    return f"the list of {query.kind.resource}{where}{' with ' if selectors else ''}{', '.join(selectors)}"


def _as_partial(item: Object) -> Object:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]}


def _read_limit(text: str) -> int:
    if text and not re.fullmatch(r"-?\d+", text):
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return max(int(text or 0), 0)


def _position(item: Object) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _write_continue(revision: int, page: list[Object]) -> str:
    start = "/".join(filter(None, _position(page[-1]))) + "\u0000" if page else ""
    token = json.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": start}, separators=(",", ":"))
    return base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")


def _read_continue(token: str) -> tuple[str, str]:
    """The position after which the page begins."""
    if not token:
        return "", ""
    try:
        start = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))["start"].rstrip("\u0000")
    except (ValueError, binascii.Error, KeyError, TypeError, AttributeError):
        raise bad_request(
            "invalid continue token: continue key is not valid: invalid character looking for beginning of value"
        ) from None
    namespace, _, name = start.rpartition("/")
    return namespace, name
