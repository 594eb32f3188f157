"""`cni.runtime`: kubelets and container runtimes, as far as they decide how networks are set up.

Until 1.23 the kubelet was told by flags where the CNI files are; since 1.24 the runtime knows, and a kubelet with these
flags does not start (kubernetes.io: network plugins; the change log of 1.24).
"""

import re
from typing import Any

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.daemons import read_networks
from bot.steps.findings import tell_skipped
from bot.steps.nodes.status import sample_nodes
from bot.steps.readings import items_or_skip
from bot.steps.wording import count, list_names, read_at

NUMBERS = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")
FLAGS = (1, 24)
"""The first version of the kubelet without --network-plugin, --cni-conf-dir and --cni-bin-dir."""
BROKEN_CONTAINERD = ((1, 6, 0), (1, 6, 4))
"""Versions of containerd with which the plugin of Weave Net fails (weaveworks/weave, kube addon)."""


class RuntimeArgs(Args):
    """Reads the versions of kubelets and container runtimes."""


async def gather_runtime(cluster: Cluster, args: RuntimeArgs) -> Evidence:
    skipped: list[str] = []
    sample = await items_or_skip(sample_nodes(cluster), skipped)
    networks = await read_networks(cluster, skipped) if sample else None
    infos = {item["metadata"]["name"]: item.get("status", {}).get("nodeInfo", {}) for item in sample or ()}
    nodes = {name: {"kubelet": info.get("kubeletVersion", ""), "runtime": info.get("containerRuntimeVersion", "")}
             for name, info in infos.items()}
    return {"read_at": cluster.now, "nodes": nodes, "networks": networks or [], "skipped": skipped}


def _version(text: str) -> tuple[int, ...]:
    found = NUMBERS.search(text)
    return tuple(int(part or 0) for part in found.groups()) if found else ()


def judge_runtime(evidence: Evidence, args: RuntimeArgs) -> Judgement:
    skipped, nodes = tell_skipped(evidence, Layer.NODE), evidence["nodes"]
    if not nodes:
        return Judgement(skipped)
    found = [*_flags(evidence), *_known_bad(evidence)]
    kinds = sorted({(node["kubelet"], node["runtime"]) for node in nodes.values()})
    text = f"{count(len(nodes), 'node')} with {list_names((f'kubelet {k} and {r}' for k, r in kinds), 3)}."
    mixed = len({r.partition(':')[0] for _, r in kinds}) > 1
    found.append(note(Verdict.INFO if mixed else Verdict.PASS, Layer.NODE,
                      f"Runtimes of different kinds: {text}" if mixed else text, evidence=(read_at(evidence),)))
    return Judgement((*found, *skipped))


def _flags(evidence: Evidence) -> list[Finding]:
    old = {name: node["kubelet"] for name, node in evidence["nodes"].items() if () < _version(node["kubelet"]) < FLAGS}
    if not old:
        return []
    name = next(iter(old))
    text = (f"{list_names(f'{node} (kubelet {version})' for node, version in old.items())}: such kubelets take the CNI "
            "folders from their flags --network-plugin, --cni-conf-dir and --cni-bin-dir (with dockershim), which "
            "later ones no longer know.")
    return [note(Verdict.INFO, Layer.NODE, text, evidence=(read_at(evidence),), advice="On the node: `ps -o args= -C "
                 f"kubelet`; from here: `kubectl describe node {name}` shows the runtime.")]


def _known_bad(evidence: Evidence) -> list[Finding]:
    low, high = BROKEN_CONTAINERD
    bad = [name for name, node in evidence["nodes"].items()
           if node["runtime"].startswith("containerd") and low <= _version(node["runtime"]) <= high]
    if not bad or "Weave Net" not in evidence["networks"]:
        return []
    runtime = evidence["nodes"][bad[0]]["runtime"]
    text = f"Weave Net's plugin fails with {runtime}, which {list_names(bad)} runs: new pods there get no address."
    return [find("cni.runtime", text, verdict=Verdict.WARN, object=f"Node {bad[0]}", node=bad[0], evidence=(
        *_tell_versions(evidence, bad), read_at(evidence)))]


def _tell_versions(evidence: dict[str, Any], names: list[str]) -> list[str]:
    return [f"Node {name}: containerRuntimeVersion is {evidence['nodes'][name]['runtime']}, expected 1.6.5 or later"
            for name in names[:3]]


RUNTIME = Look(
    name="cni.runtime", args=RuntimeArgs, gather=gather_runtime, judge=judge_runtime,
    reads=("list nodes", "list daemonsets.apps"),
    by_hand="`kubectl get nodes -o wide` (VERSION, CONTAINER-RUNTIME) "
    "(https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/network-plugins/)",
)
