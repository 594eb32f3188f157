"""A node: a folder, a containerd and a kubelet in a network namespace of its own."""

import json
from pathlib import Path

from tests.cluster.rig.images import PAUSE
from tests.cluster.rig.packages import PLUGINS
from tests.cluster.rig.processes import Process
from tests.cluster.rig.site import DNS_SERVICE, UPSTREAM, Site, address_of, pod_range_of, program
from tests.cluster.rig.stores import lay_store

CONTAINERD = """version = 2
root = "{home}/containerd"
state = "{home}/containerd-state"
[grpc]
  address = "{home}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{plugins}"
    conf_dir = "{home}/cni/net.d"
"""


def furnish_node(site: Site, name: str, store: Path, plugins: str) -> None:
    """All files that a node begins with. `plugins`: where in the node's folder its network plugins are found."""
    home = site.node(name)
    for folder in ("cni/net.d", "kubelet", "podlogs", plugins):
        (home / folder).mkdir(parents=True, exist_ok=True)
    for plugin in PLUGINS.iterdir():
        (home / plugins / plugin.name).symlink_to(plugin)
    (home / plugins / "flannel").unlink(missing_ok=True)
    (home / plugins / "flannel").symlink_to(program("flannelcni"))
    lay_store(store, home / "containerd")
    (home / "containerd.toml").write_text(CONTAINERD.format(home=home, pause=PAUSE, plugins=home / plugins))
    (home / "resolv.conf").write_text(f"nameserver {UPSTREAM}\n")
    (home / "kubelet.yaml").write_text(json.dumps(_kubelet_configuration(site, home), indent=1))


def describe_node(site: Site, name: str) -> list[Process]:
    home = site.node(name)
    return [
        Process(f"containerd-{name}", name, ["containerd", "--config", f"{home}/containerd.toml"]),
        Process(f"kubelet-{name}", name, [
            str(program("kubelet")), f"--config={home}/kubelet.yaml", f"--kubeconfig={site.run}/{name}.kubeconfig",
            f"--root-dir={home}/kubelet", f"--cert-dir={home}/kubelet/pki", f"--hostname-override={name}",
            f"--node-ip={address_of(name)}",
        ]),
    ]  # fmt: skip


def write_node_object(name: str) -> dict[str, object]:
    """Made before its kubelet comes, so that its pod range is known from the start and not in order of arrival."""
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": {"podCIDR": pod_range_of(name)}}


def _kubelet_configuration(site: Site, home: Path) -> dict[str, object]:
    """Control groups are left to the container runtime: this machine may be a container itself."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
        "containerRuntimeEndpoint": f"unix://{home}/containerd.sock", "podLogsDir": f"{home}/podlogs",
        "cgroupDriver": "cgroupfs", "cgroupsPerQOS": False,
        "enforceNodeAllocatable": [], "failCgroupV1": False, "failSwapOn": False,
        "localStorageCapacityIsolation": False, "evictionHard": {"memory.available": "100Mi"},
        "imageGCHighThresholdPercent": 100, "imageGCLowThresholdPercent": 99,
        "clusterDNS": [DNS_SERVICE], "clusterDomain": "cluster.local", "resolvConf": f"{home}/resolv.conf",
        "authentication": {
            "anonymous": {"enabled": False}, "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{site.run}/pki/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
    }  # fmt: skip
