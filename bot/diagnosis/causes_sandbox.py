"""Causes that the events of pods without a network name."""

from bot.diagnosis.cause import Cause
from bot.model.finding import Layer

SANDBOX_PAGE = (
    "https://kubernetes.io/docs/tasks/administer-cluster/migrating-from-dockershim/"
    "troubleshooting-cni-plugin-related-errors/"
)
SANDBOX = ("dns.pods.sandbox", "dns.endpoints.*", "service.pods.sandbox")
SANDBOX_BY_HAND = "`kubectl get events -A --field-selector reason=FailedCreatePodSandBox`"


def _sandbox(code: str, title: str, meaning: str, mend: str, explains: tuple[str, ...] = SANDBOX) -> Cause:
    return Cause(code=code, layer=Layer.CNI, title=title, meaning=meaning, mend=mend, explains=explains, scope="node",
                 source=SANDBOX_PAGE, by_hand=SANDBOX_BY_HAND)


SANDBOXES: tuple[Cause, ...] = (
    _sandbox(
        "cni.sandbox.failed", "Pods get no network on a node",
        "The runtime calls the network plugin for each new pod, and the plugin fails.",
        "The event's message names the plugin: look at its agent's pod on that node, and at the runtime's CNI files "
        "(`ls /etc/cni/net.d` on the node).",
    ),
    _sandbox(
        "cni.sandbox.agent", "The network's agent does not answer on a node",
        "The plugin asks its agent, or looks for what the agent writes, and finds nothing: no agent, or one that did "
        "not get so far.",
        "Look at the agent's pod on that node: `kubectl get pods -A -o wide --field-selector spec.nodeName=NAME`, then "
        "its log. Where it is well and its file is gone all the same, delete the pod: it writes the file anew at its "
        "start.",
    ),
    _sandbox(
        "cni.sandbox.plugin", "The network plugin's program is missing on a node",
        "The configuration names a plugin that is not in the runtime's folder for plugins.",
        "Install it (packages of CNI plugins put them into /opt/cni/bin), or let the agent's init container do so: "
        "restart its pod on that node.",
    ),
    _sandbox(
        "cni.sandbox.addresses", "No pod address is left",
        "The address management has no free address for this node.",
        "See who holds addresses (`kubectl get pods -A -o wide --field-selector spec.nodeName=NAME`; Calico: `kubectl "
        "get ippools.crd.projectcalico.org`), give a larger range, or free what pods that are gone left behind.",
    ),
    _sandbox(
        "cni.sandbox.pool", "Pods ask for an address pool that does not exist",
        "An annotation of the pod or of its namespace (cni.projectcalico.org/ipv4pools) names the pool of Calico that "
        "addresses are to come from, and there is none of that name. Pods elsewhere are well.",
        "Correct the annotation (`kubectl get namespaces,pods -A -o yaml | grep -B3 -A3 ipv4pools` shows them), or "
        "make the pool: `kubectl get ippools.crd.projectcalico.org`. The kubelet tries again by itself.",
    ),
    _sandbox(
        "cni.sandbox.blocks", "Calico's settings let a node have no further addresses",
        "Calico gives each node blocks of addresses out of its pools; IPAMConfig `default` limits how many "
        "(maxBlocksPerHost), or says that nodes take none by themselves (autoAllocateBlocks false). The pools may be "
        "far from empty.",
        "`kubectl get ipamconfigs.crd.projectcalico.org default -o yaml`, then raise or lift the limit: `kubectl patch "
        "ipamconfigs.crd.projectcalico.org default --type merge -p "
        "'{\"spec\":{\"maxBlocksPerHost\":0,\"autoAllocateBlocks\":true}}'`. The kubelet tries again by itself.",
    ),
    _sandbox(
        "cni.sandbox.bridge", "A node's bridge has an address of another network",
        "The bridge that the plugin uses was made with another pod range before.",
        "Drain the node, `ip link delete cni0` on it, and let pods start again.",
    ),
    _sandbox(
        "cni.sandbox.version", "Network plugin and configuration speak different versions",
        "The configuration's cniVersion is not known to the plugin, or missing.",
        "Set a cniVersion that both know in the file in `/etc/cni/net.d`, or bring the plugins up to date.",
    ),
    _sandbox(
        "cni.sandbox.left-over", "A removed network plugin is still configured on a node",
        "The runtime calls the plugin of a network that no longer runs: its configuration file was left behind and "
        "comes first by name.",
        "Remove the left-over file from the runtime's CNI folder on that node (`ls /etc/cni/net.d`: the first by name "
        "counts).",
    ),
    _sandbox(
        "cni.sandbox.forbidden", "The network plugin's own credentials are refused",
        "The plugin asks the API server itself, with a token that its agent wrote to the node, and is refused.",
        "Give its ServiceAccount its role again (Calico: calico-cni-plugin), and restart the agent on that node, which "
        "writes the token anew.",
    ),
    _sandbox(
        "cni.sandbox.locked", "Calico's datastore is locked",
        "ClusterInformation default says datastoreReady false, as a migration or an upgrade sets it: the CNI plugin "
        "serves no pod, and agents that start anew wait.",
        "When nobody migrates it any longer: `kubectl patch clusterinformations.crd.projectcalico.org default --type "
        "merge -p '{\"spec\":{\"datastoreReady\":true}}'`.",
    ),
)
