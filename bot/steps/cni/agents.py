"""`cni.agents`: the network's agents run on every node, may do what they must, and have found each other.

What is asked of a healthy network is little: the DaemonSet's status, one right where the agent has no probe, its
settings or its own status page. Pods, logs and events are read where something speaks against an agent.
Not tested by this: whether packets reach other nodes.
"""

import asyncio
from itertools import chain
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.networks import Network, find_network
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.cni.agent_rules import judge_agent
from bot.steps.cni.calico import CALICO_FACTS
from bot.steps.cni.flannel import FLANNEL_FACTS
from bot.steps.cni.sandbox import read_failures
from bot.steps.cni.suspects import Suspicion, read_suspects
from bot.steps.cni.weave import WEAVE_FACTS
from bot.steps.daemons import MOST_PODS, daemon_facts, find_agents, list_pods, list_unready, read_places
from bot.steps.findings import tell_skipped
from bot.steps.nodes.status import list_fit, read_nodes
from bot.steps.readings import or_skip
from bot.steps.wording import list_names, read_at

NAMED = 3
"""Network agents that are looked at."""
FACTS = {"Flannel": (FLANNEL_FACTS,), "Canal": (FLANNEL_FACTS, CALICO_FACTS), "Calico": (CALICO_FACTS,),
         "Weave Net": (WEAVE_FACTS,)}
"""What is known of single networks beyond their DaemonSets; adding one is one line here."""


class AgentsArgs(Args):
    """Looks at the network plugin's agents: where they run, what they may, what they say.

    `survey`: whether of more than ten nodes all are looked at for being ready.
    """

    survey: bool = True


async def gather_agents(cluster: Cluster, args: AgentsArgs) -> Evidence:
    skipped: list[str] = []
    known = await or_skip(find_agents(cluster), skipped)
    if known is None:
        return {"read_at": cluster.now, "agents": None, "nodes": {}, "skipped": skipped}
    found = [(network, item) for network, item in known if not network.meta][:NAMED]
    sets = await asyncio.gather(*(
        or_skip(cluster.get("DaemonSet", item["name"], item["namespace"]), skipped) for _, item in found))
    daemons = [(network, daemon_facts(item)) for (network, _), item in zip(found, sets, strict=True) if item]
    ill = await asyncio.gather(*(_ill(cluster, daemon, args.survey, skipped) for _, daemon in daemons))
    nodes, failing = await asyncio.gather(
        read_nodes(cluster, tuple(chain(*ill)), skipped, survey=args.survey), _failing(cluster, skipped))
    agents = await asyncio.gather(*(
        _agent(cluster, network, daemon, nodes, failing, own, skipped)
        for (network, daemon), own in zip(daemons, ill, strict=True)))
    return {"read_at": cluster.now, "nodes": nodes, "skipped": list(dict.fromkeys(skipped)), "agents": list(agents)}


async def _ill(cluster: Cluster, daemon: dict[str, Any], survey: bool, skipped: list[str]) -> list[str]:
    """Of a big cluster the first nodes whose agent is not ready."""
    return [pod["node"] for pod in await list_unready(cluster, daemon, skipped) if pod["node"]] if survey else []


async def _failing(cluster: Cluster, skipped: list[str]) -> list[str]:
    """Nodes on which a pod waits for a network: a hint where to look, and no more."""
    groups = await or_skip(read_failures(cluster, skipped), skipped)
    return sorted({group["node"] for group in groups or () if group["state"] == "waiting"})


async def _agent(
    cluster: Cluster, network: Network, daemon: dict[str, Any], nodes: dict[str, Any], failing: list[str],
    ill: list[str], skipped: list[str],
) -> dict[str, Any]:
    fit = list_fit(nodes["read"])
    covered = len(fit) if nodes["read"] and not nodes["unread"] else daemon["desired"]
    short = daemon["ready"] < max(covered, daemon["desired"])
    facts = {reader.name: await reader.gather(cluster, network, daemon, skipped)
             for reader in FACTS.get(network.name, ())}
    hinted = sorted({*failing, *(n for told in facts.values() for n in told.get("doubted", ()))})
    doubted = list(dict.fromkeys((*ill, *hinted)))
    few, mostly_down = daemon["desired"] <= MOST_PODS, daemon["ready"] * 2 < daemon["desired"]
    if not (few or doubted) and mostly_down:
        doubted = fit[:2]
    pods = await _pods(cluster, daemon, few, doubted, skipped) if short or doubted else None
    suspicion = Suspicion(network=network, daemon=daemon, pods=pods, doubted=doubted, short=short)
    return {
        "network": network.name, "daemon": daemon, "covered": covered, "pods": pods, "whole": few, "facts": facts,
        "failing": failing, "places": await read_places(cluster, daemon) if short and fit else {},
        **await read_suspects(cluster, suspicion, skipped),
    }


