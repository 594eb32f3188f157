"""`configmap.patch`: alters one text of a ConfigMap and leaves a saved copy of what was on the same object.

The copy is an annotation written by the same request, so there is no moment without it and nothing else to permit;
`restore` puts it back.
"""

import re
from typing import Any

from pydantic import Field, model_validator

from bot.cluster import Cluster, Object
from bot.model.errors import Rejected
from bot.model.finding import Finding, Verdict
from bot.steps import Args, Change, Evidence, Judgement
from bot.steps.differences import compare_text
from bot.steps.generic import Namespaced
from bot.steps.wording import count, list_names, read_at

SAVED = "netcheck/saved-"
MOST = 100 * 1024
"""Bytes of a text that are altered: an object has room for 256 KiB of annotations."""


class LineEdit(Args):
    """`old` in line `line` becomes `new`; blanks between words count as equal. An empty `new` takes the line away."""

    line: int = Field(ge=1)
    old: str = Field(min_length=1, max_length=1000)
    new: str = Field(default="", max_length=4000)


class ConfigMapPatchArgs(Args):
    """Alters lines of one text of a ConfigMap and keeps a copy of what was, or puts that copy back."""

    config_map: Namespaced = Field(description="namespace/name")
    key: str = Field(pattern=r"^[-._a-zA-Z0-9]{1,50}$", description="e.g. Corefile")
    lines: tuple[LineEdit, ...] = Field(default=(), max_length=20, description="what to alter, by line")
    restore: bool = Field(default=False, description="put back what an earlier change of netcheck has saved")

    @model_validator(mode="after")
    def _says_what_to_do(self) -> "ConfigMapPatchArgs":
        if bool(self.lines) == self.restore:
            raise ValueError("either `lines` or `restore: true` is needed")
        if len({edit.line for edit in self.lines}) != len(self.lines):
            raise ValueError("two of the `lines` alter the same line")
        return self


def edit_text(text: str, edits: tuple[LineEdit, ...], place: str) -> str:
    """The text with all edits made. Raises Rejected where a line is not as the edit expects it."""
    lines = text.split("\n")
    for edit in sorted(edits, key=lambda edit: edit.line, reverse=True):
        found = lines[edit.line - 1] if edit.line <= len(lines) else ""
        pattern = r"(?<!\S)" + r"[ \t]+".join(map(re.escape, edit.old.split())) + r"(?!\S)"
        if len(re.findall(pattern, found)) != 1:
            raise Rejected(f"{place}: line {edit.line} is not as it was when this was proposed: `{edit.old}` is not "
                           "there once. Run the playbook again.")
        indent = found[: len(found) - len(found.lstrip())]
        new = edit.new.replace("\n", f"\n{indent}")
        altered = re.sub(pattern, lambda match, new=new: new, found)  # type: ignore[misc]
        lines[edit.line - 1 : edit.line] = altered.split("\n") if altered.strip() else []
    return "\n".join(lines)


def _wanted(before: Object, args: ConfigMapPatchArgs) -> str:
    place = f"ConfigMap {args.config_map}, {args.key}"
    if before.get("immutable"):
        raise Rejected(f"ConfigMap {args.config_map} is immutable: it can only be replaced.")
    text = (before.get("data") or {}).get(args.key)
    if text is None:
        keys = list_names(sorted(before.get("data") or {})) or "(none)"
        raise Rejected(f"{place}: there is no such key. Its keys: {keys}.")
    if len(text.encode()) > MOST:
        raise Rejected(f"{place} is larger than {MOST // 1024} KiB, so no copy of it can be saved.")
    if not args.restore:
        return edit_text(text, args.lines, place)
    saved = (before["metadata"].get("annotations") or {}).get(SAVED + args.key)
    if saved is None:
        raise Rejected(f"{place}: no copy was saved (annotation {SAVED}{args.key}), so there is nothing to put back.")
    return str(saved)


async def _patch(cluster: Cluster, args: ConfigMapPatchArgs, dry_run: bool) -> Evidence:
    namespace, _, name = args.config_map.partition("/")
    before = after = await cluster.get("ConfigMap", name, namespace)
    wanted, old = _wanted(before, args), before["data"][args.key]
    if wanted != old:
        metadata: dict[str, Any] = {"resourceVersion": before["metadata"]["resourceVersion"]}
        metadata["annotations"] = {SAVED + args.key: old}
        body = {"metadata": metadata, "data": {args.key: wanted}}
        after = await cluster.patch("ConfigMap", name, namespace, body, dry_run=dry_run)
    now = (after.get("data") or {}).get(args.key, "")
    return {
        "difference": compare_text(args.key, old, now), "changed": now != old, "stands": now == wanted,
        "saved": (after["metadata"].get("annotations") or {}).get(SAVED + args.key) == old, "read_at": cluster.now,
    }


async def preview_config_map(cluster: Cluster, args: ConfigMapPatchArgs) -> Evidence:
    evidence = await _patch(cluster, args, dry_run=True)
    lines = sum(line[0] in "-+" for line in evidence["difference"])
    what = "Put back the saved" if args.restore else f"Alter {count(lines, 'line')} of"
    kept = f"what is there now is kept in its annotation {SAVED}{args.key}"
    return {**evidence, "description": f"{what} {args.key} in ConfigMap {args.config_map}; {kept}."}


async def apply_config_map(cluster: Cluster, args: ConfigMapPatchArgs) -> Evidence:
    return await _patch(cluster, args, dry_run=False)


def judge_config_map(evidence: Evidence, args: ConfigMapPatchArgs) -> Judgement:
    subject = f"ConfigMap {args.config_map}"
    if not evidence["stands"]:
        verdict, text = Verdict.WARN, f"{subject} was changed, but is not as it was asked for: something altered it."
    elif not evidence["changed"]:
        verdict, text = Verdict.INFO, f"{subject} was so already: nothing was changed."
    else:
        kept = f"what was there is in its annotation {SAVED}{args.key}"
        verdict, text = Verdict.INFO, f"{args.key} in {subject} was changed; {kept}."
    lines = [line for line in evidence["difference"] if line[0] in "-+"]
    finding = Finding(verdict=verdict, summary=text, object=subject, evidence=(*lines[:4], read_at(evidence)))
    return Judgement((finding,), {"changed": evidence["changed"]})


CONFIG_MAP_PATCH = Change(
    name="configmap.patch", args=ConfigMapPatchArgs, preview=preview_config_map, apply=apply_config_map,
    judge=judge_config_map, writes=("patch configmaps",),
)
