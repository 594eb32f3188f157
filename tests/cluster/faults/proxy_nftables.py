"""Faults of kube-proxy in mode nftables: those of any mode seen in this one, and those of its own table."""

from dataclasses import replace

from tests.cluster.faults.api import Create, EditText, Patch
from tests.cluster.faults.conditions import NOW, Condition, both, daemon_pods, left_out
from tests.cluster.faults.fault import Answer, Fault, Injection, Root
from tests.cluster.faults.node import Await, OnNode, RunOnNode
from tests.cluster.faults.node_status import HoldStatus
from tests.cluster.faults.objects import PROXY, PROXY_CONFIG, PROXY_PODS
from tests.cluster.faults.proxy_rules import NODE_PORT, SETTLED, UNLIKE
from tests.cluster.faults.proxy_setup import FILE, FOLLOWS, PROXY_SETUP_FAULTS, SECOND, logs

SAME = {
    "proxy-kubeconfig-now": "nftables-kubeconfig", "proxy-config-deleted-restarted": "nftables-config-deleted",
    "proxy-binding-deleted-restarted": "nftables-binding-deleted", "proxy-cluster-range": "nftables-cluster-range",
    "proxy-toleration-lost": "nftables-toleration-lost",
}
"""Rows of any mode, and what they are called in this one."""
POD = "/spec/template/spec"
NOTHING_OVER_PROTOCOLS = Patch(PROXY, [
    {"op": "add", "path": f"{POD}/volumes/-",
     "value": {"name": "nothing", "hostPath": {"path": "/dev/null", "type": "CharDevice"}}},
    {"op": "add", "path": f"{POD}/containers/0/volumeMounts/-",
     "value": {"name": "nothing", "mountPath": "/etc/protocols"}}])

OTHER = "172.31.0.99"
MOVED = (
    OnNode(SECOND, ("ip", "address", "add", f"{OTHER}/32", "dev", "eth0"),
           ("ip", "address", "delete", f"{OTHER}/32", "dev", "eth0")),
    HoldStatus(SECOND, {"addresses": [{"type": "InternalIP", "address": OTHER},
                                      {"type": "Hostname", "address": SECOND}]}),
)


def _row(
    name: str, reference: str, says: str, *breaks: Injection, wait: Condition = NOW, answer: Answer = "degraded",
    roots: tuple[Root, ...] = UNLIKE, mentions: tuple[str, ...] = (),
) -> Fault:
    return Fault(name=name, reference=reference, says=says, network="bridge", proxy="nftables", playbook="kube-proxy",
                 breaks=breaks, wait=wait, answer=answer, roots=roots, mentions=mentions,
                 consequences=FOLLOWS if roots else ())


def _on_second(*command: str) -> RunOnNode:
    return RunOnNode(SECOND, ("nft", *command), PROXY_PODS)


PROXY_NFTABLES = (
    *(replace(row, name=SAME[row.name], proxy="nftables", says=f"in mode nftables {row.says}")
      for row in PROXY_SETUP_FAULTS if row.name in SAME),
    _row("nftables-node-selector", "P02", "kube-proxy, in mode nftables, selects no node",
         Patch(PROXY, {"spec": {"template": {"spec": {"nodeSelector": {"kubernetes.io/os": "linuxx"}}}}}),
         wait=daemon_pods(PROXY, 0), answer="broken", roots=(Root("proxy.not-covering", "proxy", str(PROXY)),)),
    _row("nftables-mode-not-loaded", "KP-05", "kube-proxy's mode was nftables, and its pods were not restarted",
         EditText(PROXY_CONFIG, FILE, 'mode: "nftables"', "mode: iptables"),
         roots=(Root("proxy.settings.not-loaded", "proxy", str(PROXY_CONFIG)),), mentions=("runs with mode nftables",)),
    _row("nftables-table-deleted", "P15", "another program has deleted kube-proxy's table on a node", Await(SETTLED),
         _on_second("delete", "table", "ip", "kube-proxy"), mentions=(SECOND,)),
    _row("nftables-map-flushed", "P15", "another program has emptied the map that leads into kube-proxy's chains",
         Await(SETTLED), _on_second("flush", "map", "ip", "kube-proxy", "service-ips"),
         mentions=(SECOND, "nothing leads into them")),
    _row("nftables-maps-empty", "KP-07", "kube-proxy's image names no protocols: started over its old table, it took "
         "its own elements for left-over ones", NOTHING_OVER_PROTOCOLS, wait=both(left_out(PROXY, 2), SETTLED),
         answer="broken", mentions=("nothing leads into them", "/etc/protocols")),
    _row("nftables-node-moved", "P28", "a node's address has changed, and its kube-proxy goes on with the old one",
         *MOVED, wait=logs("NodeIPs changed", 1), roots=(Root("proxy.node-moved", "proxy", str(PROXY)),),
         mentions=(SECOND, OTHER)),
    _row("nftables-node-port", "P13", "in mode nftables a NodePort is served at the node's primary address only",
         Create((NODE_PORT,)), answer="ok", roots=(), mentions=("the node's primary addresses",)),
    _row("proxy-nftables-healthy", "H37", "kube-proxy's rules are in nftables and not among those of iptables",
         answer="ok", roots=(), mentions=("mode nftables",)),
)
