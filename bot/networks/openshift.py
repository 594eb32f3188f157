"""The two networks of OpenShift: OVN-Kubernetes and, before it, OpenShift SDN. Both bring their own way to Services."""

from bot.networks.network import Network, Port

OVN_KUBERNETES = Network(
    name="OVN-Kubernetes", agents=("ovnkube-node",), labels=(("app", "ovnkube-node"),),
    plugins=("ovn-k8s-cni-overlay",), containers=("ovnkube-controller", "ovnkube-node"), ranges="own",
    ports=(Port("udp", 6081, "Geneve"),), files=("10-ovn-kubernetes.conf",), groups=("k8s.ovn.org",), overhead=100,
    status="kubectl get clusteroperator network", stands_in="always",
)
OPENSHIFT_SDN = Network(
    name="OpenShift SDN", agents=("sdn",), labels=(("app", "sdn"),), plugins=("openshift-sdn",), containers=("sdn",),
    ranges="own", ports=(Port("udp", 4789, "VXLAN"),), files=("80-openshift-network.conf",), overhead=50,
    status="kubectl get clusteroperator network", stands_in="always",
)
