"""`service.patch`: sets the selector or the ports of a Service."""

from typing import Any

from pydantic import Field, model_validator

from bot.cluster import Cluster, Object
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Args, Change, Evidence, Judgement
from bot.steps.differences import compare
from bot.steps.generic import Namespaced
from bot.steps.wording import labels_text, read_at


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


SERVICE_PATCH = Change(
    name="service.patch", args=ServicePatchArgs, preview=preview_service, apply=apply_service, judge=judge_service,
    writes=("patch services",),
)
