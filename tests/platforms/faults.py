"""Faults that are typical of a platform: what is done to its healthy bundle, and the exact root causes then."""

from dataclasses import dataclass

from tests.platforms.edits import (
    Edit,
    add,
    change,
    edits,
    event,
    no_endpoints,
    none_ready,
    not_ready,
    remove,
    says,
    set_path,
    unschedulable,
    waits,
    without_pods,
)

BARE = "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin " \
    "returns error: cni plugin not initialized"
LOOP = '[FATAL] plugin/loop: Loop (127.0.0.1:46337 -> :53) detected for zone ".", see ' \
    "https://coredns.io/plugins/loop#troubleshooting.\n"
CUSTOM = "/etc/coredns/custom/log.override:1 - Error during parsing: Unknown directive 'forwrad'\n"
EXPIRED = 'reflector.go:200] "Failed to watch" err="failed to list *v1.Service: Get ' \
    'https://127.0.0.1:6443/api/v1/services: tls: failed to verify certificate: x509: certificate has expired or is ' \
    'not yet valid" type="*v1.Service"\n'
NO_NODE = "0/2 nodes are available: 2 node(s) had untolerated taint {eks.amazonaws.com/compute-type: fargate}."
BACK_OFF = "back-off 5m0s restarting failed container"
NO_AGENT = 'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "1f": ' \
    'plugin type="cilium-cni" failed (add): unable to connect to Cilium agent: failed to create cilium agent client ' \
    'after 30.000000 seconds timeout: Get "http://localhost/v1/config": dial unix /var/run/cilium/cilium.sock: ' \
    "connect: no such file or directory"
NO_NODE_ADDRESS = 'server.go:1075] "Failed to retrieve node IP" err="host IP unknown; known addresses: []"\n'
NO_CONNTRACK = 'server.go:572] "Error running ProxyServer" err="error looking for path of conntrack: exec: ' \
    '\\"conntrack\\": executable file not found in $PATH"\n'


@dataclass(frozen=True, slots=True)
class Fault:
    """`playbooks`: those that must name it."""

    platform: str
    says: str
    edit: Edit
    roots: frozenset[tuple[str, str]]
    playbooks: tuple[str, ...] = ("network", "dns")


def fault(platform: str, says: str, edit: Edit, *roots: tuple[str, str], only: str = "") -> Fault:
    return Fault(platform, says, edit, frozenset(roots), (only,) if only else ("network", "dns"))


def down(kind: str, name: str, reason: str, message: str, *, slice_name: str = "") -> Edit:
    """All pods of a workload wait."""
    also = [no_endpoints(slice_name)] if slice_name else []
    return edits(change("Pod", name, waits(reason, message, crashed=reason == "CrashLoopBackOff")),
                 none_ready(kind, name), *also)


def pending(kind: str, name: str, message: str, slice_name: str) -> Edit:
    return edits(change("Pod", name, unschedulable(message)), none_ready(kind, name),
                 change("EndpointSlice", slice_name, lambda item: item.update(endpoints=[])))


def down_on_one(name: str, pod: str, ready: int) -> Edit:
    """The DaemonSet's pod on one node crashes."""
    return edits(change("Pod", pod, waits("CrashLoopBackOff", BACK_OFF, crashed=True)),
                 none_ready("DaemonSet", name, ready))


CRASHING = "CrashLoopBackOff"
NO_ADDRESS = "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox " \
    '"1f": plugin type="aws-cni" name="aws-cni" failed (add): add cmd: failed to assign an IP address to container'
EXTRA_PROXY = {
    "apiVersion": "apps/v1", "kind": "DaemonSet",
    "metadata": {"name": "kube-proxy", "namespace": "kube-system", "uid": "proxy", "generation": 1,
                 "labels": {"k8s-app": "kube-proxy"}, "creationTimestamp": "2026-01-01T08:00:00Z"},
    "spec": {"selector": {"matchLabels": {"k8s-app": "kube-proxy"}},
             "template": {"metadata": {"labels": {"k8s-app": "kube-proxy"}},
                          "spec": {"hostNetwork": True, "serviceAccountName": "kube-proxy",
                                   "containers": [{"name": "kube-proxy", "image": "p:1"}]}}},
    "status": {"desiredNumberScheduled": 3, "currentNumberScheduled": 3, "numberReady": 3, "numberAvailable": 3,
               "updatedNumberScheduled": 3, "observedGeneration": 1},
}
ITS_ACCOUNT = {"apiVersion": "v1", "kind": "ServiceAccount",
               "metadata": {"name": "kube-proxy", "namespace": "kube-system", "uid": "account"}}
ITS_ROLE = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": "kubeadm:node-proxier", "uid": "binding"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:node-proxier"},
            "subjects": [{"kind": "ServiceAccount", "name": "kube-proxy", "namespace": "kube-system"}]}

