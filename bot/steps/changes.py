"""`service.patch` and `workload.restart`: the two changes. Each shows first what it would do, by a dry run of the API
server, and is applied at most once per approval. Nothing else in netcheck writes to a cluster.

Both write with the resourceVersion they have read, so that nobody's work in between is overwritten.
"""

import difflib
import re
from datetime import UTC, datetime
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, Field, model_validator

from bot.cluster import Cluster, Object
from bot.model.errors import Rejected
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Args, Change, Evidence, Judgement
from bot.steps.generic import Namespaced
from bot.steps.wording import count, labels_text, read_at

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
_WORKLOAD = re.compile(r"(Deployment|DaemonSet|StatefulSet) ([^/\s]+)/([^/\s]+)")


class PortArgs(Args):
    """One port of a Service, as in its YAML."""

    port: int = Field(ge=1, le=65535)
    protocol: str = Field(default="TCP", pattern=r"^(TCP|UDP|SCTP)$")
    target_port: int | str | None = Field(default=None, alias="targetPort")
    name: str | None = None


class ServicePatchArgs(Args):
    """Sets the selector or the ports of a Service. Shows the difference, asks, then changes it."""

    service: Namespaced = Field(description="namespace/name")
    selector: dict[str, str] | None = Field(default=None, min_length=1, description="the whole selector it shall have")
    ports: tuple[PortArgs, ...] | None = Field(default=None, min_length=1, description="all ports it shall have")

    @model_validator(mode="after")
    def _has_something_to_set(self) -> "ServicePatchArgs":
        if self.selector is None and self.ports is None:
            raise ValueError("`selector` or `ports` is needed: there is nothing to change")
        pairs = [(port.port, port.protocol) for port in self.ports or ()]
        if len(set(pairs)) != len(pairs):
            raise ValueError("two of the `ports` have the same number and protocol")
        return self


def _check_workload(text: str) -> str:
    if not _WORKLOAD.fullmatch(text):
        raise ValueError("kind and name are expected, as in `Deployment shop/web` (or DaemonSet, or StatefulSet)")
    return text


class RestartArgs(Args):
    """Restarts the pods of a Deployment, DaemonSet or StatefulSet, one after another."""

    workload: Annotated[str, AfterValidator(_check_workload)] = Field(description="e.g. Deployment shop/web")


# --- service.patch ------------------------------------------------------------------------------------------------


def wish(before: Object, args: ServicePatchArgs) -> dict[str, Any]:
    """The fields of the spec that are to be set, with the values they shall have."""
    spec = before.get("spec", {})
    wanted: dict[str, Any] = {}
    if args.selector is not None and spec.get("selector", {}) != args.selector:
        wanted["selector"] = dict(args.selector)
    if args.ports is not None:
        ports = [_merge_port(port, spec.get("ports", [])) for port in args.ports]
        if ports != spec.get("ports", []):
            wanted["ports"] = ports
    return wanted


def _merge_port(port: PortArgs, existing: list[Object]) -> Object:
    """What is not named stays as it is, node ports above all."""
    same = next((p for p in existing if (p["port"], p.get("protocol", "TCP")) == (port.port, port.protocol)), {})
    return {"protocol": port.protocol, **same, **port.model_dump(by_alias=True, exclude_none=True)}


def make_patch(before: Object, wanted: dict[str, Any]) -> dict[str, Any]:
    """A strategic merge patch: keys that go are set to null, and the list of ports is replaced as a whole, since
    merging it by number takes 53/UDP and 53/TCP for one port."""
    spec = dict(wanted)
    if "selector" in wanted:
        gone = before.get("spec", {}).get("selector", {}).keys() - wanted["selector"].keys()
        spec["selector"] = {**wanted["selector"], **dict.fromkeys(gone)}
    if "ports" in wanted:
        spec["ports"] = [*wanted["ports"], {"$patch": "replace"}]
    return {"metadata": {"resourceVersion": before["metadata"]["resourceVersion"]}, "spec": spec}


async def _patch_service(cluster: Cluster, args: ServicePatchArgs, dry_run: bool) -> Evidence:
    namespace, _, name = args.service.partition("/")
    before = await cluster.get("Service", name, namespace)
    wanted = wish(before, args)
    after = before
    if wanted:
        after = await cluster.patch("Service", name, namespace, make_patch(before, wanted), dry_run=dry_run)
    return {"before": _fields(before), "after": _fields(after), "wanted": wanted, "read_at": cluster.now}


