"""NodeLocal DNSCache: CoreDNS's own program as the cache of each node, set up as its manifest sets it up. Kubelets hand
out its link-local address, which nothing else answers."""

from typing import Any

from tests.cluster.faults.api import Create, Delete, EditText, Patch
from tests.cluster.faults.clients import ASKER, RUNNING, asker
from tests.cluster.faults.conditions import DNS_SERVES, Condition, both, daemon_pods, items
from tests.cluster.faults.fault import Answer, Fault, Injection, Root
from tests.cluster.faults.node import NODES, Await, EditKubelet, OnNode, StartProcess
from tests.cluster.faults.objects import KUBELET_CONFIG, Ref
from tests.cluster.rig import Cluster
from tests.cluster.rig.images import DOMAIN

CACHE = Ref("DaemonSet", "node-local-dns")
UPSTREAM = Ref("Service", "kube-dns-upstream")
ADDRESS, UPSTREAM_ADDRESS = "169.254.20.10", "10.96.0.12"
ON_LO = (f"{ADDRESS}/32", "dev", "lo")
LABELS = {"k8s-app": CACHE.name}
COREFILE = f"""cluster.local:53 {{
    errors
    cache 30
    reload
    bind {ADDRESS}
    forward . {UPSTREAM_ADDRESS} {{
        force_tcp
    }}
    prometheus :9253
    health {ADDRESS}:8080
}}
.:53 {{
    errors
    cache 30
    bind {ADDRESS}
    forward . /etc/resolv.conf
}}
"""


def _meta(ref: Ref, labels: dict[str, str]) -> dict[str, Any]:
    return {"name": ref.name, "namespace": ref.namespace, "labels": labels}


OBJECTS: tuple[dict[str, Any], ...] = (
    {"apiVersion": "v1", "kind": "Service", "metadata": _meta(UPSTREAM, {"k8s-app": "kube-dns"}),
     "spec": {"clusterIP": UPSTREAM_ADDRESS, "selector": {"k8s-app": "kube-dns"}, "ports": [
         {"name": name, "port": 53, "protocol": protocol} for name, protocol in (("dns", "UDP"), ("dns-tcp", "TCP"))]}},
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _meta(CACHE, LABELS), "data": {"Corefile": COREFILE}},
    {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": _meta(CACHE, LABELS), "spec": {
        "selector": {"matchLabels": LABELS}, "template": {"metadata": {"labels": LABELS}, "spec": {
            "hostNetwork": True, "dnsPolicy": "Default", "terminationGracePeriodSeconds": 0,
            "tolerations": [{"operator": "Exists"}],
            "volumes": [{"name": "config", "configMap": {"name": CACHE.name}}],
            "containers": [{
                "name": "node-cache", "image": f"{DOMAIN}/coredns:v1.14.7", "imagePullPolicy": "IfNotPresent",
                "args": ["-conf", "/etc/coredns/Corefile"],
                "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns"}],
                "livenessProbe": {"httpGet": {"host": ADDRESS, "path": "/health", "port": 8080}}}]}}}},
)
INSTALLED: tuple[Injection, ...] = (
    *(OnNode(node, ("ip", "addr", "add", *ON_LO), ("ip", "addr", "del", *ON_LO)) for node in NODES),
    Create(OBJECTS), Await(daemon_pods(CACHE, len(NODES))),
    *(EditKubelet(node, {"clusterDNS": [ADDRESS]}) for node in NODES),
    *(StartProcess(f"kubelet-{node}") for node in NODES),
    EditText(KUBELET_CONFIG, "kubelet", r"10\.96\.0\.10$", ADDRESS), Create((asker(),)), Await(RUNNING),
)


# A kubelet that was started anew calls its pods ready only once it has asked them again.
def _row(name: str, reference: str, says: str, *breaks: Injection, answer: Answer = "broken", cause: str = "",
         on: Ref = CACHE, wait: Condition = DNS_SERVES, mentions: tuple[str, ...] = ()) -> Fault:
    return Fault(
        name=f"local-cache-{name}", reference=reference, says=says, network="bridge", stage=INSTALLED, breaks=breaks,
        wait=wait, answer=answer, roots=(Root(cause, "dns-service", str(on)),) if cause else (), mentions=mentions,
        arguments=(f"pod={ASKER.namespace}/{ASKER.name}",),
    )


def _without_image(cluster: Cluster) -> bool:
    found = items(cluster, "-n", CACHE.namespace, "pods", "-l", f"k8s-app={CACHE.name}")
    return any(status.get("state", {}).get("waiting", {}).get("reason") in ("ErrImagePull", "ImagePullBackOff")
               for pod in found for status in pod["status"].get("containerStatuses", ()))


BROKEN_IMAGE = Patch(CACHE, [{"op": "replace", "path": "/spec/template/spec/containers/0/image",
                              "value": "rig.invalid/node-cache:v0"}])
LOCAL_CACHE = (
    _row("down", "D38", "the node-local DNS cache of one node does not start, while CoreDNS is healthy", BROKEN_IMAGE,
         wait=both(daemon_pods(CACHE, 1), Condition("its image cannot be pulled", _without_image)),
         cause="dns.local-cache.down", mentions=("pods there have no DNS",)),
    _row("upstream", "D39", "the Service by which the node-local DNS cache asks CoreDNS selects no pod",
         Patch(UPSTREAM, {"spec": {"selector": {"k8s-app": "kube-dnss"}}}), cause="dns.local-cache.upstream",
         on=UPSTREAM, mentions=("kube-dnss",)),
    _row("gone", "D38", "the node-local DNS cache was removed, and kubelets still send pods to it", Delete(CACHE),
         cause="dns.local-cache.missing", mentions=("169.254.20.10", "kube-dns-upstream")),
    _row("healthy", "H05", "kubelets hand out the address of a node-local DNS cache, which runs", answer="ok",
         mentions=("2 of 2 pods ready",)),
)
