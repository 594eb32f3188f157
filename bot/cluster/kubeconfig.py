"""Kubeconfig files as kubectl finds and merges them: `--kubeconfig`, else KUBECONFIG (several, with colons), else
~/.kube/config. The first file that defines a name, or the current context, wins.
https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files
"""

import base64
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from bot.model.errors import SettingsError, UsageError

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Entry:
    """A context, cluster or user as it stands in `file`; relative paths in it start from that file's folder."""

    name: str
    body: Mapping[str, Any]
    file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Kubeconfig:
    """All files as one. `files` is empty when there is none, which is no error: a pod has none."""

    files: tuple[Path, ...]
    current: str
    contexts: Mapping[str, Entry]
    clusters: Mapping[str, Entry]
    users: Mapping[str, Entry]

    def choose(self, context: str | None) -> Entry:
        """The context asked for, else the current one."""
        if name := context or self.current:
            if found := self.contexts.get(name):
                return found
            near = tuple(get_close_matches(name, self.contexts, n=3, cutoff=0.5))
            raise UsageError(f"There is no context {name!r} in {self}. Contexts: {_enumerate(self.contexts)}.", near)
        raise UsageError(
            f"{self} names no current context. Say which one with --context: {_enumerate(self.contexts)}.",
            tuple(self.contexts),
        )

    def follow(self, context: Entry, field: str, table: Mapping[str, Entry]) -> Entry | None:
        """The cluster or user that a context names; None where it names none."""
        name = context.body.get(field)
        if not name:
            return None
        if found := table.get(str(name)):
            return found
        raise SettingsError(
            f"{context.file}: context {context.name!r} names the {field} {name!r}, which is not there. "
            f"Known: {_enumerate(table)}."
        )

    def cluster(self, context: str) -> Entry | None:
        """The cluster behind a context; None where the context leads nowhere, which is told when it is opened."""
        entry = self.contexts.get(context)
        return self.clusters.get(str(entry.body.get("cluster"))) if entry else None

    def identify(self, context: str) -> str:
        """What tells the cluster behind a context from others: its address, the name that its certificate must bear
        (which is how one address leads to several clusters), and its certificate authority."""
        found = self.cluster(context)
        if found is None:
            return ""
        told = (found.body.get("server"), found.body.get("tls-server-name"), digest(_authority(found)))
        return " ".join(str(part) for part in told if part)

    def __str__(self) -> str:
        return ", ".join(str(file) for file in self.files) or "no kubeconfig"


def contexts(kubeconfig: str | None) -> tuple[tuple[str, ...], str]:
    """The names of all contexts, and the current one (empty when none is). SettingsError for a broken file."""
    config = read_kubeconfig(kubeconfig)
    return tuple(config.contexts), config.current


def read_kubeconfig(kubeconfig: str | None) -> Kubeconfig:
    """`kubeconfig`: what a person named (a file, or several with colons between); None: where kubectl looks."""
    documents = [(file, _read_file(file)) for file in find_files(kubeconfig)]
    currents = [str(body["current-context"]) for _, body in documents if body.get("current-context")]
    return Kubeconfig(
        files=tuple(file for file, _ in documents),
        current=currents[0] if currents else "",
        contexts=_merge(documents, "contexts", "context"),
        clusters=_merge(documents, "clusters", "cluster"),
        users=_merge(documents, "users", "user"),
    )


def digest(authority: bytes) -> str:
    """A certificate authority in few letters; empty for none."""
    return f"ca:{hashlib.sha256(authority).hexdigest()[:16]}" if authority else ""


def _authority(cluster: Entry) -> bytes:
    """The certificates that a cluster is known by, as PEM. What cannot be read is told when the cluster is opened."""
    file = cluster.body.get("certificate-authority")
    try:
        if file:
            return (cluster.file.parent / str(file)).read_bytes()
        return base64.b64decode(str(cluster.body.get("certificate-authority-data") or ""))
    except (OSError, ValueError):
        return b""


def find_files(kubeconfig: str | None) -> tuple[Path, ...]:
    """Of several some may be missing; one that was named and is missing is an error, ~/.kube/config never is."""
    named = kubeconfig or os.environ.get("KUBECONFIG", "")
    if not named:
        default = Path.home() / ".kube" / "config"
        return (default,) if default.is_file() else ()
    files = [Path(part).expanduser().absolute() for part in named.split(os.pathsep) if part]
    found = tuple(file for file in files if file.is_file())
    if not found:
        source = "--kubeconfig" if kubeconfig else "KUBECONFIG"
        raise SettingsError(f"The kubeconfig {named} does not exist. Check {source}.")
    return found


def _read_file(file: Path) -> Mapping[str, Any]:
    try:
        document = yaml.load(file.read_bytes(), _Loader)  # noqa: S506 - a safe loader, in C where there is one
    except OSError as error:
        raise SettingsError(f"The kubeconfig {file} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, ValueError) as error:  # also of bytes that are no text, and a date that does not exist
        mark = getattr(error, "problem_mark", None)
        place = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else str(file)
        raise SettingsError(f"{place}: this kubeconfig is not YAML ({getattr(error, 'problem', error)}).") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise SettingsError(f"{file} is no kubeconfig: it should hold clusters, users and contexts by name.")
    return document


def _merge(documents: list[tuple[Path, Mapping[str, Any]]], plural: str, singular: str) -> dict[str, Entry]:
    merged: dict[str, Entry] = {}
    for file, document in documents:
        rows = document.get(plural) or []
        for row in rows if isinstance(rows, list) else [rows]:
            if not isinstance(row, dict) or not isinstance(row.get("name"), str):
                raise SettingsError(f"{file}: each entry of `{plural}` must have a name and a `{singular}`.")
            body = row.get(singular) or {}
            if not isinstance(body, dict):
                raise SettingsError(f"{file}: `{singular}` of {row['name']!r} must hold fields, not {body!r:.40}.")
            merged.setdefault(row["name"], Entry(row["name"], body, file))
    return merged


def _enumerate(names: Mapping[str, Entry]) -> str:
    shown = list(names)[:20]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return ", ".join(shown) + more if shown else "none"
