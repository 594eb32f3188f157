"""`node.versions`: do the programs on the node fit each other and the API server?

Skew: https://kubernetes.io/releases/version-skew-policy/#kubelet. containerd 1.6.0 to 1.6.4 and old plugins:
https://kubernetes.io/docs/tasks/administer-cluster/migrating-from-dockershim/troubleshooting-cni-plugin-related-errors/.
"""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.daemons import read_networks
from bot.steps.findings import tell_skipped
from bot.steps.nodes.conditions import OfNodeArgs, read_chosen
from bot.steps.readings import read_version
from bot.steps.wording import count, list_names, read_at

OLDEST = 3
MINOR = re.compile(r"v?1\.(\d+)\.")
NUMBERS = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")
BAD_RUNTIME = ((1, 6, 0), (1, 6, 4))
KERNEL_FOR_NFTABLES = (5, 13, 0)
WEAVE = "Weave Net"


class VersionArgs(OfNodeArgs):
    """Compares the versions of kubelet, container runtime and kernel with what the cluster needs.

    `node`: the name of one; without it all nodes are looked at, of very many the first ten. `mode`: in which kube-proxy
    runs, where that is known.
    """

    mode: str = ""


async def gather_versions(cluster: Cluster, args: VersionArgs) -> Evidence:
    skipped: list[str] = []
    chosen, version, networks = await asyncio.gather(
        read_chosen(cluster, args.node, skipped), read_version(cluster, skipped), read_networks(cluster, skipped))
    return {"read_at": cluster.now, "server": version, "networks": networks or [],
            "nodes": {node["metadata"]["name"]: _facts(node) for node in chosen or ()}, "skipped": skipped}


def _facts(node: Object) -> dict[str, str]:
    info = node.get("status", {}).get("nodeInfo", {})
    return {"kubelet": info.get("kubeletVersion", ""), "runtime": info.get("containerRuntimeVersion", ""),
            "kernel": info.get("kernelVersion", ""), "system": info.get("operatingSystem", "linux")}


def judge_versions(evidence: Evidence, args: VersionArgs) -> Judgement:
    skipped, nodes = tell_skipped(evidence, Layer.NODE), evidence["nodes"]
    if not nodes:
        return Judgement(skipped)
    found: list[Finding] = []
    for name, node in nodes.items():
        found += [*_skew(evidence, name, node), *_runtime(evidence, name, node)]
        if args.mode == "nftables":
            found += _kernel(evidence, name, node)
    if not found:
        kubelets = list_names(dict.fromkeys(node["kubelet"] or "not known" for node in nodes.values()))
        runtimes = list_names(dict.fromkeys(node["runtime"] or "not known" for node in nodes.values()))
        text = f"API server {evidence['server'] or 'not known'}, kubelets {kubelets}, container runtimes {runtimes}."
        known = evidence["server"] and all(node["kubelet"] for node in nodes.values())
        verdict = Verdict.PASS if known else Verdict.INFO
        found.append(note(verdict, Layer.NODE, text, evidence=(read_at(evidence),)))
    return Judgement((*found, *skipped))


def _fault(evidence: Evidence, code: str, name: str, text: str, told: str) -> Finding:
    return find(code, text, verdict=Verdict.WARN, object=f"Node {name}", node=name, evidence=(told, read_at(evidence)))


def _skew(evidence: Evidence, name: str, node: dict[str, str]) -> Iterator[Finding]:
    own, server = MINOR.search(node["kubelet"]), MINOR.search(evidence["server"])
    behind = int(server[1]) - int(own[1]) if own and server else 0
    told = f"Node {name}: kubelet {node['kubelet']}, API server {evidence['server']}"
    if behind > OLDEST:
        yield _fault(evidence, "node.version", name, f"The kubelet of node {name} ({node['kubelet']}) is "
                     f"{count(behind, 'minor version')} behind the API server; at most {OLDEST} are supported.", told)
    elif behind < 0:
        yield _fault(evidence, "node.version", name, f"The kubelet of node {name} ({node['kubelet']}) is newer than "
                     f"the API server ({evidence['server']}), which is not supported.", told)


def _runtime(evidence: Evidence, name: str, node: dict[str, str]) -> Iterator[Finding]:
    """Only beside a plugin that is known to fail with it."""
    kind, _, version = node["runtime"].partition("://")
    least, most = BAD_RUNTIME
    if kind == "containerd" and least <= _numbers(version) <= most and WEAVE in evidence["networks"]:
        yield _fault(evidence, "node.runtime", name, f"Node {name} runs containerd {version}, with which {WEAVE} "
                     "cannot give pods a network.", f"Node {name}: {node['runtime']}")


def _kernel(evidence: Evidence, name: str, node: dict[str, str]) -> Iterator[Finding]:
    kernel = _numbers(node["kernel"])
    if kernel and kernel < KERNEL_FOR_NFTABLES and node["system"] == "linux":
        yield _fault(evidence, "node.kernel", name, f"Node {name} has kernel {node['kernel']}, and kube-proxy's mode "
                     "nftables needs 5.13 or later.", f"Node {name}: kernel {node['kernel']}")


def _numbers(text: str) -> tuple[int, ...]:
    found: Any = NUMBERS.search(text)
    return tuple(int(part) for part in found.groups(default="0")) if found else ()


VERSIONS = Look(
    name="node.versions", args=VersionArgs, gather=gather_versions, judge=judge_versions,
    reads=("list nodes", "get nodes", "get /version", "list daemonsets.apps"),
    by_hand="`kubectl get nodes -o wide` (VERSION, KERNEL-VERSION, CONTAINER-RUNTIME) and `kubectl version` "
    "(https://kubernetes.io/releases/version-skew-policy/)",
)
