"""Faults of a plain bridge: nobody keeps it, so all of it stands in the nodes' files and kernels. Those that only the
nodes show are asked with node probes."""

from tests.cluster.faults.api import Create
from tests.cluster.faults.conditions import both, endpoints, event, node_ready
from tests.cluster.faults.fault import Answer, Fault, Injection, Root
from tests.cluster.faults.node import NODES, AddFile, EditFile, MoveAway, OnNode, RemakeNode
from tests.cluster.faults.objects import pod_on
from tests.cluster.rig.site import address_of

FIRST, SECOND = NODES
CONF, PROGRAMS = "cni/net.d", "opt/cni/bin"
BRIDGE_FILE = f"{CONF}/10-bridge.conflist"
CILIUM = '{"cniVersion": "0.3.1", "name": "cilium", "plugins": [{"type": "cilium-cni"}]}'
RANGE = "10.244.1.0/24"
NEW_PODS = Create(tuple(pod_on(SECOND, f"netcheck-new-{number}") for number in range(3)))


def _new(name: str, reference: str, says: str, how: Injection, words: str, cause: str, *mentions: str) -> Fault:
    """Told by pods that are new on that node: those that run go on."""
    return Fault(
        name=name, reference=reference, says=says, network="bridge", playbook="cni", answer="degraded",
        breaks=(how, NEW_PODS), wait=event("default", "FailedCreatePodSandBox", words), mentions=mentions,
        roots=(Root(cause, "cni", f"Node {SECOND}"),),
    )


def _kernel(
    name: str, reference: str, says: str, do: tuple[str, ...], undo: tuple[str, ...], cause: str,
    answer: Answer = "degraded", layer: str = "cni",
) -> Fault:
    return Fault(
        name=name, reference=reference, says=says, network="bridge", playbook="cni", answer=answer,
        node_probe=True, breaks=(OnNode(SECOND, do, undo),), roots=(Root(cause, layer, f"Node {SECOND}"),),
        consequences=("cni.path",),
    )


def _sysctl(key: str, value: int) -> tuple[str, ...]:
    return "sysctl", "-w", f"{key}={value}"


def _own_pods(
    name: str, says: str, probe: str, do: tuple[str, ...], undo: tuple[str, ...], mentions: str, playbook: str = "dns"
) -> Fault:
    """`probe`: how the kubelet's probe fails."""
    return Fault(
        name=name, says=says, network="bridge", playbook=playbook, answer="degraded", mentions=(mentions,),
        breaks=(OnNode(SECOND, do, undo),), wait=both(endpoints(1), event("kube-system", "Unhealthy", probe)),
        roots=(Root("cni.own-pods", "cni", f"Node {SECOND}"),),
        consequences=("dns.pods.not-ready", "dns.upstream.unreachable"))


OF_PODS = ("-s", "10.244.0.0/16", "-j", "DROP")
PROHIBITED = ("from", "10.244.1.0/24", "to", "10.244.0.0/16", "prohibit")

