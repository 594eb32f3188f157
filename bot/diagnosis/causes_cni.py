"""Causes in the network plugin: its agents, their rights and settings, and pods that get no network."""

from typing import Literal

from bot.diagnosis.cause import Cause
from bot.model.finding import Layer

CNI_PAGE = "https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/network-plugins/"
FLANNEL_PAGE = "https://github.com/flannel-io/flannel/blob/master/Documentation/troubleshooting.md"
FLANNEL_BACKENDS = "https://github.com/flannel-io/flannel/blob/master/Documentation/backends.md"
CALICO_PAGE = "https://docs.tigera.io/calico/latest/operations/troubleshoot/"
ADDRESS_PAGE = "https://docs.tigera.io/calico/latest/networking/ipam/ip-autodetection"
WEAVE_PAGE = "https://github.com/weaveworks/weave/tree/master/site/tasks/ipam"
SECURITY_PAGE = "https://kubernetes.io/docs/concepts/security/pod-security-standards/"

NO_NETWORK = (
    "cni.sandbox.*", "cni.not-configured", "cni.network-unavailable", "dns.pods.pending.*", "dns.pods.sandbox",
    "dns.pods.missing", "dns.endpoints.*", "dns.query.*", "dns.upstream.*", "cni.path", "node.dns-port",
    "path.single", "service.pods.no-network", "service.pods.sandbox", "service.name.*", "node.path",
)
"""What follows on a node whose agent does not do its work."""
ACROSS = ("cni.path", "cni.plan.twice", "path.single", "dns.endpoints.*", "dns.query.*", "dns.pods.api-path",
          "dns.pods.unsynced")
"""What follows where pods of other nodes are not reached."""
AGENT = ("cni.agent", *NO_NETWORK)
AGENT_BY_HAND = (
    "`kubectl get daemonsets -A`, `kubectl get pods -A -o wide` (the agent's pods), `kubectl -n NAMESPACE logs POD`"
)


def network_cause(
    code: str, title: str, meaning: str, mend: str, *, explains: tuple[str, ...] = AGENT, source: str = CNI_PAGE,
    by_hand: str = AGENT_BY_HAND, scope: Literal["cluster", "node"] = "node",
) -> Cause:
    return Cause(code=code, layer=Layer.CNI, title=title, meaning=meaning, mend=mend, explains=explains, source=source,
                 by_hand=by_hand, scope=scope)


