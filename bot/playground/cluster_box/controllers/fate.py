"""What becomes of a new pod: the cause that kept the old one down is still there, or the change took it away.

The box knows one program, CoreDNS, and of it what its Corefile decides. Everything else goes on as it was.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from bot.playground.bundle import Object
from bot.playground.cluster_box.controllers.pods import is_ready
from bot.playground.cluster_box.corefile import find_corefile, find_fault
from bot.playground.cluster_box.store import Store

Outcome: TypeAlias = Literal["ready", "crashing", "creating", "unknown"]


@dataclass(frozen=True, slots=True)
class Fate:
    """`log` is what the container prints."""

    outcome: Outcome
    log: str = ""


def foresee(store: Store, pod: Object, old: list[Object], *, recorded: Store) -> Fate:
    """`old` are the pods it stands in for; `recorded` is the cluster as it was, to tell what has changed since."""
    if not _runs_coredns(pod):
        return _as_before(old, "")
    text = find_corefile(store, pod)
    if text is None:
        return Fate("creating")
    fault = find_fault(text)
    if fault:
        return Fate("crashing", f"{fault}\n")
    before = find_corefile(recorded, pod)
    banner = _banner(pod)
    return Fate("ready", banner) if before is None or find_fault(before) else _as_before(old, banner)


def _as_before(old: list[Object], log: str) -> Fate:
    if not old or any(is_ready(pod) for pod in old):
        return Fate("ready", log)
    return Fate("unknown")


def _runs_coredns(pod: Object) -> bool:
    return any("coredns" in container.get("image", "") for container in pod["spec"].get("containers") or ())


def _banner(pod: Object) -> str:
    """The lines CoreDNS prints when it has started; its version as the image's tag says it."""
    version = pod["spec"]["containers"][0].get("image", "").rpartition(":")[2].lstrip("v")
    return f".:53\nCoreDNS-{version}\nlinux/amd64\n"
