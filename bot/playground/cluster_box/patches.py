"""PATCH: JSON merge (RFC 7386) and strategic merge, tried first with `dryRun=All` if asked.

Source: Kubernetes docs, "Update API Objects in Place Using kubectl patch"; merge keys as in the types' patchMergeKey
tags. Two Service ports of one number merge into the first, as on the real server, which then refuses the duplicate.
"""

from copy import deepcopy
from typing import Any

import msgspec
from aiohttp import web

from bot.playground.bundle import Object
from bot.playground.cluster_box.paths import Ask
from bot.playground.cluster_box.status import ApiFailure, Cause, bad_request, conflict, invalid, not_found
from bot.playground.cluster_box.validation import check_change, write_go
from bot.playground.cluster_box.world import World

_STRATEGIC = "application/strategic-merge-patch+json"
_MERGE = "application/merge-patch+json"
_KEYS = {
    "containers": "name", "initContainers": "name", "ephemeralContainers": "name", "volumes": "name", "env": "name",
    "imagePullSecrets": "name", "secrets": "name", "volumeMounts": "mountPath", "volumeDevices": "devicePath",
    "conditions": "type", "addresses": "type", "ownerReferences": "uid", "hostAliases": "ip",
    "topologySpreadConstraints": "topologyKey",
}  # fmt: skip


async def patch_object(world: World, ask: Ask, request: web.Request) -> Object:
    """The object as it then is, or would be."""
    kind = ask.kind
    assert kind is not None
    dry = _is_dry(request)
    custom = kind in world.store.custom
    media = request.content_type
    if media not in (_MERGE, _STRATEGIC) or (custom and media == _STRATEGIC):
        raise ApiFailure(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})
    patch = _read_patch(await request.read())
    before = world.store.get(kind, ask.namespace, ask.name)
    if before is None:
        raise not_found(kind, ask.name)
    old = deepcopy(before)
    after: Object = merge_json(old, patch) if media == _MERGE else merge_strategic(old, patch, kind.name)
    after |= {"kind": before["kind"], "apiVersion": before["apiVersion"]}
    _check_identity(ask, before, after)
    check_change(kind, patch, before, after)
    if after == before:
        return before
    _sign(world, after, before, request.query.get("fieldManager", "unknown"))
    if dry:
        return after
    stored = world.store.put(after)
    world.follow(before, stored)
    return stored


def _is_dry(request: web.Request) -> bool:
    wanted = request.query.getall("dryRun", [])
    if wanted and wanted != ["All"]:
        message = f'Unsupported value: ["{wanted[0]}"]: supported values: "All"'
        cause = Cause("dryRun", message, "FieldValueNotSupported")
        raise invalid("", [cause], "PatchOptions.meta.k8s.io", "meta.k8s.io", "PatchOptions")
    return bool(wanted)


def _read_patch(body: bytes) -> Object:
    try:
        patch: Any = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise bad_request(str(error)) from None
    if not isinstance(patch, dict):
        found = {list: "array", str: "string", bool: "bool"}.get(type(patch), "number")
        raise bad_request(f"json: cannot unmarshal {found} into Go value of type map[string]interface {{}}")
    return patch


def _check_identity(ask: Ask, before: Object, after: Object) -> None:
    assert ask.kind is not None
    old, new = before["metadata"], after.get("metadata") or {}
    if new.get("name") != old["name"]:
        raise bad_request(
            f"the name of the object ({new.get('name')}) does not match the name on the URL ({old['name']})"
        )
    if new.get("namespace") != old.get("namespace"):
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if new.get("resourceVersion") != old.get("resourceVersion"):
        raise conflict(ask.kind, ask.name)


def _sign(world: World, after: Object, before: Object, manager: str) -> None:
    """When it was changed and by whom; generation counts changes of the spec."""
    metadata = after["metadata"]
    entry = {"manager": manager, "operation": "Update", "apiVersion": after["apiVersion"], "time": world.timestamp()}
    kept = [item for item in metadata.get("managedFields") or [] if item.get("manager") != manager]
    metadata["managedFields"] = [*kept, entry]
    if "generation" in metadata and after.get("spec") != before.get("spec"):
        metadata["generation"] += 1


def merge_json(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_json(result.get(key), value)
    return result


def merge_strategic(target: Any, patch: Any, kind: str, path: tuple[str, ...] = ()) -> Any:
    if not isinstance(patch, dict):
        return patch
    directive = patch.get("$patch")
    result = dict(target) if isinstance(target, dict) and directive != "replace" else {}
    for key, value in patch.items():
        if key == "$patch" or key.startswith(("$setElementOrder/", "$retainKeys")):
            continue
        if key.startswith("$deleteFromPrimitiveList/"):
            name = key.partition("/")[2]
            result[name] = [item for item in result.get(name) or [] if item not in value]
        elif value is None:
            result.pop(key, None)
        elif isinstance(value, list):
            result[key] = _merge_list(result.get(key) or [], value, kind, (*path, key))
        else:
            result[key] = merge_strategic(result.get(key), value, kind, (*path, key))
    return result


def _merge_list(target: list[Any], patch: list[Any], kind: str, path: tuple[str, ...]) -> list[Any]:
    if path[-1] == "finalizers":
        return [*target, *(item for item in patch if item not in target)]
    key = _merge_key(kind, path)
    if not key or {"$patch": "replace"} in patch:
        return [item for item in patch if item != {"$patch": "replace"}]
    merged = {item.get(key): item for item in reversed(target)}
    named: list[Any] = []
    for item in patch:
        if not isinstance(item, dict) or key not in item:
            raise ApiFailure(500, "", f"map: {write_go(item)} does not contain declared merge key: {key}", None)
        if item.get("$patch") == "delete":
            target = [old for old in target if old.get(key) != item[key]]
        else:
            merged[item[key]] = merge_strategic(merged.get(item[key]), item, kind, path)
            named.append(item[key])
    first = {id(next(old for old in target if old.get(key) == name)) for name in named if _holds(target, key, name)}
    left = [item for item in target if id(item) not in first]
    return _interleave(left, [merged[name] for name in named], [item.get(key) for item in target], key)


def _holds(items: list[Any], key: str, name: Any) -> bool:
    return any(item.get(key) == name for item in items)


def _interleave(left: list[Any], patched: list[Any], order: list[Any], key: str) -> list[Any]:
    """The order of `mergeSortedSlice` (strategicpatch): new items come before those that the patch does not name."""
    result: list[Any] = []
    while left and patched:
        one, other = left[0].get(key), patched[0].get(key)
        before = one in order and other in order and order.index(one) < order.index(other)
        result.append((left if before else patched).pop(0))
    return [*result, *left, *patched]


def _merge_key(kind: str, path: tuple[str, ...]) -> str:
    if path[-1] == "ports":
        if kind == "Service":
            return "port"
        return "containerPort" if "containers" in path or "initContainers" in path else ""
    return _KEYS.get(path[-1], "")
