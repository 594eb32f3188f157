"""Injections that need nothing but the API server. Each keeps what was, and puts it back, so that a row does not touch
the same object twice."""

import json
import re
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tests.cluster.faults.conditions import Condition
from tests.cluster.faults.fault import Heal
from tests.cluster.faults.objects import Ref
from tests.cluster.rig import Cluster, RigFailed

SERVER_FIELDS = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields")


def write(cluster: Cluster, item: dict[str, Any], verb: str) -> None:
    """`verb`: create or replace. kubectl replaces the version that it read just before; where a controller wrote
    another one meanwhile, it is tried again."""
    for left in (3, 2, 1, 0):
        done = cluster.run_kubectl(verb, "-f", "-", stdin=json.dumps(item))
        if not done.returncode:
            return
        if not left or "(Conflict)" not in done.stderr:
            raise RigFailed(f"kubectl {verb} ended with {done.returncode}: {done.stderr.strip()}")


def put_back(cluster: Cluster, ref: Ref, saved: dict[str, Any]) -> None:
    """As it was, whether it was changed meanwhile or is gone."""
    kept = deepcopy(saved)
    kept.pop("status", None)
    for name in SERVER_FIELDS:
        kept["metadata"].pop(name, None)
    write(cluster, kept, "replace" if ref.find(cluster) else "create")


@dataclass(frozen=True, slots=True)
class Patch:
    """`body`: a merge patch as a mapping, or a JSON patch as a list."""

    ref: Ref
    body: Any
    needs_nodes: ClassVar[bool] = False

    def inject(self, cluster: Cluster) -> Heal:
        saved = self.ref.read(cluster)
        how = "json" if isinstance(self.body, list) else "merge"
        cluster.kubectl("patch", *self.ref.where, "--type", how, "-p", json.dumps(self.body))
        return lambda then: put_back(then, self.ref, saved)


@dataclass(frozen=True, slots=True)
class PatchStatus:
    """A merge patch of what a controller or a kubelet writes anew by itself: nothing need be put back."""

    ref: Ref
    body: dict[str, Any]
    needs_nodes: ClassVar[bool] = False

    def inject(self, cluster: Cluster) -> Heal:
        body = json.dumps(self.body)
        cluster.kubectl("patch", *self.ref.where, "--subresource=status", "--type", "merge", "-p", body)
        return lambda then: None


@dataclass(frozen=True, slots=True)
class EditText:
    """Replaces the one place that `pattern` (a regular expression over lines) finds under a key of a ConfigMap."""

    ref: Ref
    key: str
    pattern: str
    new: str
    needs_nodes: ClassVar[bool] = False

    def inject(self, cluster: Cluster) -> Heal:
        saved = self.ref.read(cluster)
        text, hits = re.subn(self.pattern, self.new, saved["data"][self.key], flags=re.MULTILINE | re.DOTALL)
        assert hits == 1, f"{self.pattern!r} is found {hits} times in {self.ref}"
        cluster.kubectl("patch", *self.ref.where, "-p", json.dumps({"data": {self.key: text}}))
        return lambda then: put_back(then, self.ref, saved)


@dataclass(frozen=True, slots=True)
class Delete:
    ref: Ref
    needs_nodes: ClassVar[bool] = False

    def inject(self, cluster: Cluster) -> Heal:
        saved = self.ref.read(cluster)
        cluster.kubectl("delete", *self.ref.where)
        return lambda then: put_back(then, self.ref, saved)


@dataclass(frozen=True, slots=True)
class DeleteAtOnce:
    """Deleted although a finalizer would keep it, as a restore leaves it out; made anew in the end."""

    ref: Ref
    needs_nodes: ClassVar[bool] = False

    def inject(self, cluster: Cluster) -> Heal:
        saved = self.ref.read(cluster)
        cluster.kubectl("delete", *self.ref.where, "--wait=false")
        cluster.kubectl("patch", *self.ref.where, "--type", "merge", "-p", '{"metadata": {"finalizers": null}}')
        return lambda then: put_back(then, self.ref, saved)


@dataclass(frozen=True, slots=True)
class Create:
    """Objects as the API takes them, made in this order; what they bring into being goes with them."""

    objects: tuple[dict[str, Any], ...]
    needs_nodes: ClassVar[bool] = False

    def inject(self, cluster: Cluster) -> Heal:
        manifest = json.dumps({"apiVersion": "v1", "kind": "List", "items": self.objects})
        cluster.kubectl("create", "-f", "-", stdin=manifest)

        def heal(then: Cluster) -> None:
            then.kubectl("delete", "--ignore-not-found", "-f", "-", stdin=manifest)

        return heal


