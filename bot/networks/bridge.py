"""A plain bridge on each node, with routes between them that somebody else keeps: no agent runs. kubenet is the same by
other hands (GKE without Dataplane V2). https://www.cni.dev/plugins/current/main/bridge/

Seen on 1.34 with the plugins of containernetworking: hairpinMode is off unless the file says otherwise.
"""

from bot.networks.network import Network, sign

BRIDGE = Network(
    name="bridge", agents=(), plugins=("bridge",), policy="no",
    events=(sign(r"no IP addresses available in range set", "cni.sandbox.addresses",
                 "the range in the bridge's configuration has no free address"),),
    files=("10-bridge.conflist", "10-bridge.conf", "10-containerd-net.conflist"),
    status="ip addr show cni0",
)
