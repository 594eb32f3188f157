"""Scenarios made by hand out of recorded ones, for what no test cluster of ours can be brought to. Their titles say so.

`python -m tests.playground.imagined` writes them beside the others.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass, replace

from bot.playground.bundle import Bundle, Object, Read, save_bundle
from bot.playground.scenarios import FOLDER, INDEX, Scenario, load_scenario

UNSEEN = "(made by hand, never seen live)"
NO_IPVS = ('E0115 08:00:00.000000       1 run.go:72] "command failed" err="can\'t use the IPVS proxier: IPVS proxier '
           'will not be used because the following required kernel modules are not loaded: [ip_vs_rr ip_vs_sh]"\n')
CILIUM = {
    "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {
        "name": "cilium", "namespace": "kube-system", "uid": "cilium", "generation": 1, "labels": {"k8s-app": "cilium"},
        "creationTimestamp": "2026-01-01T00:00:00Z"},
    "spec": {"selector": {"matchLabels": {"k8s-app": "cilium"}}, "template": {"spec": {"containers": [
        {"name": "cilium-agent", "image": "quay.io/cilium/cilium:v1.18.2"}]}}},
    "status": {"desiredNumberScheduled": 2, "numberReady": 2, "updatedNumberScheduled": 2, "observedGeneration": 1},
}
REPLACING = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cilium-config", "namespace": "kube-system"},
             "data": {"kube-proxy-replacement": "true"}}
"""Of Cilium only what tells that it stands in for kube-proxy."""


@dataclass(frozen=True, slots=True)
class Imagined:
    base: str
    scenario: Scenario
    make: Callable[[Bundle], Bundle]


def _alter(bundle: Bundle, kind: str, name: str, change: Callable[[Object], None]) -> Bundle:
    objects = [deepcopy(item) for item in bundle.objects]
    for item in objects:
        if (item["kind"], item["metadata"]["name"]) == (kind, name):
            change(item)
    return replace(bundle, objects=tuple(objects))


def without_ipvs(bundle: Bundle) -> Bundle:
    """kube-proxy's mode is ipvs, and it ends because modules are missing."""
    def change(item: Object) -> None:
        item["data"]["config.conf"] = item["data"]["config.conf"].replace("mode: iptable\n", "mode: ipvs\n")
    logs = tuple(replace(log, text=NO_IPVS) if log.pod.startswith("kube-proxy") else log for log in bundle.logs)
    return replace(_alter(bundle, "ConfigMap", "kube-proxy", change), logs=logs)


def full_conntrack(bundle: Bundle) -> Bundle:
    """The table of one node's connections is nearly full, by a limit that kube-proxy has set."""
    fullest = sorted({e.pod for e in bundle.executions})[0]
    executions = tuple(replace(e, stdout="130612\n") if e.pod == fullest and e.command[0] == "conntrack" else e
                       for e in bundle.executions)
    limits = ('"MaxPerCore":0,"Min":0', '"MaxPerCore":32768,"Min":131072')
    http = tuple(replace(page, body=page.body.replace(*limits)) for page in bundle.http)
    return replace(bundle, executions=executions, http=http)


def with_cilium(bundle: Bundle) -> Bundle:
    """kube-proxy, and beside it Cilium that is set up to replace it."""
    return replace(bundle, objects=(*bundle.objects, CILIUM, REPLACING), partial=(*bundle.partial, CILIUM))


def as_k3s(bundle: Bundle) -> Bundle:
    """k3s has its service proxy inside: no DaemonSet, no pods, no ConfigMaps of kubeadm."""
    gone = ("kube-proxy", "kubeadm-config", "kubelet-config")

    def stays(item: Object) -> bool:
        return item["kind"] == "ClusterRoleBinding" or not item["metadata"]["name"].startswith(gone)

    version = {**bundle.version, "gitVersion": "v1.34.4+k3s1"}
    static = Read(verb="list", kind="Pod", api="v1", namespace="kube-system", labels="component=kube-proxy")
    reads = (replace(read, outcome="absent") if read.name.startswith(gone) else read for read in bundle.reads)
    return replace(bundle, version=version, http=(), executions=(), reads=(*reads, static),
                   logs=tuple(log for log in bundle.logs if not log.pod.startswith("kube-proxy")),
                   objects=tuple(filter(stays, bundle.objects)), partial=tuple(filter(stays, bundle.partial)))


def without_peers(bundle: Bundle) -> Bundle:
    """BGP runs, and one node's BIRD does not reach the other's."""
    says = "calico/node is not ready: BIRD is not ready: BGP not established with 172.31.0.11"
    objects = [deepcopy(item) for item in bundle.objects]
    for item in objects:
        if item["kind"] == "Event" and "BIRD is not ready" in item.get("message", ""):
            item["message"] = f"Readiness probe failed: {says}"
    return replace(bundle, objects=tuple(objects))


def with_old_kernels(bundle: Bundle) -> Bundle:
    """What is lost between nodes is lost by a kernel that spoils checksums, not by a firewall."""
    def change(item: Object) -> None:
        item["status"]["nodeInfo"]["kernelVersion"] = "4.19.0-27-amd64"
    for node in ("n1", "n2"):
        bundle = _alter(bundle, "Node", node, change)
    return bundle


def _title(says: str) -> str:
    return f"{says} {UNSEEN}"


PROXY = "DaemonSet kube-system/kube-proxy"
IMAGINED: dict[str, Imagined] = {
    "imagined-ipvs-modules": Imagined("proxy-mode-unknown", Scenario(
        title=_title("kube-proxy's mode is ipvs, and the nodes lack its kernel modules"), answer="broken",
        roots=(("proxy.mode", PROXY),), playbook="kube-proxy"), without_ipvs),
    "imagined-conntrack-full": Imagined("proxy-healthy", Scenario(
        title=_title("The table of connections of one node is nearly full"), answer="degraded",
        roots=(("proxy.conntrack", "Node n2"),), playbook="kube-proxy"), full_conntrack),
    "imagined-two-proxies": Imagined("proxy-healthy", Scenario(
        title=_title("kube-proxy runs beside Cilium, which replaces it"), answer="degraded",
        roots=(("proxy.two", PROXY),), playbook="kube-proxy"), with_cilium),
    "imagined-calico-bgp": Imagined("calico-bird-probe", Scenario(
        title=_title("Calico's agent on a node does not reach its BGP peer (TCP 179)"), answer="degraded",
        roots=(("cni.agent.peers", "DaemonSet kube-system/calico-node"),), playbook="cni"), without_peers),
    "imagined-checksum-offload": Imagined("conn-overlay-flannel", Scenario(
        title=_title("Old kernels spoil the checksums of what Flannel sends between nodes"), answer="broken",
        roots=(("cni.path", "Node n2"),), playbook="connectivity", probe=True), with_old_kernels),
    "imagined-k3s-proxy": Imagined("proxy-healthy", Scenario(
        title=_title("k3s, which has its service proxy inside and no DaemonSet for it"), answer="ok",
        playbook="kube-proxy"), as_k3s),
}


def main() -> None:
    known = json.loads(INDEX.read_text())
    for name, row in IMAGINED.items():
        made = row.make(load_scenario(row.base))
        save_bundle(replace(made, name=name, title=row.scenario.title), FOLDER / f"{name}.json.gz")
        known[name] = asdict(row.scenario)
    INDEX.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")


if __name__ == "__main__":
    main()
