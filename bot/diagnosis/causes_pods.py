"""Causes in the DNS workload: pods that are not there, do not start, crash or are not ready; what they may read."""

from bot.diagnosis.cause import Cause
from bot.diagnosis.commands import DNS_LOG, DNS_LOG_BEFORE, install_again
from bot.model.finding import Layer

DNS_PAGE = "https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/"
PODS_PAGE = f"{DNS_PAGE}#check-if-the-dns-pod-is-running"
PERMISSIONS_PAGE = f"{DNS_PAGE}#does-coredns-have-sufficient-permissions"
SCALING_PAGE = "https://github.com/coredns/deployment/blob/master/kubernetes/Scaling_CoreDNS.md"
PODS_BY_HAND = (
    "`kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide` and `kubectl -n kube-system describe pod POD`"
)

NO_ANSWER = ("dns.endpoints.*", "dns.query.*", "dns.name.unresolved", "service.name.unanswered")
UNREADY = ("dns.pods.not-ready", *NO_ANSWER)
UNSYNCED = ("dns.pods.unsynced", "dns.pods.liveness", *UNREADY)


def _pods(
    code: str, title: str, meaning: str, mend: str, *, explains: tuple[str, ...] = UNREADY,
    by_hand: str = PODS_BY_HAND, source: str = PODS_PAGE,
) -> Cause:
    return Cause(
        code=code, layer=Layer.DNS_WORKLOAD, title=title, meaning=meaning, mend=mend, explains=explains,
        by_hand=by_hand, source=source,
    )


