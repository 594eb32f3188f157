"""Further faults of Calico: its pools, its controllers, its plugin's rights and token, what its agents took for the
nodes' addresses and from their settings."""

import json
from typing import Any

from bot.steps.cni.sandbox import SETTLING
from tests.cluster.faults.agents import NO_NETWORK
from tests.cluster.faults.api import Create, Delete, Patch, RestartPods, scale
from tests.cluster.faults.bridge import CONF
from tests.cluster.faults.conditions import (
    HEALTHY,
    NOW,
    Condition,
    age,
    both,
    daemon_pods,
    event,
    grown,
    is_true,
    live_pods,
)
from tests.cluster.faults.fault import Answer, Fault, Injection, Root
from tests.cluster.faults.node import NODES, Await, EditFile, OnNode
from tests.cluster.faults.objects import CALICO, DNS_PODS, PROXY, PROXY_PODS, Ref, pod_on
from tests.cluster.faults.policy import DNS, PORTS, policy
from tests.cluster.rig import Cluster
from tests.cluster.rig.site import POD_RANGE

SECOND = NODES[1]
POOL = Ref("IPPool", "default-ipv4-ippool", "")
CONTROLLERS = Ref("Deployment", "calico-kube-controllers")
PLUGIN, PLUGIN_BINDING = Ref("ServiceAccount", "calico-cni-plugin"), Ref("ClusterRoleBinding", "calico-cni-plugin", "")
NEW_POD = Create((pod_on(SECOND, "netcheck-new"),))
SETTINGS, INFORMATION = Ref("ConfigMap", "calico-config"), Ref("ClusterInformation", "default", "")
GOLD = {"apiVersion": "v1", "kind": "Namespace", "metadata": {
    "name": "gold", "annotations": {"cni.projectcalico.org/ipv4pools": json.dumps(["golden"])}}}
DOCKER = "172.17.0.1"
LOCK_DOWN: dict[str, Any] = {
    "apiVersion": "crd.projectcalico.org/v1", "kind": "GlobalNetworkPolicy", "metadata": {"name": "lock-down"},
    "spec": {"order": 1000, "selector": "all()", "types": ["Ingress", "Egress"]}}


def _pool(name: str, cidr: str, **spec: object) -> dict[str, Any]:
    return {"apiVersion": "crd.projectcalico.org/v1", "kind": "IPPool", "metadata": {"name": name},
            "spec": {"cidr": cidr, "vxlanMode": "Always", "ipipMode": "Never", "natOutgoing": True,
                     "nodeSelector": "all()", **spec}}


def _of_pool(name: str, pool_name: str) -> dict[str, Any]:
    pod = pod_on(SECOND, name)
    pod["metadata"]["annotations"] = {"cni.projectcalico.org/ipv4pools": json.dumps([pool_name])}
    return pod


def _sandbox(words: str) -> Condition:
    return event("default", "FailedCreatePodSandBox", words)


def _agents_are_settled(cluster: Cluster) -> bool:
    pods = live_pods(cluster, CALICO.pods, CALICO.set.namespace)
    since = [c["lastTransitionTime"] for pod in pods for c in pod["status"].get("conditions", ())
             if (c["type"], c["status"]) == ("Ready", "True")]
    return len(since) == len(NODES) and all(age(at) > SETTLING + 5 for at in since)


def _agents_are_ready(cluster: Cluster) -> bool:
    pods = live_pods(cluster, CALICO.pods, CALICO.set.namespace)
    return [is_true(pod, "Ready") for pod in pods] == [True] * len(NODES)


ROLLED_OUT = Await(Condition("an agent is ready on each node", _agents_are_ready), always=True)
SETTLED = Await(Condition("the agents are ready for so long that a try that fails counts", _agents_are_settled))


def _variable(name: str, value: str) -> Patch:
    """Of calico-node, after all others: the last one of a name counts."""
    return Patch(CALICO.set, [{"op": "add", "path": "/spec/template/spec/containers/0/env/-",
                               "value": {"name": name, "value": value}}])


def _took(address: str) -> Condition:
    def hold(cluster: Cluster) -> bool:
        notes = Ref("Node", SECOND, "").read(cluster)["metadata"].get("annotations", {})
        return str(notes.get("projectcalico.org/IPv4Address", "")).startswith(address)
    return Condition(f"Calico took {address} for the second node", hold)