FAULTS = (
    fault("kubeadm", "the Service selects another label", change(
        "Service", "kube-dns", set_path("spec.selector", {"k8s-app": "coredns"})),
        ("dns.service.selector", "Service kube-system/kube-dns")),
    fault("kubeadm", "no network plugin was installed yet", edits(
        remove("DaemonSet", "calico-node"), remove("Pod", "calico-node"), change("Node", "node", not_ready(BARE)),
        pending("Deployment", "coredns", "0/3 nodes are available: 3 node(s) had untolerated taint "
                "{node.kubernetes.io/not-ready: }.", "kube-dns")), ("cni.missing", "Nodes")),
    fault("kubeadm", "the program conntrack is missing on the nodes", edits(
        down("DaemonSet", "kube-proxy", CRASHING, BACK_OFF), says("kube-proxy", NO_CONNTRACK)),
        ("proxy.mode", "DaemonSet kube-system/kube-proxy"), only="kube-proxy"),
    fault("kind", "the host's resolver is the cluster's own", edits(
        down("Deployment", "coredns", CRASHING, BACK_OFF, slice_name="kube-dns"), says("coredns", LOOP)),
        ("dns.upstream.loop", "Deployment kube-system/coredns"), only="dns"),
    fault("kind", "kube-proxy was deleted", edits(remove("DaemonSet", "kube-proxy"), remove("Pod", "kube-proxy")),
          ("proxy.missing", "DaemonSet kube-system/kube-proxy")),
    fault("kind", "kindnet does not start", edits(down("DaemonSet", "kindnet", CRASHING, BACK_OFF)),
          ("cni.agent", "DaemonSet kube-system/kindnet")),
    fault("k3s", "CoreDNS's image cannot be pulled, as without a registry", down(
        "Deployment", "coredns", "ImagePullBackOff", 'Back-off pulling image "rancher/mirrored-coredns-coredns:1.12.3"',
        slice_name="kube-dns"), ("dns.pods.image", "Deployment kube-system/coredns")),
    fault("k3s", "the ConfigMap of CoreDNS is gone", remove("ConfigMap", "coredns"),
          ("dns.corefile.missing", "ConfigMap kube-system/coredns"), only="dns"),
    fault("rke2", "the Service was made by hand, with the label that others have", change(
        "Service", "rke2-coredns", set_path("spec.selector", {"k8s-app": "coredns"})),
        ("dns.service.selector", "Service kube-system/rke2-coredns-rke2-coredns")),
    fault("rke2", "Canal's Network is not the cluster's range", change(
        "ConfigMap", "rke2-canal-config", set_path("data", {"net-conf.json": '{"Network": "10.244.0.0/16"}'})),
        ("cni.agent.range", "ConfigMap kube-system/rke2-canal-config")),
    fault("rke2", "a node's certificate has run out, and its kube-proxy crashes", edits(
        change("Pod", "kube-proxy-node-2", waits(CRASHING, BACK_OFF, crashed=True)),
        says("kube-proxy-node-2", EXPIRED)), ("proxy.credentials", "Pods kube-system/kube-proxy"), only="kube-proxy"),
    fault("rke2", "a node has no kube-proxy", remove("Pod", "kube-proxy-node-2"),
          ("proxy.not-covering", "Pods kube-system/kube-proxy")),
    fault("gke", "a node's kube-proxy is of a version that is too old", change(
        "Pod", "kube-proxy-node-2", lambda item: item["spec"]["containers"][0].update(image="kube-proxy:v1.29.8")),
        ("proxy.version", "Pods kube-system/kube-proxy"), only="kube-proxy"),
    fault("gke", "kube-proxy crashes on a node", change(
        "Pod", "kube-proxy-node-2", waits(CRASHING, BACK_OFF, crashed=True)),
        ("proxy.crashing", "Pods kube-system/kube-proxy")),
    fault("eks", "CoreDNS was made for Fargate, where no profile takes it", pending(
        "Deployment", "coredns", NO_NODE, "kube-dns"),
        ("dns.pods.pending.unschedulable", "Deployment kube-system/coredns")),
    fault("eks", "the subnet has no free address", edits(
        change("Pod", "coredns", waits("ContainerCreating", "")), none_ready("Deployment", "coredns"),
        no_endpoints("kube-dns"),
        event("FailedCreatePodSandBox", NO_ADDRESS, "coredns")),
        ("cni.sandbox.addresses", "Node ip-10-0-2-17.eu-central-1.compute.internal")),
    fault("gke", "kube-dns is scaled to zero", edits(
        change("Deployment", "kube-dns", set_path("spec.replicas", 0)), remove("Pod", "kube-dns-5d6f8c7b9-"),
        change("Deployment", "kube-dns", set_path("status", {"observedGeneration": 1})),
        change("EndpointSlice", "kube-dns", set_path("endpoints", []))),
        ("dns.pods.scaled-to-zero", "Deployment kube-system/kube-dns")),
    fault("gke", "the Service selects another label", change(
        "Service", "kube-dns", set_path("spec.selector", {"k8s-app": "coredns"})),
        ("dns.service.selector", "Service kube-system/kube-dns")),
    fault("gke", "the upstream servers of kube-dns are its own Service", change("ConfigMap", "kube-dns", set_path(
        "data", {"upstreamNameservers": '["34.118.224.10"]'})),
        ("dns.kube-dns.circle", "ConfigMap kube-system/kube-dns"), only="dns"),
    fault("gke", "the stub domains of kube-dns are no JSON", change("ConfigMap", "kube-dns", set_path(
        "data", {"stubDomains": '{"corp.example.org": ["192.0.2.60"],}'})),
        ("dns.kube-dns.settings", "ConfigMap kube-system/kube-dns"), only="dns"),
    fault("gke", "kube-dns crashes", edits(
        change("Pod", "kube-dns-5d6f8c7b9-", waits(CRASHING, BACK_OFF, crashed=True)),
        none_ready("Deployment", "kube-dns"), no_endpoints("kube-dns")),
          ("dns.pods.crashing", "Deployment kube-system/kube-dns")),
    fault("gke-cloud-dns", "the agent does not run on a node", down_on_one("anetd", "anetd", 1),
          ("cni.agent", "DaemonSet kube-system/anetd")),
    fault("gke-cloud-dns", "a node has lost its kubelet", change("Node", "node-2", not_ready("Kubelet stopped posting "
          "node status.")), ("node.not-ready", "Node node-2")),
    fault("aks", "coredns-custom holds a word that CoreDNS does not know", edits(
        down("Deployment", "coredns", CRASHING, BACK_OFF, slice_name="kube-dns"), says("coredns", CUSTOM)),
        ("dns.corefile.directive-unknown", "ConfigMap kube-system/coredns-custom"), only="dns"),
    fault("aks", "kube-proxy crashes on every node", down("DaemonSet", "kube-proxy", CRASHING, BACK_OFF),
          ("proxy.crashing", "DaemonSet kube-system/kube-proxy")),
    fault("aks", "kube-proxy began before the cloud gave its node an address", edits(
        down_on_one("kube-proxy", "kube-proxy-7087b", 1), says("kube-proxy-7087b", NO_NODE_ADDRESS)),
        ("proxy.node-address", "DaemonSet kube-system/kube-proxy"), only="kube-proxy"),
    fault("aks", "kube-proxy fits no node", edits(
        change("DaemonSet", "kube-proxy", set_path("spec.template.spec.nodeSelector", {"proxy": "here"})),
        change("DaemonSet", "kube-proxy", set_path("status", {"desiredNumberScheduled": 0, "numberReady": 0,
               "currentNumberScheduled": 0, "numberMisscheduled": 0, "observedGeneration": 1})),
        remove("Pod", "kube-proxy")),
          ("proxy.not-covering", "DaemonSet kube-system/kube-proxy")),
    fault("openshift", "the Service leads to port 53, the pods serve 5353", edits(
        change("Service", "dns-default", lambda item: [port.update(targetPort=53) for port in item["spec"]["ports"]]),
        change("EndpointSlice", "dns-default", lambda item: [port.update(port=53) for port in item["ports"]])),
        ("dns.service.target-port", "Service openshift-dns/dns-default")),
    fault("openshift", "the operator's DaemonSet fits no node", edits(
        change("DaemonSet", "dns-default", set_path("status", {"desiredNumberScheduled": 0, "numberReady": 0,
               "currentNumberScheduled": 0, "numberMisscheduled": 0, "observedGeneration": 1})),
        change("DaemonSet", "dns-default", set_path("spec.template.spec.nodeSelector", {"dns": "here"})),
        without_pods("dns-default", "dns-default")), ("dns.pods.missing", "DaemonSet openshift-dns/dns-default")),
    fault("cilium", "its agent is down on a node, and a pod there gets no network", edits(
        down_on_one("cilium", "cilium-d3429", 2),
        change("Pod", "coredns-5d6f8c7b9-54018", waits("ContainerCreating", "")),
        none_ready("Deployment", "coredns", 1), event("FailedCreatePodSandBox", NO_AGENT, "coredns-5d6f8c7b9-54018")),
        ("cni.agent", "DaemonSet kube-system/cilium")),
    fault("cilium", "a kube-proxy was left beside it", edits(
        add(EXTRA_PROXY), add(ITS_ACCOUNT), add(ITS_ROLE)),
          ("proxy.two", "DaemonSet kube-system/kube-proxy")),
    fault("cilium", "it was set not to replace kube-proxy, which is gone", change(
        "ConfigMap", "cilium-config", set_path("data.kube-proxy-replacement", "false")),
        ("proxy.missing", "DaemonSet kube-system/kube-proxy")),
    fault("node-local-dns", "kube-dns-upstream selects nothing", change(
        "Service", "kube-dns-upstream", set_path("spec.selector", {"k8s-app": "coredns"})),
        ("dns.local-cache.upstream", "Service kube-system/kube-dns-upstream"), only="dns"),
    fault("node-local-dns", "the cache crashes on every node", down("DaemonSet", "node-local-dns", CRASHING, BACK_OFF),
          ("dns.local-cache.down", "DaemonSet kube-system/node-local-dns"), only="dns"),
)
