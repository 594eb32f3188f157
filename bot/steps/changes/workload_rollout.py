"""`workload.rollout`: waits until the pods of a workload are what it asks for, as `kubectl rollout status` does.

The wait ends with the step's timeout; what is not done by then is UNKNOWN, since slow is not broken.
"""

import asyncio

from pydantic import Field

from bot.cluster import Cluster, Object
from bot.model.finding import Finding, Verdict
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.wording import count, read_at
from bot.steps.workloads import Workload, split_workload

PAUSE = 1.0


class RolloutArgs(Args):
    """Waits until all pods of a workload are of its newest form and ready. Give it a `timeout` that fits."""

    workload: Workload = Field(description="e.g. Deployment shop/web")
    patience: float = Field(default=60.0, ge=0, le=600, description="seconds to wait; keep it below `timeout`")


async def gather_rollout(cluster: Cluster, args: RolloutArgs) -> Evidence:
    kind, namespace, name = split_workload(args.workload)
    began = cluster.now
    while True:
        facts = rollout_facts(await cluster.get(kind, name, namespace))
        waited = cluster.now - began
        if facts["settled"] or waited >= args.patience:
            return {**facts, "waited": waited, "read_at": cluster.now}
        await asyncio.sleep(PAUSE)
        cluster.forget()


def rollout_facts(item: Object) -> Evidence:
    """{wanted, updated, ready, total, settled}, for all three kinds of workload."""
    spec, status, meta = item.get("spec", {}), item.get("status", {}), item["metadata"]
    wanted = status.get("desiredNumberScheduled", 0) if item.get("kind") == "DaemonSet" else spec.get("replicas", 1)
    updated = status.get("updatedNumberScheduled", status.get("updatedReplicas", 0))
    ready = status.get("numberReady", status.get("readyReplicas", 0))
    total = status.get("currentNumberScheduled", status.get("replicas", 0))
    seen = status.get("observedGeneration", 0) >= meta.get("generation", 0)
    return {
        "wanted": wanted, "updated": updated, "ready": ready, "total": total,
        "settled": seen and updated == ready == total == wanted,
    }


def judge_rollout(evidence: Evidence, args: RolloutArgs) -> Judgement:
    ready, wanted = evidence["ready"], evidence["wanted"]
    if evidence["settled"]:
        verdict, rest = Verdict.PASS, "all of its newest form."
    else:
        verdict = Verdict.UNKNOWN
        rest = f"{evidence['updated']} of its newest form, after {evidence['waited']:.0f} s; it may need longer."
    finding = Finding(
        verdict=verdict, object=args.workload,
        summary=f"{args.workload} has {ready} of {count(wanted, 'pod')} ready, {rest}",
        evidence=(f"{args.workload}: {evidence['total']} pods, {evidence['updated']} updated, {ready} ready, "
                  f"expected {wanted} of each", read_at(evidence)),
        advice="" if evidence["settled"] else _advice(args.workload),
    )
    return Judgement((finding,), {"settled": evidence["settled"], "ready": ready})


def _advice(workload: str) -> str:
    kind, namespace, name = split_workload(workload)
    return f"`kubectl -n {namespace} rollout status {kind.lower()} {name}`"


ROLLOUT = Look(
    name="workload.rollout", args=RolloutArgs, gather=gather_rollout, judge=judge_rollout,
    reads=("get deployments.apps", "get daemonsets.apps", "get statefulsets.apps"),
    by_hand="`kubectl -n NAMESPACE rollout status deployment NAME` "
    "(https://kubernetes.io/docs/reference/kubectl/generated/kubectl_rollout/kubectl_rollout_status/)",
)