def _shows_own_addresses(cluster: Cluster) -> bool:
    """No node masks what pods send out of the cluster any longer."""
    return not any(POD_RANGE in cluster.on_node(node, "ipset", "list", "cali40masq-ipam-pools") for node in NODES)


def _keeps_crashing(cluster: Cluster) -> bool:
    return any(state["restartCount"] > 1 and not state["ready"]
               for pod in live_pods(cluster, CALICO.pods, CALICO.set.namespace)
               for state in pod["status"].get("containerStatuses", ()))


def _is_unready_long(cluster: Cluster) -> bool:
    return any(not is_true(pod, "Ready") and age(pod["metadata"]["creationTimestamp"]) > 130
               for pod in live_pods(cluster, CALICO.pods, CALICO.set.namespace))


def _controllers_are_down(cluster: Cluster) -> bool:
    return not CONTROLLERS.read(cluster)["status"].get("readyReplicas")


def _row(
    name: str, reference: str, says: str, *breaks: Injection, wait: Condition, root: Root, mentions: tuple[str, ...],
    answer: Answer = "degraded",
) -> Fault:
    return Fault(name=f"calico-{name}", reference=reference, says=says, network="calico", playbook="cni", answer=answer,
                 breaks=breaks, wait=wait, roots=(root,), mentions=mentions, consequences=NO_NETWORK)