async def _pods(
    cluster: Cluster, daemon: dict[str, Any], few: bool, doubted: list[str], skipped: list[str]
) -> list[dict[str, Any]] | None:
    """All of them on a small cluster; on a big one those of the first nodes in doubt."""
    if few:
        return await list_pods(cluster, daemon, skipped)
    return [pod for node in doubted[:2] for pod in await list_pods(cluster, daemon, skipped, node) or []] or None


def judge_agents(evidence: Evidence, args: AgentsArgs) -> Judgement:
    skipped, agents = tell_skipped(evidence, Layer.CNI), evidence["agents"]
    if agents is None:
        return Judgement(skipped)
    if not agents:
        text = "No agent of a known network plugin runs (a plain bridge, or built in), so there is none to look at."
        none = note(Verdict.INFO, Layer.CNI, text, evidence=(read_at(evidence),))
        return Judgement((none, *skipped), {"networks": []})
    found: list[Finding] = _two(evidence)
    for agent in agents:
        network = find_network(agent["network"])
        assert network is not None
        own = [f for reader in FACTS.get(network.name, ()) for f in reader.judge(evidence, agent)]
        named = {f.cause for f in own if f.cause}  # by its settings: what the log says of them is the same, once more
        told = [*(f for f in judge_agent(evidence, agent, network) if f.cause not in named), *own]
        complete = agent["daemon"]["ready"] >= max(agent["covered"], agent["daemon"]["desired"])
        if complete and all(f.verdict is Verdict.INFO for f in told):
            told.insert(0, _well(evidence, agent, network))
        found += told
    return Judgement((*found, *skipped), {"networks": [agent["network"] for agent in agents]})


def _well(evidence: Evidence, agent: Object, network: Network) -> Finding:
    daemon = agent["daemon"]
    ports = f" (between nodes it needs {list_names((str(port) for port in network.ports), 4)})" if network.ports else ""
    text = (f"{daemon['name']} ({network.name}) has {daemon['ready']} of {daemon['desired']} pods ready; whether "
            f"packets reach other nodes was not tested{ports}.")
    return note(Verdict.PASS, Layer.CNI, text, object=daemon["name"], evidence=(read_at(evidence),))


def _two(evidence: Evidence) -> list[Finding]:
    """Two networks that are not one: both write the nodes' configuration, and the first file by name wins."""
    running = [find_network(agent["network"]) for agent in evidence["agents"] if agent["daemon"]["ready"]]
    names = [n.name for n in running if n]
    strangers = [(a, b) for i, a in enumerate(running) for b in running[i + 1:]
                 if a and b and b.name not in a.beside and a.name not in b.beside]
    if not strangers:
        return []
    sets = [agent["daemon"]["name"] for agent in evidence["agents"] if agent["daemon"]["ready"]]
    text = f"Two network plugins run side by side: {list_names(names)} ({list_names(sets)})."
    return [find("cni.two", text, verdict=Verdict.WARN, object=sets[1], evidence=(*sets[:3], read_at(evidence)))]


AGENTS = Look(
    name="cni.agents", args=AgentsArgs, gather=gather_agents, judge=judge_agents,
    reads=("list daemonsets.apps", "get daemonsets.apps", "list nodes", "list events", "list pods", "get pods",
           "get pods/log in kube-system", "create pods/portforward in kube-system",
           "get configmaps/kube-flannel-cfg in kube-system",
           "create subjectaccessreviews.authorization.k8s.io", "list ippools.crd.projectcalico.org", "get services",
           "list felixconfigurations.crd.projectcalico.org", "get configmaps/calico-config in kube-system"),
    by_hand="`kubectl get daemonsets -A`, `kubectl get pods -A -o wide` (the agent's pods), `kubectl -n NAMESPACE logs "
    "POD` (https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/network-plugins/)",
)
