"""What kubeadm makes, and what is laid over it: kind, Cilium in place of kube-proxy, NodeLocal DNSCache.

Sources: kubeadm's manifests of CoreDNS and kube-proxy; kind's kindnet; Cilium's Helm chart and kubeproxy-free page;
cluster/addons/dns/nodelocaldns/nodelocaldns.yaml.
"""

from typing import Any

from tests.cluster.platforms.platform import Machine, Object, Platform, Workload, config_map, container, service

COREFILE = """.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes ZONE in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30
    loop
    reload
    loadbalance
}
"""
DNS = {"k8s-app": "kube-dns"}
SERVICE_LABELS = {"k8s-app": "kube-dns", "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS"}
PORTS = (("dns", 53, "UDP"), ("dns-tcp", 53, "TCP"), ("metrics", 9153, "TCP"))


KUBECONFIG = """apiVersion: v1
kind: Config
clusters:
- name: default
  cluster:
    server: https://172.31.0.11:6443
    certificate-authority: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt
users:
- name: default
  user:
    tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token
contexts:
- name: default
  context:
    cluster: default
    user: default
current-context: default
"""
"""The address is that of the API server on which the platforms are made."""


def corefile(zone: str = "cluster.local") -> str:
    return COREFILE.replace("ZONE", zone)


def probes() -> Object:
    return {"livenessProbe": {"httpGet": {"path": "/health", "port": 8080}},
            "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}},
            "resources": {"limits": {"memory": "170Mi"}, "requests": {"memory": "70Mi", "cpu": "100m"}}}


def mounts(config_map: str) -> Object:
    """A CoreDNS that reads its Corefile out of this ConfigMap."""
    items = [{"key": "Corefile", "path": "Corefile"}]
    return {"dnsPolicy": "Default",
            "volumes": [{"name": "config-volume", "configMap": {"name": config_map, "items": items}}]}


def coredns(image: str = "registry.k8s.io/coredns/coredns:v1.12.1", **more: Any) -> Workload:
    server = container("coredns", image, *PORTS, args=["-conf", "/etc/coredns/Corefile"], **probes())
    given: dict[str, Any] = {"name": "coredns", "labels": DNS, "account": "coredns", "more": mounts("coredns"), **more}
    return Workload(kind="Deployment", containers=(server,), **given)


NODE_NAME = {"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}


def host_files(*paths: str) -> list[Object]:
    """Volumes that are files of the node, each mounted where it lies."""
    return [{"name": f"host-{number}", "hostPath": {"path": path}} for number, path in enumerate(paths)]


def kube_proxy(image: str = "registry.k8s.io/kube-proxy:v1.34.4", config: str = "/var/lib/kube-proxy/config.conf",
               settings: str = "kube-proxy") -> Workload:
    line = ["/usr/local/bin/kube-proxy", f"--config={config}", "--hostname-override=$(NODE_NAME)"]
    volume = {"name": "kube-proxy", "configMap": {"name": settings}}
    return Workload(
        kind="DaemonSet", name="kube-proxy", labels={"k8s-app": "kube-proxy"}, host=True, account="kube-proxy",
        containers=(container("kube-proxy", image, command=line, env=[NODE_NAME]),), more={"volumes": [volume]})


def agent(name: str, image: str, labels: Object, *containers: str, namespace: str = "kube-system", **more: Any
          ) -> Workload:
    """A network's DaemonSet in the network of its nodes."""
    inner = tuple(container(each, image) for each in containers)
    return Workload(kind="DaemonSet", name=name, namespace=namespace, labels=labels, host=True, account=name,
                    containers=inner, **more)


def machines(*labels: Object, providers: str = "", ranges: str = "10.244.%d.0/24") -> tuple[Machine, ...]:
    """One for each set of labels; the first is the control plane where its labels say so."""
    return tuple(Machine(
        name=f"node-{n}", address=f"192.168.10.{10 + n}", range=ranges % n if ranges else "",
        pods="" if ranges else f"10.128.{n}.", labels=given,
        provider=f"{providers}node-{n}" if providers else "",
        taints=(("node-role.kubernetes.io/control-plane", "NoSchedule"),)
        if "node-role.kubernetes.io/control-plane" in given else (),
    ) for n, given in enumerate(labels, 1))


def access(account: str = "coredns", role: str = "system:coredns") -> tuple[Object, ...]:
    rights = [{"apiGroups": [""], "resources": ["endpoints", "services", "pods", "namespaces"],
               "verbs": ["list", "watch"]},
              {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]}]
    return cluster_role(role, rights, account)