CALICO_FAULTS = (
    _row("pool-disabled", "CNI-06", "Calico's only pool is disabled, and a new pod wants an address",
         Patch(POOL, {"spec": {"disabled": True}}), SETTLED, NEW_POD, wait=_sandbox("pool"),
         root=Root("cni.pool.disabled", "cni", str(POOL)), answer="broken", mentions=("disabled",)),
    _row("pool-exhausted", "CNI-06", "pods ask for addresses of a pool that has too few",
         Create((_pool("tiny", "10.250.0.0/31", blockSize=31),)), SETTLED,
         Create(tuple(_of_pool(f"netcheck-new-{number}", "tiny") for number in range(4))), wait=_sandbox("addresses"),
         root=Root("cni.sandbox.addresses", "cni", f"Node {SECOND}"), mentions=("address",)),
    _row("pools-overlap", "CNI-06", "two pools of Calico overlap", Create((_pool("twin", "10.244.128.0/20"),)),
         wait=NOW, root=Root("cni.pool.overlap", "cni", "IPPool twin"), mentions=("twin",)),
    _row("pool-bare", "CNI-06", "Calico's pool has no tunnel, and no BGP runs that would tell nodes the way",
         Patch(POOL, {"spec": {"vxlanMode": "Never"}}), wait=NOW, answer="broken",
         root=Root("cni.pool.encapsulation", "cni", str(POOL)), mentions=("vxlanMode", "BGP")),
    Fault(
        name="calico-nat-off", reference="CNI-06", network="calico", playbook="dns", mentions=("natOutgoing",),
        says="Calico's pool lets pods show their own addresses outside, where nobody knows the way to them",
        breaks=(Patch(POOL, {"spec": {"natOutgoing": False}}),), consequences=("dns.upstream.*",),
        wait=Condition("no node masks pods' addresses", _shows_own_addresses),
        roots=(Root("cni.pool.nat", "cni", str(POOL)),)),
    _row("pool-named", "CNI-06", "a namespace wants addresses of a pool that does not exist",
         Create((GOLD, pod_on(SECOND, "netcheck-new", "gold"))), wait=event("gold", "FailedCreatePodSandBox", "pool"),
         root=Root("cni.sandbox.pool", "cni", "IPPool golden"), mentions=("ipv4pools",)),
    _row("controllers-shut-in", "N02", "a default-deny of kube-system keeps Calico's controllers from the API server",
         Create((policy(Ref("NetworkPolicy", "default-deny"), podSelector={}, policyTypes=["Ingress", "Egress"]),
                 policy(Ref("NetworkPolicy", "allow-dns"), podSelector=DNS, policyTypes=["Ingress", "Egress"],
                        ingress=[{"ports": PORTS}], egress=[{}]))),
         RestartPods("k8s-app=calico-kube-controllers"),
         wait=both(grown(CONTROLLERS), Condition("none of its pods is ready", _controllers_are_down)),
         root=Root("policy.egress", "policy", "NetworkPolicy kube-system/default-deny"), mentions=("6443/TCP",)),
    _row("controllers-down", "CNI-03", "Calico's controllers are scaled to zero", scale(CONTROLLERS, 0),
         wait=Condition("none of its pods is ready", _controllers_are_down),
         root=Root("cni.controller", "cni", str(CONTROLLERS)), mentions=("replicas",)),
    _row("docker-address", "C12", "Calico took the address of docker0 for a node",
         OnNode(SECOND, ("sh", "-c", f"ip link add docker0 type bridge && ip addr add {DOCKER}/16 dev docker0 && "
                         "ip link set docker0 up"), ("ip", "link", "del", "docker0")),
         _variable("IP_AUTODETECTION_METHOD", "interface=docker0,eth0"),
         wait=both(_took(DOCKER), daemon_pods(CALICO.set, len(NODES))), answer="broken",
         root=Root("cni.address.wrong", "cni", f"Node {SECOND}"), mentions=(DOCKER, "IP_AUTODETECTION_METHOD")),
    _row("plugin-denied", "C09", "nothing gives Calico's CNI plugin its role, and a new pod wants a network",
         Delete(PLUGIN_BINDING), SETTLED, NEW_POD, wait=_sandbox("is forbidden"),
         root=Root("cni.sandbox.forbidden", "cni", str(PLUGIN)), mentions=("clusterinformations",)),
    _row("token-wrong", "CNI-02", "the token of Calico's CNI plugin on a node is not valid",
         EditFile(SECOND, f"{CONF}/calico-kubeconfig", r"token: .*", "token: wrong"), SETTLED,
         NEW_POD, wait=_sandbox("Unauthorized"), root=Root("cni.sandbox.forbidden", "cni", f"Node {SECOND}"),
         mentions=("token", "Unauthorized")),
    _row("locked", "CNI-02", "Calico's datastore is locked, and a new pod wants a network",
         Patch(INFORMATION, {"spec": {"datastoreReady": False}}), SETTLED, NEW_POD,
         wait=_sandbox("not ready to process requests"), root=Root("cni.sandbox.locked", "cni", str(INFORMATION)),
         mentions=("datastoreReady",)),
    _row("mtu", "CNI-07", "Calico's settings give pods an MTU larger than the nodes' uplink takes",
         Patch(SETTINGS, {"data": {"veth_mtu": "8900"}}), RestartPods(CALICO.pods), ROLLED_OUT, RestartPods(DNS_PODS),
         wait=HEALTHY, root=Root("cni.mtu", "cni", "Nodes"), answer="broken", mentions=("8900", "veth_mtu")),
    _row("setting-wrong", "CNI-03", "a variable of Calico's agents has a value that ends them",
         _variable("FELIX_DEFAULTENDPOINTTOHOSTACTION", "ALLOW"),
         wait=Condition("an agent crashes again and again", _keeps_crashing),
         root=Root("cni.agent.settings", "cni", str(CALICO.set)), mentions=("edit daemonset calico-node",)),
    Fault(
        name="calico-proxy-deleted", reference="P01", network="calico", playbook="network",
        says="kube-proxy's DaemonSet does not exist beside a Calico without eBPF",
        breaks=(Delete(PROXY), Await(Condition("kube-proxy has ended", lambda c: not live_pods(c, PROXY_PODS)))),
        roots=(Root("proxy.missing", "proxy", str(PROXY)),),
    ),
    Fault(
        name="calico-global-deny", reference="N08", network="calico", playbook="dns", breaks=(Create((LOCK_DOWN,)),),
        says="a default-deny of Calico's own kind holds for the DNS pods, too", mentions=("lock-down", "kube-system"),
        roots=(Root("dns.policy.other", "policy", "GlobalNetworkPolicy lock-down"),),
        consequences=("dns.upstream.*", "dns.query.*", "dns.pods.*", "dns.endpoints.*"),
    ),
    _row("bird-probe", "C10", "the probe of Calico's agents asks BIRD, which does not run with VXLAN",
         Patch(CALICO.set, [{"op": "add", "path": "/spec/template/spec/containers/0/readinessProbe/exec/command/-",
                             "value": "-bird-ready"}]),
         wait=Condition("an agent is not ready, and not new any longer", _is_unready_long),
         root=Root("cni.agent.settings", "cni", str(CALICO.set)), mentions=("-bird-ready",)),
)
