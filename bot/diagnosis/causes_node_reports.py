"""Causes on single nodes: pressure, silence, addresses, missing agents, an unreachable kubelet, versions."""

from bot.diagnosis.cause import Cause
from bot.diagnosis.causes_ground import CLUSTER_PAGE, DNS_DOWN, KUBEADM_PAGE
from bot.model.finding import Layer

AGENTS = ("node.agent", "proxy.not-covering", "cni.agent")
SKEW_PAGE = "https://kubernetes.io/releases/version-skew-policy/#kubelet"
PRESSURE_PAGE = "https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/"


def _node(
    code: str, title: str, meaning: str, mend: str, *, by_hand: str, source: str, explains: tuple[str, ...] = ()
) -> Cause:
    return Cause(code=code, layer=Layer.NODE, title=title, meaning=meaning, mend=mend, by_hand=by_hand, source=source,
                 explains=explains, scope="node")


NODE_REPORTS: tuple[Cause, ...] = (
    _node(
        "node.pressure", "A node is short of memory, disk or processes",
        "The kubelet evicts pods until there is room again, those of network agents and kube-proxy may be among them, "
        "and no new pods come.",
        "Free what is short: `kubectl describe node NAME` names it. Disk: unused images and logs on the node; memory: "
        "pods without limits. Agents that were evicted come back by themselves then.",
        by_hand="`kubectl describe node NAME` (Conditions) and `kubectl get pods -A -o wide "
        "--field-selector spec.nodeName=NAME,status.phase=Failed`", source=PRESSURE_PAGE, explains=(*AGENTS, *DNS_DOWN),
    ),
    _node(
        "node.silent", "A node's kubelet has fallen silent",
        "The kubelet no longer renews its lease. After 40 seconds or more the node is called not ready, and its pods "
        "are taken out of Services.",
        "On the node: `systemctl status kubelet` and `journalctl -u kubelet`. Where it runs, see whether it reaches "
        "the API server.",
        by_hand="`kubectl -n kube-node-lease get lease NAME -o yaml` (renewTime)", source=CLUSTER_PAGE,
        explains=(*AGENTS, "node.kubelet-way"),
    ),
    _node(
        "node.address.missing", "A node has no address inside the cluster",
        "The node reports no InternalIP: the API server cannot reach its kubelet (no logs, no commands), and "
        "kube-proxy does not know which node is its own.",
        "Give the kubelet its address: `--node-ip` in its configuration (kubeadm: /var/lib/kubelet/kubeadm-flags.env), "
        "then `systemctl restart kubelet`. With a cloud, see the cloud controller's log.",
        by_hand="`kubectl get nodes -o wide` (INTERNAL-IP)", source=KUBEADM_PAGE,
        explains=("node.kubelet-way", "proxy.node-address", "proxy.unsynced"),
    ),
    Cause(
        code="node.address.shared", layer=Layer.NODE, title="Nodes share one address",
        explains=("node.kubelet-way", "cni.path", "cni.agent.peers"),
        meaning="Two nodes report the same InternalIP. Logs and commands reach the wrong node, tunnels between the "
        "nodes lead nowhere. Usual with machines that have one translated interface each (10.0.2.15).",
        mend="Give each kubelet the address of the interface by which nodes reach each other: `--node-ip` (kubeadm: "
        "/var/lib/kubelet/kubeadm-flags.env), then `systemctl restart kubelet`; Flannel: `--iface`.",
        by_hand="`kubectl get nodes -o wide` (INTERNAL-IP)",
        source=f"{KUBEADM_PAGE}#default-nic-when-using-flannel-as-the-pod-network-in-vagrant",
    ),
    _node(
        "node.agent", "A program that the node's network needs does not run there",
        "The network plugin's agent, kube-proxy or the node-local DNS cache has no ready pod on the node: pods there "
        "get no network, no Services or no DNS, or what they have is frozen.",
        "Read why: `kubectl -n kube-system describe pod POD`. Evicted: free what the node is short of. Kept away: "
        "correct the DaemonSet's nodeSelector, affinity or tolerations (`operator: Exists`).",
        by_hand="`kubectl get pods -A -o wide --field-selector spec.nodeName=NAME`", source=CLUSTER_PAGE,
        explains=("proxy.*", "cni.sandbox.*", "cni.path", *DNS_DOWN),
    ),
    _node(
        "node.resolv-conf", "The kubelet of a node cannot read the file of resolvers that it is told to",
        "resolvConf in the kubelet's configuration names a file that is not there (systemd-resolved removed, another "
        "distribution's path): no new pod starts on the node, those that run go on.",
        "On the node, name a file that is there in /var/lib/kubelet/config.yaml (resolvConf: /etc/resolv.conf, or "
        "/run/systemd/resolve/resolv.conf with systemd-resolved), then `systemctl restart kubelet`.",
        by_hand="`kubectl get --raw /api/v1/nodes/NAME/proxy/configz` (resolvConf), and that file on the node",
        source="https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/#known-issues",
        explains=("dns.pods.sandbox", "service.pods.sandbox", "cni.sandbox.failed"),
    ),
    _node(
        "node.sandbox", "The container runtime of a node cannot start pods",
        "It fails before the network plugin is asked: the image of the sandbox, the handler of a RuntimeClass, "
        "cgroups, or files, memory or disk that are used up.",
        "The event's message names it. On the node: `journalctl -u containerd`, `crictl info`, `df -h`.",
        by_hand="`kubectl get events -A --field-selector reason=FailedCreatePodSandBox`", source=CLUSTER_PAGE,
        explains=("dns.pods.sandbox", "service.pods.sandbox"),
    ),
    _node(
        "node.flaps", "A node comes and goes",
        "The node was ready and not ready by turns: its kubelet loses the API server, or is starved of time. Endpoints "
        "on it are taken out of Services and put back each time.",
        "On the node: `journalctl -u kubelet` at those times. Look at load, disk and the network to the API server.",
        by_hand="`kubectl get events -A --field-selector involvedObject.kind=Node`", source=CLUSTER_PAGE,
    ),
    _node(
        "node.kubelet-way", "The API server does not reach a node's kubelet",
        "Logs, commands and port-forwards of pods there fail, and metrics are missing. The kubelet itself may report "
        "as usual, since that is the other direction.",
        "Open TCP 10250 from the control plane to the node (firewall, security group), and see that the node's "
        "InternalIP is the one the control plane can reach (`kubectl get nodes -o wide`; else `--node-ip`).",
        by_hand="`kubectl -n kube-system logs POD --tail=1` of a pod on that node",
        source=f"{KUBEADM_PAGE}#non-public-ip-used-for-containers",
    ),
    _node(
        "node.version", "A kubelet's version does not fit the API server's",
        "A kubelet may not be newer than the API server, and at most three minor versions older.",
        "Upgrade what is older: the node (`kubeadm upgrade node`, then the packages of the kubelet), or the control "
        "plane first. `kubectl get nodes` shows all versions.",
        by_hand="`kubectl get nodes` and `kubectl version`", source=SKEW_PAGE,
    ),
    _node(
        "node.runtime", "The container runtime does not work with the network plugin",
        "containerd 1.6.0 to 1.6.4 fails with plugins that do not name the version of their configuration: pods get no "
        "network.",
        "Upgrade containerd on the node to 1.6.5 or later, then `systemctl restart containerd`.",
        by_hand="`kubectl get nodes -o wide` (CONTAINER-RUNTIME)",
        source="https://kubernetes.io/docs/tasks/administer-cluster/migrating-from-dockershim/"
        "troubleshooting-cni-plugin-related-errors/", explains=("cni.sandbox.*",),
    ),
    _node(
        "node.kernel", "A node's kernel is too old for kube-proxy's mode",
        "kube-proxy's mode nftables needs Linux 5.13 or later: on an older kernel it writes no rules.",
        "Upgrade the node's kernel, or set mode iptables (`kubectl -n kube-system edit configmap kube-proxy`), then "
        "`kubectl -n kube-system rollout restart daemonset kube-proxy`.",
        by_hand="`kubectl get nodes -o wide` (KERNEL-VERSION)",
        source="https://kubernetes.io/docs/reference/networking/virtual-ips/#proxy-mode-nftables",
        explains=("proxy.rules", "proxy.unsynced", "proxy.crashing"),
    ),
)
