"""Faults of the rules that kube-proxy writes, in both modes, and what looks like one."""

import time
from dataclasses import dataclass
from typing import ClassVar

from bot.steps.wording import parse_time
from tests.cluster.faults.api import Create, EditText, Kubectl, Patch, RestartPods
from tests.cluster.faults.conditions import NOW, Condition, daemon_pods, items
from tests.cluster.faults.fault import Answer, Fault, Heal, Injection, Proxy, Root
from tests.cluster.faults.node import NODES, Await, RunOnNode
from tests.cluster.faults.objects import PROXY, PROXY_CONFIG, PROXY_PODS
from tests.cluster.faults.proxy_setup import FOLLOWS, KUBECONFIG, SECOND
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


@dataclass(frozen=True, slots=True)
class CleanStart:
    """Does nothing but at healing: kube-proxy begins without its tables. Over those of the one before it, kube-proxy
    1.34 with nft 1.0.6 was seen to write its chains and leave its maps empty, so that no Service is reached."""

    needs_nodes: ClassVar[bool] = True

    def inject(self, cluster: Cluster) -> Heal:
        return self.begin

    def begin(self, cluster: Cluster) -> None:
        for node in NODES:
            for family in ("ip", "ip6"):
                cluster.on_node(node, "nft", f"add table {family} kube-proxy; delete table {family} kube-proxy")
        RestartPods(PROXY_PODS).restart(cluster)


def _row(
    name: str, reference: str, says: str, *breaks: Injection, proxy: Proxy = "iptables", wait: Condition = NOW,
    answer: Answer = "ok", roots: tuple[Root, ...] = (), mentions: tuple[str, ...] = (),
    awaits: str = "",
) -> Fault:
    return Fault(name=name, reference=reference, says=says, network="bridge", proxy=proxy, playbook="kube-proxy",
                 breaks=breaks, wait=wait, answer=answer, roots=roots, mentions=mentions, awaits=awaits,
                 consequences=FOLLOWS if roots else ())


UNPROVEN = "a cluster on which it comes out right, healing included"
UNLIKE = (Root("proxy.rules-unlike", "proxy", str(PROXY)),)
# Once would not do: a kube-proxy that has just started puts back what is gone, and later it does not look.
FLUSHES = "for n in 1 2 3 4 5; do iptables -t nat -F PREROUTING; iptables -t nat -F OUTPUT; sleep 1; done"
PROXY_RULES = (
    _row("proxy-rules-flushed", "P15", "another program flushes the rules that lead into kube-proxy's on a node",
         Await(SETTLED),
         RunOnNode(SECOND, ("sh", "-c", FLUSHES), PROXY_PODS),
         roots=UNLIKE, answer="degraded", mentions=(SECOND,)),
    _row("nftables-table-deleted", "P15", "another program has deleted kube-proxy's table on a node", Await(SETTLED),
         RunOnNode(SECOND, ("nft", "delete", "table", "ip", "kube-proxy"), PROXY_PODS), CleanStart(), proxy="nftables",
         roots=UNLIKE, answer="degraded", mentions=(SECOND,), awaits=UNPROVEN),
    _row("nftables-node-selector", "P02", "kube-proxy, in mode nftables, selects no node",
         Patch(PROXY, {"spec": {"template": {"spec": {"nodeSelector": {"kubernetes.io/os": "linuxx"}}}}}),
         CleanStart(), proxy="nftables", wait=daemon_pods(PROXY, 0), answer="broken",
         roots=(Root("proxy.not-covering", "proxy", str(PROXY)),)),
    _row("nftables-kubeconfig", "P06", "kube-proxy, in mode nftables, asks an API server that is not there",
         EditText(PROXY_CONFIG, KUBECONFIG, r'https://[^"\s]+', "https://192.0.2.10:6443"), RestartPods(PROXY_PODS),
         CleanStart(), proxy="nftables",
         wait=Condition("kube-proxy logs that it gets no answer", lambda c: "192.0.2.10" in c.kubectl(
             "-n", "kube-system", "logs", "-l", PROXY_PODS, "--tail=-1", "--ignore-errors", check=False)),
         answer="broken", roots=(Root("proxy.kubeconfig", "proxy", str(PROXY_CONFIG)),), awaits=UNPROVEN),
    _row("nftables-maps-empty", "KP-07", "kube-proxy began anew over its old table, and left the maps in it empty",
         RestartPods(PROXY_PODS), CleanStart(), Await(SETTLED), proxy="nftables", roots=UNLIKE, answer="broken",
         mentions=("nothing leads into them",), awaits=UNPROVEN),
    _row("proxy-nftables-healthy", "H37", "kube-proxy's rules are in nftables and not among those of iptables",
         proxy="nftables", mentions=("mode nftables",), awaits=UNPROVEN),
    _row("proxy-healthy", "H17", "kube-proxy logs a notice that sounds like an error"),
    _row("proxy-node-port", "H13", "a NodePort has no listening socket", Create((NODE_PORT,)),
         mentions=("no listening socket",)),
    _row("proxy-leaving", "P26", "a node is about to be removed by the autoscaler, so that /healthz says 503",
         Kubectl(("taint", "node", SECOND, f"{LEAVING}=:NoSchedule"), ("taint", "node", SECOND, f"{LEAVING}-")),
         mentions=("/livez",)),
)
