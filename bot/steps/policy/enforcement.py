"""`policy.enforcement`: are there NetworkPolicies, and does anything make them count?"""

from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import find, note
from bot.model.finding import Layer, Verdict
from bot.networks import NETWORKS
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.findings import tell_skipped
from bot.steps.policy.enforcers import Enforcement, judge_enforcement, read_enforcers
from bot.steps.policy.facts import read_all_policies
from bot.steps.readings import or_skip
from bot.steps.wording import count, list_names, read_at

READS = ("list networkpolicies.networking.k8s.io", "list daemonsets.apps", "get daemonsets.apps", "get /version")


class EnforcementArgs(Args):
    """Counts the NetworkPolicies of all namespaces and looks for what enforces them."""


async def gather_enforcement(cluster: Cluster, args: EnforcementArgs) -> Evidence:
    skipped: list[str] = []
    read = await or_skip(read_all_policies(cluster), skipped)
    policies, more = read or ([], 0)
    names = [f"{p['metadata']['namespace']}/{p['metadata']['name']}" for p in policies]
    idle = [name for name, policy in zip(names, policies, strict=True) if allows_all(policy.get("spec", {}))]
    return {"policies": names if read else None, "idle": idle, "more": more, "skipped": skipped,
            "enforcement": await read_enforcers(cluster), "read_at": cluster.now}


def allows_all(spec: Object) -> bool:
    """Whether it forbids nothing: for each way it speaks of there is a rule without any condition."""
    kinds = spec.get("policyTypes") or ["Ingress", *(["Egress"] if "egress" in spec else [])]
    return all({} in (spec.get(kind.lower()) or ()) for kind in kinds)


def judge_enforced(evidence: Evidence, args: EnforcementArgs) -> Judgement:
    told, skipped = judge_enforcement(evidence["enforcement"]), tell_skipped(evidence, Layer.POLICY)
    outputs: dict[str, Any] = {"enforced": told.enforced}
    names = evidence["policies"]
    total = len(names or ()) + evidence["more"]
    lines = (*([f"NetworkPolicies: {list_names(names, 4)}"] if names else []), f"enforced: {told.why}",
             read_at(evidence))
    counted = count(total, "NetworkPolicy", "NetworkPolicies")
    if told.enforced is False and total and len(evidence.get("idle", ())) == total:
        text = f"{counted} that {'forbids' if total == 1 else 'forbid'} nothing, and nothing would: {told.why}."
        return Judgement((note(Verdict.INFO, Layer.POLICY, text, evidence=lines), *skipped), outputs)
    if told.enforced is False and total:
        text = (f"{counted} {'exists' if total == 1 else 'exist'} and nothing enforces "
                f"{'it' if total == 1 else 'them'}: {told.why}. What they forbid passes all the same.")
        found = find("policy.not-enforced", text, verdict=Verdict.WARN, object="NetworkPolicies", evidence=lines,
                     advice=_advise())
        return Judgement((found, *skipped), outputs)
    if told.enforced is None and (total or names is None):
        text = f"Whether anything enforces NetworkPolicies could not be told: {told.why}."
        return Judgement((note(Verdict.UNKNOWN, Layer.POLICY, text, evidence=lines), *skipped), outputs)
    if names is None:
        return Judgement(skipped, outputs)
    text = f"{counted}, and they are enforced: {told.why}." if told.enforced else \
        f"There is no NetworkPolicy, and {_would(told)}: {told.why}."
    return Judgement((note(Verdict.PASS if told.enforced else Verdict.INFO, Layer.POLICY, text, evidence=lines),
                      *skipped), outputs)


def _would(told: Enforcement) -> str:
    return "none would be enforced" if told.enforced is False else "whether one would be enforced could not be told"


def _advise() -> str:
    able = list_names((n.name for n in NETWORKS if n.name in ("Calico", "Cilium") and n.policy == "yes"), word="or")
    return (f"Run something that enforces them: a network plugin that does, such as {able}, or beside the present one "
            "an enforcer (kube-network-policies, or Calico for policies only). Before that, run `network-policy "
            "pod=… to=…` for what must go on working: all that they forbid ends in that moment.")


ENFORCED = Look(
    name="policy.enforcement", args=EnforcementArgs, gather=gather_enforcement, judge=judge_enforced, reads=READS,
    by_hand="`kubectl get networkpolicies -A`, and `kubectl get daemonsets -A` for calico-node, cilium, weave-net with "
    "its container weave-npc, kube-router, kube-network-policies "
    "(https://kubernetes.io/docs/concepts/services-networking/network-policies/#prerequisites)",
)
