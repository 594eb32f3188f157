"""`node.agents`: do the programs run on the node that its network rests on?

Those are the network plugin's agents, kube-proxy, and the node-local DNS cache where there is one: DaemonSets whose
pods belong on every node with Linux. Others may leave nodes out as they like.
"""

import asyncio
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.networks import recognise
from bot.steps import Evidence, Judgement, Look
from bot.steps.daemons import POSITIVE, daemon_facts, ended_lately, list_pods, read_places, troubled, why_not_there
from bot.steps.dns.local_cache import NAMES as CACHES
from bot.steps.findings import tell_skipped
from bot.steps.nodes.conditions import OfNodeArgs
from bot.steps.nodes.status import is_young, list_fit, read_nodes
from bot.steps.proxy.objects import NAME as PROXY
from bot.steps.proxy.objects import is_idle
from bot.steps.proxy.second import read_others, served_by_others
from bot.steps.readings import items_or_skip, or_skip
from bot.steps.wording import cut, list_names, read_at


class RequiredArgs(OfNodeArgs):
    """Looks for the pods of the network's agents, of kube-proxy and of the node-local DNS cache on each node.

    `node`: the name of one; without it all nodes are looked at, of very many the first ten.
    """


async def gather_required(cluster: Cluster, args: RequiredArgs) -> Evidence:
    skipped: list[str] = []
    nodes, sets = await asyncio.gather(
        read_nodes(cluster, (args.node,) if args.node else (), skipped),
        items_or_skip(cluster.list("DaemonSet", form="metadata"), skipped))
    required = [item for item in sets or () if _is_required(item)]
    agents = await asyncio.gather(*(
        or_skip(_agent(cluster, item, args.node, skipped), skipped) for item in required))
    return {"read_at": cluster.now, "nodes": nodes["read"], "known": sets is not None,
            "agents": [agent for agent in agents if agent], "skipped": list(dict.fromkeys(skipped))}


def _is_required(item: Object) -> bool:
    name, labels = item["metadata"]["name"], item["metadata"].get("labels", {})
    network = recognise(name, labels)
    return bool((network and not network.meta) or name in (PROXY, *CACHES) or labels.get("k8s-app") == PROXY)


async def _agent(cluster: Cluster, item: Object, node: str, skipped: list[str]) -> dict[str, Any]:
    """{daemon, places, others, pods}: `others` are further service proxies, to which nodes may be left. Raises
    ClusterError."""
    daemon = daemon_facts(await cluster.get("DaemonSet", item["metadata"]["name"], item["metadata"]["namespace"]))
    others = await or_skip(read_others(cluster, daemon), skipped) if daemon["plain"] == PROXY else None
    return {"daemon": daemon, "places": await read_places(cluster, daemon), "others": others or [],
            "pods": await list_pods(cluster, daemon, skipped, node)}


def judge_required(evidence: Evidence, args: RequiredArgs) -> Judgement:
    skipped = tell_skipped(evidence, Layer.NODE)
    fit = [name for name in list_fit(evidence["nodes"]) if args.node in ("", name)]
    alive = [name for name in fit if evidence["nodes"][name]["ready"]]
    agents = [agent for agent in evidence["agents"] if agent["pods"] is not None and not _is_idle(agent)]
    if not alive or not agents:
        if skipped:
            return Judgement(skipped)
        where = args.node or "any node"
        why = "no known agent runs as a DaemonSet here (they may be built in)" if not agents else \
            f"{where} is not ready" if fit else f"DaemonSets do not belong on {where}"
        text = f"Which agents run on the node was not looked at: {why}."
        return Judgement((note(Verdict.INFO, Layer.NODE, text, evidence=(read_at(evidence),)), *_idle(evidence)))
    found = [told for agent in agents for name in alive if (told := _judge(evidence, agent, name))]
    there = [name for name in alive if all(
        name in served_by_others(agent) or any(pod["ready"] for pod in _here(agent, name)) for agent in agents)]
    if there and not any(f.verdict in (Verdict.WARN, Verdict.UNKNOWN) for f in found):
        text = (f"{list_names(agent['daemon']['name'] for agent in agents)} "
                f"{'runs' if len(agents) == 1 else 'run'} on {list_names(there)}.")
        found.insert(0, note(Verdict.PASS, Layer.NODE, text, evidence=(read_at(evidence),)))
    return Judgement((*found, *_idle(evidence), *skipped))


