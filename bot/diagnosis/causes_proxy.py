"""Causes in the service proxy: not there, not everywhere, without the API server, unable to write its rules."""

from typing import Literal

from bot.diagnosis.cause import Cause
from bot.diagnosis.commands import install_again
from bot.model.finding import Layer

SERVICE_PAGE = "https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/"
WORKING = f"{SERVICE_PAGE}#is-the-kube-proxy-working"
PROXYING = f"{SERVICE_PAGE}#is-kube-proxy-proxying"
CONFIG_PAGE = "https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/"
MODES_PAGE = "https://kubernetes.io/docs/reference/networking/virtual-ips/#proxy-modes"

NO_VIP = (
    "dns.pods.api-path", "dns.pods.unsynced", "dns.pods.not-ready", "dns.pods.crashing", "dns.endpoints.*",
    "dns.query.*", "proxy.path", "cni.bridge-filter", "cni.agent", "cni.agent.api", "cni.agent.waits",
    "cni.sandbox.agent", "dns.pods.sandbox", "service.name.*", "node.node-port",
)
"""What follows where Service addresses do not work: the network's own agents may need them, too."""
SHOWS = ("proxy.not-covering", "proxy.crashing", "proxy.unsynced", "proxy.rules", "proxy.rules-unlike", "proxy.stale")
"""How a fault of kube-proxy shows from outside, before its log says which one it is."""
PODS_BY_HAND = "`kubectl -n kube-system get pods -l k8s-app=kube-proxy -o wide` and `kubectl -n kube-system logs POD`"


def proxy_cause(
    code: str, title: str, meaning: str, mend: str, *, explains: tuple[str, ...] = (*SHOWS, *NO_VIP),
    by_hand: str = PODS_BY_HAND, source: str = WORKING, scope: Literal["cluster", "node"] = "node",
) -> Cause:
    return Cause(
        code=code, layer=Layer.PROXY, title=title, meaning=meaning, mend=mend, by_hand=by_hand, source=source,
        scope=scope, explains=tuple(pattern for pattern in explains if pattern != code),
    )


