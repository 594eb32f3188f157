"""OpenShift with OVN-Kubernetes: DNS and network belong to operators, in namespaces of their own.

Sources: cluster-dns-operator (assets/dns), OVN-Kubernetes's DaemonSet ovnkube-node.
"""

from tests.cluster.platforms.platform import Object, Platform, Workload, config_map, container, service
from tests.cluster.platforms.upstream import access, agent, cluster_role, machines

NAMESPACE = "openshift-dns"
LABELS = {"dns.operator.openshift.io/daemonset-dns": "default"}
COREFILE = """.:5353 {
    bufsize 1232
    errors
    log . {
        class error
    }
    health {
        lameduck 20s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
    }
    prometheus 127.0.0.1:9153
    forward . /etc/resolv.conf {
        policy sequential
    }
    cache 900 {
        denial 9984 30
    }
    reload
}
"""
MARKS: Object = {"node.openshift.io/os_id": "rhel"}
OPENSHIFT = Platform(
    name="openshift", title="OpenShift with OVN-Kubernetes", services="172.30.0.0/16",
    machines=machines({**MARKS, "node-role.kubernetes.io/master": ""}, MARKS, MARKS, ranges=""),
    workloads=(
        Workload(
            kind="DaemonSet", name="dns-default", namespace=NAMESPACE, labels=LABELS, account="dns",
            own={"dns.operator.openshift.io/owning-dns": "default"},
            containers=(
                container("dns", "quay.io/openshift-release-dev/ocp-v4.0-art-dev@sha256:1", ("dns", 5353, "UDP"),
                          ("dns-tcp", 5353, "TCP"), command=["coredns"], args=["-conf", "/etc/coredns/Corefile"],
                          readinessProbe={"httpGet": {"path": "/ready", "port": 8181}},
                          livenessProbe={"httpGet": {"path": "/health", "port": 8080}}),
                container("kube-rbac-proxy", "quay.io/openshift-release-dev/ocp-v4.0-art-dev@sha256:2",
                          ("metrics", 9154, "TCP")),
            ),
            more={"dnsPolicy": "Default", "volumes": [{"name": "config-volume", "configMap": {
                "name": "dns-default", "items": [{"key": "Corefile", "path": "Corefile"}]}}]}),
        agent("ovnkube-node", "quay.io/openshift-release-dev/ocp-v4.0-art-dev@sha256:3", {"app": "ovnkube-node"},
              "ovnkube-controller", "ovn-controller", namespace="openshift-ovn-kubernetes"),
    ),
    objects=(
        *cluster_role("openshift-dns", access()[0]["rules"], "dns", NAMESPACE),
        config_map("dns-default", {"Corefile": COREFILE}, NAMESPACE),
        service("dns-default", "172.30.0.10", LABELS, namespace=NAMESPACE, port="dns",
                labels={"dns.operator.openshift.io/owning-dns": "default"}),
    ),
    groups={"config.openshift.io": "ClusterOperator", "operator.openshift.io": "DNS", "k8s.ovn.org": "EgressIP"})
