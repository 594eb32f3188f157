"""A run's way to its cluster: opened when first needed, with the reads that its steps share, and what they cost."""

import asyncio
from collections.abc import Callable

from bot.cluster import Cluster, Usage
from bot.engine.rulebook import Rulebook
from bot.model.event import RunStarted


class Access:
    """For one turn. `reads` puts the shared reads of a run around a cluster."""

    def __init__(self, rulebook: Rulebook, reads: Callable[[Cluster], Cluster]) -> None:
        self._rulebook = rulebook
        self._reads = reads
        self._shared: Cluster | None = None
        self._opening = asyncio.Lock()
        self._used: list[Cluster] = []
        self._counted = Usage()

    async def cluster(self, began: RunStarted, *, fresh: bool) -> Cluster:
        """`fresh`: nothing that was read before counts any more, for later steps neither. Raises Refused where the
        run's target was pointed at another cluster."""
        async with self._opening:
            if self._shared is None or fresh:
                target = self._rulebook.target(began)
                self._shared = self._reads(await self._rulebook.clusters.open(target))
                self._used.append(self._shared)
            return self._shared

    def forget(self) -> None:
        """The cluster was changed: what was read of it is out of date."""
        self._shared = None

    def spent(self) -> Usage:
        """Since this was last asked."""
        usages, before = [cluster.usage for cluster in self._used], self._counted
        self._counted = now = Usage(sum(u.requests for u in usages), sum(u.bytes for u in usages))
        return Usage(now.requests - before.requests, now.bytes - before.bytes)