PODS: tuple[Cause, ...] = (
    _pods(
        "dns.workload.missing", "There is no DNS workload",
        "Neither the DNS Service nor the usual labels lead to a Deployment or DaemonSet that runs a DNS server.",
        f"Install CoreDNS again ({install_again('coredns')}), or the add-on of your platform.",
    ),
    _pods(
        "dns.pods.scaled-to-zero", "The DNS workload is scaled to zero",
        "Zero replicas are wanted, so no DNS server runs and every lookup in the cluster fails.",
        "`kubectl -n kube-system scale deployment coredns --replicas=2`, and check what scaled it down (an autoscaler, "
        "its ConfigMap, a person).",
    ),
    _pods(
        "dns.pods.missing", "The DNS pods cannot be created",
        "Replicas are wanted but no pod exists: the controller is refused, or does not work.",
        "Read the reason in the ReplicaSet's conditions and events: `kubectl -n kube-system describe replicaset`.",
    ),
    _pods(
        "dns.pods.pending.no-network", "DNS pods wait for nodes with a network",
        "The scheduler finds only nodes that are marked as not ready or without network. On a new cluster this is so "
        "until a network plugin is installed.",
        "Look at the nodes first (`kubectl get nodes`): without a network plugin none becomes Ready.",
    ),
    _pods(
        "dns.pods.pending.unschedulable", "DNS pods find no node",
        "The scheduler finds no node that fits: resources, node selector, affinity or taints.",
        "Read the PodScheduled condition; free or add capacity, or correct selector, affinity or tolerations.",
    ),
    _pods(
        "dns.pods.node-down", "DNS pods stand on a node that is not ready",
        "The node of these pods is not ready, so they are out of the Service although they may still run.",
        "Mend the node; a second replica on another node keeps DNS alive meanwhile.",
    ),
    _pods(
        "dns.pods.sandbox", "The pod network of DNS pods cannot be set up",
        "The pods have a node, but the runtime fails to give them a network (FailedCreatePodSandBox).",
        "The event's message names the plugin: check the network agent's pod on that node and the runtime's CNI files.",
    ),
    _pods(
        "dns.pods.volume", "DNS pods cannot mount a volume",
        "The pods stay in ContainerCreating because something they mount does not exist or cannot be read.",
        "The event's message names it: create it again, or correct the volume in the workload.",
    ),
    _pods(
        "dns.pods.container", "The container of DNS pods cannot be made as it is written",
        "The kubelet or the runtime refuses what the workload says of its container: a user that must not be root and "
        "is, a command that the image does not have, a capability or a limit that is not allowed.",
        "The message names it: correct securityContext, command or resources in the workload.",
    ),
    _pods(
        "dns.pods.image", "The DNS image cannot be pulled",
        "The node cannot get the container image: wrong name or tag, registry not reachable, or no pull secret.",
        "Correct the image (`kubectl -n kube-system set image deployment/coredns coredns=IMAGE`) or the access to the "
        "registry.",
    ),
    _pods(
        "dns.pods.oom", "DNS pods run out of memory",
        "The kernel ended the DNS server because it went over its memory limit. Memory grows with pods and Services. "
        "Where the runtime misses the kernel's word, a pod has reason Error and exit code 137 instead of OOMKilled.",
        "Raise the limit: about (pods + Services) / 1000 + 54 MB are needed by default, take half as much again.",
        explains=("dns.pods.crashing", *UNREADY), source=SCALING_PAGE,
    ),
    _pods(
        "dns.memory.limit", "The memory limit of the DNS pods is too small for the cluster",
        "By CoreDNS's own estimate it needs more memory than it may use, once its cache is full: then the kernel ends "
        "it (OOMKilled).",
        "Raise the limit, or leave out autopath, which needs four times as much for each pod and Service.",
        by_hand="`kubectl -n kube-system get deployment coredns -o yaml` (resources.limits.memory)", explains=(),
        source=SCALING_PAGE,
    ),
    _pods(
        "dns.pods.liveness", "The kubelet ends DNS pods that do not answer its liveness probe",
        "The liveness probe fails, so the server is ended again and again although it may work.",
        "Put `health` back into the Corefile's server block (the probe asks port 8080), or give the pods more CPU.",
    ),
    _pods(
        "dns.pods.probe", "A probe of the DNS pods asks where CoreDNS does not answer",
        "The Corefile loads the plugin that is asked, on another port or path than the probe has: the pods work, and "
        "the kubelet takes them out of service or ends them.",
        "Set the probe to the port and path that the plugin serves: `ready` at :8181/ready, `health` at :8080/health, "
        "unless the Corefile says otherwise.",
        explains=("dns.pods.liveness", "dns.pods.crashing", *UNREADY), source="https://coredns.io/plugins/ready/",
    ),
    _pods(
        "dns.pods.bind", "The DNS server may not open port 53",
        "Ports below 1024 need the capability NET_BIND_SERVICE, and each port can be taken once.",
        "Add NET_BIND_SERVICE to the container's capabilities; look for another server where the address is in use.",
        source="https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/troubleshooting-kubeadm/"
        "#coredns-pods-have-crashloopbackoff-or-error-state",
        explains=("dns.pods.crashing", *UNREADY),
    ),
    _pods(
        "dns.pods.said", "The DNS server ends at its start and says why",
        "The last line of the container that ended is the server's own reason: mostly a part of the Corefile that is "
        "twice there or contradicts another, a file that is not mounted where its arguments name it, or an argument "
        "that it does not know.",
        "Correct what the line names, in the Corefile (`kubectl -n kube-system edit configmap coredns`) or in the "
        "arguments and volumes of the workload.",
        by_hand=DNS_LOG_BEFORE,
        explains=("dns.pods.crashing", *UNREADY),
    ),
    _pods(
        "dns.pods.crashing", "DNS pods crash",
        "The DNS server ends soon after it starts.",
        "Read why: `kubectl -n kube-system logs POD --previous`.",
        by_hand=DNS_LOG_BEFORE,
    ),
    _pods(
        "dns.pods.api-path", "DNS pods cannot reach the API server",
        "The DNS server runs, but its connection to the API server's Service address fails, so it does not know the "
        "cluster's names.",
        "Check the service proxy on that node (`kubectl -n kube-system get pods -l k8s-app=kube-proxy -o wide`) and "
        "policies that keep DNS pods from the API server.",
        source="https://coredns.io/plugins/kubernetes/", explains=UNSYNCED,
    ),
    _pods(
        "dns.pods.api-credentials", "DNS pods cannot identify themselves or trust the API server",
        "The ServiceAccount token or the CA file in the pods is missing, out of date or of another cluster.",
        "Check automountServiceAccountToken and the CA (ConfigMap kube-root-ca.crt), then restart the pods.",
        explains=("dns.pods.crashing", *UNSYNCED),
    ),
    _pods(
        "dns.pods.unsynced", "DNS pods wait for the API server",
        "The plugin `kubernetes` has not read Services and EndpointSlices, so the pods are not ready and answer "
        "SERVFAIL for the cluster's names.",
        "See why they cannot read: their permissions, their credentials, or the way from their node to the API server.",
        source="https://coredns.io/plugins/kubernetes/#ready",
    ),
    _pods(
        "dns.pods.not-ready", "DNS pods run but are not ready",
        "The readiness probe fails, so the pods get no queries through the Service.",
        "`kubectl -n kube-system describe pod POD` shows what the probe says; `ready` in the Corefile serves "
        "it on 8181.",
        explains=NO_ANSWER, source="https://coredns.io/plugins/ready/",
    ),
    _pods(
        "dns.access.account", "The ServiceAccount of the DNS pods is missing",
        "The workload names a ServiceAccount that does not exist: new pods cannot be created, and running ones lose "
        "their access to the API.",
        "Create it again: `kubectl -n NAMESPACE create serviceaccount NAME`.",
        explains=("dns.pods.missing", "dns.access.denied", "dns.access.refused", "dns.pods.api-credentials", *UNSYNCED),
        source=PERMISSIONS_PAGE, by_hand="`kubectl -n kube-system get serviceaccount coredns`",
    ),
    _pods(
        "dns.access.denied", "The DNS server may not read what it serves",
        "CoreDNS answers from Services, EndpointSlices and namespaces; without list and watch on them it does not "
        "become ready, or keeps on answering with what it once knew.",
        "Give its role list and watch on services, pods, namespaces and endpoints, and on endpointslices of "
        "discovery.k8s.io; running pods recover by themselves.",
        explains=("dns.access.refused", "dns.pods.crashing", *UNSYNCED), source=PERMISSIONS_PAGE,
        by_hand="`kubectl describe clusterrole system:coredns` and `kubectl auth can-i list endpointslices "
        "--as=system:serviceaccount:kube-system:coredns`",
    ),
    _pods(
        "dns.access.refused", "The API server refuses reads of the DNS server",
        "The log of the DNS server says that a read was forbidden.",
        "Give the role of its ServiceAccount list and watch on what the log names.", explains=UNSYNCED,
        source=PERMISSIONS_PAGE, by_hand=DNS_LOG,
    ),
)
