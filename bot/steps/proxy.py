"""`proxy.presence`: does a service proxy run where it is needed? (KP-01 and KP-02, as far as DNS depends on it).

Only a cluster that is known to need kube-proxy can miss it: one that kubeadm made, whose network does not replace it.
"""

import asyncio
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import find, note
from bot.model.errors import ClusterError, NotFound
from bot.model.finding import Finding, Layer, Verdict
from bot.networks import REPLACES_PROXY, recognise_all
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.findings import tell_skipped, unread
from bot.steps.nodes import is_young, read_nodes
from bot.steps.podfacts import pod_facts
from bot.steps.wording import count, list_names, name_object, read_at

HOME, NAME = "kube-system", "kube-proxy"
MOST_PODS = 50
MAY_REPLACE = frozenset({"Cilium", "kube-router", "Calico", "Antrea", "Kube-OVN"})
"""Networks that can be set up to stand in for kube-proxy: without it nothing is concluded beside them."""


class ProxyArgs(Args):
    """Looks for kube-proxy's DaemonSet and its pods on the nodes. Takes nothing."""


async def gather_proxy(cluster: Cluster, args: ProxyArgs) -> Evidence:
    skipped: list[str] = []
    sets, config, nodes = await asyncio.gather(
        _sets(cluster, skipped), _is_kubeadm(cluster, skipped), read_nodes(cluster, (), skipped))
    known = [{"name": s["metadata"]["name"], "labels": s["metadata"].get("labels", {})} for s in sets or ()]
    proxy = next((s for s in sets or () if _is_proxy(s)), None)
    full = await _read(cluster, proxy, skipped) if proxy else None
    facts = _facts(full) if full else None
    if full and facts and facts["ready"] < nodes["total"]:
        facts["running_on"] = await _running_on(cluster, full, skipped)
    return {
        "read_at": cluster.now, "known": sets is not None, "kubeadm": config, "nodes": nodes,
        "networks": [network.name for network, _ in recognise_all(known)],
        "proxy": facts, "found": bool(proxy), "skipped": list(dict.fromkeys(skipped)),
    }


async def _sets(cluster: Cluster, skipped: list[str]) -> tuple[Object, ...] | None:
    try:
        return (await cluster.list("DaemonSet", form="metadata")).items
    except ClusterError as error:
        skipped.append(unread(error))
    return None


async def _is_kubeadm(cluster: Cluster, skipped: list[str]) -> bool:
    try:
        await cluster.get("ConfigMap", "kubeadm-config", HOME)
    except NotFound:
        return False
    except ClusterError as error:
        skipped.append(unread(error))
        return False
    return True


def _is_proxy(item: Object) -> bool:
    meta = item["metadata"]
    return bool(meta["name"] == NAME or meta.get("labels", {}).get("k8s-app") == NAME)


async def _read(cluster: Cluster, item: Object, skipped: list[str]) -> Object | None:
    try:
        return await cluster.get("DaemonSet", item["metadata"]["name"], item["metadata"]["namespace"])
    except ClusterError as error:
        skipped.append(unread(error))
    return None


async def _running_on(cluster: Cluster, item: Object, skipped: list[str]) -> list[str] | None:
    """The nodes that have a ready pod of it; None where its pods may not be read, or are too many."""
    labels = item["spec"]["selector"].get("matchLabels", {})
    wanted = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    try:
        listing = await cluster.list("Pod", item["metadata"]["namespace"], labels=wanted, limit=MOST_PODS)
    except ClusterError as error:
        skipped.append(unread(error))
        return None
    facts = [pod_facts(pod) for pod in listing.items]
    return None if listing.remaining else [pod["node"] for pod in facts if pod["ready"] and not pod["deleting"]]


def _facts(item: Object) -> dict[str, Any]:
    status, meta = item.get("status", {}), item["metadata"]
    return {
        "name": name_object("DaemonSet", item), "desired": status.get("desiredNumberScheduled", 0),
        "ready": status.get("numberReady", 0), "created": meta.get("creationTimestamp", ""),
        "rolling": status.get("updatedNumberScheduled", 0) < status.get("desiredNumberScheduled", 0)
        or status.get("observedGeneration", 0) < meta.get("generation", 0),
    }


def judge_proxy(evidence: Evidence, args: ProxyArgs) -> Judgement:
    skipped = tell_skipped(evidence, Layer.PROXY)
    if not evidence["known"]:
        return Judgement(skipped)
    if not evidence["found"]:
        return Judgement((_absent(evidence), *skipped))
    if evidence["proxy"] is None:
        return Judgement(skipped)
    return Judgement((*_present(evidence), *skipped), {"proxy": evidence["proxy"]["name"]})


def _absent(evidence: Evidence) -> Finding:
    networks = evidence["networks"]
    stand_in = [name for name in networks if name in REPLACES_PROXY or name in MAY_REPLACE]
    if not evidence["kubeadm"] or stand_in:
        by = f", {list_names(stand_in)} may stand in for it" if stand_in else "; platforms exist that have it built in"
        text = f"There is no kube-proxy DaemonSet{by}; whether Service addresses work was not tested."
        return note(Verdict.INFO, Layer.PROXY, text, evidence=(read_at(evidence),))
    text = "No service proxy runs: kubeadm's DaemonSet kube-proxy is not there, and nothing replaces it."
    return find("proxy.missing", text, object=f"DaemonSet {HOME}/{NAME}",
                evidence=(f"DaemonSet {HOME}/{NAME}: not found", f"networks: {list_names(networks) or 'none known'}",
                          read_at(evidence)))


def _present(evidence: Evidence) -> list[Finding]:
    """Ready says only that the process runs: kubeadm's manifest has no probes."""
    proxy, nodes = evidence["proxy"], evidence["nodes"]
    linux = [name for name, node in nodes["read"].items() if node["linux"]]
    down = sum(not node["ready"] or is_young(node, evidence) for node in nodes["read"].values())
    expected = len(linux) if nodes["read"] and not nodes["unread"] else proxy["desired"]
    text = f"{proxy['name']} has {proxy['ready']} of {count(expected, 'pod')} ready"
    if proxy["ready"] >= expected - down:
        text += "; whether it writes its rules was not tested."
        return [note(Verdict.PASS, Layer.PROXY, text, object=proxy["name"], evidence=(read_at(evidence),))]
    if proxy["rolling"] or is_young(proxy, evidence):
        return [note(Verdict.INFO, Layer.PROXY, f"{text}; it is being rolled out.", object=proxy["name"])]
    running = proxy.get("running_on")
    bare = [name for name in linux if running is not None and name not in running and nodes["read"][name]["ready"]]
    told = (f"{proxy['name']}: desired {proxy['desired']}, ready {proxy['ready']}, nodes {expected}", read_at(evidence))
    return [
        find("proxy.not-covering", f"{text}: on {where or 'some nodes'} Service addresses do not work, or are frozen.",
             verdict=Verdict.WARN if proxy["ready"] else Verdict.FAIL, object=proxy["name"], node=where, evidence=told)
        for where in (bare if bare and proxy["ready"] else [""])
    ]


PRESENCE = Look(
    name="proxy.presence", args=ProxyArgs, gather=gather_proxy, judge=judge_proxy,
    reads=("list daemonsets.apps", "get daemonsets.apps", "list nodes", "get configmaps/kubeadm-config in kube-system"),
    by_hand="`kubectl -n kube-system get daemonset kube-proxy` and `kubectl -n kube-system get pods -o wide "
    "-l k8s-app=kube-proxy` (https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/#is-the-kube-proxy-working)",
)
