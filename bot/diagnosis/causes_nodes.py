"""Causes on the nodes themselves, below every agent: files of the runtime, the kernel's settings, and the plan of
addresses."""

from bot.diagnosis.cause import Cause
from bot.diagnosis.causes_cni import CNI_PAGE, NO_NETWORK
from bot.model.finding import Layer

ON_NODE = "On the node (`kubectl debug node/NAME -it --image=busybox --profile=sysadmin`, then `chroot /host`): "
FOLDER = (
    f"{ON_NODE}`ls "
    "/etc/cni/net.d /opt/cni/bin`; k3s has them in /var/lib/rancher/k3s/agent/etc/cni/net.d and "
    "/var/lib/rancher/k3s/data/cni"
)
RANGES = (
    "`kubectl get nodes -o custom-columns=NAME:.metadata.name,RANGE:.spec.podCIDRs`, `kubectl get servicecidrs`, "
    "`kubectl get pods -A -o wide`"
)
NETWORKING_PAGE = "https://kubernetes.io/docs/concepts/cluster-administration/networking/"
RUNTIMES_PAGE = "https://kubernetes.io/docs/setup/production-environment/container-runtimes/"
BROKEN_WAY = ("cni.path", "cni.agent.api", "cni.agent.peers", "dns.endpoints.*", "dns.query.*", "dns.upstream.*",
              "dns.pods.*", "node.dns-port", "node.node-port", "proxy.path")

