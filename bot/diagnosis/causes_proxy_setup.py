"""Causes in how kube-proxy is set up (command, ConfigMap, kubeconfig, rights), and in what the kernel then holds."""

from bot.diagnosis.cause import Cause
from bot.diagnosis.causes_proxy import CONFIG_PAGE, MODES_PAGE, NO_VIP, PROXYING, SHOWS, proxy_cause
from bot.diagnosis.commands import install_again

COMMAND_PAGE = "https://kubernetes.io/docs/reference/command-line-tools-reference/kube-proxy/"
KUBECONFIG_PAGE = "https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/"
SKEW_PAGE = "https://kubernetes.io/releases/version-skew-policy/#kube-proxy"
RIGHTS_PAGE = "https://kubernetes.io/docs/reference/access-authn-authz/rbac/#other-component-roles"
CONFIG_BY_HAND = "`kubectl -n kube-system get configmap kube-proxy -o yaml`"
RESTART = "`kubectl -n kube-system rollout restart daemonset kube-proxy`"
AT_START = (*SHOWS, "proxy.config", "proxy.mode", "proxy.node-name", "proxy.api", "proxy.credentials", *NO_VIP)
"""What follows when it cannot start, or starts as what it should not be."""

PROXY_SETUP: tuple[Cause, ...] = (
    proxy_cause(
        "proxy.command", "kube-proxy is started with what is not there",
        "Its command names a file of configuration that no volume brings, a node's name that is not its node's, or a "
        "flag that its version does not have: it cannot start, or works for a node that is not there.",
        "Correct the command (`kubectl -n kube-system edit daemonset kube-proxy`). kubeadm writes "
        "`--config=/var/lib/kube-proxy/config.conf`, the mounted ConfigMap's key, and "
        "`--hostname-override=$(NODE_NAME)` with NODE_NAME from the pod's spec.nodeName.",
        by_hand="`kubectl -n kube-system get daemonset kube-proxy -o yaml` (command, env, volumeMounts)",
        explains=(*AT_START, "proxy.idle-flags"), source=COMMAND_PAGE, scope="cluster",
    ),
    proxy_cause(
        "proxy.host-network", "kube-proxy does not run in its nodes' network",
        "Rules belong into the network of the node. A kube-proxy with a network of its own writes them there, calls "
        "itself healthy, and what the nodes have stays as it was, or is never written on a new node.",
        "`kubectl -n kube-system patch daemonset kube-proxy -p "
        "'{\"spec\":{\"template\":{\"spec\":{\"hostNetwork\":true}}}}'`.",
        by_hand="`kubectl -n kube-system get daemonset kube-proxy -o yaml` (hostNetwork)",
        source=COMMAND_PAGE, scope="cluster",
    ),
    proxy_cause(
        "proxy.idle-flags", "kube-proxy is given flags that count for nothing",
        "Beside `--config` only `--hostname-override` and flags of logging count: who set the others changed nothing.",
        "Move them into the ConfigMap (`kubectl -n kube-system edit configmap kube-proxy`, key config.conf), take them "
        f"out of the DaemonSet, then {RESTART}.",
        by_hand="`kubectl -n kube-system get daemonset kube-proxy -o yaml` (command)", explains=(), source=COMMAND_PAGE,
        scope="cluster",
    ),
    proxy_cause(
        "proxy.version", "kube-proxy's version does not fit the cluster's",
        "kube-proxy may not be newer than the API server, and at most three minor versions older. It may lack the "
        "interfaces that it needs, or use ones that are gone.",
        "Bring the DaemonSet to the API server's version: `kubectl -n kube-system set image daemonset/kube-proxy "
        "kube-proxy=registry.k8s.io/kube-proxy:VERSION` (kubeadm: `kubeadm upgrade apply`).",
        by_hand="`kubectl version` and `kubectl -n kube-system get daemonset kube-proxy -o wide`",
        explains=("proxy.crashing", "proxy.unsynced"), source=SKEW_PAGE, scope="cluster",
    ),
    proxy_cause(
        "proxy.settings.missing", "kube-proxy's ConfigMap is gone",
        "The pods that run keep a copy and go on; none starts again, neither after a restart nor on a new node.",
        f"Write it again ({install_again('kube-proxy')}), or from a backup: "
        "`kubectl -n kube-system create configmap kube-proxy --from-file=config.conf --from-file=kubeconfig.conf`. "
        f"Then {RESTART}.",
        by_hand=f"{CONFIG_BY_HAND} and `kubectl -n kube-system describe pods -l k8s-app=kube-proxy` (FailedMount)",
        explains=AT_START, source=CONFIG_PAGE, scope="cluster",
    ),
    proxy_cause(
        "proxy.settings.invalid", "kube-proxy's configuration is not valid",
        "What stands in the ConfigMap is no configuration that kube-proxy takes: pods end at their start.",
        f"Correct it (`kubectl -n kube-system edit configmap kube-proxy`, key config.conf), then {RESTART}.",
        by_hand=f"{CONFIG_BY_HAND} and `kubectl -n kube-system logs POD --previous`",
        explains=AT_START, source=CONFIG_PAGE, scope="cluster",
    ),
    proxy_cause(
        "proxy.settings.misspelt", "A field of kube-proxy's configuration is misspelt",
        "kube-proxy passes over fields that it does not know, with one line in its log (Using lenient decoding): it "
        "runs with the default in place of what was meant.",
        f"Correct the name (`kubectl -n kube-system edit configmap kube-proxy`, key config.conf), then {RESTART}.",
        by_hand="`kubectl -n kube-system logs POD | grep 'lenient decoding'`", explains=(), source=CONFIG_PAGE,
        scope="cluster",
    ),
    proxy_cause(
        "proxy.settings.pod-range", "clusterCIDR does not hold the pods",
        "kube-proxy takes pods outside of clusterCIDR for strangers: what they send to Services is masqueraded, so "
        "that servers and NetworkPolicies see the node's address in place of the pod's.",
        "Set clusterCIDR to the cluster's pod range (`kubectl -n kube-system edit configmap kube-proxy`, key "
        f"config.conf; kubeadm: podSubnet in ConfigMap kubeadm-config), then {RESTART}.",
        by_hand="`kubectl get nodes -o custom-columns=NAME:.metadata.name,RANGE:.spec.podCIDR` beside "
        + CONFIG_BY_HAND, explains=(), source=CONFIG_PAGE, scope="cluster",
    ),
    proxy_cause(
        "proxy.settings.not-loaded", "kube-proxy runs with an older configuration",
        "It reads its file at its start only. Pods that began before the ConfigMap was changed go on as before, and "
        "pods that start from now on differ from them.",
        f"Restart the pods: {RESTART}. Or take the change back.",
        by_hand="`kubectl -n kube-system port-forward POD 10249` and `curl http://127.0.0.1:10249/configz`",
        explains=(), source=CONFIG_PAGE,
    ),
    proxy_cause(
        "proxy.kubeconfig", "kube-proxy is told to use another API server",
        "The kubeconfig in its ConfigMap leads to no API server of this cluster, or has no CA or credentials that a "
        "pod could use: pods that start with it never receive Services.",
        "Set `server:` to the control plane's address (`kubectl -n kube-system edit configmap kube-proxy`, key "
        "kubeconfig.conf; `kubectl -n default get endpointslices -l kubernetes.io/service-name=kubernetes`), then "
        f"{RESTART}.",
        by_hand=CONFIG_BY_HAND, explains=AT_START, source=KUBECONFIG_PAGE, scope="cluster",
    ),
    proxy_cause(
        "proxy.rights", "kube-proxy's account lacks its rights",
        "Its ServiceAccount may not list and watch what rules are made of, or does not exist: pods that run hear of no "
        "change any longer, and new ones write no rules.",
        "Bind its role again: `kubectl create clusterrolebinding kubeadm:node-proxier "
        "--clusterrole=system:node-proxier --serviceaccount=kube-system:kube-proxy`; where the binding is there, the "
        "role lost a rule.",
        by_hand="`kubectl auth can-i list endpointslices.discovery.k8s.io "
        "--as=system:serviceaccount:kube-system:kube-proxy`",
        explains=("proxy.access", "proxy.api", "proxy.credentials", *SHOWS, *NO_VIP), source=RIGHTS_PAGE,
        scope="cluster",
    ),
    proxy_cause(
        "proxy.rules-unlike", "The kernel's rules are not what kube-proxy should have written",
        "Rules of a Service are missing, or lead to endpoints that are gone, though kube-proxy believes that it wrote "
        "them: another program took them away, or kube-proxy no longer hears of changes.",
        "`kubectl -n kube-system delete pod POD` writes them anew. Then find what flushes them: another firewall "
        "(`systemctl status firewalld nftables`), or scripts that call `iptables -F`. In mode nftables also see that "
        "kube-proxy's image has the file /etc/protocols: without it kube-proxy empties its own maps at each second "
        "start (`nft delete table ip kube-proxy` on the node before a start helps until then).",
        by_hand="`kubectl -n kube-system exec POD -- iptables-save -t nat` (nftables: `nft list table ip kube-proxy`) "
        "beside `kubectl get endpointslices -A`", explains=NO_VIP, source=PROXYING,
    ),
    proxy_cause(
        "proxy.two-backends", "Two backends of iptables hold kube-proxy's rules",
        "kube-proxy writes with one backend, and rules that an earlier one wrote are in the other: the kernel follows "
        "both, so that Services still lead to pods that are gone. `iptables-save` shows one of them only.",
        "Make the node's iptables one (`update-alternatives --display iptables`), then clear the other: "
        "`iptables-legacy -t nat -F` and `iptables-legacy -F` on the node where nothing else needs them, or restart "
        "the node.",
        by_hand="`kubectl -n kube-system exec POD -- iptables-legacy -t nat -S PREROUTING`, beside the same with "
        "`iptables-nft`", explains=("proxy.rules-unlike", *NO_VIP),
        source="https://github.com/kubernetes-sigs/iptables-wrappers",
    ),
    proxy_cause(
        "proxy.conntrack", "The kernel's table of connections is nearly full",
        "When it is full the kernel drops packets of new connections, while old ones go on: failures look random.",
        "Raise conntrack.maxPerCore or conntrack.min (`kubectl -n kube-system edit configmap kube-proxy`, then "
        f"{RESTART}), and find who opens so many connections (`conntrack -L` on the node); many short UDP questions to "
        "DNS are a usual reason.",
        by_hand="`kubectl -n kube-system exec POD -- conntrack -C` and `sysctl net.netfilter.nf_conntrack_max` on the "
        "node", explains=(), source=MODES_PAGE,
    ),
)
