"""Commands for a person that several causes name. Each was tried as it is printed."""

DNS_LOG = "`kubectl -n kube-system logs -l k8s-app=kube-dns --tail=100`"
"""With a selector kubectl shows ten lines unless it is told how many."""
DNS_LOG_BEFORE = "`kubectl -n kube-system logs POD --previous`"
"""Of one pod: with a selector kubectl gives up at the first that was never restarted."""
KUBERNETES = "kubernetes.default.svc.cluster.local"


def ask_dns(question: str) -> str:
    """One DNS pod by itself, past its Service and the network."""
    return f"`kubectl -n kube-system port-forward POD 5353:53`, then `dig +tcp -p 5353 @127.0.0.1 {question}`"


def install_again(addon: str) -> str:
    """How kubeadm writes an add-on once more. Without the file it takes its own default ranges, names and version.

    https://kubernetes.io/docs/reference/setup-tools/kubeadm/kubeadm-init-phase/#cmd-phase-addon
    """
    return ("kubeadm, on a control-plane node: `kubectl -n kube-system get configmap kubeadm-config -o "
            "jsonpath={.data.ClusterConfiguration} > cluster.yaml`, then "
            f"`kubeadm init phase addon {addon} --config cluster.yaml`")
