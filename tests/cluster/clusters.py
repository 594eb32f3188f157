"""The cluster of this folder's tests: of the kind last asked for, and used by all that ask for that kind."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster.faults.fault import Fault
from tests.cluster.rig import Cluster, Options, Site, raise_cluster, use_given_cluster
from tests.cluster.rig.networks import NETWORKS
from tests.cluster.rig.packages import refusal

WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
"""Tests in processes side by side have clusters of their own."""
NAME = os.environ.get("NETCHECK_RIG_NAME", "tests") + (f"w{WORKER}" if WORKER else "")
"""A name of its own: what stands under it is taken down. Each test run takes up to three: NAME, NAME2, NAME3."""
PORT = int(os.environ.get("NETCHECK_RIG_PORT", "16480")) + 3 * WORKER
SHARED = ("bridge", "iptables")


@dataclass(slots=True)
class Clusters:
    """One stands at a time: an idle one takes a fifth of a core from whoever waits for the other."""

    given: Path | None
    kind: tuple[str, str] = SHARED
    cluster: Cluster | None = None
    stack: ExitStack = field(default_factory=ExitStack)

    def lacking(self, fault: Fault) -> str:
        """Why the row cannot be run here, or nothing."""
        if self.given:
            return "needs nodes of our own; a cluster was given" if fault.needs_nodes else ""
        return self.refusal() or ("" if fault.network == "any" else NETWORKS[fault.network].lacking())

    def refusal(self) -> str:
        """Why there can be no cluster at all, or nothing."""
        if self.given or not (why := refusal()):
            return ""
        return f"no cluster: one of our own {why}; or set NETCHECK_TEST_KUBECONFIG"

    def shared(self) -> Cluster:
        return self.of(*SHARED)

    def of(self, network: str, proxy: str) -> Cluster:
        if self.given:
            return use_given_cluster(self.given)
        kind = ("bridge" if network == "any" else network, proxy)
        if kind != self.kind:
            self.close()
        if self.cluster is None:
            options = Options(cni=kind[0], proxy=kind[1])
            self.cluster = self.stack.enter_context(raise_cluster(Site(NAME, PORT), options))
            self.kind = kind
        return self.cluster

    def close(self) -> None:
        """After a row that spoils its cluster, too: the next one gets a new cluster."""
        self.cluster = None
        self.stack.close()


@contextmanager
def every_cluster() -> Iterator[Clusters]:
    given = os.environ.get("NETCHECK_TEST_KUBECONFIG")
    clusters = Clusters(Path(given) if given else None)
    try:
        yield clusters
    finally:
        clusters.close()