def cluster_role(role: str, rights: list[Object], account: str, namespace: str = "kube-system") -> tuple[Object, ...]:
    api = "rbac.authorization.k8s.io/v1"
    return (
        {"apiVersion": api, "kind": "ClusterRole", "metadata": {"name": role}, "rules": rights},
        {"apiVersion": api, "kind": "ClusterRoleBinding", "metadata": {"name": role},
         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
         "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}]},
    )


def proxy_access(role: str) -> tuple[Object, ...]:
    """What the API server's own role system:node-proxier holds."""
    return cluster_role(role, [
        {"apiGroups": [""], "resources": ["nodes", "services", "endpoints"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
        {"apiGroups": ["networking.k8s.io"], "resources": ["servicecidrs"], "verbs": ["list", "watch"]},
        {"apiGroups": ["events.k8s.io", ""], "resources": ["events"], "verbs": ["create", "patch", "update"]},
    ], "kube-proxy")


def kubeadm_traces(dns: str = "10.96.0.10") -> tuple[Object, ...]:
    cluster = ("kind: ClusterConfiguration\nnetworking:\n  dnsDomain: cluster.local\n  podSubnet: 10.244.0.0/16\n"
               "  serviceSubnet: 10.96.0.0/16\n")
    kubelet = f"kind: KubeletConfiguration\nclusterDNS:\n- {dns}\nclusterDomain: cluster.local\n"
    proxy = ("apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nclientConnection:\n"
             "  kubeconfig: /var/lib/kube-proxy/kubeconfig.conf\nclusterCIDR: 10.244.0.0/16\nmode: \"\"\n")
    return (config_map("kubeadm-config", {"ClusterConfiguration": cluster}),
            config_map("kubelet-config", {"kubelet": kubelet}),
            config_map("kube-proxy", {"config.conf": proxy, "kubeconfig.conf": KUBECONFIG}),
            *proxy_access("kubeadm:node-proxier"))


BASE = (*access(), config_map("coredns", {"Corefile": corefile()}),
        service("kube-dns", "10.96.0.10", DNS, labels=SERVICE_LABELS), *kubeadm_traces())
CONTROL = {"node-role.kubernetes.io/control-plane": ""}
WITHOUT_PROXY = tuple(item for item in BASE if item["metadata"]["name"] not in ("kube-proxy", "kubeadm:node-proxier"))
CALICO = agent("calico-node", "docker.io/calico/node:v3.30.0", {"k8s-app": "calico-node"}, "calico-node")
CALICO_ACCESS = cluster_role("calico-node", [
    {"apiGroups": [""], "resources": ["nodes", "pods", "namespaces", "services"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": [""], "resources": ["nodes/status"], "verbs": ["patch", "update"]},
    {"apiGroups": ["crd.projectcalico.org"], "resources": ["*"], "verbs": ["*"]},
], "calico-node")

KUBEADM = Platform(
    name="kubeadm", title="kubeadm with Calico", machines=machines(CONTROL, {}, {}),
    workloads=(coredns(), kube_proxy(), CALICO), objects=(*BASE, *CALICO_ACCESS),
    groups={"crd.projectcalico.org": "IPPool"})

KIND = Platform(
    name="kind", title="kind", machines=machines(CONTROL, providers="kind://docker/kind/"),
    workloads=(coredns(replicas=1), kube_proxy(),
               agent("kindnet", "docker.io/kindest/kindnetd:v20250512", {"app": "kindnet", "k8s-app": "kindnet"},
                     "kindnet-cni")),
    objects=BASE)

CILIUM = Platform(
    name="cilium", title="Cilium without kube-proxy", machines=machines(CONTROL, {}, {}, ranges=""),
    workloads=(coredns(), agent("cilium", "quay.io/cilium/cilium:v1.18.0", {"k8s-app": "cilium"}, "cilium-agent")),
    objects=(*WITHOUT_PROXY, config_map("cilium-config", {"kube-proxy-replacement": "true", "enable-policy": "default",
                                                          "ipam": "cluster-pool"}),
             *cluster_role("cilium", [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}], "cilium")),
    groups={"cilium.io": "CiliumNode"})

CACHE_COREFILE = """cluster.local:53 {
    errors
    cache {
            success 9984 30
            denial 9984 5
    }
    reload
    loop
    bind 169.254.20.10
    forward . __PILLAR__CLUSTER__DNS__ {
            force_tcp
    }
    prometheus :9253
    health 169.254.20.10:8080
    }
.:53 {
    errors
    cache 30
    reload
    loop
    bind 169.254.20.10
    forward . __PILLAR__UPSTREAM__SERVERS__
    prometheus :9253
    }
"""
CACHE = Workload(
    kind="DaemonSet", name="node-local-dns", labels={"k8s-app": "node-local-dns"}, host=True, account="node-local-dns",
    containers=(container("node-cache", "registry.k8s.io/dns/k8s-dns-node-cache:1.26.4", ("dns", 53, "UDP"),
                          ("dns-tcp", 53, "TCP"), ("metrics", 9253, "TCP"),
                          args=["-localip", "169.254.20.10", "-conf", "/etc/Corefile", "-upstreamsvc",
                                "kube-dns-upstream"]),),
    more={"dnsPolicy": "Default", "volumes": [{"name": "config-volume", "configMap": {
        "name": "node-local-dns", "items": [{"key": "Corefile", "path": "Corefile.base"}]}}]})
NODE_LOCAL = Platform(
    name="node-local-dns", title="kubeadm with NodeLocal DNSCache", machines=machines(CONTROL, {}, {}),
    workloads=(coredns(), kube_proxy(), CALICO, CACHE),
    objects=(*access(), config_map("coredns", {"Corefile": corefile()}), *CALICO_ACCESS,
             service("kube-dns", "10.96.0.10", DNS, labels=SERVICE_LABELS),
             service("kube-dns-upstream", "10.96.0.99", DNS, labels={"k8s-app": "kube-dns"}),
             config_map("node-local-dns", {"Corefile": CACHE_COREFILE}), *kubeadm_traces("169.254.20.10")),
    groups={"crd.projectcalico.org": "IPPool"})