NODES: tuple[Cause, ...] = (
    Cause(
        code="cni.files.invalid", layer=Layer.CNI, title="An invalid CNI configuration comes first on a node",
        scope="node", explains=NO_NETWORK,
        meaning="The container runtime sorts the files by name and takes the first. containerd gives up where that one "
        "is invalid, and does not try the next: the node has no network configuration.",
        by_hand=FOLDER,
        mend="Correct the file, or move it out of the folder; the runtime sees that within seconds.",
        source=CNI_PAGE,
    ),
    Cause(
        code="cni.files.left-over", layer=Layer.CNI, title="A removed network's configuration is still the active one",
        scope="node", explains=NO_NETWORK,
        meaning="The first file by name calls the plugin of a network whose agent does not run, and so the file of the "
        "network that does run is never used.",
        by_hand=FOLDER,
        mend="Move the left-over file out of the folder on each node, then delete the pods that wait for a network.",
        source=CNI_PAGE,
    ),
    Cause(
        code="cni.files.program", layer=Layer.CNI, scope="node",
        title="A plugin that the configuration calls is no program on a node", explains=NO_NETWORK,
        meaning="The active configuration names plugins, and one of them is not in the runtime's folder of plugins: "
        "pods that run go on, new ones get no network.",
        by_hand=FOLDER,
        mend="Install it there (the package of CNI plugins, or the agent's init container: delete the agent's pod on "
        "that node), or correct the runtime's bin_dir.",
        source=CNI_PAGE,
    ),
    Cause(
        code="cni.hairpin", layer=Layer.CNI, title="A pod cannot reach itself through its own Service", scope="node",
        meaning="The bridge does not send packets back through the port they came from (hairpin), so a pod that the "
        "Service leads back to itself gets no answer. From everywhere else the Service works.",
        by_hand=f"{FOLDER}; `cat /sys/class/net/cni0/brif/*/hairpin_mode` (1)",
        mend="Set \"hairpinMode\": true in the bridge's configuration on each node, and let pods be made anew.",
        source="https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/"
        "#a-pod-fails-to-reach-itself-via-the-service-ip",
    ),
    Cause(
        code="cni.mtu", layer=Layer.CNI, title="Packets are larger than the way between nodes takes", scope="node",
        explains=("cni.path",),
        meaning="What carries pods' packets between nodes takes fewer bytes than the pods send: names and pings work, "
        "TLS handshakes and downloads hang.",
        by_hand=f"{ON_NODE}`ip link` (mtu of the uplink, of the tunnel and of the pods' interfaces); between pods: "
        "`ping -M do -s 1400 POD-IP`",
        mend="Set the network's MTU to that of the nodes' uplink less what the tunnel adds (VXLAN 50, WireGuard 60, IP "
        "in IP 20), on all nodes alike (Calico: veth_mtu in its ConfigMap calico-config, then its agents anew), and "
        "let pods be made anew.",
        source="https://docs.tigera.io/calico/latest/networking/configuring/mtu",
    ),
    Cause(
        code="node.forwarding", layer=Layer.NODE, title="A node does not forward packets", scope="node",
        explains=BROKEN_WAY,
        meaning="net.ipv4.ip_forward is 0 on the node: its pods reach each other and nothing beyond, and nobody "
        "reaches them.",
        by_hand=f"{ON_NODE}`sysctl net.ipv4.ip_forward`",
        mend="`sysctl -w net.ipv4.ip_forward=1` on the node, and the same line in a file of /etc/sysctl.d; look which "
        "file there sets it to 0.",
        source=RUNTIMES_PAGE,
    ),
    Cause(
        code="cni.plan.duplicate", layer=Layer.CNI, title="Two nodes have the same pod range",
        explains=("cni.plan.outside", "cni.path", "dns.endpoints.*", "dns.query.*"),
        meaning="Two nodes give addresses out of ranges that overlap: two pods can have the same one, and what is sent "
        "to it arrives at one of them.",
        by_hand=RANGES,
        mend="Drain one of the nodes, delete its Node object and let it join again, so that the controller manager "
        "gives it a range of its own; never set spec.podCIDR by hand while that controller gives ranges.",
        source=NETWORKING_PAGE,
    ),
    Cause(
        code="cni.plan.twice", layer=Layer.CNI, title="Two pods have the same address",
        explains=("cni.path", "path.single", "dns.endpoints.*", "dns.query.*"),
        meaning="Two parts of the network give out the same addresses and do not know of each other: agents that were "
        "cut off from each other when they began, two address managements, or a node that was copied.",
        by_hand="`kubectl get pods -A -o wide`",
        mend="See why the network's agents do not know of each other and mend that first; then have the pods made "
        "anew: `kubectl -n NAMESPACE delete pod POD`.", source=NETWORKING_PAGE,
    ),
    Cause(
        code="cni.plan.overlap", layer=Layer.CNI, title="The pods' range overlaps that of Services or nodes",
        explains=("cni.path", "proxy.path", "cni.plan.outside"),
        meaning="The same address can belong to a pod and to a Service, or to a pod and a node: some of them are not "
        "reached, by no rule that is easy to see.",
        by_hand=RANGES,
        mend="Choose a pod range that meets neither the Services' range nor the nodes' network, set it where the "
        "finding says, and let nodes and pods be made anew, one node at a time.",
        source=NETWORKING_PAGE,
    ),
    Cause(
        code="cni.plan.outside", layer=Layer.CNI, title="Pods have addresses outside of their range",
        scope="node", explains=("cni.path",),
        meaning="The network sends what is for a range to the node that has it. Pods with other addresses, mostly from "
        "before the node's range or the network was changed, are not reached from other nodes.",
        by_hand=RANGES,
        mend="Delete these pods, so that they are made anew; where new ones get such addresses again, restart the "
        "network's agent on that node and look at the range in its configuration.",
        source=NETWORKING_PAGE,
    ),
    Cause(
        code="cni.plan.full", layer=Layer.CNI, title="A node's pod range is nearly used up", scope="node",
        explains=("cni.sandbox.addresses",),
        meaning="The range has fewer addresses than the node may run pods: the pods beyond it get no network.",
        by_hand=RANGES,
        mend="Give nodes larger ranges (`--node-cidr-mask-size` of the controller manager, for nodes that join then), "
        "or let the kubelet run fewer pods (maxPods).",
        source=NETWORKING_PAGE,
    ),
    Cause(
        code="cni.controller", layer=Layer.CNI, title="A controller of the network plugin does not run",
        meaning="Beside the agents on the nodes the network has a Deployment that keeps its records in order: "
        "addresses of nodes and pods that are gone, policies, identities. Traffic goes on without it, for a while.",
        by_hand="`kubectl get deployments -A`, `kubectl -n NAMESPACE describe deployment NAME`",
        mend="Scale it up again (`kubectl -n NAMESPACE scale deployment NAME --replicas=1`), or see why its pod does "
        "not start: `kubectl -n NAMESPACE describe pod POD`.",
        source="https://docs.tigera.io/calico/latest/reference/kube-controllers/configuration",
    ),
    Cause(
        code="cni.runtime", layer=Layer.CNI, title="The container runtime does not go with the network plugin",
        scope="node", explains=("cni.sandbox.*",),
        meaning="containerd from 1.6.0 to 1.6.4 hands Weave Net's plugin what it cannot read: new pods get no address.",
        by_hand="`kubectl get nodes -o wide` (CONTAINER-RUNTIME)",
        mend="Bring containerd to 1.6.5 or later, one node after the other.",
        source="https://github.com/weaveworks/weave/blob/master/site/kubernetes/kube-addon.md",
    ),
)