def _is_idle(agent: dict[str, Any]) -> bool:
    return agent["daemon"]["plain"] == PROXY and is_idle(agent["daemon"])


def _idle(evidence: Evidence) -> list[Finding]:
    text = "{} is meant for no node. Whether something else does its work, `netcheck run kube-proxy` tells."
    return [note(Verdict.INFO, Layer.NODE, text.format(agent["daemon"]["name"]), object=agent["daemon"]["name"],
                 evidence=(read_at(evidence),)) for agent in evidence["agents"] if _is_idle(agent)]


def _judge(evidence: Evidence, agent: dict[str, Any], name: str) -> Finding | None:
    daemon, node = agent["daemon"], evidence["nodes"][name]
    here = _here(agent, name)
    if any(pod["ready"] for pod in here):
        return _restarted(evidence, daemon, name, here)
    if name in served_by_others(agent):
        return None
    positive, why = _why(agent, here, name)
    new_pods = bool(here) and all(is_young(pod, evidence) for pod in here)
    replaced = daemon["rolling"] and not here  # a rollout that is stuck at this very pod explains nothing
    if not positive and (new_pods or replaced or is_young(node, evidence) or is_young(daemon, evidence)):
        text = f"{daemon['name']} has no ready pod on node {name} yet ({why}): it is new or being rolled out."
        return note(Verdict.INFO, Layer.NODE, text, object=daemon["name"], node=name, evidence=(read_at(evidence),))
    text = f"{daemon['name']} has no ready pod on node {name}: {why}."
    return find("node.agent", text, verdict=Verdict.WARN, object=daemon["name"], node=name,
                evidence=(f"node {name}, {daemon['name']}: {why}, expected one ready pod", read_at(evidence)))


def _why(agent: dict[str, Any], here: list[dict[str, Any]], name: str) -> tuple[bool, str]:
    """What keeps a ready pod away, and whether youth does not explain it."""
    evicted = [pod for pod in here if pod["reason"] == "Evicted"]
    living = [pod for pod in here if pod["phase"] not in ("Failed", "Succeeded")]
    if living:
        container = troubled(living[0])
        state = container["waiting"] or living[0]["phase"]
        return state in POSITIVE, cut(f"{living[0]['name']} is not ready: {state} {container['message']}").rstrip(". :")
    if evicted:
        return True, f"{evicted[0]['name']} was evicted"
    place = agent["places"].get(name)
    why = why_not_there(agent["daemon"], place) if place else ""
    return bool(why), why or "no pod is there"


def _here(agent: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [pod for pod in agent["pods"] if pod["node"] == name and not pod["deleting"]]


def _restarted(evidence: Evidence, daemon: dict[str, Any], name: str, here: list[dict[str, Any]]) -> Finding | None:
    containers = [c for pod in here for c in pod["containers"]
                  if c["restarts"] and ended_lately(c, evidence["read_at"])]
    if not containers:
        return None
    one = containers[0]
    text = (f"Container {one['name']} of {daemon['name']} on node {name} was restarted lately "
            f"({one['ended']['reason']}, exit code {one['ended']['code']}) and runs again.")
    return note(Verdict.INFO, Layer.NODE, text, object=daemon["name"], node=name, evidence=(read_at(evidence),))


REQUIRED = Look(
    name="node.agents", args=RequiredArgs, gather=gather_required, judge=judge_required,
    reads=("list nodes", "get nodes", "list daemonsets.apps", "get daemonsets.apps", "list pods"),
    by_hand="`kubectl get pods -A -o wide --field-selector spec.nodeName=NAME` "
    "(https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/)",
)
