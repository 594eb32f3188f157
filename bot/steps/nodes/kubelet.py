"""`node.kubelet`: does the API server reach the node's kubelet? (kubeadm troubleshooting, non-public IP).

Logs, commands and port-forwards all take this way, so one line of one pod's log is asked for on each node. It is
another way than that by which the kubelet reports: a node can be Ready and not be reached.
"""

import asyncio
import re
from typing import Any

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.model.errors import ClusterError, Forbidden
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.daemons import agent_facts
from bot.steps.findings import tell_skipped
from bot.steps.nodes.conditions import OfNodeArgs
from bot.steps.nodes.status import read_nodes
from bot.steps.readings import items_or_skip
from bot.steps.wording import cut, list_names, read_at

HOME = "kube-system"
MOST_NODES = 5
"""Nodes whose kubelet is asked in one run."""
FEW = 5
"""Pods of a node that are read to find one with a log."""
WORDS = (
    (re.compile(r"no preferred addresses found"), "the API server knows no address of the node"),
    (re.compile(r"x509|certificate"), "the kubelet's certificate is not accepted"),
    (re.compile(r"dial tcp (?P<to>\S+): (connect: )?(?P<why>i/o timeout|[\w ]+)"), ""),
    (re.compile(r"(?P<why>timed out|timeout|no answer)", re.IGNORECASE), ""),
    (re.compile(r"(?P<why>connection refused|no route to host|unreachable)"), ""),
    (re.compile(r"Unauthorized|Forbidden \(user="), "the kubelet refuses the API server's credentials"),
)
"""Of the API server when it fails to reach a kubelet, and what they mean. Anything else is another trouble."""


UNREACHED = re.compile(r"dialing backend|asks the kubelet on the pod's node")
"""In words of a port-forward that got no further than the API server: the pod was never asked."""


class WayArgs(OfNodeArgs):
    """Has the API server read one line of a pod's log on the node, or on up to five nodes.

    `node`: the name of one; without it the first ones are asked.
    """


async def gather_way(cluster: Cluster, args: WayArgs) -> Evidence:
    skipped: list[str] = []
    nodes = await read_nodes(cluster, (args.node,) if args.node else (), skipped)
    ready = [name for name, node in nodes["read"].items() if node["ready"] and not node["virtual"]
             and args.node in ("", name)]
    tries = await asyncio.gather(*(_try(cluster, name, skipped) for name in ready[:MOST_NODES]))
    return {"read_at": cluster.now, "tries": [one for one in tries if one], "others": max(0, len(ready) - MOST_NODES),
            "skipped": list(dict.fromkeys(skipped))}


async def _try(cluster: Cluster, node: str, skipped: list[str]) -> dict[str, Any] | None:
    """{node, pod, error}; pod is "" where no pod of the namespace has run there."""
    pods = await items_or_skip(cluster.list("Pod", HOME, fields=f"spec.nodeName={node}", limit=FEW), skipped)
    if pods is None:
        return None
    rows = [(facts["name"], c["name"]) for pod in pods for facts in [agent_facts(pod)]
            for c in facts["containers"] if c["started"] and not facts["deleting"]]
    if not rows:
        return {"node": node, "pod": "", "error": ""}
    pod, container = rows[0]
    try:
        await cluster.logs(HOME, pod, container, tail=1)
    except Forbidden as error:
        skipped.append(error.permission)
        return None
    except ClusterError as error:
        return {"node": node, "pod": pod, "error": cut(str(error), 400)}
    return {"node": node, "pod": pod, "error": ""}


def judge_way(evidence: Evidence, args: WayArgs) -> Judgement:
    skipped = tell_skipped(evidence, Layer.NODE)
    if not evidence["tries"]:
        if skipped:
            return Judgement(skipped)
        text = "No ready node was there whose kubelet could be asked for a log."
        return Judgement((note(Verdict.INFO, Layer.NODE, text, evidence=(read_at(evidence),)),))
    found = [_judge(evidence, row) for row in evidence["tries"] if row["error"]]
    good = [row["node"] for row in evidence["tries"] if row["pod"] and not row["error"]]
    if good:
        more = f" {evidence['others']} more were not tried." if evidence["others"] else ""
        text = f"The API server reaches the kubelet of {list_names(good)}.{more}"
        found.insert(0, note(Verdict.PASS, Layer.NODE, text, evidence=(read_at(evidence),)))
    empty = [row["node"] for row in evidence["tries"] if not row["pod"]]
    if empty:
        text = f"The way to the kubelet of {list_names(empty)} was not tried: no pod of {HOME} runs there."
        found.append(note(Verdict.INFO, Layer.NODE, text, evidence=(read_at(evidence),)))
    return Judgement((*found, *skipped))


def _judge(evidence: Evidence, row: dict[str, Any]) -> Finding:
    node = row["node"]
    found = find_no_way(evidence, node, f"log of {row['pod']}", row["error"])
    if found:
        return found
    text = f"The log of {row['pod']} on node {node} could not be read: {cut(row['error'], 160)}"
    return note(Verdict.UNKNOWN, Layer.NODE, text, object=f"Node {node}", node=node, evidence=(read_at(evidence),))


def find_no_way(evidence: Evidence, node: str, what: str, error: str) -> Finding | None:
    """Of a read that the API server hands on to the node's kubelet (`what`, `error`); None where another thing went
    wrong with it. Other looks that make such reads tell it too: what they ask about was never asked then."""
    why = _read(error)
    if not why:
        return None
    text = (f"The API server does not reach the kubelet of node {node}: {why}. Logs, commands and port-forwards do not "
            "work there, though the node may report itself as ready.")
    return find("node.kubelet-way", text, verdict=Verdict.WARN, object=f"Node {node}", node=node,
                evidence=(f"{what}: {cut(error, 200)}", read_at(evidence)))


def _read(error: str) -> str:
    for pattern, means in WORDS:
        found = pattern.search(error)
        if found:
            facts = found.groupdict()
            return means or " ".join(filter(None, [facts.get("to", ""), str(facts.get("why") or "").strip()]))
    return ""


WAY = Look(
    name="node.kubelet", args=WayArgs, gather=gather_way, judge=judge_way,
    reads=("list nodes", "get nodes", "list pods in kube-system", "get pods/log in kube-system"),
    by_hand="`kubectl -n kube-system logs POD --tail=1` of a pod on that node "
    "(https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/troubleshooting-kubeadm/"
    "#non-public-ip-used-for-containers)",
)
