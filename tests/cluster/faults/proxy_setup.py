"""Faults in how kube-proxy is set up: its command, ConfigMap, kubeconfig and rights, running and at its next start."""

from datetime import UTC, datetime

from tests.cluster.faults.api import Delete, EditText, Kubectl, Patch, RestartPods
from tests.cluster.faults.conditions import NOW, Condition, daemon_pods, grown, left_out, live_pods
from tests.cluster.faults.conditions import both as both_of
from tests.cluster.faults.fault import Answer, Fault, Injection, Root
from tests.cluster.faults.node import NODES, TagImage
from tests.cluster.faults.objects import PROXY, PROXY_ACCOUNT, PROXY_BINDING, PROXY_CONFIG, PROXY_IMAGE, PROXY_PODS
from tests.cluster.rig import Cluster

SECOND = NODES[1]
RESTART = RestartPods(PROXY_PODS)
COMMAND = "/spec/template/spec/containers/0/command"
FILE, KUBECONFIG = "config.conf", "kubeconfig.conf"
FOLLOWS = ("proxy.*", "dns.*")
OLD_IMAGE = PROXY_IMAGE.rpartition(":")[0] + ":v1.24.17"


def logs(words: str, number: int = 2) -> Condition:
    def hold(cluster: Cluster) -> bool:
        pods = [pod["metadata"]["name"] for pod in live_pods(cluster, PROXY_PODS)]
        logs = [cluster.kubectl("-n", "kube-system", "logs", name, "--tail=-1", check=False) for name in pods]
        return sum(words in log for log in logs) >= number
    return Condition(f"{number} kube-proxy pods log “{words}”", hold)


