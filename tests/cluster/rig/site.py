"""Where a cluster stands: its name and port, its folder, its nodes and addresses; and the cache of what it is made of.

All addresses exist only inside the cluster's namespaces, so every cluster has the same ones. The one exception is the
API server's, which is reached at a port of 127.0.0.1.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.rig.errors import RigFailed

KUBERNETES = "v1.34.4"
OWN = "netcheck-cluster"  # in the name of everything that can be seen from outside: folders, images
RUN = Path("/run") / OWN
LAN = "lan"  # the namespace that holds the wire and the world outside
UPSTREAM = "172.31.0.1"
POD_RANGE, SERVICE_RANGE, API_SERVICE, DNS_SERVICE = "10.244.0.0/16", "10.96.0.0/12", "10.96.0.1", "10.96.0.10"
API_NODE = "n1"


@dataclass(frozen=True, slots=True)
class Site:
    name: str
    port: int

    def __post_init__(self) -> None:
        if not self.name.isalnum():
            raise RigFailed(f"a cluster's name becomes part of paths; letters and digits only, not {self.name!r}")

    @property
    def run(self) -> Path:
        """All files of the cluster; gone when it is down."""
        return RUN / self.name

    @property
    def kubeconfig(self) -> Path:
        return self.run / "admin.kubeconfig"

    def node(self, name: str) -> Path:
        """A node's folder: `cni/net.d`, `opt/cni/bin`, `kubelet.yaml`, `containerd.sock`, `kubelet`, `podlogs`."""
        return self.run / name

    @property
    def nodes(self) -> list[str]:
        return sorted(path.parent.name for path in self.run.glob("n*/kubelet.yaml"))


def address_of(node: str) -> str:
    return f"172.31.0.{10 + int(node[1:])}"


def pod_range_of(node: str) -> str:
    return f"10.244.{int(node[1:]) - 1}.0/24"


def cache() -> Path:
    """Programs, images and stores; kept between clusters, shared by them, safe to delete when none is up."""
    named = os.environ.get("NETCHECK_RIG_CACHE")
    return (Path(named).absolute() if named else Path.home() / ".cache" / OWN) / KUBERNETES.removeprefix("v")


def program(name: str) -> Path:
    return cache() / "bin" / name


def given_folder() -> Path | None:
    """The folder of prebuilt programs and image archives, where somebody has one. Raises RigFailed where it is not."""
    named = os.environ.get("NETCHECK_RIG_IMAGES")
    if named and not Path(named).is_dir():
        raise RigFailed(f"NETCHECK_RIG_IMAGES names {named}, which is no folder")
    return Path(named).absolute() if named else None
