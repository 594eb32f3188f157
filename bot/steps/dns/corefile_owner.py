"""Who writes the ConfigMap with the Corefile. Where that is a platform, edits are undone, at once or at its next
update, and what people want goes elsewhere. Pure.

Sources: the labels and annotations that these write, https://learn.microsoft.com/azure/aks/coredns-custom,
https://docs.aws.amazon.com/eks/latest/userguide/coredns-add-on-create.html,
https://docs.openshift.com/container-platform/latest/networking/dns-operator.html,
https://docs.k3s.io/networking/networking-services, https://docs.rke2.io/networking/networking_services.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.cluster import Object
from bot.model.finding import Finding, Verdict

CUSTOM = "put own settings into ConfigMap kube-system/coredns-custom (keys that end in .override or .server)"


@dataclass(frozen=True, slots=True)
class Owner:
    """`mark`: a label or annotation of what it wrote, with this `value` or any. `says`: what that means for a mend."""

    mark: str
    says: str
    value: str = ""


OWNERS = (
    Owner("dns.operator.openshift.io/owning-dns", "The DNS operator writes this ConfigMap and undoes edits: `kubectl "
          "edit dns.operator.openshift.io default` (servers, upstreamResolvers) instead."),
    Owner("eks.amazonaws.com/component", "EKS made it. Where coredns is an EKS add-on, whose next update undoes edits, "
          "set `corefile` in the add-on's configuration values as well."),
    Owner("addonmanager.kubernetes.io/mode", "The add-on manager (AKS has one) writes this ConfigMap anew and undoes "
          f"edits: {CUSTOM}, and correct what is there.", "Reconcile"),
    Owner("objectset.rio.cattle.io/owner-name", f"k3s writes this ConfigMap anew at its next start: {CUSTOM}."),
    Owner("meta.helm.sh/release-name", "A Helm release wrote it, whose next upgrade undoes edits: change its values as "
          "well (`helm list -A`; RKE2: a HelmChartConfig rke2-coredns)."),
)


def find_owner(meta: Object) -> str:
    """What its owner means for a mend; "" where it belongs to whoever edits it."""
    marks = {**(meta.get("labels") or {}), **(meta.get("annotations") or {})}
    return next((owner.says for owner in OWNERS if owner.mark in marks and owner.value in ("", marks[owner.mark])), "")


def warn_of_owner(found: Iterable[Finding], facts: Object) -> list[Finding]:
    """With a word on who undoes edits, in the advice about this ConfigMap."""
    says = facts.get("owner", "")
    return [replace(f, advice=f"{f.advice} {says}") if says and f.object == facts["config_map"]
            and f.verdict in (Verdict.FAIL, Verdict.WARN) else f for f in found]