BRIDGE_FAULTS = (
    Fault(
        name="bridge-neighbour-wrong", network="bridge", says="a node has a wrong hardware address for the other one",
        breaks=(OnNode(SECOND, ("ip", "neigh", "replace", address_of(NODES[0]), "lladdr", "02:00:00:00:00:99", "dev",
                                "eth0", "nud", "permanent"),
                       ("ip", "neigh", "del", address_of(NODES[0]), "dev", "eth0")),),
        roots=(Root("cni.path", "cni", f"Node {SECOND}"),), consequences=("node.kubelet-way", "dns.*"),
    ),
    _own_pods("bridge-rule-prohibits", "a rule of a node's routing forbids what its pods send to pods",
              "permission denied", ("ip", "rule", "add", *PROHIBITED), ("ip", "rule", "del", *PROHIBITED), "`ip rule`"),
    _own_pods("overview-own-pods", "a node's firewall drops what its pods answer it, and nobody knows where to look",
              "deadline exceeded", ("iptables", "-I", "INPUT", *OF_PODS), ("iptables", "-D", "INPUT", *OF_PODS),
              "`iptables -S`", "network"),
    _new("bridge-left-over", "C15", "the file of a network that was removed comes before the bridge's on a node",
         AddFile(SECOND, f"{CONF}/05-cilium.conflist", CILIUM), "cilium-cni", "cni.sandbox.left-over", "Cilium"),
    _new("bridge-program-missing", "C06", "the bridge's program is missing on a node",
         MoveAway(SECOND, f"{PROGRAMS}/bridge"), 'failed to find plugin "bridge"', "cni.sandbox.plugin", "bridge"),
    _new("bridge-range-exhausted", "C19", "a node's range of addresses is too small for its pods",
         EditFile(SECOND, BRIDGE_FILE, r'"subnet": "10\.244\.1\.0/24"',
                  '"subnet": "10.244.1.0/24", "rangeStart": "10.244.1.2", "rangeEnd": "10.244.1.3"'),
         "no IP addresses available", "cni.sandbox.addresses", "no free address"),
    Fault(
        name="bridge-left-over-seen", reference="C15", network="bridge", playbook="cni", answer="degraded",
        says="the same, seen in the node's folder before a pod suffers from it", node_probe=True,
        breaks=(AddFile(SECOND, f"{CONF}/05-cilium.conflist", CILIUM),),
        roots=(Root("cni.files.left-over", "cni", f"Node {SECOND}"),), mentions=("10-bridge.conflist",),
    ),
    Fault(
        name="bridge-bad-first-seen", reference="C04", network="bridge", playbook="cni", answer="degraded",
        says="an invalid file comes first on a node, and the node's folder is seen", node_probe=True,
        breaks=(AddFile(SECOND, f"{CONF}/00-bad.conf", "{}"),), wait=node_ready(SECOND, ready=False),
        roots=(Root("cni.files.invalid", "cni", f"Node {SECOND}"),), mentions=("00-bad.conf",),
        consequences=("cni.not-configured",),
    ),
    Fault(
        name="bridge-no-hairpin", reference="C27", network="bridge", playbook="cni", answer="degraded",
        says="the bridge of a node sends nothing back where it came from", node_probe=True,
        breaks=(EditFile(SECOND, BRIDGE_FILE, '"hairpinMode": true', '"hairpinMode": false'),),
        roots=(Root("cni.hairpin", "cni", f"Node {SECOND}"),), mentions=("hairpinMode",),
    ),
    _kernel("bridge-filter-off", "C28", "bridged traffic goes past the rules of kube-proxy on a node",
            _sysctl("net.bridge.bridge-nf-call-iptables", 0), _sysctl("net.bridge.bridge-nf-call-iptables", 1),
            "cni.bridge-filter"),
    _kernel("bridge-no-forwarding", "C29", "a node forwards nothing", _sysctl("net.ipv4.ip_forward", 0),
            _sysctl("net.ipv4.ip_forward", 1), "node.forwarding", "broken", "node"),
    _kernel("bridge-mtu", "C22", "the bridge of a node takes packets that its uplink does not",
            ("ip", "link", "set", "cni0", "mtu", "9000"), ("ip", "link", "set", "cni0", "mtu", "1500"), "cni.mtu"),
    Fault(
        name="bridge-range-overlaps", reference="C31", network="bridge", playbook="cni",
        says="the pod range of a node lies within the range of Services", breaks=(RemakeNode(SECOND, "10.97.3.0/24"),),
        wait=node_ready(SECOND, ready=True), roots=(Root("cni.plan.overlap", "cni", f"Node {SECOND}"),),
        mentions=("10.97.3.0/24",),
    ),
    Fault(
        name="bridge-range-twice", reference="CNI-06", network="bridge", playbook="cni",
        says="two nodes have the same pod range", breaks=(RemakeNode(SECOND, "10.244.0.0/24"),),
        wait=node_ready(SECOND, ready=True), roots=(Root("cni.plan.duplicate", "cni", f"Node {SECOND}"),),
        mentions=("10.244.0.0/24",),
    ),
    Fault(
        name="bridge-healthy-seen", network="bridge", playbook="cni", answer="ok", node_probe=True,
        says="nothing is wrong, and the nodes' folders are seen",
    ),
    Fault(
        name="dns-route-swallows", network="bridge", says="a node's route swallows what goes to another's pods",
        breaks=(OnNode(FIRST, ("ip", "route", "replace", "blackhole", RANGE), (
            "sh", "-c", f"ip route del blackhole {RANGE}; ip route add {RANGE} via {address_of(SECOND)}")),),
        roots=(Root("cni.path", "cni", f"Node {SECOND}"),), mentions=("no route",),
    ),
    Fault(
        name="dns-bridge-down", network="bridge", answer="degraded", says="the bridge of a node is down",
        breaks=(OnNode(SECOND, ("ip", "link", "set", "cni0", "down"), ("ip", "link", "set", "cni0", "up")),),
        wait=endpoints(1),
        roots=(Root("cni.own-pods", "cni", f"Node {SECOND}"),), mentions=("cni0",),
        consequences=("dns.pods.not-ready", "dns.upstream.unreachable"),
    ),
)
