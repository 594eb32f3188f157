"""`policy.reach`: what NetworkPolicies say about one connection, from a pod and to a pod or Service.

Objects are evaluated, nothing is tried.
"""

import asyncio
from typing import Annotated, Any

from pydantic import Field

from bot.cluster import Cluster
from bot.steps import Args, Evidence, Look
from bot.steps.policy.enforcement import READS
from bot.steps.policy.enforcers import read_enforcers
from bot.steps.policy.facts import read_other_apis, read_policies
from bot.steps.policy.labels import read_namespaces, read_pods, takes_none, tell_namespaces
from bot.steps.policy.reach_rules import judge_reach
from bot.steps.policy.selection import PLACE
from bot.steps.policy.targets import read_side, read_targets

Number = Annotated[int, Field(ge=0, le=65535)]
Port = Number | Annotated[str, Field(pattern=r"^$|^[a-z0-9-]{1,63}$")]


class ReachArgs(Args):
    """Evaluates the NetworkPolicies at both ends of a connection.

    `pod`: "namespace/name" of the pod that connects. `to`: "namespace/name" of the Service or pod it connects to, at
    `port` of the Service or the pod, by number or name (0: the first one). With `to` only, what is so for every client
    is told; with `pod` only, what limits it.
    """

    pod: str = Field(default="", pattern=PLACE)
    to: str = Field(default="", pattern=PLACE)
    port: Port = 0


async def gather_reach(cluster: Cluster, args: ReachArgs) -> Evidence:
    skipped: list[str] = []
    source, target = await asyncio.gather(
        read_side(cluster, args.pod, skipped), read_targets(cluster, args.to, args.port, skipped))
    rows = target["rows"] if target else []
    nowhere = target is not None and not rows  # then nothing can be said, and nothing more is read
    sides = [] if nowhere else [one for one in (source, *(row["side"] for row in rows)) if one]
    spaces = tuple(dict.fromkeys(one["namespace"] for one in sides if not one["host"]))
    lists = await asyncio.gather(*(read_policies(cluster, space, skipped) for space in spaces))
    policies = [policy for told in lists for policy in told or ()]
    spaces_known = await read_namespaces(cluster, skipped) if policies else None
    known = dict(spaces_known[0]) if spaces_known else {}
    for one in sides:
        one["namespace_labels"] = known.get(one["namespace"])
    others = [] if nowhere else await read_other_apis(cluster, spaces, True, bool(policies), skipped)
    return {
        "pod": args.pod, "to": args.to, "source": source, "target": target, "policies": policies,
        "known": None not in lists, "idle": await _idle(cluster, policies, skipped),
        **tell_namespaces(spaces_known),
        "enforcement": await read_enforcers(cluster) if policies else None, "others": others,
        "skipped": list(dict.fromkeys(skipped)), "read_at": cluster.now,
    }


async def _idle(cluster: Cluster, policies: list[dict[str, Any]], skipped: list[str]) -> list[dict[str, Any]]:
    """Policies that select no pod. Asked only where there are several: one that isolates, one meant to allow."""
    spaces = {policy["metadata"]["namespace"] for policy in policies}
    found = []
    for space in sorted(spaces):
        here = [policy for policy in policies if policy["metadata"]["namespace"] == space]
        pods = await read_pods(cluster, space, skipped) if len(here) > 1 else None
        found += [p for p in here if takes_none(p["spec"].get("podSelector") or {}, pods)]
    return found


REACH = Look(
    name="policy.reach", args=ReachArgs, gather=gather_reach, judge=judge_reach,
    reads=(*READS, "get pods", "list pods", "get services", "list namespaces", "list endpointslices.discovery.k8s.io",
           "list globalnetworkpolicies.crd.projectcalico.org", "list networkpolicies.crd.projectcalico.org",
           "list ciliumnetworkpolicies.cilium.io", "list ciliumclusterwidenetworkpolicies.cilium.io",
           "list adminnetworkpolicies.policy.networking.k8s.io",
           "list baselineadminnetworkpolicies.policy.networking.k8s.io"),
    by_hand="`kubectl -n NAMESPACE describe networkpolicies` in the namespaces of both pods, with `kubectl -n NAMESPACE"
    " get pods -o wide --show-labels` and `kubectl get namespaces --show-labels` "
    "(https://kubernetes.io/docs/concepts/services-networking/network-policies/)",
)
