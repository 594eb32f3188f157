"""What Calico is told for single nodes: pools, tunnels, endpoints of the nodes themselves, limits of its plugin."""

from typing import Any

from tests.cluster.faults.agents import NO_NETWORK
from tests.cluster.faults.api import Create, Patch
from tests.cluster.faults.bridge import CONF
from tests.cluster.faults.calico import NEW_POD, POOL, SECOND, SETTLED
from tests.cluster.faults.conditions import NOW, Condition, event, is_true, live_pods
from tests.cluster.faults.fault import Answer, Fault, Injection, Root
from tests.cluster.faults.node import NODES, MoveAway
from tests.cluster.faults.objects import CALICO, Ref, pod_on
from tests.cluster.rig import Cluster

LIMITS = Ref("IPAMConfig", "default", "")
ENDPOINT, TUNNEL = Ref("HostEndpoint", "second-node", ""), Ref("FelixConfiguration", f"node.{SECOND}", "")
HOSTNAME = "kubernetes.io/hostname"


def _own(ref: Ref, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "crd.projectcalico.org/v1", "kind": ref.kind, "metadata": {"name": ref.name}, "spec": spec}


def _pool(name: str, cidr: str, selector: str) -> dict[str, Any]:
    return _own(Ref("IPPool", name, ""), cidr=cidr, vxlanMode="Always", ipipMode="Never", natOutgoing=True,
                blockSize=31, nodeSelector=selector)


def _endpoint(*profiles: str) -> dict[str, Any]:
    return _own(ENDPOINT, node=SECOND, interfaceName="*", profiles=list(profiles))


def _one_is_not_ready(cluster: Cluster) -> bool:
    return any(not is_true(pod, "Ready") for pod in live_pods(cluster, CALICO.pods, CALICO.set.namespace))


def _starved(number: int) -> Create:
    """Pods for more addresses than one block of the small pool has."""
    pods = [pod_on(SECOND, f"netcheck-new-{count}") for count in range(number)]
    for pod in pods:
        pod["metadata"]["annotations"] = {"cni.projectcalico.org/ipv4pools": '["small"]'}
    return Create(tuple(pods))


def _row(
    name: str, says: str, *breaks: Injection, wait: Condition, root: Root, mentions: tuple[str, ...],
    answer: Answer = "degraded",
) -> Fault:
    return Fault(name=f"calico-{name}", reference="CNI-06", says=says, network="calico", playbook="cni", answer=answer,
                 breaks=breaks, wait=wait, roots=(root,), mentions=mentions, consequences=NO_NETWORK)


def _ok(name: str, says: str, *breaks: Injection, wait: Condition = NOW) -> Fault:
    return Fault(name=f"calico-{name}", reference="H20", says=says, network="calico", playbook="cni", answer="ok",
                 breaks=breaks, wait=wait)


def _fails(words: str) -> Condition:
    return event("default", "FailedCreatePodSandBox", words)


CALICO_NODES = (
    _row("pool-for-no-node", "Calico's only pool is meant for nodes with a label that none has, by one letter",
         Patch(POOL, {"spec": {"nodeSelector": "kubernetes.io/os == 'linnux'"}}), SETTLED, NEW_POD,
         wait=_fails("no configured Calico pools"), root=Root("cni.pool.nodes", "cni", str(POOL)),
         mentions=("linnux", "nodeSelector")),
    _row("block-limit", "a node may have no more blocks of addresses, while the pool has many",
         Patch(LIMITS, {"spec": {"strictAffinity": True, "maxBlocksPerHost": 2}}),
         Create((_pool("small", "10.250.0.0/24", "all()"),)), SETTLED, _starved(6), wait=_fails("block"),
         root=Root("cni.sandbox.blocks", "cni", str(LIMITS)), mentions=("maxBlocksPerHost",)),
    _row("plugin-file-gone", "the file with the credentials of Calico's plugin is gone on a node",
         MoveAway(SECOND, f"{CONF}/calico-kubeconfig"), SETTLED, NEW_POD, wait=_fails("calico-kubeconfig"),
         root=Root("cni.sandbox.agent", "cni", f"Node {SECOND}"), mentions=("calico-kubeconfig", "delete the pod")),
    _row("tunnel-of-one-node", "a node's own FelixConfiguration gives its tunnel another port",
         Create((_own(TUNNEL, vxlanPort=4790),)), wait=NOW, root=Root("cni.agent.tunnel", "cni", str(TUNNEL)),
         mentions=("4790", "4789"), answer="broken"),
    _row("host-endpoint", "a HostEndpoint without profile and policy shuts a node off", Create((_endpoint(),)),
         wait=Condition("an agent is not ready", _one_is_not_ready), mentions=("projectcalico-default-allow",),
         root=Root("policy.host-endpoint", "policy", str(ENDPOINT)), answer="broken"),
    _ok("pools-by-node", "each node has a pool of its own, and a further one is for none but by name",
        Patch(POOL, {"spec": {"nodeSelector": f"{HOSTNAME} == '{NODES[0]}'"}}),
        Create((_pool("second", "10.250.0.0/24", f"{HOSTNAME} == '{SECOND}'"),
                _pool("by-name", "10.251.0.0/24", "!all()")))),
    _ok("node-without-pool", "a node has no pool, and no pod that wants an address",
        Patch(POOL, {"spec": {"nodeSelector": f"{HOSTNAME} != '{NODES[0]}'"}})),
    _ok("node-settings", "a node has settings of its own that cut nothing, and an endpoint that allows all",
        Create((_own(TUNNEL, logSeverityScreen="Warning", vxlanPort=4789), _endpoint("projectcalico-default-allow")))),
)