def _fields(service: Object) -> Object:
    spec = service.get("spec", {})
    return {"selector": spec.get("selector", {}), "ports": spec.get("ports", [])}


async def preview_service(cluster: Cluster, args: ServicePatchArgs) -> Evidence:
    evidence = await _patch_service(cluster, args, dry_run=True)
    description = f"Set {' and '.join(_set_fields(evidence['wanted'])) or 'nothing'} of Service {args.service}."
    return {**evidence, "description": description, "difference": compare(evidence["before"], evidence["after"])}


def _set_fields(wanted: dict[str, Any]) -> list[str]:
    selector = [f"selector {labels_text(wanted['selector'])}"] if "selector" in wanted else []
    ports = ", ".join(f"{port['port']}/{port['protocol']}" for port in wanted.get("ports", ()))
    return [*selector, f"ports {ports}"] if ports else selector


async def apply_service(cluster: Cluster, args: ServicePatchArgs) -> Evidence:
    return await _patch_service(cluster, args, dry_run=False)


def compare(before: Object, after: Object) -> list[str]:
    """The two as YAML, line by line: `- ` gone, `+ ` new, two blanks for what stays; empty if nothing changes."""
    difference: list[str] = []
    for field in sorted(before.keys() | after.keys()):
        if before.get(field) != after.get(field):
            old, new = _yaml(before.get(field)), _yaml(after.get(field))
            lines = [*difflib.unified_diff(old, new, n=len(old) + len(new), lineterm="")][3:]
            difference.append(f"  {field}:")
            difference.extend(f"{line[0]}   {line[1:]}" for line in lines)
    return difference


def _yaml(value: Any) -> list[str]:
    return yaml.safe_dump(value, sort_keys=True).splitlines() if value else []


def _holds(found: Any, wanted: Any) -> bool:
    """Whether it is as wanted; what the API server fills in by itself in a port does not count."""
    if isinstance(wanted, list):
        pairs = zip(found, wanted, strict=False)
        return len(found) == len(wanted) and all(each | asked == each for each, asked in pairs)
    return bool(found == wanted)


def judge_service(evidence: Evidence, args: ServicePatchArgs) -> Judgement:
    subject, after = f"Service {args.service}", evidence["after"]
    changed = evidence["before"] != after
    stands = all(_holds(after[field], value) for field, value in evidence["wanted"].items())
    lines = [line for line in compare(evidence["before"], after) if line[0] in "-+"]
    new = " and ".join(_set_fields(evidence["wanted"]))
    if not stands:
        verdict, summary = Verdict.WARN, f"{subject} was changed, but is not as it was asked for: something altered it."
    elif changed:
        verdict, summary = Verdict.INFO, f"{subject} was changed: {new} set."
    else:
        verdict, summary = Verdict.INFO, f"{subject} was so already: nothing was changed."
    finding = Finding(
        verdict=verdict, summary=summary, layer=Layer.SERVICE, object=subject, evidence=(*lines[:4], read_at(evidence))
    )
    return Judgement((finding,), {"changed": changed, **after})


# --- workload.restart ---------------------------------------------------------------------------------------------


def split_workload(workload: str) -> tuple[str, str, str]:
    """Kind, namespace, name."""
    kind, _, rest = workload.partition(" ")
    namespace, _, name = rest.partition("/")
    return kind, namespace, name


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
    evidence = await _restart(cluster, args, dry_run=True)
    gone = [f"- {RESTARTED_AT}: {evidence['before']}"] if evidence["before"] else []
    difference = [*gone, f"+ {RESTARTED_AT}: {evidence['after']}"]
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


SERVICE_PATCH = Change(
    name="service.patch", args=ServicePatchArgs, preview=preview_service, apply=apply_service, judge=judge_service,
    writes=("patch services",),
)
RESTART = Change(
    name="workload.restart", args=RestartArgs, preview=preview_restart, apply=apply_restart, judge=judge_restart,
    writes=("patch deployments.apps", "patch daemonsets.apps", "patch statefulsets.apps"),
)
