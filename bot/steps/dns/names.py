"""What a name that does not exist may have been meant to be (DNS-14). Pure.

The full name of a Service is NAME.NAMESPACE.svc.ZONE (kubernetes/dns, specification); short ones hold for the pod's own
namespace, or for any where the namespace is named.
"""

from collections.abc import Sequence

from bot.steps.wording import list_names

SVC = "svc"


def suggest(name: str, zone: str, elsewhere: Sequence[str] = ()) -> str:
    """A sentence, or "". `elsewhere`: namespaces with a Service of its first label."""
    labels = name.rstrip(".").lower().split(".")
    if elsewhere:
        full = list_names((f"{labels[0]}.{namespace}" for namespace in elsewhere), 3, "or")
        return f"Services of that name are in {list_names(elsewhere, 3)}: ask for {full}."
    rest = ".".join(labels[3:])
    if labels[2:3] == [SVC] and rest not in ("", zone):
        return f"The cluster's domain is {zone}, and not {rest}: ask for {'.'.join(labels[:3])}.{zone}."
    if len(labels) > 2 and labels[2] != SVC and ".".join(labels[2:]) == zone:
        return f"Between namespace and domain `{SVC}` is missing: ask for {labels[0]}.{labels[1]}.{SVC}.{zone}."
    return ""
