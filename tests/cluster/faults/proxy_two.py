"""A second service proxy: over the same nodes as the first, and on nodes of its own."""

from dataclasses import replace
from typing import Any

from tests.cluster.faults.api import Create, Kubectl, Patch
from tests.cluster.faults.conditions import both, daemon_pods
from tests.cluster.faults.fault import Fault, Root
from tests.cluster.faults.node import NODES
from tests.cluster.faults.objects import PROXY, PROXY_ACCOUNT, PROXY_CONFIG, PROXY_IMAGE, Ref

OTHER = Ref("DaemonSet", "kube-proxy-two")
LABEL = "netcheck/hall"


def _second(**selector: str) -> dict[str, Any]:
    """As kubeadm's, under a name and a label of its own, so that neither counts the other's pods."""
    labels = {"k8s-app": OTHER.name}
    container = {
        "name": "kube-proxy", "image": PROXY_IMAGE, "securityContext": {"privileged": True},
        "command": ["/usr/local/bin/kube-proxy", "--config=/var/lib/kube-proxy/config.conf",
                    "--hostname-override=$(NODE_NAME)"],
        "env": [{"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
        "volumeMounts": [{"name": "kube-proxy", "mountPath": "/var/lib/kube-proxy"}],
    }
    spec = {"hostNetwork": True, "serviceAccountName": PROXY_ACCOUNT.name, "containers": [container],
            "tolerations": [{"operator": "Exists"}], "nodeSelector": selector,
            "volumes": [{"name": "kube-proxy", "configMap": {"name": PROXY_CONFIG.name}}]}
    return {"apiVersion": "apps/v1", "kind": "DaemonSet",
            "metadata": {"name": OTHER.name, "namespace": OTHER.namespace, "labels": labels},
            "spec": {"selector": {"matchLabels": labels},
                     "template": {"metadata": {"labels": labels}, "spec": spec}}}


def _hall(node: str, name: str) -> Kubectl:
    return Kubectl(("label", "node", node, f"{LABEL}={name}"), ("label", "node", node, f"{LABEL}-"))


TWO = Fault(
    name="proxy-two", network="bridge", playbook="kube-proxy", answer="degraded",
    says="two DaemonSets of kube-proxy run on the same nodes",
    breaks=(Create((_second(),)),), wait=both(daemon_pods(OTHER, 2), daemon_pods(PROXY, 2)),
    roots=(Root("proxy.two", "proxy", str(OTHER)),), mentions=("Two service proxies",), consequences=("proxy.port",),
)
SPLIT = Fault(
    name="proxy-split", network="bridge", playbook="kube-proxy", answer="ok",
    says="each half of the nodes has a DaemonSet of kube-proxy of its own",
    breaks=(_hall(NODES[0], "a"), _hall(NODES[1], "b"),
            Patch(PROXY, {"spec": {"template": {"spec": {"nodeSelector": {LABEL: "a"}}}}}),
            Create((_second(**{LABEL: "b"}),))),
    wait=both(daemon_pods(OTHER, 1), daemon_pods(PROXY, 1)),
)
SECOND_PROXIES = (
    TWO, replace(TWO, name="overview-proxy-two", playbook="network"),
    SPLIT, replace(SPLIT, name="overview-proxy-split", playbook="network"),
    Fault(name="proxy-windows", network="bridge", playbook="kube-proxy", answer="ok",
          says="a DaemonSet of kube-proxy for Windows stands beside the other",
          breaks=(Create((_second(**{"kubernetes.io/os": "windows"}),)),), wait=daemon_pods(OTHER, 0)),
)
