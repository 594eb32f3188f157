"""Causes in Weave Net: routers that refuse each other, each for a reason of its own."""

from bot.diagnosis.cause import Cause
from bot.diagnosis.causes_cni import ACROSS, AGENT, WEAVE_PAGE, network_cause

APART = (*AGENT, "cni.plan.*", "cni.own-pods", *ACROSS)
"""What follows where a router is refused by others: it waits for a share of the addresses, and its node's bridge for an
address of its own; or it gives out theirs."""
BY_HAND = ("`kubectl -n NAMESPACE exec POD -c weave -- ./weave --local status connections` says why a connection does "
           "not stand; mostly only one of both sides knows.")
FORGET = ("`kubectl -n NAMESPACE exec POD -c weave -- rm /weavedb/weave-netdata.db`, then `kubectl -n NAMESPACE delete "
          "pod POD`")
"""A restart alone keeps what the router wrote down about the shares."""


def _refused(code: str, title: str, meaning: str, mend: str) -> Cause:
    return network_cause(code, title, meaning, mend, source=WEAVE_PAGE, explains=APART, by_hand=BY_HAND)


WEAVE: tuple[Cause, ...] = (
    _refused(
        "cni.agent.password", "The network's agents do not take each other's password",
        "Weave Net's routers run with different passwords, or only some with one: they refuse each other, and pods on "
        "such nodes do not reach each other. A password that was changed counts from an agent's start on.",
        "See that all agents take WEAVE_PASSWORD from the same Secret (`kubectl -n NAMESPACE get daemonset NAME -o "
        "yaml`), then restart all: `kubectl -n NAMESPACE rollout restart daemonset NAME`.",
    ),
    _refused(
        "cni.agent.seeds", "Weave Net's routers do not agree on who owns which addresses",
        "Routers that are new share the addresses out among them. Where they did so without each other they refuse "
        "each other ever after, and give the same addresses to different pods. It happens with two nodes whose agents "
        "start at once: each leaves itself out when it counts how many must agree, and goes on alone. Or a router "
        "still waits for others before it gives addresses: peers that are gone own the range.",
        "Shared out twice: decide whose shares are kept. At each router of the other side remove what it wrote down: "
        f"{FORGET}; then delete the pods of that node, whose addresses others may have, too. So that it does not come "
        "again: `IPALLOC_INIT=consensus=NUMBER` in the container weave, with the number of nodes. Peers that are "
        "gone: `kubectl -n NAMESPACE exec POD -c weave -- ./weave --local rmpeer NAME`, the name as its `--local "
        "status peers` has it.",
    ),
    _refused(
        "cni.agent.ranges", "Weave Net's agents give addresses out of different ranges",
        "All agents must have the same IPALLOC_RANGE; one that was changed counts from an agent's start on, so a "
        "DaemonSet that is updated node by node splits the network.",
        "Set IPALLOC_RANGE to the one that is meant (`kubectl -n NAMESPACE edit daemonset NAME`), then delete all its "
        "pods at once, so that none meets an old one: `kubectl -n NAMESPACE delete pods -l name=weave-net`. Pods with "
        "addresses of the other range have to be made anew.",
    ),
    _refused(
        "cni.agent.name", "Two nodes have the same identity for Weave Net",
        "A router makes its name of the machine's id, and refuses another of the same name. Nodes that were copied "
        "from one virtual machine have the same /etc/machine-id.",
        "On the copy: `rm /etc/machine-id && systemd-machine-id-setup`, `ip link delete weave`, remove "
        "/var/lib/weave/weave-netdata.db, and reboot it: the router takes another name then.",
    ),
)
