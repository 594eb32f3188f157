"""`proxy.coverage`: does a service proxy run, on every node, where one is needed?

Only a cluster that is known to need kube-proxy can miss it: one that kubeadm made, whose network does not replace it.
Ready says that the process runs and no more: kubeadm's manifest has no probes.
"""

import asyncio
from typing import Any

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.diagnosis.platform import PROXY_INSIDE, recognise_platform
from bot.model.finding import Finding, Layer, Verdict
from bot.networks import find_network
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.daemons import agent_facts, is_starting, list_pods, list_unready, read_places, troubled, why_not_there
from bot.steps.findings import tell_skipped
from bot.steps.nodes.kubeadm import read_kubeadm
from bot.steps.nodes.status import count_down, is_young, list_fit, read_nodes
from bot.steps.proxy.objects import HOME, NAME, REPLACING, find_proxy, is_idle, read_replacement, tell_crash
from bot.steps.proxy.second import judge_others, read_others, served_by_others
from bot.steps.proxy.static import judge_static
from bot.steps.readings import or_skip, read_version
from bot.steps.wording import count, cut, list_names, read_at

NOT_COVERED, CRASHING = "proxy.not-covering", "proxy.crashing"


class ProxyArgs(Args):
    """Looks for kube-proxy's DaemonSet and its pods on the nodes, and for what stands in for it.

    `survey`: whether of more than ten nodes all are looked at for being ready where a pod is missing.
    """

    survey: bool = True


async def gather_coverage(cluster: Cluster, args: ProxyArgs) -> Evidence:
    skipped: list[str] = []
    proxy, nodes, version = await asyncio.gather(
        find_proxy(cluster), read_nodes(cluster, (), skipped), read_version(cluster, skipped))
    replacement = await read_replacement(cluster, proxy, skipped)
    daemon = proxy.daemon if proxy.found else None
    others = await or_skip(read_others(cluster, daemon), skipped) if daemon else None
    expected = len(list_fit(nodes["read"])) if nodes["read"] and not nodes["unread"] else None
    short = daemon is not None and daemon["ready"] < (daemon["desired"] if expected is None else expected)
    pods = await list_pods(cluster, daemon, skipped) if daemon and short else None
    whole = pods is not None
    if daemon and short and nodes["unread"] and args.survey:
        pods = await list_unready(cluster, daemon, skipped) if pods is None else pods
        ill = tuple(pod["node"] for pod in pods if pod["node"] and not pod["ready"])
        nodes = await read_nodes(cluster, ill, skipped, survey=True)
    places = await read_places(cluster, daemon) if daemon and short and nodes["read"] else {}
    return {
        "read_at": cluster.now, "known": proxy.known, "found": proxy.found, "proxy": daemon,
        "kubeadm": not proxy.found and await read_kubeadm(cluster, skipped) is not None,
        "version": version, "nodes": nodes, "networks": list(proxy.networks), "replacement": replacement,
        "pods": pods, "whole": whole, "places": places,
        "static": [agent_facts(pod) for pod in proxy.static], "others": others or [],
        "skipped": list(dict.fromkeys([*proxy.skipped, *skipped])),
    }


def judge_coverage(evidence: Evidence, args: ProxyArgs) -> Judgement:
    skipped = tell_skipped(evidence, Layer.PROXY)
    if not evidence["known"]:
        return Judgement(skipped)
    if evidence["static"]:
        return Judgement((*judge_static(evidence), *skipped), {"proxy": ""})
    if not evidence["found"]:
        return Judgement((_absent(evidence), *skipped), {"proxy": ""})
    if evidence["proxy"] is None:
        return Judgement(skipped)
    if is_idle(evidence["proxy"]) and (instead := _instead(evidence)):
        text = f"{evidence['proxy']['name']} is meant for no node, and {instead}"
        idle = note(Verdict.INFO, Layer.PROXY, text, object=evidence["proxy"]["name"], evidence=(read_at(evidence),))
        return Judgement((idle, *judge_others(evidence), *skipped), {"proxy": ""})
    found = (*_present(evidence), *judge_others(evidence), *_twice(evidence), *skipped)
    return Judgement(found, {"proxy": evidence["proxy"]["name"]})