@dataclass(frozen=True, slots=True)
class Remake:
    """The object deleted and made anew as `made`, and in the end as it was, once `ready` holds of it."""

    ref: Ref
    made: dict[str, Any]
    ready: Condition
    needs_nodes: ClassVar[bool] = False

    def inject(self, cluster: Cluster) -> Heal:
        saved = self.ref.read(cluster)
        self._make(cluster, self.made)
        return lambda then: self._make(then, saved)

    def _make(self, cluster: Cluster, item: dict[str, Any]) -> None:
        cluster.kubectl("delete", *self.ref.where)
        put_back(cluster, self.ref, item)
        self.ready.until(cluster)


@dataclass(frozen=True, slots=True)
class ForgetEvents:
    """Nothing is done at first; in the end the events of this reason are deleted, which would be told for a while."""

    reason: str
    needs_nodes: ClassVar[bool] = False

    def inject(self, cluster: Cluster) -> Heal:
        def heal(then: Cluster) -> None:
            then.kubectl("delete", "events", "-A", "--field-selector", f"reason={self.reason}")
        return heal


@dataclass(frozen=True, slots=True)
class Put:
    """Objects as they are meant to be from now on, in place of those of the same name or beside the others."""

    objects: tuple[dict[str, Any], ...]
    needs_nodes: ClassVar[bool] = False

    def inject(self, cluster: Cluster) -> Heal:
        before = [(ref, ref.find(cluster)) for ref in map(_ref, self.objects)]
        for (_, found), item in zip(before, self.objects, strict=True):
            write(cluster, item, "replace" if found else "create")

        def heal(then: Cluster) -> None:
            for ref, found in before:
                if found:
                    put_back(then, ref, found)
                else:
                    then.kubectl("delete", "--ignore-not-found", *ref.where)

        return heal


def _ref(item: dict[str, Any]) -> Ref:
    return Ref(item["kind"], item["metadata"]["name"], item["metadata"].get("namespace", ""))


@dataclass(frozen=True, slots=True)
class Rename:
    """The object under another name, with `changes` to its top-level fields; the old one is gone."""

    ref: Ref
    new: str
    changes: dict[str, Any] = field(default_factory=dict)
    needs_nodes: ClassVar[bool] = False

    def inject(self, cluster: Cluster) -> Heal:
        saved = self.ref.read(cluster)
        to = Ref(self.ref.kind, self.new, self.ref.namespace)
        cluster.kubectl("delete", *self.ref.where)
        put_back(cluster, to, {**saved, **self.changes, "metadata": {**saved["metadata"], "name": self.new}})

        def heal(then: Cluster) -> None:
            then.kubectl("delete", "--ignore-not-found", *to.where)
            put_back(then, self.ref, saved)

        return heal


@dataclass(frozen=True, slots=True)
class RestartPods:
    """All pods with these labels at once, so that none goes on with what it had; again after healing. `node`: only
    those there."""

    labels: str
    namespace: str = "kube-system"
    node: str = ""
    needs_nodes: ClassVar[bool] = False

    def inject(self, cluster: Cluster) -> Heal:
        self.restart(cluster)
        return self.restart

    def restart(self, cluster: Cluster) -> None:
        there = ("--field-selector", f"spec.nodeName={self.node}") if self.node else ()
        cluster.kubectl("-n", self.namespace, "delete", "pods", "-l", self.labels, *there, "--grace-period=1",
                        "--timeout=60s")


@dataclass(frozen=True, slots=True)
class Wake:
    """Does nothing but at healing: a controller that failed to make pods tries again ever more seldom, until its
    object is written to."""

    ref: Ref
    needs_nodes: ClassVar[bool] = False

    def inject(self, cluster: Cluster) -> Heal:
        return self.wake

    def wake(self, cluster: Cluster) -> None:
        if self.ref.kind == "Deployment":  # its ReplicaSet is what waits
            replicas = self.ref.read(cluster)["spec"]["replicas"]
            cluster.kubectl("scale", *self.ref.where, "--replicas=0")
            cluster.kubectl("rollout", "status", *self.ref.where, "--timeout=60s")
            cluster.kubectl("scale", *self.ref.where, f"--replicas={replicas}")
        else:
            cluster.kubectl("annotate", *self.ref.where, "netcheck/wake=now")
            cluster.kubectl("annotate", *self.ref.where, "netcheck/wake-")


@dataclass(frozen=True, slots=True)
class Kubectl:
    """A command and the one that undoes it, for what has a verb of its own."""

    do: tuple[str, ...]
    undo: tuple[str, ...] = ()
    needs_nodes: ClassVar[bool] = False

    def inject(self, cluster: Cluster) -> Heal:
        cluster.kubectl(*self.do)

        def heal(then: Cluster) -> None:
            if self.undo:
                then.kubectl(*self.undo)

        return heal


def scale(ref: Ref, replicas: int) -> Patch:
    return Patch(ref, {"spec": {"replicas": replicas}})