PROXY: tuple[Cause, ...] = (
    proxy_cause(
        "proxy.missing", "No service proxy runs",
        "Nothing turns Service addresses into pod addresses: no kube-proxy and nothing that replaces it. Rules written "
        "before stay until a node restarts, so old Services may go on working while new ones do not.",
        f"Install kube-proxy again ({install_again('kube-proxy')}), or the replacement the cluster was "
        "made with.",
        by_hand="`kubectl -n kube-system get daemonset kube-proxy` and `kubectl get daemonsets -A`",
        explains=("proxy.rules-unlike", *NO_VIP),
        scope="cluster",
    ),
    proxy_cause(
        "proxy.not-covering", "kube-proxy does not run on a node",
        "The node has no running kube-proxy pod: Service addresses do not work there, or only as they were when it "
        "stopped.",
        "Correct what keeps it away (`kubectl -n kube-system edit daemonset kube-proxy`: nodeSelector "
        "kubernetes.io/os=linux, a toleration with operator Exists), or read why its pod does not start: "
        "`kubectl -n kube-system describe pods -l k8s-app=kube-proxy`.",
        by_hand="`kubectl -n kube-system get pods -l k8s-app=kube-proxy -o wide`",
        explains=("proxy.rules-unlike", *NO_VIP),
    ),
    proxy_cause(
        "proxy.two", "Two service proxies run",
        "kube-proxy and another one (a second DaemonSet of it, kube-router, Cilium's replacement) each write their own "
        "rules for the same Services on the same nodes. Where they are set differently (mode, clusterCIDR) what holds "
        "changes with whoever wrote last; of two kube-proxies the later one finds its ports taken, and only its log "
        "says so.",
        "Keep one: delete the DaemonSet that is not meant, or tell the other not to: `--run-service-proxy=false` for "
        "kube-router; kube-proxy-replacement false in ConfigMap kube-system/cilium-config, then "
        "`kubectl -n kube-system rollout restart daemonset cilium`.",
        by_hand="`kubectl get daemonsets -A | grep -E 'kube-proxy|kube-router'` and `kubectl -n kube-system get "
        "configmap cilium-config -o yaml`", explains=("proxy.port",), scope="cluster",
        source="https://docs.cilium.io/en/stable/network/kubernetes/kubeproxy-free/",
    ),
    proxy_cause(
        "proxy.crashing", "kube-proxy crashes on a node",
        "The process ends again and again: rules stay as they were when it last ran.",
        "Read why: `kubectl -n kube-system logs POD --previous`.", explains=("proxy.rules-unlike", *NO_VIP),
    ),
    proxy_cause(
        "proxy.hangs", "kube-proxy hangs on a node",
        "The process is there and its container counts as running, and it does not answer its own health page: it is "
        "stopped, starved of CPU, or waits for a lock in the kernel (xtables). Rules stay as they were.",
        "`kubectl -n kube-system delete pod POD` makes it anew. On the node, `ps -eo stat,cmd | grep kube-proxy` says "
        "T for a stopped process and D for one that waits in the kernel.",
    ),
    proxy_cause(
        "proxy.unsynced", "kube-proxy has never written its rules",
        "The process runs, and never received Services and EndpointSlices since its start: no Service address works "
        "on the node that did not work before. Its /healthz says 200 all the same, since nothing is pending.",
        "Read its log (`kubectl -n kube-system logs POD`): it names what it waits for, mostly the API server. Then "
        "correct that and `kubectl -n kube-system delete pod POD`.",
        explains=("proxy.rules-unlike", *NO_VIP), source=PROXYING,
    ),
    proxy_cause(
        "proxy.api", "kube-proxy cannot reach the API server",
        "Its kubeconfig names an address that does not answer from this node: wrong since it was written, moved, or "
        "cut off by a firewall. Rules are missing, or frozen as they were.",
        "Compare `server:` in `kubectl -n kube-system get configmap kube-proxy -o yaml` with the API server's address "
        "(`kubectl cluster-info`); correct it with `kubectl -n kube-system edit configmap kube-proxy`, then "
        "`kubectl -n kube-system rollout restart daemonset kube-proxy`. Where it is right, open the way from the node.",
    ),
    proxy_cause(
        "proxy.access", "kube-proxy may not read what it needs",
        "Its ServiceAccount lacks the right to list and watch Services, EndpointSlices or its Node.",
        "Bind it again: `kubectl create clusterrolebinding kubeadm:node-proxier --clusterrole=system:node-proxier "
        "--serviceaccount=kube-system:kube-proxy`; where the binding is there, the role lost a rule.",
        by_hand="`kubectl auth can-i list endpointslices.discovery.k8s.io "
        "--as=system:serviceaccount:kube-system:kube-proxy`",
        scope="cluster",
    ),
    proxy_cause(
        "proxy.credentials", "kube-proxy has no valid credentials",
        "The API server's certificate is not trusted, or the token is refused.",
        "Check `certificate-authority` and `tokenFile` in the kubeconfig of ConfigMap kube-system/kube-proxy, and that "
        "ConfigMap kube-system/kube-root-ca.crt holds the cluster's CA; then restart its pods.",
    ),
    proxy_cause(
        "proxy.rules", "kube-proxy cannot write its rules",
        "It knows what to write and the node's kernel or its tools refuse it: rules are missing, or frozen as they "
        "were. The pod is Running and Ready, and /healthz may say 200.",
        "The log names the table and the chain (`kubectl -n kube-system logs POD`). Usual reasons: another program "
        "owns a chain of that name, iptables of two backends are mixed, the kernel lacks a module. "
        "`iptables-save -t nat` and `nft list ruleset` on the node show it.",
        source=MODES_PAGE, explains=("proxy.unsynced", "proxy.stale", "proxy.rules-unlike", *NO_VIP),
    ),
    proxy_cause(
        "proxy.stale", "kube-proxy's rules are out of date",
        "It was in order once and no longer hears of changes: new endpoints are missing from its rules and old ones "
        "are still there. /healthz says 200.",
        "Read its log for `Failed to watch` (`kubectl -n kube-system logs POD`), open the way from the node to the API "
        "server, or restart the pod: `kubectl -n kube-system delete pod POD`.",
        explains=("proxy.rules-unlike", *NO_VIP), source=PROXYING,
    ),
    proxy_cause(
        "proxy.config", "kube-proxy cannot use its configuration",
        "The configuration in its ConfigMap is not valid, so the process ends at its start.",
        "Correct it (`kubectl -n kube-system edit configmap kube-proxy`, key config.conf; the log names the field), "
        "then `kubectl -n kube-system rollout restart daemonset kube-proxy`.",
        by_hand="`kubectl -n kube-system logs POD --previous` and `kubectl -n kube-system get configmap kube-proxy "
        "-o yaml`", source=CONFIG_PAGE,
    ),
    proxy_cause(
        "proxy.mode", "kube-proxy's mode does not work on a node",
        "The mode needs something of the node that is not there: kernel modules for ipvs, or the program conntrack.",
        "On the node, load the modules (`modprobe -a ip_vs ip_vs_rr nf_conntrack`) or install the package conntrack; "
        "or choose mode nftables or iptables in ConfigMap kube-system/kube-proxy, then `kubectl -n kube-system rollout "
        "restart daemonset kube-proxy`.",
        source=MODES_PAGE,
    ),
    proxy_cause(
        "proxy.node-name", "kube-proxy looks for a Node that does not exist",
        "It runs under a name (`--hostname-override`, else the host name) that no Node has.",
        "Make the name agree with `kubectl get nodes`: kubeadm gives `--hostname-override=$(NODE_NAME)` from the pod's "
        "spec.nodeName.",
    ),
    proxy_cause(
        "proxy.node-address", "kube-proxy could not learn its node's address",
        "The Node had no address when kube-proxy started, so rules for NodePorts and local traffic are wrong.",
        "See that the Node has an InternalIP (`kubectl get nodes -o wide`), then "
        "`kubectl -n kube-system delete pod POD`.",
    ),
    proxy_cause(
        "proxy.node-flaps", "A node's address changes again and again",
        "kube-proxy ends itself when the addresses of its Node change, and does so often here.",
        "Give the kubelet a fixed address (`--node-ip`) or the machine a fixed lease.", source=CONFIG_PAGE,
    ),
    proxy_cause(
        "proxy.node-moved", "kube-proxy goes on with an address that its node no longer has",
        "The Node's address changed while kube-proxy ran. Version 1.34 logs that (`NodeIPs changed for the node`) and "
        "runs on: in mode nftables NodePorts are bound to the address that it began with, and are not served at the "
        "new one, unless nodePortAddresses names ranges.",
        "Restart it there: `kubectl -n kube-system delete pod POD`. Then give the kubelet a fixed address "
        "(`--node-ip`) or the machine a fixed lease.",
        by_hand="`kubectl -n kube-system logs POD | grep NodeIPs` beside `kubectl get nodes -o wide`",
        explains=(), source=CONFIG_PAGE,
    ),
    proxy_cause(
        "proxy.port", "kube-proxy cannot open its own port",
        "Another process on the node has port 10249 or 10256.",
        "Find it on the node (`ss -ltnp | grep -E '10249|10256'`) and stop it, or move kube-proxy's metricsBindAddress "
        "or healthzBindAddress.", explains=("proxy.crashing", "proxy.not-covering"), source=CONFIG_PAGE,
    ),
)
