"""Weave Net (archived; last release 2.8.1, https://github.com/weaveworks/weave).

Seen on 1.34 with Weave Net 2.8.1: two containers, weave and weave-npc; readiness is its own status page, which knows
nothing of its peers, so an agent that is cut off from all of them is 2/2 Ready; only the line Connections tells.
"""

from bot.networks.network import Enforcer, Install, Network, Port, Right, Settings, View, sign

WEAVE = Network(
    name="Weave Net", agents=("weave-net",), labels=(("name", "weave-net"),), plugins=("weave-net",),
    containers=("weave", "weave-npc"),
    rights=(Right("list", "nodes"), Right("list", "pods"), Right("list", "namespaces"),
            Right("list", "networkpolicies", "networking.k8s.io"), Right("patch", "nodes", subresource="status")),
    settings=(Settings("weave-net", "kube-peers.weave.works/peers"),),
    ports=(Port("tcp", 6783, "control"), Port("udp", 6783, "data"), Port("udp", 6784, "data, fast datapath")),
    log=(
        sign(r"is forbidden", "cni.agent.forbidden", "the API server refuses it"),
        sign(r"Unable to fetch ConfigMap", "cni.agent.waits", "it could not read its ConfigMap at its start"),
        sign(r"IP allocation was seeded by different peers|Inconsistent IP allocation", "cni.agent.seeds",
             "its peers began with different shares of the pod range"),
        sign(r"Incompatible IP allocation ranges", "cni.agent.ranges", "another agent has a different IPALLOC_RANGE"),
        sign(r"peer names? collision", "cni.agent.name", "another node has the same name for it"),
        sign(r"ranges owned by unreachable peers", "cni.sandbox.addresses", "peers that are gone own the pod range"),
        sign(r"overlaps with existing", "cni.plan.overlap", "its range overlaps a network of the node"),
    ),
    events=(
        sign(r"ranges owned by unreachable peers", "cni.sandbox.addresses", "peers that are gone own the pod range"),
        sign(r"127\.0\.0\.1:6784", "cni.sandbox.agent", "no agent answers on the node"),
    ),
    enforcer=Enforcer(("weave-npc",)), bridged=True,
    ranges="own", note="Weave Net is no longer maintained (last release 2.8.1)",
    files=("10-weave.conflist",), overhead=66,
    status="kubectl -n NAMESPACE exec POD -c weave -- ./weave --local status",
    install=Install(
        "kubectl apply -f https://github.com/weaveworks/weave/releases/download/v2.8.1/weave-daemonset-k8s.yaml",
        "IPALLOC_RANGE in the container weave of its DaemonSet", "no longer maintained"),
    view=View("weave", "/host/etc/cni/net.d"),
)