def _absent(evidence: Evidence) -> Finding:
    """Without kube-proxy: built in, replaced, perhaps replaced, or missing."""
    networks, told = evidence["networks"], (read_at(evidence),)
    platform = recognise_platform(evidence["version"], (), (), False)
    if platform in PROXY_INSIDE:
        text = f"There is no kube-proxy DaemonSet: {PROXY_INSIDE[platform]}"
        return note(Verdict.INFO, Layer.PROXY, text, evidence=told)
    if instead := _instead(evidence):
        return note(Verdict.INFO, Layer.PROXY, f"There is no kube-proxy DaemonSet, and {instead}", evidence=told)
    if not evidence["kubeadm"]:
        text = ("There is no kube-proxy DaemonSet; platforms exist that have it built in; whether Service addresses "
                "work was not tested.")
        return note(Verdict.INFO, Layer.PROXY, text, evidence=told)
    text = "No service proxy runs: kubeadm's DaemonSet kube-proxy is not there, and nothing replaces it."
    return find("proxy.missing", text, object=f"DaemonSet {HOME}/{NAME}",
                evidence=(f"DaemonSet {HOME}/{NAME}: not found", f"networks: {list_names(networks) or 'none known'}",
                          read_at(evidence)))


def _instead(evidence: Evidence) -> str:
    """What does, or may do, its work; "" where nothing is known to. Beside what may do it nothing is concluded: with
    Calico's eBPF and others the DaemonSet stays, with a nodeSelector that no node has."""
    if evidence["replacement"] in REPLACING:
        return "Cilium replaces kube-proxy (ConfigMap kube-system/cilium-config); Service addresses were not tested."
    able = {"always"} if evidence["replacement"] == "false" else {"always", "may"}
    names = [name for name in evidence["networks"] if (known := find_network(name)) and known.stands_in in able]
    return f"{list_names(names)} may stand in for it; whether Service addresses work was not tested." if names else ""


def _twice(evidence: Evidence) -> list[Finding]:
    if evidence["replacement"] not in REPLACING or not evidence["proxy"]["ready"]:
        return []
    text = (f"Two service proxies run: {evidence['proxy']['name']}, and Cilium, whose kube-proxy-replacement is "
            f"{evidence['replacement']}.")
    return [find("proxy.two", text, verdict=Verdict.WARN, object=evidence["proxy"]["name"],
                 evidence=("ConfigMap kube-system/cilium-config: kube-proxy-replacement is on", read_at(evidence)))]


