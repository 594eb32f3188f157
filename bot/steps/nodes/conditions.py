"""`node.conditions`: is the node ready, not under pressure, heard of lately, and open to pods?"""

import asyncio
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.findings import tell_skipped
from bot.steps.nodes.network import NodeArgs, gather_network, judge_network
from bot.steps.nodes.status import SAMPLE, sample_nodes
from bot.steps.readings import one_or_skip, or_skip
from bot.steps.wording import count, cut, list_names, parse_time, read_at

LEASES = "kube-node-lease"
PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure")
KUBERNETES = frozenset({"Ready", "NetworkUnavailable", *PRESSURES})
"""Conditions that are judged by themselves; others are those of programs beside the kubelet."""
WELL = ("Ready", "EtcdIsVoter")
"""How those end that are meant to be True. EtcdIsVoter: k3s and RKE2, of a node with a full member of etcd."""
PATIENCE = 120.0
"""Seconds after which a lease is old by the clock alone: no other node's is younger, or there is no other."""
BY_ITSELF = "node.kubernetes.io/"
"""Taints that Kubernetes sets and takes away by conditions, which are told themselves."""
USUAL = frozenset({"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"})


class OfNodeArgs(Args):
    """`node`: the name of one; without it all nodes are looked at, of very many the first ten."""

    node: str = Field(default="", max_length=253)


class ConditionArgs(OfNodeArgs):
    """Reads conditions, taints and the lease of one node, or of all.

    `node`: its name; without it all nodes are looked at, of very many the first ten.
    """


async def gather_conditions(cluster: Cluster, args: ConditionArgs) -> Evidence:
    skipped: list[str] = []
    network, chosen, leases = await asyncio.gather(
        gather_network(cluster, NodeArgs()), read_chosen(cluster, args.node, skipped),
        _leases(cluster, args.node, skipped))
    return {"read_at": cluster.now, "network": network, "absent": bool(args.node) and chosen == [],
            "newest": max((parse_time(lease["renewed"]) for lease in leases.values()), default=0.0),
            "nodes": {node["metadata"]["name"]: read_facts(node, leases) for node in chosen or ()},
            "skipped": list(dict.fromkeys([*network.pop("skipped"), *skipped]))}


async def read_chosen(cluster: Cluster, name: str, skipped: list[str]) -> list[Object] | None:
    """The node of this name, or the first ones; empty where it does not exist, None where it could not be read."""
    listing = await or_skip(sample_nodes(cluster), skipped)
    if listing is None:
        return None
    chosen = [node for node in listing.items if name in ("", node["metadata"]["name"])]
    if chosen or not (name and listing.remaining):
        return chosen
    node = await one_or_skip(cluster.get("Node", name), skipped)
    return None if node is None else [node] if node else []


async def _leases(cluster: Cluster, name: str, skipped: list[str]) -> dict[str, Any]:
    """Those of some other nodes, too: beside theirs one that is old stands out, however long the reading took."""
    listing = await or_skip(cluster.list("Lease", LEASES, limit=SAMPLE), skipped)
    if listing is None:
        return {}
    found = [*listing.items]
    if name and listing.remaining and name not in {lease["metadata"]["name"] for lease in found}:
        found += filter(None, [await one_or_skip(cluster.get("Lease", name, LEASES), skipped)])
    return {lease["metadata"]["name"]: {"renewed": lease["spec"].get("renewTime", ""),
                                        "seconds": lease["spec"].get("leaseDurationSeconds", 40)} for lease in found}


def read_facts(node: Object, leases: dict[str, Any]) -> dict[str, Any]:
    conditions = {c["type"]: c for c in node.get("status", {}).get("conditions", [])}
    return {
        "ready": conditions.get("Ready", {}).get("status", ""), "lease": leases.get(node["metadata"]["name"]),
        "pressure": [{"type": kind, "since": found.get("lastTransitionTime"), "why": cut(found.get("message", ""))}
                     for kind in PRESSURES if (found := conditions.get(kind, {})).get("status") == "True"],
        "reports": [{"type": kind, "why": cut(f"{found.get('reason', '')}: {found.get('message', '')}")}
                    for kind, found in conditions.items() if kind not in KUBERNETES and _is_bad(found)][:3],
        "cordoned": bool(node["spec"].get("unschedulable")),
        "taints": [f"{t.get('key')}{'=' + t['value'] if t.get('value') else ''}:{t.get('effect')}"
                   for t in node["spec"].get("taints") or () if not str(t.get("key")).startswith(BY_ITSELF)
                   and t.get("key") not in USUAL][:5],
    }


