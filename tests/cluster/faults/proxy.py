"""Faults of kube-proxy."""

from dataclasses import replace

from tests.cluster.faults.api import EditText, Patch, RestartPods
from tests.cluster.faults.conditions import Condition, daemon_pods
from tests.cluster.faults.fault import Fault, Root
from tests.cluster.faults.node import NODES, OnNode
from tests.cluster.faults.objects import PROXY, PROXY_CONFIG, PROXY_PODS
from tests.cluster.rig import Cluster

SECOND = NODES[1]
ON_SECOND = f"pgrep -f '^/usr/local/bin/kube-proxy.*override={SECOND}'"


def _logs_failures(cluster: Cluster) -> bool:
    lines = ("-n", "kube-system", "logs", "-l", PROXY_PODS, "--tail=-1", "--ignore-errors")
    return "192.0.2.10" in cluster.kubectl(*lines, check=False)


HANGS = Fault(
    name="proxy-hangs", network="bridge", playbook="kube-proxy", answer="degraded",
    says="kube-proxy of a node is stopped where it stands",
    breaks=(OnNode(SECOND, ("sh", "-c", f"kill -STOP $({ON_SECOND})"),
                   ("sh", "-c", f"kill -CONT $({ON_SECOND})")),),
    roots=(Root("proxy.hangs", "proxy", str(PROXY)),), mentions=("hangs",), consequences=("proxy.*",),
)

PROXY_FAULTS = (
    Fault(
        name="proxy-kubeconfig", reference="P06", network="bridge",
        says="kube-proxy runs and is ready, and asks an API server that is not there",
        breaks=(EditText(PROXY_CONFIG, "kubeconfig.conf", r'https://[^"\s]+', "https://192.0.2.10:6443"),
                RestartPods(PROXY_PODS)),
        wait=Condition("kube-proxy logs that it gets no answer", _logs_failures),
        roots=(Root("proxy.api", "proxy", str(PROXY)),), mentions=("192.0.2.10",), consequences=("proxy.*",),
    ),
    Fault(
        name="proxy-node-selector", reference="P02", network="bridge", says="kube-proxy selects no node",
        breaks=(Patch(PROXY, {"spec": {"template": {"spec": {"nodeSelector": {"kubernetes.io/os": "linuxx"}}}}}),),
        wait=daemon_pods(PROXY, 0), roots=(Root("proxy.not-covering", "proxy", str(PROXY)),),
    ),
    Fault(
        name="proxy-host-network", network="bridge", playbook="kube-proxy",
        says="kube-proxy does not run in its nodes' network",
        breaks=(Patch(PROXY, {"spec": {"template": {"spec": {"hostNetwork": False}}}}),), wait=daemon_pods(PROXY, 2),
        roots=(Root("proxy.host-network", "proxy", str(PROXY)),), mentions=("hostNetwork",), consequences=("proxy.*",),
    ),
    HANGS, replace(HANGS, name="overview-proxy-hangs", playbook="network"),
    replace(HANGS, name="dns-proxy-hangs", playbook="dns"),
)