def _have_run(cluster: Cluster) -> bool:
    started = [pod["status"]["containerStatuses"][0]["state"].get("running", {}).get("startedAt", "")
               for pod in live_pods(cluster, PROXY_PODS)]
    return all(at and (datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds() > 70 for at in started)


RUNNING = Condition("kube-proxy has run for more than a minute, and had time to write rules", _have_run)


def _command(place: int, words: str) -> Patch:
    return Patch(PROXY, [{"op": "replace", "path": f"{COMMAND}/{place}", "value": words}])


def _row(
    name: str, reference: str, says: str, cause: str, *breaks: Injection, wait: Condition = NOW,
    answer: Answer = "degraded", on: object = PROXY_CONFIG, mentions: tuple[str, ...] = (),
) -> Fault:
    return Fault(name=name, reference=reference, says=says, network="bridge", playbook="kube-proxy", breaks=breaks,
                 wait=wait, answer=answer, roots=(Root(cause, "proxy", str(on)),), mentions=mentions,
                 consequences=FOLLOWS)


PROXY_SETUP_FAULTS = (
    _row("proxy-config-deleted", "P04", "kube-proxy's ConfigMap is deleted while its pods run",
         "proxy.settings.missing", Delete(PROXY_CONFIG), mentions=("none can start again",)),
    _row("proxy-config-deleted-restarted", "P04", "kube-proxy's ConfigMap is gone, and its pods are made anew",
         "proxy.settings.missing", Delete(PROXY_CONFIG), RESTART,
         wait=both_of(daemon_pods(PROXY, 0), grown(PROXY)), answer="broken"),
    _row("proxy-config-key", "KP-04", "kube-proxy is started with a file that its ConfigMap does not hold",
         "proxy.command", _command(1, "--config=/var/lib/kube-proxy/proxy.conf"),
         RESTART,  # a rollout may stop at the first pod that does not come up
         wait=logs("no such file"), answer="broken", on=PROXY, mentions=("config.conf",)),
    _row("proxy-hostname", "KP-04", "kube-proxy runs under the name of no node", "proxy.command",
         _command(2, "--hostname-override=worker-7"), wait=both_of(left_out(PROXY, 2), RUNNING),
         on=PROXY, mentions=("worker-7",)),
    _row("proxy-one-name", "KP-04", "kube-proxy has the name of one node on all nodes, by its file", "proxy.command",
         EditText(PROXY_CONFIG, FILE, r"\Z", "hostnameOverride: n1\n"),
         Patch(PROXY, [{"op": "remove", "path": f"{COMMAND}/2"}]), wait=both_of(left_out(PROXY, 2), RUNNING),
         on=PROXY, mentions=("one name on every node: n1",)),
    _row("proxy-idle-flag", "KP-04", "kube-proxy is given a flag beside its file, where it counts for nothing",
         "proxy.idle-flags", Patch(PROXY, [{"op": "add", "path": f"{COMMAND}/-", "value": "--proxy-mode=nftables"}]),
         wait=left_out(PROXY, 2), on=PROXY, mentions=("--proxy-mode",)),
    _row("proxy-flag-unknown", "KP-04", "kube-proxy is given a flag that it does not know",
         "proxy.command", Patch(PROXY, [{"op": "add", "path": f"{COMMAND}/-", "value": "--no-such-flag"}]), RESTART,
         wait=both_of(logs("unknown flag"), daemon_pods(PROXY, 0)), answer="broken", on=PROXY,
         mentions=("--no-such-flag",)),
    _row("proxy-old", "P22", "kube-proxy is ten minor versions older than the API server", "proxy.version",
         *(TagImage(node, PROXY_IMAGE, OLD_IMAGE) for node in NODES),
         Patch(PROXY, [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": OLD_IMAGE}]),
         wait=left_out(PROXY, 2), on=PROXY, mentions=("10 minor versions",)),
    _row("proxy-mode-unknown", "KP-05", "kube-proxy's mode is one that does not exist", "proxy.settings.invalid",
         EditText(PROXY_CONFIG, FILE, 'mode: "iptables"', "mode: iptable"), RESTART,
         wait=logs("Invalid value"), answer="broken", mentions=("mode is iptable",)),
    _row("proxy-mode-not-loaded", "KP-05", "kube-proxy's mode was changed, and its pods were not restarted",
         "proxy.settings.not-loaded", EditText(PROXY_CONFIG, FILE, 'mode: "iptables"', "mode: nftables"),
         mentions=("runs with mode iptables",)),
    _row("proxy-field-misspelt", "KP-05", "a field of kube-proxy's configuration is misspelt",
         "proxy.settings.misspelt", EditText(PROXY_CONFIG, FILE, "clusterCIDR:", "clusterCidr:"), RESTART,
         wait=logs("lenient decoding"), mentions=("clusterCIDR",)),
    _row("proxy-cluster-range", "P11", "kube-proxy's clusterCIDR is not where the pods are",
         "proxy.settings.pod-range", EditText(PROXY_CONFIG, FILE, "10.244.0.0/16", "10.99.0.0/16"), RESTART,
         wait=logs("Caches are synced"), mentions=("10.99.0.0/16",)),
    _row("proxy-kubeconfig-later", "P06", "kube-proxy's kubeconfig names a wrong API server, and its pods still run",
         "proxy.kubeconfig", EditText(PROXY_CONFIG, KUBECONFIG, r'https://[^"\s]+', "https://192.0.2.10:6443"),
         mentions=("192.0.2.10:6443",)),
    _row("proxy-kubeconfig-now", "P06", "kube-proxy is ready, and asks an API server that is not there",
         "proxy.kubeconfig", EditText(PROXY_CONFIG, KUBECONFIG, r'https://[^"\s]+', "https://192.0.2.10:6443"),
         RESTART, wait=both_of(logs("192.0.2.10"), RUNNING), answer="broken", mentions=("192.0.2.10:6443",)),
    _row("proxy-ca-path", "P07", "kube-proxy's kubeconfig names a CA file that no pod has", "proxy.kubeconfig",
         EditText(PROXY_CONFIG, KUBECONFIG, r"serviceaccount/ca\.crt", "serviceaccount/ca-old.crt"), RESTART,
         wait=logs("ca-old.crt"), answer="broken", mentions=("ca-old.crt",)),
    _row("proxy-binding-deleted", "KP-09", "no binding gives kube-proxy its role, while its pods run", "proxy.rights",
         Delete(PROXY_BINDING), on=PROXY_ACCOUNT, mentions=("system:node-proxier",)),
    _row("proxy-binding-deleted-restarted", "KP-09", "nothing gives kube-proxy its role, and its pods are made anew",
         "proxy.rights", Delete(PROXY_BINDING), RESTART, wait=logs("is forbidden"), answer="broken",
         on=PROXY_ACCOUNT, mentions=("no ClusterRoleBinding names it",)),
    _row("proxy-toleration-lost", "P19", "kube-proxy does not tolerate the taint of a node", "proxy.not-covering",
         Kubectl(("taint", "node", SECOND, "netcheck/dedicated=db:NoSchedule"),
                 ("taint", "node", SECOND, "netcheck/dedicated-")),
         Patch(PROXY, {"spec": {"template": {"spec": {"tolerations": None}}}}),
         wait=both_of(left_out(PROXY, 1), grown(PROXY)), on=PROXY, mentions=("netcheck/dedicated=db:NoSchedule",)),
)
