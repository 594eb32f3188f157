"""Cilium (https://docs.cilium.io/en/stable/operations/system_requirements/#firewall-rules); anetd is GKE's build."""

from bot.networks.network import Network, Port, Right, Settings, View, sign

CILIUM = Network(
    name="Cilium", agents=("cilium", "anetd"), labels=(("k8s-app", "cilium"),), plugins=("cilium-cni",),
    containers=("cilium-agent",), ranges="own", beside=frozenset({"Amazon VPC CNI", "Azure CNI"}),
    rights=(Right("list", "nodes"), Right("list", "pods"), Right("list", "endpointslices", "discovery.k8s.io"),
            Right("list", "ciliumnodes", "cilium.io")),
    settings=(Settings("cilium-config", "kube-proxy-replacement"),),
    ports=(Port("udp", 8472, "VXLAN"), Port("udp", 6081, "Geneve"), Port("tcp", 4240, "health checks")),
    log=(sign(r"unable to (contact|establish connection to) k8s api-?server", "cni.agent.api",
              "it cannot reach the API server"),),
    events=(sign(r"cilium\.sock|Is the agent running", "cni.sandbox.agent", "no agent answers on the node"),),
    files=("05-cilium.conflist", "05-cilium.conf"), controllers=("cilium-operator",), groups=("cilium.io",),
    stands_in="may", overhead=50, status="kubectl -n NAMESPACE exec POD -c cilium-agent -- cilium-dbg status --brief",
    view=View("cilium-agent", "/host/etc/cni/net.d"),
)
