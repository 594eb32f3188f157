"""What differs between the network plugins that a cluster can have, as one table."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster.rig.box import Box
from tests.cluster.rig.commands import run
from tests.cluster.rig.images import unpack_given_image
from tests.cluster.rig.packages import PROTOCOLS
from tests.cluster.rig.site import POD_RANGE, Site, address_of, given_folder, pod_range_of

MANIFESTS = Path(__file__).parent / "manifests"


def prepare_bridge(site: Site, box: Box, nodes: Sequence[str]) -> None:
    """A bridge on each node, a route to every other one, masquerade towards the world: what an agent would do."""
    for node in nodes:
        home = site.node(node)
        addresses = {"type": "host-local", "ranges": [[{"subnet": pod_range_of(node)}]],
                     "routes": [{"dst": "0.0.0.0/0"}], "dataDir": f"{home}/cni/ipam"}  # fmt: skip
        bridge = {"type": "bridge", "bridge": "cni0", "isGateway": True, "hairpinMode": True, "ipam": addresses}
        ports = {"type": "portmap", "capabilities": {"portMappings": True}}
        config = {"cniVersion": "0.4.0", "name": "pods", "plugins": [bridge, ports]}
        (home / "cni/net.d/10-bridge.conflist").write_text(json.dumps(config, indent=1))
        routes = [f"route add {pod_range_of(to)} via {address_of(to)}" for to in nodes if to != node]
        run(*box.enter(node), "ip", "-batch", "-", stdin="\n".join(routes) + "\n")
        run(*box.enter(node), "iptables", "-t", "nat", "-A", "POSTROUTING",
            "-s", POD_RANGE, "!", "-d", POD_RANGE, "-o", "eth0", "-j", "MASQUERADE")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """`manifest`: of ours, or `given/NAME` out of the given folder; `words` of it are replaced, RUN_DIR always.

    `images` are ours, `archives` come out of the given folder. `plugins` and `folders` are made in each node's folder.
    `agent` is (namespace, kind/name) of what runs on every node. `prepare` is called before the kubelets start,
    and what it does is enough: such a network has no agent.
    """

    manifest: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    images: Sequence[str] = ()
    archives: Sequence[str] = ()
    plugins: str = "opt/cni/bin"
    folders: Sequence[str] = ()
    agent: tuple[str, str] | None = None
    prepare: Callable[[Site, Box, Sequence[str]], None] | None = None

    def find_manifest(self) -> Path:
        folder = given_folder()
        if folder and self.manifest.startswith("given/"):
            return folder / self.manifest.removeprefix("given/")
        return MANIFESTS / self.manifest

    def lacking(self) -> str:
        """What the given folder would have to hold for this network and does not, or nothing."""
        folder = given_folder()
        names = [f"{name}.tar.xz" for name in self.archives]
        names += [self.manifest.removeprefix("given/")] if self.manifest.startswith("given/") else []
        missing = [name for name in names if not folder or not (folder / name).exists()]
        return f"NETCHECK_RIG_IMAGES names no folder with {', '.join(missing)}" if missing else ""

    def unpack_archives(self) -> list[Path]:
        return [unpack_given_image(name) for name in self.archives]


# Without the names of protocols ipset takes no named port of a policy, and Calico's agent ends: the image lacks them.
WITH_PROTOCOLS = {
    "        - mountPath: /var/lib/calico\n":
        f"        - mountPath: {PROTOCOLS}\n          name: protocols\n        - mountPath: /var/lib/calico\n",
    "      volumes:\n      - hostPath:\n          path: RUN_DIR\n":
        f"      volumes:\n      - hostPath:\n          path: {PROTOCOLS}\n        name: protocols\n"
        "      - hostPath:\n          path: RUN_DIR\n",
}
NETWORKS: Mapping[str, Network] = {
    "none": Network(),
    "bridge": Network(prepare=prepare_bridge),
    "flannel": Network(
        manifest="flannel.yaml", words={"BACKEND": "vxlan"}, images=("flannel",), folders=("flannel",),
        agent=("kube-flannel", "daemonset/kube-flannel-ds"),
    ),
    "flannel-hostgw": Network(
        manifest="flannel.yaml", words={"BACKEND": "host-gw"}, images=("flannel",), folders=("flannel",),
        agent=("kube-flannel", "daemonset/kube-flannel-ds"),
    ),
    "weave": Network(
        manifest="weave.yaml", archives=("weave-kube", "weave-npc"), folders=("weavedb",),
        agent=("kube-system", "daemonset/weave-net"),
    ),
    "calico": Network(
        manifest="given/calico.yaml", words=WITH_PROTOCOLS,
        archives=("calico-node", "calico-cni", "calico-kube-controllers"),
        plugins="opt", folders=("calico", "calico-run"), agent=("kube-system", "daemonset/calico-node"),
    ),
}  # fmt: skip
