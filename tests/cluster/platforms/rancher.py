"""k3s and RKE2, where the service proxy, and with k3s the network too, are part of the program or of no DaemonSet.

Sources: k3s's manifests/coredns.yaml and docs.k3s.io/networking; rke2-charts (rke2-coredns, rke2-canal).
"""

from tests.cluster.platforms.platform import NODE, Machine, Platform, Workload, config_map, container, service
from tests.cluster.platforms.upstream import (
    DNS,
    PORTS,
    SERVICE_LABELS,
    access,
    agent,
    cluster_role,
    coredns,
    corefile,
    host_files,
    machines,
    mounts,
    probes,
)

K3S_COREFILE = """.:53 {
    errors
    health
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
    }
    hosts /etc/coredns/NodeHosts {
      ttl 60
      reload 15s
      fallthrough
    }
    prometheus :9153
    cache 30
    loop
    reload
    loadbalance
    import /etc/coredns/custom/*.override
    forward . /etc/resolv.conf
}
import /etc/coredns/custom/*.server
"""
K3S = Platform(
    name="k3s", title="k3s", mark="+k3s1", services="10.43.0.0/16",
    machines=machines({"node-role.kubernetes.io/master": "true", "k3s.io/hostname": "node-1",
                       "node.kubernetes.io/instance-type": "k3s"}, providers="k3s://", ranges="10.42.%d.0/24"),
    workloads=(coredns("rancher/mirrored-coredns-coredns:1.12.3", replicas=1),),
    objects=(*access(), service("kube-dns", "10.43.0.10", DNS, labels=SERVICE_LABELS),
             config_map("coredns", {"Corefile": K3S_COREFILE, "NodeHosts": "192.168.10.11 node-1\n"})))

RKE2_DNS = {"k8s-app": "kube-dns", "app.kubernetes.io/instance": "rke2-coredns",
            "app.kubernetes.io/name": "rke2-coredns"}
SERVER = {"node-role.kubernetes.io/control-plane": "true", "node-role.kubernetes.io/etcd": "true"}
RKE2_PROXY = ["--cluster-cidr=10.42.0.0/16", "--conntrack-max-per-core=0", "--conntrack-tcp-timeout-close-wait=0s",
              "--conntrack-tcp-timeout-established=0s", "--healthz-bind-address=127.0.0.1",
              f"--hostname-override={NODE}", "--kubeconfig=/var/lib/rancher/rke2/agent/kubeproxy.kubeconfig",
              "--proxy-mode=iptables"]
RKE2 = Platform(
    name="rke2", title="RKE2 with Canal", mark="+rke2r1", services="10.43.0.0/16",
    machines=(Machine(name="node-1", address="192.168.10.11", range="10.42.1.0/24", labels=SERVER),
              Machine(name="node-2", address="192.168.10.12", range="10.42.2.0/24")),
    workloads=(
        Workload(kind="Deployment", name="rke2-coredns-rke2-coredns", labels=RKE2_DNS, account="coredns",
                 more=mounts("rke2-coredns-rke2-coredns"),
                 containers=(container("coredns", "rancher/hardened-coredns:v1.12.3-build20250808", *PORTS,
                                       args=["-conf", "/etc/coredns/Corefile"], **probes()),)),
        Workload(kind="Deployment", name="rke2-coredns-rke2-coredns-autoscaler", replicas=1, account="autoscaler",
                 labels={"k8s-app": "kube-dns-autoscaler", "app.kubernetes.io/name": "rke2-coredns-autoscaler"},
                 containers=(container("autoscaler", "rancher/hardened-cluster-autoscaler:v1.10.2"),)),
        Workload(kind="Static", name="kube-proxy", labels={"component": "kube-proxy", "tier": "control-plane"},
                 host=True, more={"volumes": host_files("/var/lib/rancher/rke2/agent/kubeproxy.kubeconfig")},
                 containers=(container("kube-proxy", "index.docker.io/rancher/hardened-kubernetes:v1.34.4-rke2r1",
                                       command=["kube-proxy"], args=RKE2_PROXY),)),
        agent("rke2-canal", "rancher/hardened-flannel:v0.27.3", {"k8s-app": "canal"}, "calico-node", "kube-flannel",
              more={"volumes": [{"name": "flannel-cfg", "configMap": {"name": "rke2-canal-config"}}]}),
    ),
    objects=(
        *access(), service("rke2-coredns-rke2-coredns", "10.43.0.10", RKE2_DNS, labels=SERVICE_LABELS),
        config_map("rke2-coredns-rke2-coredns", {"Corefile": corefile()}),
        config_map("rke2-canal-config", {
            "net-conf.json": '{"Network": "10.42.0.0/16", "Backend": {"Type": "vxlan"}}'}),
        *cluster_role("rke2-canal", [
            {"apiGroups": [""], "resources": ["nodes", "pods", "namespaces"], "verbs": ["get", "list", "watch"]},
            {"apiGroups": [""], "resources": ["nodes/status"], "verbs": ["patch", "update"]},
            {"apiGroups": ["crd.projectcalico.org"], "resources": ["*"], "verbs": ["*"]},
        ], "rke2-canal"),
    ),
    groups={"crd.projectcalico.org": "IPPool"})
