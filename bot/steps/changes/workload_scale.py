"""`workload.scale`: sets how many pods a Deployment or StatefulSet shall have."""

from pydantic import Field, field_validator

from bot.cluster import Cluster, Object
from bot.model.errors import Rejected
from bot.model.finding import Finding, Verdict
from bot.steps import Args, Change, Evidence, Judgement
from bot.steps.wording import count, read_at
from bot.steps.workloads import Workload, split_workload

MOST = 50
"""More pods than this are a matter of capacity, not of mending."""


class ScaleArgs(Args):
    """Sets the number of pods of a Deployment or StatefulSet. Never to zero."""

    workload: Workload = Field(description="e.g. Deployment shop/web")
    replicas: int = Field(ge=1, le=MOST)

    @field_validator("workload")
    @classmethod
    def _can_be_scaled(cls, workload: str) -> str:
        if workload.startswith("DaemonSet "):
            raise ValueError("a DaemonSet has a pod on each node that it selects, so it has no number to set")
        return workload


def _replicas(item: Object) -> int:
    return int(item.get("spec", {}).get("replicas", 1))


async def _scale(cluster: Cluster, args: ScaleArgs, dry_run: bool) -> Evidence:
    kind, namespace, name = split_workload(args.workload)
    before = after = await cluster.get(kind, name, namespace)
    if before.get("spec", {}).get("paused"):
        raise Rejected(f"{args.workload} is paused. Resume it first: `kubectl -n {namespace} rollout resume`.")
    if _replicas(before) != args.replicas:
        version = {"resourceVersion": before["metadata"]["resourceVersion"]}
        body = {"metadata": version, "spec": {"replicas": args.replicas}}
        after = await cluster.patch(kind, name, namespace, body, dry_run=dry_run)
    return {"before": _replicas(before), "after": _replicas(after), "read_at": cluster.now}


async def preview_scale(cluster: Cluster, args: ScaleArgs) -> Evidence:
    evidence = await _scale(cluster, args, dry_run=True)
    description = f"Scale {args.workload} from {evidence['before']} to {count(evidence['after'], 'pod')}."
    return {**evidence, "description": description, "difference": _difference(evidence)}


def _difference(evidence: Evidence) -> list[str]:
    if evidence["before"] == evidence["after"]:
        return []
    return [f"- replicas: {evidence['before']}", f"+ replicas: {evidence['after']}"]


async def apply_scale(cluster: Cluster, args: ScaleArgs) -> Evidence:
    return await _scale(cluster, args, dry_run=False)


def judge_scale(evidence: Evidence, args: ScaleArgs) -> Judgement:
    before, after = evidence["before"], evidence["after"]
    stands = after == args.replicas
    said = f"was scaled from {before} to {count(after, 'pod')}" if before != after else "had that many pods already"
    if not stands:
        said = f"was to have {count(args.replicas, 'pod')} and has {after}: something altered it"
    finding = Finding(
        verdict=Verdict.INFO if stands else Verdict.WARN, summary=f"{args.workload} {said}.", object=args.workload,
        evidence=(f"{args.workload}: spec.replicas is {after}, asked for {args.replicas}", read_at(evidence)),
    )
    return Judgement((finding,), {"changed": before != after, "replicas": after})


SCALE = Change(
    name="workload.scale", args=ScaleArgs, preview=preview_scale, apply=apply_scale, judge=judge_scale,
    writes=("patch deployments.apps", "patch statefulsets.apps"),
)
