"""Faults of single nodes, asked about by the playbook `node`, and healthy nodes that look ill.

What a kubelet reports is patched in its place, again and again, since it puts it right every ten seconds.
"""


from tests.cluster.faults.api import Create, Kubectl, Patch, PatchStatus, Wake
from tests.cluster.faults.conditions import (
    NOW,
    Condition,
    both,
    endpoints,
    event,
    grown,
    left_out,
    live_pods,
    node_ready,
)
from tests.cluster.faults.fault import Answer, Fault, Injection, Network, Root
from tests.cluster.faults.node import NODES, EditKubelet, Firewall, KillContainer, StartProcess, StopProcess
from tests.cluster.faults.node_status import HoldStatus
from tests.cluster.faults.objects import PROXY, PROXY_PODS, Ref, pod_on
from tests.cluster.rig import Cluster

FIRST, SECOND = NODES
NODE = Ref("Node", SECOND, "")

NOT_THERE = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
    {"matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": [SECOND]}]}]}}}
VIRTUAL = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "netcheck-virtual", "labels": {
    "type": "virtual-kubelet", "kubernetes.io/os": "linux"}}, "spec": {"taints": [
        {"key": "virtual-kubelet.io/provider", "value": "netcheck", "effect": "NoSchedule"}]}}
SHARED = {"addresses": [{"type": "InternalIP", "address": "172.31.0.11"}, {"type": "Hostname", "address": SECOND}]}
PRESSURE = {"conditions": [
    {"type": kind, "status": status, "reason": "Patched", "message": f"{kind} is {status}"}
    for kind, status in (("MemoryPressure", "False"), ("DiskPressure", "True"), ("PIDPressure", "False"),
                         ("Ready", "True"))]}
READY = {"status": {"conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "ready"}]}}


def _row(
    name: str, reference: str, says: str, *breaks: Injection, cause: str = "", wait: Condition = NOW,
    answer: Answer = "degraded", on: object = NODE, mentions: tuple[str, ...] = (), network: Network = "bridge",
    arguments: tuple[str, ...] = (), consequences: tuple[str, ...] = (),
) -> Fault:
    return Fault(name=name, reference=reference, says=says, network=network, playbook="node", breaks=breaks, wait=wait,
                 answer=answer, roots=(Root(cause, "node", str(on)),) if cause else (), mentions=mentions,
                 arguments=arguments, consequences=consequences)


def _proxy_came_back(cluster: Cluster) -> bool:
    found = [pod["status"]["containerStatuses"][0] for pod in live_pods(cluster, PROXY_PODS)]
    return any(status["restartCount"] for status in found) and all(status["ready"] for status in found)


NODE_REPORTS = (
    _row("kubelet-without-resolv-conf", "DNS-13", "the kubelet of a node is to read a resolv.conf that is not there",
         EditKubelet(SECOND, {"resolvConf": "/nowhere/resolv.conf"}), StartProcess(f"kubelet-{SECOND}"),
         Create((pod_on(SECOND, "netcheck-new"),)),
         wait=event("default", "FailedCreatePodSandBox", "/nowhere/resolv.conf"), cause="node.resolv-conf",
         mentions=("/nowhere/resolv.conf",)),
    _row("node-silent", "K01", "the kubelet of one node is silent, and the node is asked about",
         StopProcess(f"kubelet-{SECOND}"), cause="node.not-ready",
         wait=both(node_ready(SECOND, ready=False), endpoints(1)), mentions=("systemctl status kubelet",),
         arguments=(f"node={SECOND}",), consequences=("node.*", "proxy.*")),
    _row("node-address-shared", "K03", "two nodes report the same address",
         HoldStatus(SECOND, SHARED), cause="node.address.shared", answer="broken", on="Nodes",
         mentions=("172.31.0.11",), consequences=("node.*", "proxy.*")),
    _row("node-disk-pressure", "K04", "a node is short of disk",
         HoldStatus(SECOND, PRESSURE), cause="node.pressure", mentions=("DiskPressure",),
         arguments=(f"node={SECOND}",), consequences=("node.*", "proxy.*", "cni.*")),
    _row("node-kubelet-old", "NODE-08", "the kubelet of a node is five minor versions older than the API server",
         HoldStatus(SECOND, {"nodeInfo": {"kubeletVersion": "v1.29.3"}}), cause="node.version",
         mentions=("v1.29.3",)),
    _row("node-kubelet-unreached", "NODE-07", "a firewall keeps the API server from a node's kubelet",
         Firewall(("iifname != lo tcp dport 10250 drop",), hooks=("input",), nodes=(SECOND,)),
         cause="node.kubelet-way", mentions=("10250",), arguments=(f"node={SECOND}",)),
    Fault(
        name="overview-kubelet-unreached", reference="NODE-07", network="bridge", playbook="network", answer="degraded",
        says="a firewall keeps the API server from a node's kubelet, and nobody knows where to look",
        breaks=(Firewall(("iifname != lo tcp dport 10250 drop",), hooks=("input",), nodes=(SECOND,)),),
        roots=(Root("node.kubelet-way", "node", f"Node {SECOND}"),), mentions=("10250",),
    ),
    _row("node-no-proxy", "P19", "kube-proxy leaves out one node, and the node is asked about",
         Patch(PROXY, {"spec": {"template": {"spec": {"affinity": NOT_THERE}}}}), cause="node.agent",
         wait=both(left_out(PROXY, 1), both(grown(PROXY), grown(NODE))), on=PROXY, mentions=("node affinity",)),
    _row("node-healthy", "", "both nodes are in order", answer="ok"),
    _row("node-cordoned", "H28", "a node is cordoned and has a taint of its own",
         Kubectl(("cordon", SECOND), ("uncordon", SECOND)),
         Kubectl(("taint", "node", SECOND, "netcheck/gpu=:NoSchedule"), ("taint", "node", SECOND, "netcheck/gpu-")),
         answer="ok", mentions=("it is cordoned",)),
    _row("node-proxy-restarted", "H38", "kube-proxy on a node was restarted once, and runs again",
         KillContainer(PROXY_PODS, SECOND), wait=Condition("kube-proxy has come back", _proxy_came_back), answer="ok",
         mentions=("runs again",)),
    _row("node-virtual", "H22", "a virtual node stands beside the others, without kubelet and agents",
         Create((VIRTUAL,)), PatchStatus(Ref("Node", "netcheck-virtual", ""), READY), Wake(PROXY), answer="ok"),
)
