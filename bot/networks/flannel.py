"""Flannel (https://github.com/flannel-io/flannel/blob/master/Documentation/troubleshooting.md).

Seen on 1.34 with Flannel 0.28, vxlan and host-gw: the agent has no probes, so one without permissions is Running and
Ready, and ends only after ten minutes of waiting; the node keeps the subnet file and the annotations of the last good
run, so pods go on starting there until the file is gone, which a restart of the node brings about.
"""

import re

from bot.networks.network import Enforcer, Install, Network, Port, Right, Settings, sign

FLANNEL = Network(
    name="Flannel", agents=("kube-flannel-ds", "kube-flannel"), labels=(("app", "flannel"), ("k8s-app", "flannel")),
    plugins=("flannel",), containers=("kube-flannel",), policy="with an extra",
    rights=(Right("list", "nodes"), Right("watch", "nodes"), Right("patch", "nodes", subresource="status")),
    settings=(Settings("kube-flannel-cfg", "net-conf.json"),),
    ports=(Port("udp", 8472, "VXLAN"), Port("udp", 8285, "backend udp"), Port("udp", 51820, "WireGuard")),
    log=(
        sign(r"is forbidden|server does not allow access", "cni.agent.forbidden", "the API server refuses it"),
        sign(r"pod cidr not assigned", "cni.agent.pod-range", "its node has no podCIDR"),
        sign(r"doesn't contain .* PodCIDR", "cni.agent.range", "its Network does not contain the node's podCIDR"),
        sign(r"error parsing subnet config|failed to read net conf", "cni.agent.settings", "its net-conf is not valid"),
        sign(r"[Ff]ailed to find (any valid )?interface", "cni.agent.interface", "it finds no interface to use"),
    ),
    events=(sign(r"subnet\.env: no such file|loadFlannelSubnetEnv", "cni.sandbox.agent",
                 "Flannel has not written its subnet file on the node"),),
    enforcer=Enforcer(("kube-network-policies", "kube-flannel-netpol", "network-policy")), bridged=True,
    hidden=True, silent=True, begun=re.compile(r"Wrote subnet file"),
    files=("10-flannel.conflist",), overhead=50,
    status="kubectl -n NAMESPACE logs POD -c kube-flannel --tail=50",
    install=Install(
        "kubectl apply -f https://github.com/flannel-io/flannel/releases/latest/download/kube-flannel.yml",
        "Network in its ConfigMap kube-flannel-cfg"),
)
