"""Faults of Flannel and Weave Net beyond their agents: settings, ranges; files on a node, of Calico, too."""

import json

from tests.cluster.faults.api import Create, EditText, RestartPods
from tests.cluster.faults.bridge import CILIUM, CONF
from tests.cluster.faults.conditions import (
    NOW,
    PENDING,
    Condition,
    both,
    daemon_pods,
    dns_pods,
    grown,
    items,
    node_ready,
)
from tests.cluster.faults.fault import Fault, Network, Root
from tests.cluster.faults.node import NODES, AddFile, Firewall, RemakeNode, StopProcess
from tests.cluster.faults.objects import FLANNEL, WEAVE, Agent, Ref
from tests.cluster.rig import Cluster
from tests.cluster.rig.images import SHELL

SECOND = NODES[1]
FLANNEL_CONF = Ref("ConfigMap", "kube-flannel-cfg", "kube-flannel")
NO_NETWORK = ("cni.*", "dns.pods.*", "node.not-ready")


def _settings(name: str, says: str, pattern: str, new: str, cause: str, mention: str) -> Fault:
    """Flannel's agents read their settings at their start only."""
    return Fault(
        name=name, reference="CNI-03", says=says, network="flannel", playbook="cni", answer="broken",
        breaks=(EditText(FLANNEL_CONF, "net-conf.json", pattern, new), RestartPods(FLANNEL.pods, "kube-flannel")),
        wait=both(daemon_pods(FLANNEL.set, 0), crashed(FLANNEL)), mentions=(mention,),
        roots=(Root(cause, "cni", str(FLANNEL_CONF)),), consequences=NO_NETWORK,
    )


def crashed(agent: Agent) -> Condition:
    def hold(cluster: Cluster) -> bool:
        listed = items(cluster, "-n", agent.set.namespace, "pods", "-l", agent.pods)
        states = [pod["status"].get("containerStatuses", ()) for pod in listed]
        return len(states) == len(NODES) and all(any(s["restartCount"] for s in own) for own in states)
    return Condition(f"the pods of {agent.set} have ended once", hold)


def _on_node(network: Network, name: str, says: str, file: AddFile, wait: Condition, cause: str, mention: str) -> Fault:
    """The agents of Weave Net and Calico have the node's folder: it is seen by exec in them."""
    return Fault(
        name=f"{network}-{name}", reference="C04/C15", says=says, network=network, playbook="cni", answer="degraded",
        breaks=(file,), wait=wait, roots=(Root(cause, "cni", f"Node {SECOND}"),), mentions=(mention,),
        consequences=("cni.not-configured",),
    )


def _files(network: Network) -> tuple[Fault, ...]:
    return (
        _on_node(network, "left-over", "the file of a network that was removed comes first on a node",
                 AddFile(SECOND, f"{CONF}/05-cilium.conflist", CILIUM), NOW, "cni.files.left-over", "Cilium"),
        _on_node(network, "bad-first", "an invalid file comes first on a node",
                 AddFile(SECOND, f"{CONF}/00-bad.conf", "{}"), node_ready(SECOND, ready=False), "cni.files.invalid",
                 "00-bad.conf"),
    )


def cut_off_long(cluster: Cluster) -> bool:
    """Its routers have noticed that they lost each other, and none is new."""
    listed = json.loads(cluster.kubectl("-n", "kube-system", "get", "pods", "-l", WEAVE.pods, "-o", "json"))
    pods = [Ref("Pod", pod["metadata"]["name"]) for pod in listed["items"]]
    if not all(grown(pod).holds(cluster) for pod in pods):
        return False
    told = [cluster.kubectl("-n", "kube-system", "exec", pod.name, "-c", "weave", "--", "./weave",
                            "--local", "status", check=False) for pod in pods]
    return bool(told) and all("established" not in text.partition("Connections:")[2].splitlines()[0]
                              for text in told if "Connections:" in text)


OTHER_AGENT = {
    "apiVersion": "apps/v1", "kind": "DaemonSet",
    "metadata": {"name": "weave-net", "namespace": "default", "labels": {"name": "weave-net"}},
    "spec": {"selector": {"matchLabels": {"name": "weave-net"}}, "template": {
        "metadata": {"labels": {"name": "weave-net"}}, "spec": {
            "hostNetwork": True, "terminationGracePeriodSeconds": 0, "tolerations": [{"operator": "Exists"}],
            "containers": [{"name": "weave", "image": SHELL,
                            "imagePullPolicy": "IfNotPresent", "command": ["sleep", "3600"]}]}}},
}


OVERLAY_FAULTS = (
    Fault(
        name="cni-no-plugin", reference="C01/H15", network="none", playbook="cni", before=NOW, healed=NOW,
        says="no network plugin was ever installed, and the question is about it",
        wait=both(PENDING, dns_pods(2, ready=False)), roots=(Root("cni.missing", "cni", "Nodes"),),
        mentions=("no longer maintained", "10.244.0.0/16", "kube-flannel.yml", "calico.yaml"),
    ),
    _settings("flannel-range-wrong", "Flannel's Network does not hold the nodes' pod ranges", r"10\.244\.0\.0/16",
              "10.99.0.0/16", "cni.agent.range", "10.99.0.0/16"),
    _settings("flannel-settings-broken", "Flannel's settings are no JSON", r"\A\s*\{", "{{", "cni.agent.settings",
              "net-conf.json"),
    Fault(
        name="flannel-beside-weave", reference="C26", network="flannel", playbook="cni", answer="degraded",
        says="the agents of another network run beside Flannel's", breaks=(Create((OTHER_AGENT,)),),
        wait=daemon_pods(Ref("DaemonSet", "weave-net", "default"), 2), mentions=("Flannel", "Weave Net"),
        roots=(Root("cni.two", "cni", "DaemonSet default/weave-net"),),
    ),
    Fault(
        name="flannel-no-pod-range", reference="C07", network="flannel", playbook="cni",
        says="a node has no podCIDR, and the controllers give it none",
        breaks=(StopProcess("kcm"), RemakeNode(SECOND, "")),
        wait=both(node_ready(SECOND, ready=True), grown(Ref("Node", SECOND, ""))),
        roots=(Root("cni.agent.pod-range", "cni", f"Node {SECOND}"),), mentions=("podCIDR",),
        consequences=("cni.path",),
    ),
    Fault(
        name="weave-peers", reference="C17", network="weave", playbook="cni",
        says="the agents have lost each other, and have noticed",
        breaks=(Firewall((f"iifname != lo {WEAVE.ports} drop",), hooks=("input",)),),
        wait=both(grown(WEAVE.set), Condition("the agents count no connection", cut_off_long)),
        roots=(Root("cni.agent.peers", "cni", str(WEAVE.set)),), consequences=NO_NETWORK, mentions=("6783",),
    ),
    *_files("weave"), *_files("calico"),
)
