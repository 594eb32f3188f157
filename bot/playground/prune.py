"""An object made fit for a bundle: without secrets and values of environment variables, and without what no playbook
reads and no reader misses."""

from typing import Any

from bot.model.redact import mask_environment, redact_json
from bot.playground.bundle import Object

_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def prune_object(item: Object, api: str, kind: str) -> Object:
    """A copy with its kind, which items of a list do not carry. Of managedFields only who changed it when is kept."""
    pruned: dict[str, Any] = {"apiVersion": api, "kind": kind}
    pruned |= mask_environment(redact_json({k: v for k, v in item.items() if k not in ("apiVersion", "kind")}))
    metadata = dict(pruned.get("metadata") or {})
    if "managedFields" in metadata:
        metadata["managedFields"] = [
            {key: entry[key] for key in ("manager", "operation", "apiVersion", "time", "subresource") if key in entry}
            for entry in metadata["managedFields"]
        ]
    if _APPLIED in (metadata.get("annotations") or {}):
        metadata["annotations"] = {k: v for k, v in metadata["annotations"].items() if k != _APPLIED}
    pruned["metadata"] = metadata
    if kind == "Node":
        pruned["status"] = {key: value for key, value in (pruned.get("status") or {}).items() if key != "images"}
    return pruned