CNI: tuple[Cause, ...] = (
    network_cause(
        "cni.agent", "The network plugin's agent does not run on a node",
        "The DaemonSet of the network plugin has no ready pod there: pods that run keep what network they have, new "
        "ones get none, or one that no other node knows.",
        "Correct what keeps it away (`kubectl -n NAMESPACE edit daemonset NAME`: nodeSelector, tolerations with "
        "operator Exists), or read why its pod does not start: `kubectl -n NAMESPACE describe pod POD`, `kubectl -n "
        "NAMESPACE logs POD --previous`.", explains=NO_NETWORK,
    ),
    network_cause(
        "cni.agent.refused", "The API server refuses the agent's pods",
        "The DaemonSet's controller tries to make the pods and is refused, mostly by Pod Security: a network agent "
        "needs the host's network and more capabilities than the levels baseline and restricted allow.",
        "Read the event (`kubectl -n NAMESPACE describe daemonset NAME`); for Pod Security: `kubectl label namespace "
        "NAMESPACE --overwrite pod-security.kubernetes.io/enforce=privileged`.", source=SECURITY_PAGE, scope="cluster",
    ),
    network_cause(
        "cni.agent.forbidden", "The network's agents may not read what they need",
        "The ServiceAccount of the agents lacks rights. An agent without a probe is Running and Ready all the same; "
        "one that starts now waits or ends, and its node keeps the state of the last good run.",
        "Apply the ClusterRole and ClusterRoleBinding of the plugin's manifest again, then `kubectl -n NAMESPACE "
        "rollout restart daemonset NAME`.", scope="cluster",
        by_hand="`kubectl auth can-i list nodes --as=system:serviceaccount:NAMESPACE:NAME`",
    ),
    network_cause(
        "cni.agent.api", "The network's agent cannot reach the API server through its Service",
        "The agent asks for the API server at the Service address `kubernetes`, which only works where a service "
        "proxy has written its rules.",
        "See that kube-proxy, or what replaces it, works on that node; it needs no pod network for that itself.",
    ),
    network_cause(
        "cni.agent.api-address", "The network's agent cannot reach the API server",
        "The address of the API server does not answer from this node: wrong in the agent's settings, or cut off.",
        "Compare the address in the agent's log with `kubectl cluster-info`, and see what stands between the node and "
        "it (firewall, load balancer).",
    ),
    network_cause(
        "cni.agent.waits", "The network's agent cannot begin without the API server",
        "At its start it reads its own ConfigMap from the API server, and could not: no service proxy yet, no right, "
        "or no way there. It tries again with each restart.",
        "See that kube-proxy works on the node (`kubectl -n kube-system get pods -l k8s-app=kube-proxy -o wide`) and "
        "that the agent may read its ConfigMap: `kubectl auth can-i get configmap/weave-net -n kube-system "
        "--as=system:serviceaccount:kube-system:weave-net`.",
    ),
    network_cause(
        "cni.agent.settings", "The network plugin's settings are not valid",
        "The ConfigMap of the network is missing, or it or a variable of the DaemonSet is not what the agent can read: "
        "agents end at their start.",
        "Correct what the log names (`kubectl -n NAMESPACE edit configmap NAME`; a variable: `kubectl -n NAMESPACE "
        "edit daemonset NAME`; Calico: FelixConfiguration, too), then `kubectl -n NAMESPACE rollout restart daemonset "
        "NAME`.", scope="cluster", source=FLANNEL_PAGE, explains=("cni.agent", "cni.agent.range", *NO_NETWORK),
    ),
    network_cause(
        "cni.agent.range", "The network's range does not contain the nodes' pod ranges",
        "Flannel's Network must contain every node's podCIDR; agents end at their start where it does not.",
        "Set Network in the key net-conf.json to the range that the cluster was made with (kubeadm: podSubnet in "
        "ConfigMap kube-system/kubeadm-config), then restart the agents.", scope="cluster", source=FLANNEL_PAGE,
    ),
    network_cause(
        "cni.agent.backend", "Flannel's agents do not all send the same way",
        "The backend (vxlan, host-gw, wireguard) is read at the agent's start, so a change of the settings reaches "
        "each node when its agent restarts. Nodes with different backends know no way to each other's pods.",
        "Decide for one backend in the key net-conf.json of its ConfigMap, then restart all agents: `kubectl -n "
        "NAMESPACE rollout restart daemonset NAME`.", source=FLANNEL_BACKENDS, scope="cluster",
        by_hand="`kubectl get nodes -o yaml | grep -E 'kubernetes.io/hostname|backend-type'`, `kubectl -n NAMESPACE "
        "get configmap kube-flannel-cfg -o yaml`",
    ),
    network_cause(
        "cni.agent.pod-range", "A node has no pod range",
        "The network gives pods addresses out of their node's podCIDR, and this node has none: the controller manager "
        "gives none, or has no range left.",
        "Let the controller manager give ranges (`--allocate-node-cidrs --cluster-cidr=RANGE`; kubeadm: podSubnet), "
        "and look for events CIDRNotAvailable: `kubectl get events -A --field-selector reason=CIDRNotAvailable`.",
        source=FLANNEL_PAGE,
    ),
    network_cause(
        "cni.agent.interface", "The network's agent finds no interface to use",
        "It could not tell which address of the node the others reach it at.",
        "Name the interface: Flannel's argument `--iface`, Calico's IP_AUTODETECTION_METHOD.", source=FLANNEL_PAGE,
    ),
    network_cause(
        "cni.agent.peers", "The network's agents are cut off from each other",
        "Agents run and are Ready, and do not reach their peers: pods on different nodes do not reach each other, or "
        "only some do.",
        "Open the plugin's ports between all nodes: Weave Net TCP 6783 and UDP 6783 to 6784; Calico TCP 179 (BGP) or "
        "UDP 4789 (VXLAN); Flannel UDP 8472 (VXLAN). `nft list ruleset` or `iptables -S` on the nodes shows a "
        "firewall there; a cloud has its own.",
        explains=ACROSS, source=WEAVE_PAGE,
    ),
    network_cause(
        "cni.address.duplicate", "Two nodes have the same address in the pod network",
        "The network took an address that more than one node has (a NAT interface, docker0): what is sent to one node "
        "arrives at another.",
        "Name the right interface (Flannel: argument `--iface=eth1`; Calico: IP_AUTODETECTION_METHOD; kubelet: "
        "`--node-ip`) and restart the agents.", scope="cluster", source=FLANNEL_PAGE,
        explains=("cni.agent.peers", *ACROSS),
    ),
    network_cause(
        "cni.address.wrong", "The network took a wrong address for a node",
        "Calico looks for each node's address itself, and took one that the other nodes do not reach (docker0, a NAT "
        "interface, a second network): tunnels and BGP sessions to it lead nowhere.",
        "Say which is right: `kubectl -n NAMESPACE set env daemonset/calico-node "
        "IP_AUTODETECTION_METHOD=kubernetes-internal-ip` (or `interface=eth.*`, `can-reach=ADDRESS`); the agents start "
        "anew by that.", scope="cluster", source=ADDRESS_PAGE,
        by_hand="`kubectl get nodes -o yaml | grep -e projectcalico.org/IPv4Address -e InternalIP -B1`",
        explains=("cni.agent", "cni.agent.peers", *ACROSS),
    ),
    network_cause(
        "cni.two", "Two network plugins run",
        "Agents of two networks run side by side, and the runtime uses the configuration that comes first by name: "
        "pods may stand in different networks by the time they were made.",
        "Keep the one the cluster was made with; remove the other's DaemonSet and, on each node, its file in the "
        "runtime's CNI folder (`ls /etc/cni/net.d`).", explains=("cni.sandbox.*", "dns.pods.sandbox"), scope="cluster",
    ),
)
