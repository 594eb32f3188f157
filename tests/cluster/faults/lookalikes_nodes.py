"""Healthy clusters that look ill, by their nodes, logs and networks."""

from tests.cluster.faults.api import Create, Kubectl, RestartPods
from tests.cluster.faults.conditions import DNS_SERVES, Condition, both, dns_log, live_pods
from tests.cluster.faults.fault import Fault, Network, Proxy
from tests.cluster.faults.lookalikes import ok
from tests.cluster.faults.node import NODES, Await, KillContainer, StartProcess, StopProcess
from tests.cluster.faults.objects import DNS_PODS, PROXY_PODS
from tests.cluster.rig import Cluster

SECOND = NODES[1]
PICKY = {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "netcheck-picky", "namespace": "default"},
         "spec": {"selector": {"matchLabels": {"app": "picky"}}, "template": {
             "metadata": {"labels": {"app": "picky"}}, "spec": {"terminationGracePeriodSeconds": 0, "containers": [
                 {"name": "main", "image": "docker.io/library/busybox:1.35", "imagePullPolicy": "IfNotPresent",
                  "command": ["sleep", "3600"]}]}}}}


def _kube_proxy_came_back(cluster: Cluster) -> bool:
    found = [pod["status"]["containerStatuses"][0] for pod in live_pods(cluster, PROXY_PODS)]
    return any(status["restartCount"] for status in found) and all(status["ready"] for status in found)


def _healthy(network: Network, proxy: Proxy, reference: str, says: str) -> Fault:
    name = f"healthy-{network if proxy == 'iptables' else proxy}"
    return Fault(name=name, reference=reference, says=says, network=network, proxy=proxy, answer="ok")


LOOKALIKES_OF_NODES = (
    ok("cordoned", "H28", "a node is cordoned", Kubectl(("cordon", SECOND), ("uncordon", SECOND)),
       network="bridge"),
    ok("tainted", "H26", "a node has a taint that other DaemonSets do not tolerate",
       Kubectl(("taint", "node", SECOND, "netcheck/gpu=:NoSchedule"), ("taint", "node", SECOND, "netcheck/gpu-")),
       Create((PICKY,)), network="bridge"),
    ok("resolver-hiccup", "H18", "the log of CoreDNS holds errors of a resolver that answers again",
       StopProcess("upstream"), RestartPods(DNS_PODS), Await(dns_log("plugin/errors: 2")), StartProcess("upstream"),
       wait=both(DNS_SERVES, dns_log("plugin/errors: 2"))),
    ok("proxy-restarted", "H38", "kube-proxy on one node was restarted once", KillContainer(PROXY_PODS, SECOND),
       wait=Condition("kube-proxy has come back", _kube_proxy_came_back)),
    _healthy("bridge", "nftables", "H37", "kube-proxy writes nftables, so that iptables show no rules"),
    _healthy("flannel", "iptables", "H17", "Flannel over VXLAN; kube-proxy logs what sounds like an error"),
    _healthy("flannel-hostgw", "iptables", "H17", "Flannel with routes instead of an overlay"),
    _healthy("weave", "iptables", "H20", "Weave Net, whose pods have addresses outside their nodes' podCIDR"),
    _healthy("calico", "iptables", "H16/H20", "Calico, whose own address plan ignores the nodes' podCIDR"),
)
