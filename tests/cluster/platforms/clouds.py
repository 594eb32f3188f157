"""Managed clusters: EKS, GKE with kube-dns and with Cloud DNS, AKS.

Sources: EKS add-ons of CoreDNS and kube-proxy, amazon-vpc-cni-k8s; GKE's pages on kube-dns, Cloud DNS and Dataplane V2;
AKS's pages on CoreDNS and Azure CNI.
"""

from tests.cluster.platforms.platform import Machine, Object, Platform, Workload, config_map, container, service
from tests.cluster.platforms.upstream import (
    DNS,
    KUBECONFIG,
    NODE_NAME,
    SERVICE_LABELS,
    access,
    agent,
    cluster_role,
    coredns,
    corefile,
    host_files,
    machines,
    proxy_access,
)

PROXY_CONFIG = ("apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nclientConnection:\n"
                "  kubeconfig: /var/lib/kube-proxy/kubeconfig\nmode: iptables\n")
EKS_KUBECONFIG = KUBECONFIG.replace("172.31.0.11:6443", "0123456789abcdef.gr7.eu-central-1.eks.example.org")
"""By a name that no object of the cluster holds."""


def vpc(number: int) -> Machine:
    """Pods have addresses of the subnet, and no node a podCIDR."""
    labels = {"eks.amazonaws.com/nodegroup": "workers", "topology.kubernetes.io/zone": "eu-central-1a"}
    return Machine(name=f"ip-10-0-{number}-17.eu-central-1.compute.internal", address=f"10.0.{number}.17",
                   pods=f"10.0.{number}.", labels=labels, provider=f"aws:///eu-central-1a/i-0abc{number}")


FARGATE = Machine(
    name="fargate-ip-10-0-9-8.eu-central-1.compute.internal", address="10.0.9.8", pods="10.0.9.",
    labels={"eks.amazonaws.com/compute-type": "fargate"}, provider="aws:///eu-central-1a/fargate-1",
    taints=(("eks.amazonaws.com/compute-type", "NoSchedule"),))
NODES = {"eks.amazonaws.com/nodegroup": "workers"}
"""Fargate takes no pod of a DaemonSet: the add-ons keep theirs off it by affinity, which this stands for."""
EKS = Platform(
    name="eks", title="EKS, with a Fargate node", mark="-eks-abc1234", services="172.20.0.0/16",
    machines=(vpc(1), vpc(2), FARGATE),
    workloads=(
        coredns("602401143452.dkr.ecr.eu-central-1.amazonaws.com/eks/coredns:v1.12.1-eksbuild.2",
                own={"eks.amazonaws.com/component": "coredns"}),
        Workload(kind="DaemonSet", name="kube-proxy", labels={"k8s-app": "kube-proxy"}, host=True,
                 account="kube-proxy", on=NODES,
                 containers=(container("kube-proxy", "eks/kube-proxy:v1.34.0-minimal-eksbuild.2",
                                       command=["kube-proxy", "--v=2", "--config=/var/lib/kube-proxy-config/config",
                                                "--hostname-override=$(NODE_NAME)"], env=[NODE_NAME]),),
                 more={"volumes": [{"name": "config", "configMap": {"name": "kube-proxy-config"}},
                                   {"name": "kube-proxy", "configMap": {"name": "kube-proxy"}}]}),
        agent("aws-node", "amazon-k8s-cni:v1.20.1-eksbuild.3", {"k8s-app": "aws-node"}, "aws-node",
              "aws-eks-nodeagent", on=NODES),
    ),
    objects=(*access(), service("kube-dns", "172.20.0.10", DNS, labels=SERVICE_LABELS),
             config_map("coredns", {"Corefile": corefile()}), config_map("kube-proxy-config", {"config": PROXY_CONFIG}),
             config_map("kube-proxy", {"kubeconfig": EKS_KUBECONFIG}), *proxy_access("eks:kube-proxy")))

GKE_LABELS = {"cloud.google.com/gke-nodepool": "default-pool", "cloud.google.com/gke-os-distribution": "cos"}
KUBE_DNS = Workload(
    kind="Deployment", name="kube-dns", labels=DNS, account="kube-dns", own={"kubernetes.io/cluster-service": "true"},
    containers=(
        container("kubedns", "gke.gcr.io/k8s-dns-kube-dns:1.23.0-gke.9", ("dns-local", 10053, "UDP"),
                  ("dns-tcp-local", 10053, "TCP"), args=["--domain=cluster.local.", "--dns-port=10053"]),
        container("dnsmasq", "gke.gcr.io/k8s-dns-dnsmasq-nanny:1.23.0-gke.9", ("dns", 53, "UDP"),
                  ("dns-tcp", 53, "TCP")),
        container("sidecar", "gke.gcr.io/k8s-dns-sidecar:1.23.0-gke.9", ("metrics", 10054, "TCP")),
    ),
    more={"dnsPolicy": "Default", "volumes": [{"name": "kube-dns-config",
                                               "configMap": {"name": "kube-dns", "optional": True}}]})
GKE_LINE = ("exec kube-proxy --master=https://10.156.0.2 --kubeconfig=/var/lib/kube-proxy/kubeconfig "
            "--cluster-cidr=10.60.0.0/14 --oom-score-adj=-998 --v=2 --iptables-sync-period=1m "
            "--iptables-min-sync-period=10s 1>>/var/log/kube-proxy.log 2>&1")
