"""The clusters of this folder's tests: one for each kind of network, raised when first asked for and used by all."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster.faults.fault import Fault
from tests.cluster.rig import Cluster, raise_cluster, use_given_cluster

NAME = os.environ.get("NETCHECK_RIG_NAME", "nctest")  # a name of its own: what stands under it is taken down
PORT = int(os.environ.get("NETCHECK_RIG_PORT", "16480"))
NO_CLUSTER = "no cluster: set NETCHECK_RIG (the rig's program) or NETCHECK_TEST_KUBECONFIG"
SHARED = ("bridge", "iptables")
NOT_OURS = ("weave", "calico")
"""Networks whose programs cannot be built here; their images must be given."""


@dataclass(slots=True)
class Clusters:
    """The shared cluster, and beside it one of another kind at a time: the last one asked for."""

    given: Path | None
    program: Path | None
    open: dict[tuple[str, str], tuple[Cluster, ExitStack]] = field(default_factory=dict)

    def lacking(self, fault: Fault) -> str:
        """Why the row cannot be run here, or nothing."""
        if self.given:
            return "needs nodes of our own; a cluster was given" if fault.needs_nodes else ""
        if not self.program:
            return NO_CLUSTER
        if os.geteuid() != 0:
            return "needs root, to make a cluster"
        if fault.network in NOT_OURS and not list(self._images().glob(f"{fault.network}-*")):
            return f"needs the images of {fault.network}: set NETCHECK_RIG_IMAGES to their folder"
        return ""

    def _images(self) -> Path:
        assert self.program is not None
        return Path(os.environ.get("NETCHECK_RIG_IMAGES") or self.program.parent / "prebuilt")

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
        assert self.program is not None
        name, port = (NAME, PORT) if kind == SHARED else (f"{NAME}2", PORT + 1)
        stack = ExitStack()
        options = ("--cni", kind[0], "--proxy", kind[1])
        return stack.enter_context(raise_cluster(self.program, name, port, *options)), stack

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
    given, program = os.environ.get("NETCHECK_TEST_KUBECONFIG"), os.environ.get("NETCHECK_RIG")
    clusters = Clusters(Path(given) if given else None, Path(program).resolve() if program else None)
    try:
        yield clusters
    finally:
        for kind in list(clusters.open):
            clusters.close(kind)
