"""Faults of the rules that kube-proxy writes, and what looks like one."""

import time

from bot.steps.wording import parse_time
from tests.cluster.faults.api import Create, EditText, Kubectl, Patch, RestartPods
from tests.cluster.faults.conditions import NOW, Condition, both, items, left_out
from tests.cluster.faults.fault import Answer, Fault, Injection, Root
from tests.cluster.faults.node import Await, Firewall, OnNode, RunOnNode
from tests.cluster.faults.objects import DNS_PODS, PROXY, PROXY_CONFIG, PROXY_PODS
from tests.cluster.faults.proxy_setup import FILE, FOLLOWS, RESTART, RUNNING, SECOND, logs
from tests.cluster.rig import Cluster

LEAVING = "ToBeDeletedByClusterAutoscaler"
NODE_PORT = {"apiVersion": "v1", "kind": "Service",
             "metadata": {"name": "netcheck-outside", "namespace": "kube-system"},
             "spec": {"type": "NodePort", "selector": {"k8s-app": "kube-dns"}, "ports": [
                 {"name": "dns-tcp", "port": 53, "protocol": "TCP", "nodePort": 30053}]}}
CHANGE = "endpoints.kubernetes.io/last-change-trigger-time"


def _is_settled(cluster: Cluster) -> bool:
    slices = items(cluster, "-n", "kube-system", "endpointslices", "-l", "kubernetes.io/service-name=kube-dns")
    return all(time.time() - parse_time(item["metadata"].get("annotations", {}).get(CHANGE)) > 65 for item in slices)


SETTLED = Condition("the endpoints of DNS have not changed for a minute", _is_settled)


def _row(
    name: str, reference: str, says: str, *breaks: Injection, wait: Condition = NOW, answer: Answer = "ok",
    roots: tuple[Root, ...] = (), mentions: tuple[str, ...] = (), stage: tuple[Injection, ...] = (),
) -> Fault:
    return Fault(name=name, reference=reference, says=says, network="bridge", playbook="kube-proxy", breaks=breaks,
                 wait=wait, answer=answer, roots=roots, mentions=mentions, consequences=FOLLOWS if roots else (),
                 stage=stage)


def _root(cause: str) -> tuple[Root, ...]:
    return (Root(cause, "proxy", str(PROXY)),)


def _legacy(do: str, undo: str) -> OnNode:
    return OnNode(SECOND, ("sh", "-c", do), ("sh", "-c", undo))


UNLIKE = _root("proxy.rules-unlike")
# The kubelet of the node asks the same API server: only by its group the firewall can tell kube-proxy from it.
GROUP = 4321
OF_A_GROUP = Patch(PROXY, [
    {"op": "add", "path": "/spec/template/spec/containers/0/securityContext/runAsGroup", "value": GROUP}])
# Once would not do: a kube-proxy that has just started puts back what is gone, and later it does not look.
FLUSHES = "for n in 1 2 3 4 5; do iptables -t nat -F PREROUTING; iptables -t nat -F OUTPUT; sleep 1; done"
DNS_CHAIN = r"iptables -t nat -S | sed -n 's/.*kube-dns:dns -.*-j \(KUBE-SEP-[A-Z0-9]*\).*/\1/p' | head -1"
ELSEWHERE = "198.51.100.7/32"
PROXY_RULES = (
    _row("proxy-chain-held", "P14", "a rule of another program leads into a chain that kube-proxy has to remove",
         OnNode(SECOND, ("sh", "-c", f"iptables -t nat -A PREROUTING -d {ELSEWHERE} -j $({DNS_CHAIN})"),
                ("sh", "-c", f"iptables -t nat -S PREROUTING | sed -n 's|^-A \\(.*{ELSEWHERE}.*\\)|-D \\1|p' | "
                 "xargs -r iptables -t nat")),
         RestartPods(DNS_PODS), RunOnNode(SECOND, ("true",), PROXY_PODS), wait=logs("CHAIN_DEL failed", 1),
         roots=_root("proxy.rules"), answer="degraded", mentions=(SECOND, "chain KUBE-SEP-")),
    _row("proxy-rules-flushed", "P15", "another program flushes the rules that lead into kube-proxy's on a node",
         Await(SETTLED),
         RunOnNode(SECOND, ("sh", "-c", FLUSHES), PROXY_PODS),
         roots=UNLIKE, answer="degraded", mentions=(SECOND,)),
    _row("proxy-two-backends", "P15", "kube-proxy's rules of an earlier time are in the other backend of iptables",
         _legacy("iptables-save -t nat | iptables-legacy-restore",
                 "iptables-legacy -t nat -F; iptables-legacy -t nat -X"),
         roots=_root("proxy.two-backends"), answer="degraded", mentions=(SECOND, "iptables-legacy")),
    _row("proxy-legacy-firewall", "P15", "a firewall of the node is in the other backend of iptables",
         _legacy("iptables-legacy -A FORWARD -s 203.0.113.0/24 -j DROP", "iptables-legacy -F FORWARD"),
         mentions=("iptables-legacy on n2 holds 1 rule",)),
    # Its log tells of it for minutes when it is over, so that the pods are made anew.
    _row("proxy-api-cut", "P25", "a node's kube-proxy is cut off from the API server after it has written its rules",
         Firewall((f"meta skgid {GROUP} tcp dport 6443 drop",), hooks=("output",), nodes=(SECOND,)),
         RestartPods(DNS_PODS), RunOnNode(SECOND, ("true",), PROXY_PODS),
         stage=(OF_A_GROUP, Await(left_out(PROXY, 2))),
         wait=both(SETTLED, logs("i/o timeout", 1)), roots=_root("proxy.api"), answer="degraded", mentions=(SECOND,)),
    _row("proxy-to-nftables", "H37", "kube-proxy goes on in another mode, and its rules of the one before are gone",
         EditText(PROXY_CONFIG, FILE, 'mode: "iptables"', 'mode: "nftables"'), RESTART, wait=RUNNING,
         mentions=("(mode nftables)",)),
    _row("proxy-healthy", "H17", "kube-proxy logs a notice that sounds like an error"),
    _row("proxy-node-port", "H13", "a NodePort has no listening socket", Create((NODE_PORT,)),
         mentions=("no listening socket",)),
    _row("proxy-leaving", "P26", "a node is about to be removed by the autoscaler, so that /healthz says 503",
         Kubectl(("taint", "node", SECOND, f"{LEAVING}=:NoSchedule"), ("taint", "node", SECOND, f"{LEAVING}-")),
         mentions=("/livez",)),
)
