"""`policy.selection`: do NetworkPolicies, and the namespaces they name, select anything at all?"""

import asyncio
from typing import Any

from pydantic import Field

from bot.cluster import Cluster
from bot.steps import Args, Evidence, Look
from bot.steps.policy.facts import read_all_policies
from bot.steps.policy.labels import read_namespaces, read_pods, read_templates, takes_none
from bot.steps.policy.selection_rules import judge_selection, list_spaces
from bot.steps.readings import or_skip

MOST_NAMESPACES = 8
PLACE = r"^$|^[a-z0-9-]+/[a-z0-9.-]+$"


class SelectionArgs(Args):
    """Looks for NetworkPolicies that select no pod, and for rules that name no namespace: in the namespaces of `pod`
    and `to` where these are given, else in all that have policies."""

    pod: str = Field(default="", pattern=PLACE)
    to: str = Field(default="", pattern=PLACE)


async def gather_selection(cluster: Cluster, args: SelectionArgs) -> Evidence:
    skipped: list[str] = []
    wanted = {place.split("/")[0] for place in (args.pod, args.to) if place}
    read = await or_skip(read_all_policies(cluster), skipped)
    if read is None:
        return {"policies": None, "skipped": skipped, "read_at": cluster.now}
    policies, more = read
    here = [p for p in policies if not wanted or p["metadata"]["namespace"] in wanted]
    spaces = sorted({p["metadata"]["namespace"] for p in here})
    looked, left = spaces[:MOST_NAMESPACES], spaces[MOST_NAMESPACES:]
    here = [p for p in here if p["metadata"]["namespace"] in looked]
    idle, nowhere = await asyncio.gather(_idle(cluster, here, skipped), _nowhere(cluster, here, skipped))
    return {"policies": len(here), "more": more, "unlooked": left, "idle": idle, "skipped": skipped, **nowhere,
            "read_at": cluster.now}


async def _idle(cluster: Cluster, policies: list[dict[str, Any]], skipped: list[str]) -> list[dict[str, Any]]:
    """Policies that select no pod: {policy, pods: [[name, labels]], templates}."""
    spaces = sorted({p["metadata"]["namespace"] for p in policies})
    pods = dict(zip(spaces, await asyncio.gather(*(read_pods(cluster, s, skipped) for s in spaces)), strict=True))
    found = [p for p in policies if takes_none(p["spec"].get("podSelector") or {}, pods[p["metadata"]["namespace"]])]
    homes = sorted({p["metadata"]["namespace"] for p in found})
    makers = dict(zip(homes, await asyncio.gather(*(read_templates(cluster, s, skipped) for s in homes)), strict=True))
    return [{"policy": p, "pods": _distinct((pods[space] or ([], True))[0]), "templates": makers[space]}
            for p in found for space in [p["metadata"]["namespace"]]]


def _distinct(pods: list[tuple[str, dict[str, str]]], most: int = 20) -> list[list[Any]]:
    """One pod for each set of labels, as far as these tell pods of one maker from those of another."""
    seen: dict[str, list[Any]] = {}
    for name, labels in pods:
        kept = {key: value for key, value in labels.items() if not key.endswith(("hash", "pod-name", "pod-index"))}
        seen.setdefault(repr(sorted(kept.items())), [name, kept])
    return list(seen.values())[:most]


async def _nowhere(cluster: Cluster, policies: list[dict[str, Any]], skipped: list[str]) -> dict[str, Any]:
    """Namespaces, and [policy, selector] of the rules that name none of them."""
    asked = [(policy, selector) for policy in policies for selector in list_spaces(policy["spec"])]
    if not asked:
        return {"namespaces": [], "nowhere": []}
    spaces = await read_namespaces(cluster, skipped)
    lost = [[policy, selector] for policy, selector in asked if takes_none(selector, spaces)]
    return {"namespaces": [[name, labels] for name, labels in spaces[0]] if spaces and lost else [], "nowhere": lost}


SELECTION = Look(
    name="policy.selection", args=SelectionArgs, gather=gather_selection, judge=judge_selection,
    reads=("list networkpolicies.networking.k8s.io", "list pods", "list namespaces", "list deployments.apps",
           "list statefulsets.apps", "list daemonsets.apps"),
    by_hand="`kubectl describe networkpolicies -A` (PodSelector), then `kubectl -n NAMESPACE get pods --show-labels` "
    "and `kubectl get namespaces --show-labels` "
    "(https://kubernetes.io/docs/concepts/services-networking/network-policies/#behavior-of-to-and-from-selectors)",
)
