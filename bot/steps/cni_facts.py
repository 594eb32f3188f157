"""The form of what is read of one network only, beside its DaemonSet."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.cluster import Cluster
from bot.model.finding import Finding
from bot.networks import Network
from bot.steps import Evidence

Daemon = dict[str, Any]
Gather = Callable[[Cluster, Network, Daemon, list[str]], Awaitable[dict[str, Any]]]
Judge = Callable[[Evidence, dict[str, Any]], list[Finding]]


@dataclass(frozen=True, slots=True)
class Facts:
    """`gather(cluster, network, daemon, skipped)` gives plain JSON; `doubted` in it names nodes whose agent should be
    looked at closely. `judge(evidence, agent)` finds its facts under agent["facts"][name]."""

    name: str
    gather: Gather
    judge: Judge
