"""Injections on the nodes themselves: processes, files, the firewall. Only a cluster of our own has such nodes."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from tests.cluster.faults.api import RestartPods
from tests.cluster.faults.conditions import Condition
from tests.cluster.faults.fault import Heal
from tests.cluster.rig import Cluster

NODES = ("n1", "n2")
TABLE = "netcheck_fault"


def folder(cluster: Cluster, node: str) -> Path:
    """Where the node keeps its files: its CNI configuration is in cni/net.d, its kubelet's in kubelet.yaml."""
    return cluster.node_folder(node)


@dataclass(frozen=True, slots=True)
class StopProcess:
    """`kubelet-n2`, `kcm`, `upstream`."""

    name: str
    needs_nodes: ClassVar[bool] = True

    def inject(self, cluster: Cluster) -> Heal:
        cluster.stop(self.name)
        return self.start

    def start(self, cluster: Cluster) -> None:
        cluster.start(self.name)  # anew, where it was started meanwhile: never two of it


@dataclass(frozen=True, slots=True)
class StartProcess:
    """Anew where it runs, so that it reads its files; again after healing. `more`: options that count until then."""

    name: str
    more: tuple[str, ...] = ()
    needs_nodes: ClassVar[bool] = True

    def inject(self, cluster: Cluster) -> Heal:
        cluster.start(self.name, *self.more)
        return lambda then: then.start(self.name)


@dataclass(frozen=True, slots=True)
class AddFile:
    """A file that was not there. `path` is below the node's folder."""

    node: str
    path: str
    text: str
    needs_nodes: ClassVar[bool] = True

    def inject(self, cluster: Cluster) -> Heal:
        (folder(cluster, self.node) / self.path).write_text(self.text)
        return lambda then: (folder(then, self.node) / self.path).unlink()


@dataclass(frozen=True, slots=True)
class EditFile:
    """Replaces the one place that `pattern` finds in a file below the node's folder."""

    node: str
    path: str
    pattern: str
    new: str
    needs_nodes: ClassVar[bool] = True

    def inject(self, cluster: Cluster) -> Heal:
        file = folder(cluster, self.node) / self.path
        saved = file.read_text()
        text, hits = re.subn(self.pattern, self.new, saved)
        assert hits == 1, f"{self.pattern!r} is found {hits} times in {self.path}"
        file.write_text(text)

        def heal(then: Cluster) -> None:
            (folder(then, self.node) / self.path).write_text(saved)

        return heal


@dataclass(frozen=True, slots=True)
class MoveAway:
    """One file, or a link, out of its folder."""

    node: str
    path: str
    needs_nodes: ClassVar[bool] = True

    def inject(self, cluster: Cluster) -> Heal:
        home = folder(cluster, self.node)
        (home / self.path).rename(home / "moved-away")

        def heal(then: Cluster) -> None:
            (folder(then, self.node) / "moved-away").rename(folder(then, self.node) / self.path)

        return heal


@dataclass(frozen=True, slots=True)
class RemakeNode:
    """The Node object anew, with this podCIDR or none, while its kubelet goes on: the field cannot be changed."""

    node: str
    pod_range: str
    needs_nodes: ClassVar[bool] = True

    def inject(self, cluster: Cluster) -> Heal:
        saved = json.loads(cluster.kubectl("get", "node", self.node, "-o", "json"))
        _make_node(cluster, saved, self.pod_range)
        return lambda then: _make_node(then, saved, saved["spec"]["podCIDR"])


def _make_node(cluster: Cluster, saved: dict[str, Any], pod_range: str) -> None:
    kept = {name: saved["metadata"].get(name, {}) for name in ("name", "labels", "annotations")}
    spec = {"podCIDR": pod_range, "podCIDRs": [pod_range]} if pod_range else {}
    cluster.kubectl("delete", "node", saved["metadata"]["name"])
    made = {"apiVersion": "v1", "kind": "Node", "metadata": kept, "spec": spec}
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(made))


@dataclass(frozen=True, slots=True)
class OnNode:
    """A command in the node's network, and the one that undoes it."""

    node: str
    do: tuple[str, ...]
    undo: tuple[str, ...]
    needs_nodes: ClassVar[bool] = True

    def inject(self, cluster: Cluster) -> Heal:
        cluster.on_node(self.node, *self.do)

        def heal(then: Cluster) -> None:
            then.on_node(self.node, *self.undo)

        return heal


@dataclass(frozen=True, slots=True)
class HideFiles:
    """All files of a node's folder, moved out of it."""

    node: str
    path: str
    needs_nodes: ClassVar[bool] = True

    def inject(self, cluster: Cluster) -> Heal:
        home = folder(cluster, self.node) / self.path
        saved = {file.name: file.read_bytes() for file in home.iterdir()}
        for name in saved:
            (home / name).unlink()

        def heal(then: Cluster) -> None:
            for name, data in saved.items():
                (folder(then, self.node) / self.path / name).write_bytes(data)

        return heal


