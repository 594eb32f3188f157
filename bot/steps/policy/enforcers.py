"""Whether anything in the cluster makes NetworkPolicies count: the network itself, or a program beside it.

The API server takes policies in any case. Sources: flannel's Documentation/netpol.md, the AWS VPC CNI's README (network
policy agent), weave's kube addon (weave-npc).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.cluster import Cluster
from bot.model.errors import ClusterError
from bot.networks import NETWORKS, Enforcer, Network, recognise_all
from bot.steps.daemons import name_sets

ENFORCERS = ("kube-network-policies", "kube-router", "azure-npm", "calico-node", "canal", "cilium")
"""DaemonSets that enforce policies for a network that does not, by name."""
DATED = re.compile(r"v\d{8}")
BUILT_IN = ("+k3s", "+rke2", "-eks-", "-gke.")
"""Marks in the version of platforms that enforce policies by something that is no DaemonSet, if they do."""


@dataclass(frozen=True, slots=True)
class Enforcement:
    """`enforced`: None where it could not be told. `why` goes on after “policies are (not) enforced: ”."""

    enforced: bool | None
    why: str


async def read_enforcers(cluster: Cluster) -> dict[str, Any]:
    """{sets, version, agent, kinds, error}: the DaemonSets that may enforce, and the agent whose containers decide.
    `kinds`: networks that enforce whose own kinds are served, where no agent is known.

    Two or three reads that other steps make as well, and that agent where there is one.
    """
    kinds: list[str] = []
    try:
        known = name_sets((await cluster.list("DaemonSet", form="metadata")).items)
        version = str((await cluster.version()).get("gitVersion", ""))
        if not recognise_all(known):
            groups = set(await cluster.groups())
            kinds = [network.name for network in NETWORKS if network.policy == "yes" and groups & {*network.groups}]
    except ClusterError as error:
        return {"sets": [], "version": "", "agent": None, "error": f"what may do it could not be read ({error})"}
    agents = [item for _, item in recognise_all(known)]
    sets = [item for item in known if item in agents or item["name"] in ENFORCERS]
    decisive = _decisive(sets)
    agent = await _agent(cluster, decisive[1]) if decisive and decisive[0].enforcer else None
    return {"sets": sets, "version": version, "agent": agent, "kinds": kinds, "error": ""}


async def _agent(cluster: Cluster, item: Mapping[str, Any]) -> dict[str, Any]:
    try:
        found = await cluster.get("DaemonSet", item["name"], item["namespace"])
    except ClusterError as error:
        return {"containers": [], "error": str(error)}
    return {"containers": [{"name": c["name"], "args": c.get("args") or [], "image": c.get("image", "")}
                           for c in found["spec"]["template"]["spec"].get("containers", ())], "error": ""}


def _decisive(sets: list[dict[str, Any]]) -> tuple[Network, Mapping[str, Any]] | None:
    """The first network that enforces policies, or does with a container more."""
    return next(((network, item) for network, item in recognise_all(sets)
                 if not network.meta and (network.enforcer or network.policy == "yes")), None)


def judge_enforcement(facts: dict[str, Any]) -> Enforcement:
    sets, version = facts["sets"], facts["version"]
    if facts["error"]:
        return Enforcement(None, facts["error"])
    for item in sets:
        if item["name"] in ENFORCERS:
            return Enforcement(True, f"{_place(item)} does it")
    decisive = _decisive(sets)
    if decisive and decisive[0].enforcer:
        return _by_part(decisive[0].enforcer, _place(decisive[1]), facts["agent"])
    if decisive:
        return Enforcement(True, f"{decisive[0].name} does it")
    if any(mark in version for mark in BUILT_IN):
        return Enforcement(None, f"no known enforcer runs as a DaemonSet, but {version} may have one built in")
    if kinds := facts.get("kinds"):
        return Enforcement(None, "no network agent and no enforcer that is known runs as a DaemonSet, but the kinds of "
                           f"{kinds[0]} are there: it may run under another name, or have been removed")
    names = ", ".join(network.name for network, _ in recognise_all(sets) if not network.meta)
    return Enforcement(False, f"{names} does not, and nothing known runs beside it" if names else
                       "no network agent and no enforcer that is known runs as a DaemonSet")


def _place(item: Mapping[str, Any]) -> str:
    return f"DaemonSet {item['namespace']}/{item['name']}"


def _by_part(enforcer: Enforcer, where: str, agent: dict[str, Any] | None) -> Enforcement:
    if not agent or agent["error"]:
        return Enforcement(None, f"{where} could not be read ({agent['error'] if agent else 'it was not asked for'})")
    if enforcer.since:
        return _by_age(enforcer.since, where, agent)
    has = [container["name"] for container in agent["containers"]]
    extra = next((name for name in has if name in enforcer.containers), "")
    if not extra:
        return Enforcement(False, f"{where} has no container {' or '.join(enforcer.containers)}")
    words = [word for container in agent["containers"] for word in container["args"]]
    if enforcer.switch and enforcer.switch not in words:
        return Enforcement(None, f"{where} has a container {extra}, which may be switched off")
    return Enforcement(True, f"container {extra} of {where} does it")


def _by_age(since: str, where: str, agent: dict[str, Any]) -> Enforcement:
    """Tags that begin with the day of their making."""
    image = agent["containers"][0].get("image", "").partition("@")[0] if agent["containers"] else ""
    tag = image.rpartition("/")[2].partition(":")[2]
    if not DATED.match(tag):
        return Enforcement(None, f"{where} does it from {since} on, and its image tells no such version ({image})")
    if tag < since:
        return Enforcement(False, f"{where} does it from {since} on, and is {tag}")
    return Enforcement(True, f"{where} ({tag}) does it")
