"""`node.ranges`: has the node a range of addresses for its pods, and it alone? (the whole plan: `cni.plan`).

podCIDRs count where the network gives pods addresses out of them. Calico, Weave Net and the clouds' plugins do not.
"""

import asyncio
from typing import Any

from bot.cluster import Cluster
from bot.diagnosis.causes import note
from bot.model.finding import Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.cni.plan_rules import judge_ranges, out_of_nodes
from bot.steps.daemons import read_networks
from bot.steps.findings import tell_skipped
from bot.steps.nodes.conditions import OfNodeArgs, read_chosen
from bot.steps.nodes.status import is_virtual
from bot.steps.wording import list_names, read_at


class RangeArgs(OfNodeArgs):
    """Compares the nodes' podCIDRs with each other, where the network uses them.

    `node`: only what concerns this one is told.
    """


async def gather_ranges(cluster: Cluster, args: RangeArgs) -> Evidence:
    skipped: list[str] = []
    first, chosen, networks = await asyncio.gather(
        read_chosen(cluster, "", skipped), read_chosen(cluster, args.node, skipped),
        read_networks(cluster, skipped, meta=False))
    nodes = {node["metadata"]["name"]: {
        "ranges": node["spec"].get("podCIDRs") or [], "created": node["metadata"].get("creationTimestamp", "")}
        for node in (*(first or ()), *(chosen or ())) if not is_virtual(node)}
    return {"read_at": cluster.now, "nodes": nodes, "networks": networks, "events": [],
            "skipped": list(dict.fromkeys(skipped))}


def judge_look(evidence: Evidence, args: RangeArgs) -> Judgement:
    skipped: tuple[Any, ...] = tell_skipped(evidence, Layer.CNI)
    told = {name: node["ranges"] for name, node in evidence["nodes"].items() if args.node in ("", name)}
    if not told:
        return Judgement(skipped)
    found = [f for f in judge_ranges(evidence) if args.node in ("", f.node) or args.node in f.summary.split()]
    if not found:
        used = out_of_nodes(evidence)
        places = list_names(f"{name}: {list_names(own) or 'none'}" for name, own in told.items())
        rest = "" if used else "; whether pods get addresses out of it, the network decides"
        text = f"podCIDR of {places}{rest}."
        found = [note(Verdict.PASS if used else Verdict.INFO, Layer.CNI, text, evidence=(read_at(evidence),))]
    return Judgement((*found, *skipped))


RANGES = Look(
    name="node.ranges", args=RangeArgs, gather=gather_ranges, judge=judge_look,
    reads=("list nodes", "get nodes", "list daemonsets.apps"),
    by_hand="`kubectl get nodes -o custom-columns=NAME:.metadata.name,RANGE:.spec.podCIDR` "
    "(https://kubernetes.io/docs/concepts/cluster-administration/networking/)",
)
