"""The form of what is read of one network only, beside its DaemonSet; and rules that several of them share."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.cluster import Cluster
from bot.diagnosis.causes import explain, find
from bot.model.finding import Finding
from bot.networks import Network
from bot.steps import Evidence
from bot.steps.wording import list_names, read_at

Daemon = dict[str, Any]
Gather = Callable[[Cluster, Network, Daemon, list[str]], Awaitable[dict[str, Any]]]
Judge = Callable[[Evidence, dict[str, Any]], list[Finding]]


@dataclass(frozen=True, slots=True)
class Facts:
    """`gather(cluster, network, daemon, skipped)` gives plain JSON; `doubted` in it names nodes whose agent should be
    looked at closely. `judge(evidence, agent)` finds its facts under agent["facts"][name]."""

    name: str
    gather: Gather
    judge: Judge


def advise(code: str, daemon: Daemon) -> str:
    """What the table of causes says, with the names of this DaemonSet in its commands."""
    return explain(code).mend.replace("NAMESPACE", daemon["namespace"]).replace(
        "daemonset NAME", f"daemonset {daemon['plain']}")


def judge_addresses(
    evidence: Evidence, agent: dict[str, Any], annotation: str, addresses: Mapping[str, str]
) -> list[Finding]:
    """`addresses`: of each node, as the network wrote it into this annotation. No two may have the same."""
    owners: dict[str, list[str]] = defaultdict(list)
    for node, address in addresses.items():
        owners[address].append(node)
    return [
        find("cni.address.duplicate",
             f"{agent['network']} uses the address {address} on {list_names(nodes)}: it took an interface that is not "
             "the node's own, so packets for one reach the other or nobody.", object=agent["daemon"]["name"],
             evidence=(f"annotation {annotation} is {address} on {list_names(nodes)}", read_at(evidence)))
        for address, nodes in owners.items() if len(nodes) > 1
    ]
