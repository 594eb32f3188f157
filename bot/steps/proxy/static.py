"""kube-proxy as static pods, which the kubelets start out of files on their nodes (GKE, RKE2): where it runs, and where
not. Pure. The API holds a mirror of each; nobody counts them, so that one is missing shows beside the other nodes only.
"""

from typing import Any

from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence
from bot.steps.daemons import is_gone, troubled
from bot.steps.nodes.status import is_young, list_fit
from bot.steps.proxy.objects import STATIC, tell_crash
from bot.steps.wording import count, cut, list_names, read_at

Pod = dict[str, Any]
FILES = "/var/lib/rancher/rke2/agent/pod-manifests (RKE2) or /etc/kubernetes/manifests (GKE)"


def judge_static(evidence: Evidence) -> list[Finding]:
    pods = [pod for pod in evidence["static"] if not is_gone(pod)]
    read = evidence["nodes"]["read"]
    homes = {pod["node"] for pod in pods}
    whole = bool(read) and not evidence["nodes"]["unread"]
    alive = [name for name in list_fit(read) if read[name]["ready"]]
    ill = [pod for pod in pods if not pod["ready"] and read.get(pod["node"], {}).get("ready", True)]
    bare = [name for name in alive if whole and name not in homes and not is_young(read[name], evidence)]
    found = [_unready(evidence, pod) for pod in ill] + [_missing(evidence, name, len(pods)) for name in bare]
    well = [pod["node"] for pod in pods if pod["ready"]]
    if well and not any(f.verdict is not Verdict.INFO for f in found):
        more = "" if whole else "; other nodes were not looked at"
        text = (f"kube-proxy runs as static pods, started by the kubelets, on {list_names(well)}{more}; that its "
                "processes run does not show that they write rules.")
        found.insert(0, note(Verdict.PASS if whole else Verdict.INFO, Layer.PROXY, text, object=STATIC,
                             evidence=(read_at(evidence),)))
    return found


def _unready(evidence: Evidence, pod: Pod) -> Finding:
    container = troubled(pod, "kube-proxy")
    crash = tell_crash(container)
    if crash:
        text = f"kube-proxy's static pod on node {pod['node']} crashes: {crash}."
        return _fault(evidence, "proxy.crashing", text, pod["node"], f"{pod['name']}: "
                      f"{container['waiting'] or 'ended'}, last ended {container['ended']['at']}")
    state = container["waiting"] or pod["reason"] or pod["phase"]
    why = cut(f"{state} {container['message']}").rstrip(". :")
    if is_young(pod, evidence) and not container["ended"]:
        text = f"kube-proxy's static pod on node {pod['node']} was made a moment ago and is not ready yet ({why})."
        return note(Verdict.INFO, Layer.PROXY, text, object=STATIC, node=pod["node"], evidence=(read_at(evidence),))
    text = (f"kube-proxy's static pod on node {pod['node']} is not ready: {why}. Service addresses do not work there, "
            "or are frozen.")
    return _fault(evidence, "proxy.not-covering", text, pod["node"], f"{pod['name']}: {why}, expected ready")


def _missing(evidence: Evidence, node: str, others: int) -> Finding:
    """A kubelet that may not make the mirror runs the pod all the same: that is told, too."""
    text = (f"Node {node} has no static pod of kube-proxy, which {count(others, 'other node')} "
            f"{'has' if others == 1 else 'have'}: it does not run there, or its kubelet could not show it.")
    return _fault(evidence, "proxy.not-covering", text, node, f"node {node}: no pod kube-system/kube-proxy-{node}",
                  advice=f"On node {node} look for kube-proxy's manifest in {FILES}, and restart the agent that writes "
                  "it (`systemctl restart rke2-agent`).")


def _fault(evidence: Evidence, code: str, text: str, node: str, told: str, advice: str = "") -> Finding:
    ready = any(pod["ready"] for pod in evidence["static"])
    return find(code, text, verdict=Verdict.WARN if ready else Verdict.FAIL, object=STATIC, node=node,
                evidence=(told, read_at(evidence)),
                advice=advice or f"`kubectl -n kube-system logs kube-proxy-{node} --previous` and `kubectl -n "
                f"kube-system describe pod kube-proxy-{node}`; the pod is written by the node's own agent, so correct "
                "what that was told (RKE2: `kube-proxy-arg` in /etc/rancher/rke2/config.yaml), not the pod.")
