"""Causes below DNS: the API server, nodes, and nodes without a network."""

from bot.diagnosis.cause import Cause
from bot.model.finding import Layer

CNI_PAGE = "https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/network-plugins/"
KUBEADM_PAGE = "https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/troubleshooting-kubeadm/"
CLUSTER_PAGE = "https://kubernetes.io/docs/tasks/debug/debug-cluster/"

NO_WAY = ("cni.path", "cni.bridge-filter", "node.dns-port", "proxy.path")
DNS_DOWN = (
    "dns.pods.pending.*", "dns.pods.sandbox", "dns.pods.not-ready", "dns.pods.unsynced", "dns.pods.api-path",
    "dns.pods.node-down",
    "dns.pods.missing", "dns.pods.crashing", "dns.pods.liveness", "dns.endpoints.*", "dns.query.*", *NO_WAY,
    "service.pods.no-network", "service.pods.sandbox", "service.pods.node-down", "service.name.*",
)
GROUND: tuple[Cause, ...] = (
    Cause(
        code="api.unreachable", layer=Layer.API, title="The API server does not answer", explains=("*",),
        meaning="Nothing can be read from the cluster, so nothing else can be told. Pods that run go on running.",
        by_hand="`kubectl get --raw /readyz` and `kubectl cluster-info`",
        mend="Check that the address in the kubeconfig is right and reachable from here, that the API server runs "
        "(`crictl ps -a --name kube-apiserver` on a control-plane node) and that the credentials are valid.",
        source=CLUSTER_PAGE,
    ),
    Cause(
        code="api.scheduler", layer=Layer.API, title="No scheduler gives new pods a node",
        explains=("dns.pods.pending.*", "dns.endpoints.*", "service.pods.unschedulable", "service.endpoints.*",
                  "service.backends.*", "service.name.*", "ingress.backend.no-endpoints"),
        meaning="Pods are made and stay Pending without a word: the kube-scheduler does not run, or cannot reach the "
        "API server. Pods that have a node run on, so it shows at the next restart only.",
        by_hand="`kubectl get pods -A --field-selector spec.nodeName=` (Pending, no event), `kubectl -n kube-system "
        "get lease kube-scheduler -o yaml` (renewTime)",
        mend="See the scheduler and its log: `kubectl -n kube-system get pods -l component=kube-scheduler -o wide`, "
        "`kubectl -n kube-system logs -l component=kube-scheduler --tail=100`; on a control-plane node "
        "/etc/kubernetes/manifests/kube-scheduler.yaml and `crictl ps -a --name kube-scheduler`.",
        source=CLUSTER_PAGE,
    ),
    Cause(
        code="node.not-ready", layer=Layer.NODE, title="A node is not ready", scope="node",
        explains=(*DNS_DOWN, "cni.agent", "cni.sandbox.*", "proxy.*", "node.silent", "node.flaps", "node.kubelet-way"),
        meaning="The kubelet of the node is silent or reports trouble. Pods there are taken out of Services, and no "
        "new ones start.",
        by_hand="`kubectl get nodes` and `kubectl describe node NAME`",
        mend="Read the Ready condition (`kubectl describe node NAME`), then `systemctl status kubelet` and "
        "`journalctl -u kubelet` on the node.",
        source=CLUSTER_PAGE,
    ),
    Cause(
        code="cni.missing", layer=Layer.CNI, title="No network plugin is installed",
        explains=("cni.not-configured", *DNS_DOWN),
        meaning="No node has a network configuration and no known network agent runs. On a cluster made by kubeadm "
        "that is so until a network plugin is installed; CoreDNS stays Pending until then, by design.",
        by_hand="`kubectl get nodes` (NotReady), `kubectl describe node NAME` (cni plugin not initialized), "
        "`kubectl get daemonsets -A`",
        mend="Install one network plugin, with the pod range the cluster was made with (`kubectl -n kube-system get "
        "configmap kubeadm-config -o yaml`, podSubnet): Calico or Cilium enforce NetworkPolicies, Flannel alone does "
        "not, Weave Net does and is no longer maintained.",
        source=f"{KUBEADM_PAGE}#coredns-is-stuck-in-the-pending-state",
    ),
    Cause(
        code="cni.not-configured", layer=Layer.CNI, title="A node has no network configuration", scope="node",
        explains=DNS_DOWN,
        meaning="The container runtime of the node finds no valid CNI configuration: pods that run go on, new ones "
        "cannot start. An invalid first file stops the others from being read.",
        by_hand="`kubectl describe node NAME` (condition Ready, message), then `ls /etc/cni/net.d` on the node: the "
        "first file by name counts",
        mend="See why the network agent's pod on that node does not write its configuration "
        "(`kubectl get pods -A -o wide --field-selector spec.nodeName=NAME`), and remove invalid or left-over files "
        "from the runtime's CNI folder.",
        source=CNI_PAGE,
    ),
    Cause(
        code="cni.network-unavailable", layer=Layer.CNI, title="A node reports its network as unavailable",
        scope="node", explains=DNS_DOWN,
        meaning="The condition NetworkUnavailable is True: the network agent or the cloud's route controller has not "
        "finished with this node.",
        by_hand="`kubectl describe node NAME` (condition NetworkUnavailable)",
        mend="Read the condition's message; check the network agent's pod on the node, or the cloud controller's "
        "routes.",
        source=CNI_PAGE,
    ),
)