def _is_bad(condition: Object) -> bool:
    """Those of node-problem-detector are faults that are there (KernelDeadlock), those of EKS are ready or not."""
    return condition.get("status") == ("False" if str(condition.get("type")).endswith(WELL) else "True")


def judge_conditions(evidence: Evidence, args: ConditionArgs) -> Judgement:
    skipped = tell_skipped(evidence, Layer.NODE)
    if evidence["absent"]:
        text = f"There is no Node {args.node} to look at."
        return Judgement((note(Verdict.UNKNOWN, Layer.NODE, text, evidence=(read_at(evidence),)), *skipped))
    judged = judge_network({**evidence["network"], "skipped": []}, NodeArgs()).findings \
        if evidence["network"]["nodes"]["read"] else ()
    found = [f for f in judged if not args.node or f.node in ("", args.node)]
    for name, node in evidence["nodes"].items():
        found += [*_pressure(evidence, name, node), *_silence(evidence, name, node), *_reports(evidence, name, node),
                  *_closed(evidence, name, node)]
    return Judgement((*found, *skipped), {"nodes": list(evidence["nodes"])})


def _pressure(evidence: Evidence, name: str, node: dict[str, Any]) -> Iterator[Finding]:
    for row in node["pressure"]:
        since = f" since {row['since']}" if row["since"] else ""
        text = f"Node {name} is under {row['type']}{since}: pods are evicted there, and none are added."
        yield find("node.pressure", text, verdict=Verdict.WARN, object=f"Node {name}", node=name,
                   evidence=(f"Node {name}: condition {row['type']} is True, expected False: {row['why']}",
                             read_at(evidence)))


def _silence(evidence: Evidence, name: str, node: dict[str, Any]) -> Iterator[Finding]:
    """The lease tells of a silent kubelet before the condition Ready does, which waits for some time more."""
    lease = node["lease"]
    renewed = parse_time(lease["renewed"]) if lease else 0.0
    now = max(evidence["newest"], float(evidence["read_at"]) - PATIENCE)
    if renewed and now - renewed > lease["seconds"]:
        age = count(int(float(evidence["read_at"]) - renewed), "second")
        text = f"The kubelet of node {name} has not reported for {age}."
        yield find("node.silent", text, verdict=Verdict.WARN, object=f"Node {name}", node=name,
                   evidence=(f"Lease {LEASES}/{name}: renewed {lease['renewed']}, expected every 10 s, valid for "
                             f"{lease['seconds']} s", read_at(evidence)))


def _reports(evidence: Evidence, name: str, node: dict[str, Any]) -> Iterator[Finding]:
    """What a program beside the kubelet has seen on the node; whether it still matters it does not say."""
    for row in node.get("reports", ()):
        text = f"Node {name} reports {row['type']} ({row['why'].rstrip('.')})."
        yield note(Verdict.INFO, Layer.NODE, text, object=f"Node {name}", node=name, evidence=(read_at(evidence),))


def _closed(evidence: Evidence, name: str, node: dict[str, Any]) -> Iterator[Finding]:
    """That somebody keeps pods away from a node is a choice."""
    why = [*(["it is cordoned"] if node["cordoned"] else []),
           *([f"it has the taint {list_names(node['taints'], 2)}"] if node["taints"] else [])]
    if why:
        text = f"Node {name} takes no pods that do not ask for it: {list_names(why)}. That is no fault of its network."
        yield note(Verdict.INFO, Layer.NODE, text, object=f"Node {name}", node=name, evidence=(read_at(evidence),))


CONDITIONS = Look(
    name="node.conditions", args=ConditionArgs, gather=gather_conditions, judge=judge_conditions,
    reads=("list nodes", "get nodes", "list daemonsets.apps", "get leases.coordination.k8s.io",
           "list leases.coordination.k8s.io", "get configmaps/kubeadm-config in kube-system"),
    by_hand="`kubectl describe node NAME` (Conditions, Taints), `kubectl -n kube-node-lease get lease NAME -o yaml` "
    "(https://kubernetes.io/docs/reference/node/node-status/)",
)
