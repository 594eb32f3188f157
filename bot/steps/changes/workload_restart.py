"""`workload.restart`: the pods of a workload are replaced, one after another, by the rules of its rollout."""

from datetime import UTC, datetime

from pydantic import Field

from bot.cluster import Cluster, Object
from bot.model.errors import Rejected
from bot.model.finding import Finding, Verdict
from bot.steps import Args, Change, Evidence, Judgement
from bot.steps.wording import count, read_at
from bot.steps.workloads import Workload, split_workload

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


class RestartArgs(Args):
    """Restarts the pods of a Deployment, DaemonSet or StatefulSet, one after another."""

    workload: Workload = Field(description="e.g. Deployment shop/web")


def refuse_restart(workload: str, before: Object) -> None:
    """Raises Rejected where the annotation would restart nothing."""
    spec = before.get("spec", {})
    if spec.get("paused"):
        raise Rejected(f"{workload} is paused, so it would not restart. Resume it: `kubectl rollout resume`.")
    if spec.get("updateStrategy", {}).get("type") == "OnDelete":
        raise Rejected(f"{workload} restarts pods only when they are deleted (updateStrategy OnDelete). Delete them.")
    if _pods(before) == 0:
        raise Rejected(f"{workload} has no pods to restart. Scale it up: `kubectl scale --replicas`.")


def _pods(item: Object) -> int:
    status = item.get("status", {})
    wanted = item.get("spec", {}).get("replicas", status.get("desiredNumberScheduled", 0))
    return int(max(wanted, status.get("replicas", 0)))


def _restarted_at(item: Object) -> str:
    template = item.get("spec", {}).get("template", {})
    return str(template.get("metadata", {}).get("annotations", {}).get(RESTARTED_AT, ""))


async def _restart(cluster: Cluster, args: RestartArgs, dry_run: bool) -> Evidence:
    kind, namespace, name = split_workload(args.workload)
    before = await cluster.get(kind, name, namespace)
    refuse_restart(args.workload, before)
    now = datetime.fromtimestamp(cluster.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = {
        "metadata": {"resourceVersion": before["metadata"]["resourceVersion"]},
        "spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: now}}}},
    }
    after = await cluster.patch(kind, name, namespace, body, dry_run=dry_run)
    seen = {"before": _restarted_at(before), "after": _restarted_at(after), "asked": now, "pods": _pods(before)}
    return {**seen, "read_at": cluster.now}


async def preview_restart(cluster: Cluster, args: RestartArgs) -> Evidence:
    """The time of the dry run is left out of the difference: what is approved must be what is found again later."""
    evidence = await _restart(cluster, args, dry_run=True)
    gone = [f"- {RESTARTED_AT}: {evidence['before']}"] if evidence["before"] else []
    difference = [*gone, f"+ {RESTARTED_AT}: (the time of the restart)"]
    description = f"Restart {args.workload}: its {count(evidence['pods'], 'pod')} replaced by the rules of its rollout."
    return {**evidence, "description": description, "difference": difference}


async def apply_restart(cluster: Cluster, args: RestartArgs) -> Evidence:
    return await _restart(cluster, args, dry_run=False)


def judge_restart(evidence: Evidence, args: RestartArgs) -> Judgement:
    stands = evidence["after"] == evidence["asked"]
    said = "is being restarted" if stands else "took the change, but does not carry it: something altered it"
    finding = Finding(
        verdict=Verdict.INFO if stands else Verdict.WARN, summary=f"{args.workload} {said}.", object=args.workload,
        evidence=(f"{RESTARTED_AT} is {evidence['after'] or 'not set'}", read_at(evidence)),
    )
    return Judgement((finding,), {"changed": stands, "at": evidence["after"]})


RESTART = Change(
    name="workload.restart", args=RestartArgs, preview=preview_restart, apply=apply_restart, judge=judge_restart,
    writes=("patch deployments.apps", "patch daemonsets.apps", "patch statefulsets.apps"),
)
