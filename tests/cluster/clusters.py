"""The clusters of this folder's tests: one for each kind of network, raised when first asked for and used by all."""

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
"""A name of its own: what stands under it is taken down. Each test run takes up to four: NAME, NAME2 and so on."""
PORT = int(os.environ.get("NETCHECK_RIG_PORT", "16480")) + 4 * WORKER
SHARED = ("bridge", "iptables")


@dataclass(slots=True)
class Clusters:
    """The shared cluster, and beside it one of another kind at a time: the last one asked for."""

    given: Path | None
    open: dict[tuple[str, str], tuple[Cluster, ExitStack]] = field(default_factory=dict)

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
        if kind not in self.open:
            for other in [k for k in self.open if k not in (SHARED, kind)]:
                self.close(other)
            self.open[kind] = self._raise(kind)
        return self.open[kind][0]

    def _raise(self, kind: tuple[str, str]) -> tuple[Cluster, ExitStack]:
        name, port = (NAME, PORT) if kind == SHARED else (f"{NAME}2", PORT + 1)
        stack = ExitStack()
        options = Options(cni=kind[0], proxy=kind[1])
        return stack.enter_context(raise_cluster(Site(name, port), options)), stack

    def close(self, kind: tuple[str, str]) -> None:
        _, stack = self.open.pop(kind)
        stack.close()

    def spoil(self, fault: Fault) -> None:
        """The row's cluster is not to be used again; the next row gets a new one of the same name."""
        kind = ("bridge" if fault.network == "any" else fault.network, fault.proxy)
        if kind in self.open:
            self.close(kind)


@contextmanager
def every_cluster() -> Iterator[Clusters]:
    given = os.environ.get("NETCHECK_TEST_KUBECONFIG")
    clusters = Clusters(Path(given) if given else None)
    try:
        yield clusters
    finally:
        for kind in list(clusters.open):
            clusters.close(kind)
