"""Causes in Calico's own objects: pools of addresses, what single nodes are told, and its endpoints of hosts."""

from bot.diagnosis.cause import Cause
from bot.diagnosis.causes_cni import ACROSS, CALICO_PAGE, NO_NETWORK, network_cause
from bot.model.finding import Layer

VXLAN_PAGE = "https://docs.tigera.io/calico/latest/networking/configuring/vxlan-ipip"
POOL_PAGE = "https://docs.tigera.io/calico/latest/reference/resources/ippool"
NAT_PAGE = "https://docs.tigera.io/calico/latest/networking/configuring/workloads-outside-cluster"
FELIX_PAGE = "https://docs.tigera.io/calico/latest/reference/resources/felixconfig"
HOSTS_PAGE = "https://docs.tigera.io/calico/latest/reference/host-endpoints/overview"

CALICO: tuple[Cause, ...] = (
    network_cause(
        "cni.pool.disabled", "No address pool is enabled",
        "Calico gives addresses out of IPPools, and none is enabled for pods: new ones get none, and with "
        "VXLAN those that run are no longer reached from other nodes.",
        "`kubectl get ippools.crd.projectcalico.org`, then enable one: `kubectl patch ippools.crd.projectcalico.org "
        "NAME --type merge -p '{\"spec\":{\"disabled\":false}}'`.", source=CALICO_PAGE, scope="cluster",
        by_hand="`kubectl get ippools.crd.projectcalico.org -o yaml`", explains=NO_NETWORK,
    ),
    network_cause(
        "cni.pool.encapsulation", "An address pool has neither a tunnel nor anybody who writes routes",
        "Calico's pool says that packets go to other nodes as they are (vxlanMode and ipipMode Never), for which BGP "
        "must tell nodes of each other's pods; Calico runs without it, so no node knows the way to another's pods.",
        "Give the pool a tunnel: `kubectl patch ippools.crd.projectcalico.org NAME --type merge -p "
        "'{\"spec\":{\"vxlanMode\":\"Always\"}}'`; or let Calico run BGP (calico_backend: bird in its ConfigMap).",
        source=VXLAN_PAGE, scope="cluster", explains=ACROSS,
        by_hand="`kubectl get ippools.crd.projectcalico.org -o yaml`; `ip route` on a node names the others' ranges",
    ),
    network_cause(
        "cni.pool.nat", "Pods show addresses outside the cluster that nobody there knows",
        "An IPPool without natOutgoing lets its pods send with their own addresses to what is outside. With a tunnel "
        "only the cluster's nodes know the way back to these, so that no answer comes: names outside do not resolve, "
        "and nothing there is reached.",
        "`kubectl patch ippools.crd.projectcalico.org NAME --type merge -p '{\"spec\":{\"natOutgoing\":true}}'`; or "
        "give routers outside a route to the pool's range.", source=NAT_PAGE, scope="cluster",
        explains=("dns.upstream.unreachable", "dns.upstream.stub", "dns.upstream.partly", "node.egress"),
        by_hand="`kubectl get ippools.crd.projectcalico.org -o yaml` (natOutgoing)",
    ),
    network_cause(
        "cni.pool.overlap", "Two address pools overlap",
        "The same address can be given to two pods.",
        "Disable one of the pools, move its pods, and remove it: `kubectl get ippools.crd.projectcalico.org`.",
        by_hand="`kubectl get ippools.crd.projectcalico.org -o yaml`", explains=(), source=CALICO_PAGE, scope="cluster",
    ),
    network_cause(
        "cni.pool.nodes", "No address pool is meant for a node",
        "A pool's nodeSelector says on which nodes it gives addresses, and no enabled pool selects the node: new pods "
        "get none there. A label that was mistyped, renamed or taken from the node does it.",
        "Compare nodeSelector and labels, and correct one of them: `kubectl edit ippools.crd.projectcalico.org NAME`, "
        "or `kubectl label node NODE KEY=VALUE`.", source=POOL_PAGE, explains=NO_NETWORK,
        by_hand="`kubectl get ippools.crd.projectcalico.org -o yaml`, `kubectl get nodes --show-labels`",
    ),
    network_cause(
        "cni.agent.tunnel", "Calico's nodes do not use the same tunnel",
        "A FelixConfiguration named node.NAME counts for that node alone, before the one named default: with another "
        "port or network number, or with the tunnel switched off, the nodes do not understand each other.",
        "Take the field out of it (`kubectl edit felixconfigurations.crd.projectcalico.org node.NAME`), or set it in "
        "`default` for all nodes. Felix takes it up at once.", source=FELIX_PAGE, explains=ACROSS,
        by_hand="`kubectl get felixconfigurations.crd.projectcalico.org -o yaml`; on the node `ip -d link show "
        "vxlan.calico`",
    ),
    Cause(
        code="policy.host-endpoint", layer=Layer.POLICY, title="A HostEndpoint of Calico shuts a node off",
        meaning="A HostEndpoint puts a node's own interfaces under Calico's policies. Where no policy selects it and "
        "it has no profile, everything is denied but a few ports that are never shut (SSH, the API server, etcd, BGP): "
        "the kubelet is not reached, and agents do not get ready.", scope="node",
        explains=("cni.agent", "cni.path", "node.agent", "node.kubelet-way", "node.not-ready", "path.*", "proxy.*",
                  *NO_NETWORK),
        mend="Take it away (`kubectl delete hostendpoints.crd.projectcalico.org NAME`), or let it allow what is not "
        "denied: `kubectl patch hostendpoints.crd.projectcalico.org NAME --type merge -p "
        "'{\"spec\":{\"profiles\":[\"projectcalico-default-allow\"]}}'`, and write policies that select it.",
        by_hand="`kubectl get hostendpoints.crd.projectcalico.org,globalnetworkpolicies.crd.projectcalico.org -o yaml`",
        source=HOSTS_PAGE,
    ),
)