@dataclass(frozen=True, slots=True)
class EditKubelet:
    """Fields of a kubelet's configuration; it reads them when it starts."""

    node: str
    fields: dict[str, Any]
    needs_nodes: ClassVar[bool] = True

    def inject(self, cluster: Cluster) -> Heal:
        file = folder(cluster, self.node) / "kubelet.yaml"
        saved = file.read_text()
        file.write_text(json.dumps({**json.loads(saved), **self.fields}))

        def heal(then: Cluster) -> None:
            (folder(then, self.node) / "kubelet.yaml").write_text(saved)

        return heal


@dataclass(frozen=True, slots=True)
class Firewall:
    """Rules of nft in a table of their own. `forward` is what passes through the node, `input` what is meant for it."""

    rules: tuple[str, ...]
    hooks: tuple[str, ...] = ("forward",)
    nodes: tuple[str, ...] = NODES
    needs_nodes: ClassVar[bool] = True

    def inject(self, cluster: Cluster) -> Heal:
        chains = " ".join(
            f"chain {hook} {{ type filter hook {hook} priority -300; {'; '.join(self.rules)}; }};"
            for hook in self.hooks)
        for node in self.nodes:
            cluster.on_node(node, "nft", f"table inet {TABLE} {{ {chains} }}")

        def heal(then: Cluster) -> None:
            for node in self.nodes:
                then.on_node(node, "nft", "delete", "table", "inet", TABLE)

        return heal


@dataclass(frozen=True, slots=True)
class ForgetRules:
    """What kube-proxy has written into iptables is gone, until one writes it anew."""

    node: str
    needs_nodes: ClassVar[bool] = True

    def inject(self, cluster: Cluster) -> Heal:
        cluster.on_node(self.node, "sh", "-c", "iptables-save | grep -v KUBE- | iptables-restore")
        return lambda then: None


@dataclass(frozen=True, slots=True)
class Sysctl:
    """A kernel setting of one node's network namespace."""

    node: str
    name: str
    value: str
    needs_nodes: ClassVar[bool] = True

    def inject(self, cluster: Cluster) -> Heal:
        was = cluster.on_node(self.node, "sysctl", "-n", self.name).strip()
        cluster.on_node(self.node, "sysctl", "-w", f"{self.name}={self.value}")

        def heal(then: Cluster) -> None:
            then.on_node(self.node, "sysctl", "-w", f"{self.name}={was}")

        return heal


@dataclass(frozen=True, slots=True)
class Await:
    """Nothing is done: what comes next waits for the effect of what came before; `always`: at healing, too."""

    condition: Condition
    always: bool = False
    needs_nodes: ClassVar[bool] = True

    def inject(self, cluster: Cluster) -> Heal:
        self.condition.until(cluster)
        return self.condition.until if self.always else lambda then: None


@dataclass(frozen=True, slots=True)
class KillContainer:
    """The first container of one pod with these labels, as a crash would end it."""

    labels: str
    node: str
    needs_nodes: ClassVar[bool] = True

    def inject(self, cluster: Cluster) -> Heal:
        listed = cluster.kubectl("-n", "kube-system", "get", "pods", "-l", self.labels, "-o", "json",
                                 "--field-selector", f"spec.nodeName={self.node}")
        container = json.loads(listed)["items"][0]["status"]["containerStatuses"][0]["containerID"].split("//")[1]
        cluster.on_node(self.node, "ctr", "-a", str(folder(cluster, self.node) / "containerd.sock"), "-n", "k8s.io",
                    "task", "kill", "-s", "SIGKILL", container)
        return lambda then: None


@dataclass(frozen=True, slots=True)
class RunOnNode:
    """A command on a node; pods with these labels, made anew, mend what it did."""

    node: str
    command: tuple[str, ...]
    mended_by: str
    needs_nodes: ClassVar[bool] = True

    def inject(self, cluster: Cluster) -> Heal:
        cluster.on_node(self.node, *self.command)
        return RestartPods(self.mended_by).restart


@dataclass(frozen=True, slots=True)
class TagImage:
    """An image of a node under another name, too."""

    node: str
    image: str
    other: str
    needs_nodes: ClassVar[bool] = True

    def inject(self, cluster: Cluster) -> Heal:
        self._do(cluster, "tag", self.image, self.other)
        return lambda then: self._do(then, "rm", self.other)

    def _do(self, cluster: Cluster, *words: str) -> None:
        cluster.on_node(self.node, "ctr", "-a", str(folder(cluster, self.node) / "containerd.sock"), "-n", "k8s.io",
                        "images", *words)
