"""Further faults of Flannel: what its agents took from the nodes, from their settings, and from the controllers."""

from bot.steps.cni.sandbox import SETTLING
from tests.cluster.faults.agents import NO_NETWORK
from tests.cluster.faults.api import Create, EditText, Patch, RestartPods
from tests.cluster.faults.bridge import CILIUM, CONF
from tests.cluster.faults.conditions import Condition, age, both, daemon_pods, event, live_pods
from tests.cluster.faults.fault import Answer, Fault, Injection, Root
from tests.cluster.faults.node import NODES, AddFile, Await, EditFile, OnNode, RemakeNode, StartProcess, StopProcess
from tests.cluster.faults.objects import FLANNEL, Ref, pod_on
from tests.cluster.rig import Cluster

SECOND = NODES[1]
FLANNEL_CONF = Ref("ConfigMap", "kube-flannel-cfg", FLANNEL.set.namespace)
MARK = "flannel.alpha.coreos.com/"
NAT = "10.0.2.15"
"""The address that each machine of a well-known hypervisor has behind its NAT."""
NEW_POD = Create((pod_on(SECOND, "netcheck-new"),))


def _written(key: str, *values: str) -> Condition:
    """What Flannel has written to the nodes, in their order."""
    def hold(cluster: Cluster) -> bool:
        notes = [Ref("Node", node, "").read(cluster)["metadata"].get("annotations", {}) for node in NODES]
        return tuple(note.get(f"{MARK}{key}") for note in notes) == values
    return Condition(f"Flannel has written {key} {' and '.join(values)}", hold)


def _row(
    name: str, reference: str, says: str, *breaks: Injection, wait: Condition, root: Root, mentions: tuple[str, ...],
    answer: Answer = "broken", consequences: tuple[str, ...] = NO_NETWORK,
) -> Fault:
    return Fault(name=f"flannel-{name}", reference=reference, says=says, network="flannel", playbook="cni",
                 answer=answer, breaks=breaks, wait=wait, roots=(root,), mentions=mentions, consequences=consequences)


def _are_settled(cluster: Cluster) -> bool:
    pods = live_pods(cluster, FLANNEL.pods, FLANNEL.set.namespace)
    return len(pods) == len(NODES) and all(age(pod["metadata"]["creationTimestamp"]) > SETTLING + 10 for pod in pods)


SETTLED = Await(Condition("the agents run for so long that a try that fails counts", _are_settled))


def _sandbox(words: str) -> Condition:
    return event("default", "FailedCreatePodSandBox", words)


def _nat(node: str) -> Injection:
    add = f"ip link add nat0 type bridge && ip addr add {NAT}/24 dev nat0 && ip link set nat0 up"
    return OnNode(node, ("sh", "-c", add), ("ip", "link", "del", "nat0"))


FLANNEL_FAULTS = (
    _row("two-backends", "CNI-03", "a node's agent took a new backend from the settings, the other one has the old",
         EditText(FLANNEL_CONF, "net-conf.json", '"vxlan"', '"host-gw"'),
         RestartPods(FLANNEL.pods, FLANNEL.set.namespace, SECOND),
         wait=both(daemon_pods(FLANNEL.set, 2), _written("backend-type", "vxlan", "host-gw")),
         root=Root("cni.agent.backend", "cni", str(FLANNEL.set)), mentions=("host-gw", "vxlan", "rollout restart")),
    _row("backend-to-come", "CNI-03", "the backend in the settings is not the one that the agents run with",
         EditText(FLANNEL_CONF, "net-conf.json", '"vxlan"', '"host-gw"'), wait=daemon_pods(FLANNEL.set, 2),
         root=Root("cni.agent.backend", "cni", str(FLANNEL.set)), answer="degraded", consequences=(),
         mentions=("host-gw", "vxlan")),
    _row("nat-interface", "C12", "Flannel took an interface that has the same address on all nodes",
         *map(_nat, NODES), Patch(FLANNEL.set, [
             {"op": "replace", "path": "/spec/template/spec/containers/0/args", "value": ["-iface=nat0"]}]),
         wait=both(daemon_pods(FLANNEL.set, 2), _written("public-ip", NAT, NAT)),
         root=Root("cni.address.duplicate", "cni", str(FLANNEL.set)), mentions=(NAT, "--iface")),
    _row("no-range-left", "C19", "the controllers have no pod range left for a node",
         StopProcess("kcm"), RemakeNode(SECOND, ""), StartProcess("kcm", ("--cluster-cidr=10.244.0.0/24",)),
         wait=event("default", "CIDRNotAvailable", SECOND),
         root=Root("cni.agent.pod-range", "cni", f"Node {SECOND}"), mentions=("CIDRNotAvailable", "no range left")),
    _row("left-over", "C15", "the file of a network that was removed comes before Flannel's on a node",
         AddFile(SECOND, f"{CONF}/05-cilium.conflist", CILIUM), NEW_POD, wait=_sandbox("cilium-cni"),
         root=Root("cni.sandbox.left-over", "cni", f"Node {SECOND}"), answer="degraded", consequences=(),
         mentions=("Cilium",)),
    _row("other-bridge", "CNI-02", "a node got another subnet, and its bridge still has the old one",
         SETTLED, EditFile(SECOND, "flannel/subnet.env", r"FLANNEL_SUBNET=10\.244\.1\.", "FLANNEL_SUBNET=10.244.9."),
         NEW_POD,
         wait=_sandbox("already has an IP address"), root=Root("cni.sandbox.bridge", "cni", f"Node {SECOND}"),
         answer="degraded", consequences=(), mentions=("cni0",)),
)