"""It writes its log into a file of the node: the pod's own is empty."""
GKE_PROXY = Workload(
    kind="Static", name="kube-proxy", labels={"component": "kube-proxy", "tier": "node"}, host=True,
    more={"volumes": host_files("/var/lib/kube-proxy/kubeconfig")},
    containers=(container("kube-proxy", "gke.gcr.io/kube-proxy-amd64:v1.34.1-gke.1829001",
                          command=["/bin/sh", "-c", GKE_LINE]),))
GKE = Platform(
    name="gke", title="GKE with kube-dns", mark="-gke.1829001", services="34.118.224.0/20",
    machines=machines(GKE_LABELS, GKE_LABELS, providers="gce://project/europe-west3-a/", ranges="10.60.%d.0/24"),
    workloads=(KUBE_DNS, GKE_PROXY, Workload(
        kind="Deployment", name="kube-dns-autoscaler", labels={"k8s-app": "kube-dns-autoscaler"}, replicas=1,
        account="kube-dns-autoscaler",
        containers=(container("autoscaler", "gke.gcr.io/cluster-proportional-autoscaler:v1.10.2-gke.2"),))),
    objects=(config_map("kube-dns", {}),
             service("kube-dns", "34.118.224.10", DNS, labels={**SERVICE_LABELS, "kubernetes.io/name": "KubeDNS"})))

GKE_CLOUD_DNS = Platform(
    name="gke-cloud-dns", title="GKE with Cloud DNS and Dataplane V2", mark="-gke.1829001", services="34.118.224.0/20",
    machines=machines(GKE_LABELS, GKE_LABELS, providers="gce://project/europe-west3-a/", ranges="10.60.%d.0/24"),
    workloads=(agent("anetd", "gke.gcr.io/cilium/cilium:v1.15", {"k8s-app": "cilium"}, "cilium-agent"),),
    objects=(service("kube-dns", "34.118.224.10", DNS, labels={**SERVICE_LABELS, "kubernetes.io/name": "KubeDNS"}),
             config_map("cilium-config", {"kube-proxy-replacement": "true"}),
             *cluster_role("anetd", [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}], "anetd")),
    groups={"cilium.io": "CiliumNode"})

AKS_LABELS = {"kubernetes.azure.com/mode": "system", "kubernetes.azure.com/agentpool": "system"}
AKS_COREFILE = """.:53 {
    errors
    ready
    health {
      lameduck 5s
    }
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
      ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
    import custom/*.override
    template ANY ANY internal.cloudapp.net {
      match "^(?:[^.]+\\\\.){4,}internal\\\\.cloudapp\\\\.net\\\\.$"
      rcode NXDOMAIN
      fallthrough
    }
}
import custom/*.server
"""


def azure_dns() -> Workload:
    custom: Object = {"name": "custom-config-volume", "configMap": {"name": "coredns-custom", "optional": True}}
    items = [{"key": "Corefile", "path": "Corefile"}]
    volumes = [{"name": "config-volume", "configMap": {"name": "coredns", "items": items}}, custom]
    return coredns("mcr.microsoft.com/oss/v2/kubernetes/coredns:v1.12.1-7",
                   more={"dnsPolicy": "Default", "volumes": volumes})


AKS_PROXY = Workload(
    kind="DaemonSet", name="kube-proxy", labels={"component": "kube-proxy", "tier": "node"}, host=True,
    account="default", more={"volumes": host_files("/var/lib/kubelet/kubeconfig")},
    containers=(container("kube-proxy", "mcr.microsoft.com/oss/kubernetes/kube-proxy:v1.34.1", command=[
        "kube-proxy", "--conntrack-max-per-core=0", "--metrics-bind-address=0.0.0.0:10249",
        "--kubeconfig=/var/lib/kubelet/kubeconfig", "--cluster-cidr=10.244.0.0/16", "--detect-local-mode=ClusterCIDR",
        "--v=3"]),))
"""By flags, with the login of the node's kubelet, as in AKS engine's manifest: no ConfigMap."""
AKS = Platform(
    name="aks", title="AKS with Azure CNI", services="10.0.0.0/16",
    machines=machines(AKS_LABELS, AKS_LABELS, ranges="10.244.%d.0/24",
                      providers="azure:///subscriptions/0/resourceGroups/mc/virtualMachines/"),
    workloads=(azure_dns(), AKS_PROXY,
               agent("azure-cns", "mcr.microsoft.com/containernetworking/azure-cns:v1.6.25",
                     {"k8s-app": "azure-cns"}, "cns-container"),
               Workload(kind="Deployment", name="coredns-autoscaler", labels={"k8s-app": "coredns-autoscaler"},
                        replicas=1, account="coredns-autoscaler",
                        containers=(container("autoscaler", "mcr.microsoft.com/oss/autoscaler:v1.9.0"),))),
    objects=(*access(), service("kube-dns", "10.0.0.10", DNS, labels=SERVICE_LABELS),
             config_map("coredns", {"Corefile": AKS_COREFILE}), config_map("coredns-custom", {})))
