"""`cni.files`: what the container runtimes of the nodes have for a network, file by file.

The first file by name counts, and one that is invalid stops containerd from reading any. Each plugin that the active
file names must be a program. Seen only by a pod in the node, or by exec in the network's agent: where neither is
allowed, the look says so and concludes nothing.
"""

import asyncio
from typing import Any

from bot.cluster import Cluster
from bot.diagnosis.causes import note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.cni.file_rules import judge_files
from bot.steps.cni.node_views import see_nodes
from bot.steps.cni.setting_rules import join_mtus, judge_mtus, judge_settings
from bot.steps.daemons import read_networks
from bot.steps.findings import tell_skipped, weigh
from bot.steps.nodes.status import read_nodes, sample_nodes
from bot.steps.readings import items_or_skip, read_version
from bot.steps.wording import count, list_names, read_at

WAYS = {"probe": "by node probes, as the settings allow", "exec": "by exec in the network's agents"}


class FilesArgs(Args):
    """Looks at the CNI folders of a few nodes and at their network's settings, where that is allowed: `node_probe` in
    the settings, or the right to exec in the agent's pods."""


async def gather_files(cluster: Cluster, args: FilesArgs) -> Evidence:
    skipped: list[str] = []
    nodes, networks, version, proxied, runtimes = await asyncio.gather(
        read_nodes(cluster, (), skipped), read_networks(cluster, skipped),
        read_version(cluster, []),  # only for the folders of platforms that have their own
        _proxied(cluster), _runtimes(cluster))
    views = await see_nodes(cluster, nodes, version)
    return {"read_at": cluster.now, "networks": networks, "version": version, "proxied": proxied, "runtimes": runtimes,
            "views": views, "skipped": skipped}


async def _proxied(cluster: Cluster) -> bool:
    """Whether a kube-proxy is there, whose rules bridged traffic must pass."""
    sets = await items_or_skip(cluster.list("DaemonSet", form="metadata"), [])
    return any(item["metadata"]["name"] == "kube-proxy" for item in sets or ())


async def _runtimes(cluster: Cluster) -> dict[str, str]:
    """`containerd://1.7.2`, `cri-o://1.31.0` by node."""
    nodes = await items_or_skip(sample_nodes(cluster), [])
    return {node["metadata"]["name"]: node.get("status", {}).get("nodeInfo", {}).get("containerRuntimeVersion", "")
            for node in nodes or ()}


def judge_look(evidence: Evidence, args: FilesArgs) -> Judgement:
    skipped, views = tell_skipped(evidence, Layer.CNI), evidence["views"]
    if not views["how"]:
        return Judgement((_unseen(evidence, views), *skipped))
    failed = [note(Verdict.UNKNOWN, Layer.CNI, f"The CNI folder of node {node} was not seen: {why}.",
                   object=f"Node {node}", node=node, evidence=(read_at(evidence),))
              for node, why in sorted(views["failures"].items())]
    per_node = [[*judge_files(evidence, node, view), *judge_settings(evidence, node, view)]
                for node, view in sorted(views["nodes"].items())]
    told = join_mtus(weigh(per_node, views["unseen"]), len(per_node))
    found = [*told, *judge_mtus(evidence, views["nodes"])]
    filled = [node for node, view in sorted(views["nodes"].items()) if view["files"]]
    if filled and not any(f.verdict in (Verdict.WARN, Verdict.FAIL) for f in found):
        found.insert(0, _well(evidence, views, filled))
    return Judgement((*found, *failed, *skipped), {"seen": sorted(views["nodes"])})


def _unseen(evidence: Evidence, views: dict[str, Any]) -> Finding:
    needs = (f"{views['needs']}, which is not permitted" if views["needs"] else
             "node_probe in the settings, or an agent that has the folder and may be asked by exec")
    text = (f"Not looked at: the CNI folder of the nodes and their network settings, which needs {needs}. Pods' events "
            "and addresses alone were judged.")
    return note(Verdict.SKIPPED, Layer.CNI, text, evidence=(read_at(evidence),))


def _well(evidence: Evidence, views: dict[str, Any], filled: list[str]) -> Finding:
    firsts = [views["nodes"][node]["files"][0] for node in filled]
    active = [f"{first['name']} ({'+'.join(plugin['type'] for plugin in first['plugins'])})" for first in firsts]
    rest = f"; {count(views['unseen'], 'node')} more not seen" if views["unseen"] > 0 else ""
    text = (f"On {list_names(filled)} the runtime takes {list_names(dict.fromkeys(active))}, and its "
            f"plugins are there as far as they were seen ({WAYS[views['how']]}){rest}.")
    return note(Verdict.PASS, Layer.CNI, text, evidence=(read_at(evidence),))


FILES = Look(
    name="cni.files", args=FilesArgs, gather=gather_files, judge=judge_look,
    reads=("list nodes", "list daemonsets.apps", "get /version", "get daemonsets.apps", "list pods in kube-system"),
    probes=("create pods in {probe}", "get pods in {probe}", "list pods in {probe}", "delete pods in {probe}",
            "get pods/log in {probe}"),
    execs=("create pods/exec in kube-system", "get pods/exec in kube-system"),
    by_hand="On a node (`kubectl debug node/NAME -it --image=busybox --profile=sysadmin`, then `chroot /host`): `ls "
    "/etc/cni/net.d` (the first by name counts), `ls /opt/cni/bin`, `sysctl net.ipv4.ip_forward "
    "net.bridge.bridge-nf-call-iptables` (https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/"
    "network-plugins/)",
)