def _present(evidence: Evidence) -> list[Finding]:
    proxy, nodes = evidence["proxy"], evidence["nodes"]
    elsewhere = served_by_others(evidence)
    fit = [name for name in list_fit(nodes["read"]) if name not in elsewhere]
    up = [name for name in fit if nodes["read"][name]["ready"]]
    sure = [name for name in up if _why(evidence, name) and _is_sure(evidence, name)]
    new = [name for name in up if is_young(nodes["read"][name], evidence) and name not in sure]
    down = len(fit) - len(up) + len(new) + count_down(nodes)
    expected = len(fit) if nodes["read"] and not nodes["unread"] else proxy["desired"]
    text = f"{proxy['name']} has {proxy['ready']} of {count(expected, 'pod')} ready"
    if proxy["ready"] >= expected - down and not sure:
        whole = proxy["ready"] >= expected
        text += "; that its processes run does not show that they write rules." if whole else \
            "; the others belong on nodes that are new, or not ready."
        return [note(Verdict.PASS if whole else Verdict.INFO, Layer.PROXY, text, object=proxy["name"],
                     evidence=(read_at(evidence),))]
    bare = {name: why for name in up if name not in new and (why := _why(evidence, name))}
    settled = [why for name, why in bare.items() if not (proxy["ready"] and _is_starting(evidence, name))]
    rolling = (proxy["rolling"] and not any(why != "no pod" for why in settled)) or (bare and not settled)
    if not sure and (is_young(proxy, evidence) or rolling):
        return [note(Verdict.INFO, Layer.PROXY, f"{text}; it is being rolled out.", object=proxy["name"],
                     evidence=(read_at(evidence),))]
    told = f"{proxy['name']}: desired {proxy['desired']}, ready {proxy['ready']}, nodes {expected}"
    verdict = Verdict.WARN if proxy["ready"] else Verdict.FAIL
    crashes = {name: crash for name in bare if (crash := _crash(evidence, name))}
    if not bare or not (proxy["ready"] or crashes):
        why = f" ({next(iter(bare.values()))})" if bare else ""
        return [find(NOT_COVERED, f"{text}{why}: Service addresses do not work, or are frozen as they were.",
                     verdict=verdict, object=proxy["name"], evidence=(told, read_at(evidence)))]
    found = []
    for name, why in bare.items():
        code, how = (CRASHING, f"it crashes: {crashes[name]}") if name in crashes else (NOT_COVERED, why)
        sentence = f"{text}: on node {name}, {how}. Service addresses do not work there, or are frozen."
        found.append(find(code, sentence, verdict=verdict, object=proxy["name"], node=name,
                          evidence=(told, f"node {name}: {why}", read_at(evidence))))
    return found


def _is_sure(evidence: Evidence, node: str) -> bool:
    """Whether no youth explains that it has no ready pod. Where only pods that are not ready were read, new nodes may
    well be served and excuse none of them."""
    whole = evidence.get("whole", True)
    return bool(_kept_away(evidence, node) or _crash(evidence, node) or not (whole or _is_starting(evidence, node)))


def _is_starting(evidence: Evidence, node: str) -> bool:
    pod = _pod_on(evidence, node)
    return pod is not None and is_starting(pod, evidence)


def _crash(evidence: Evidence, node: str) -> str:
    """What does not stay up is there, and crashes: another fault than a pod that is missing."""
    return tell_crash(troubled(pod)) if (pod := _pod_on(evidence, node)) else ""


def _kept_away(evidence: Evidence, node: str) -> str:
    """Why the DaemonSet makes no pod for this node, new or not; "" where it makes one, or nothing is known."""
    place: dict[str, Any] | None = evidence["places"].get(node)
    return why_not_there(evidence["proxy"], place) if place else ""


def _why(evidence: Evidence, node: str) -> str:
    """What keeps this node without a ready pod; "" where it has one, or nothing is known."""
    if evidence["pods"] is None:
        return ""
    pod = _pod_on(evidence, node)
    if pod is None:
        return (_kept_away(evidence, node) or "no pod") if evidence.get("whole", True) else ""
    if pod["ready"]:
        return ""
    container = troubled(pod)
    state = container["waiting"] or pod["reason"] or pod["phase"]
    return cut(f"{pod['name']} is not ready: {state} {container['message']}").rstrip(". :")


def _pod_on(evidence: Evidence, node: str) -> dict[str, Any] | None:
    """The node's pod, the ready one where there are two."""
    here = [pod for pod in evidence["pods"] or () if pod["node"] == node and not pod["deleting"]]
    return next(iter(sorted(here, key=lambda pod: not pod["ready"])), None)


COVERAGE = Look(
    name="proxy.coverage", args=ProxyArgs, gather=gather_coverage, judge=judge_coverage,
    reads=("list daemonsets.apps", "get daemonsets.apps", "list nodes", "get configmaps/kubeadm-config in kube-system",
           "get configmaps/cilium-config in kube-system", "list felixconfigurations.crd.projectcalico.org",
           "list pods in kube-system", "get pods in kube-system", "get /version"),
    by_hand="`kubectl -n kube-system get daemonset kube-proxy` and `kubectl -n kube-system get pods -o wide "
    "-l k8s-app=kube-proxy` (https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/#is-the-kube-proxy-working)",
)
