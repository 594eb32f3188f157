"""DaemonSets whose pods belong on every node: the network's agents and kube-proxy. Where they are, and why not."""

import asyncio
from collections.abc import Iterable
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.policy_selectors import meets
from bot.networks import Network, recognise_all
from bot.steps.nodes.status import is_young, sample_nodes
from bot.steps.readings import one_or_skip, or_skip
from bot.steps.wording import cut, name_object, parse_time, write_selector

MOST_PODS, MOST_UNREADY = 20, 3
ROWS = 1000
"""Pods of one DaemonSet that are looked at in their Table, which tells Ready and no reason."""
RECENT = 600.0
"""Seconds within which a restart says something about now."""
TOLERATED = tuple(f"node.kubernetes.io/{name}" for name in (
    "not-ready", "unreachable", "disk-pressure", "memory-pressure", "pid-pressure", "unschedulable",
    "network-unavailable"))
"""Taints that the DaemonSet controller lets its pods tolerate by itself (the last for pods in the host's network).
https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#taints-and-tolerations"""
POSITIVE = frozenset({"CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull", "CreateContainerConfigError",
                      "CreateContainerError"})
"""What a container may wait for that no youth explains."""


def name_sets(sets: Iterable[Object]) -> list[dict[str, Any]]:
    """DaemonSets as `bot.networks` recognises them: {name, namespace, labels}."""
    return [{"name": item["metadata"]["name"], "namespace": item["metadata"]["namespace"],
             "labels": item["metadata"].get("labels", {})} for item in sets]


async def find_agents(cluster: Cluster) -> list[tuple[Network, dict[str, Any]]]:
    """The networks' agents, in the order of NETWORKS: each with its DaemonSet {name, namespace, labels}. Raises
    ClusterError."""
    listing = await cluster.list("DaemonSet", form="metadata")
    return [(network, dict(item)) for network, item in recognise_all(name_sets(listing.items))]


async def find_networks(cluster: Cluster) -> list[Network]:
    """Those whose agents are there, each once. Raises ClusterError where the DaemonSets cannot be read."""
    return list(dict.fromkeys(network for network, _ in await find_agents(cluster)))


async def read_networks(cluster: Cluster, skipped: list[str], *, meta: bool = True) -> list[str] | None:
    """Names of the networks whose agents are there, without those that only choose among others (`meta=False`). None
    where the DaemonSets could not be read: then nothing is said about what is missing."""
    networks = await or_skip(find_networks(cluster), skipped)
    return None if networks is None else [network.name for network in networks if meta or not network.meta]


def daemon_facts(item: Object) -> dict[str, Any]:
    status, meta = item.get("status", {}), item["metadata"]
    spec = item["spec"]["template"].get("spec", {})
    desired, updated = status.get("desiredNumberScheduled", 0), status.get("updatedNumberScheduled", 0)
    return {
        "name": name_object("DaemonSet", item), "namespace": meta["namespace"], "plain": meta["name"],
        "desired": desired, "current": status.get("currentNumberScheduled", 0), "ready": status.get("numberReady", 0),
        "created": meta.get("creationTimestamp", ""),
        "rolling": updated < desired or status.get("observedGeneration", 0) < meta.get("generation", 0),
        "labels": item["spec"].get("selector", {}).get("matchLabels", {}),
        "account": spec.get("serviceAccountName") or "default", "selector": spec.get("nodeSelector") or {},
        "terms": _terms(spec),
        "tolerations": [{k: t[k] for k in ("key", "operator", "value", "effect") if k in t}
                        for t in spec.get("tolerations") or ()],
        "config_maps": [v["configMap"].get("name", "") for v in spec.get("volumes") or () if "configMap" in v],
    }


def _terms(spec: Object) -> list[list[dict[str, Any]]]:
    """Required node affinity: alternatives, each a list of demands {key, operator, values}; `metadata.name` is the
    node's name."""
    wanted = spec.get("affinity", {}).get("nodeAffinity", {}).get("requiredDuringSchedulingIgnoredDuringExecution", {})
    return [[*(term.get("matchExpressions") or ()), *(term.get("matchFields") or ())]
            for term in wanted.get("nodeSelectorTerms") or ()]


async def read_places(cluster: Cluster, daemon: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Of each node read: its taints, and its labels (and name) as far as the DaemonSet selects by them."""
    wanted = {*daemon["selector"], *(demand["key"] for term in daemon["terms"] for demand in term)}
    listing = await sample_nodes(cluster)
    return {
        node["metadata"]["name"]: {
            "taints": [{k: t.get(k, "") for k in ("key", "value", "effect")}
                       for t in node["spec"].get("taints") or ()],
            "labels": {k: v for k, v in [*node["metadata"].get("labels", {}).items(),
                                         ("metadata.name", node["metadata"]["name"])] if k in wanted},
        } for node in listing.items
    }


def why_not_there(daemon: dict[str, Any], place: dict[str, Any]) -> str:
    """Why the DaemonSet makes no pod for this node; "" where nothing speaks against it."""
    for key, value in daemon["selector"].items():
        if place["labels"].get(key) != value:
            return f"its nodeSelector {key}={value} does not fit the node"
    if daemon["terms"] and not any(_fits(term, place["labels"]) for term in daemon["terms"]):
        return "its node affinity does not fit the node"
    for taint in place["taints"]:
        if taint["effect"] != "PreferNoSchedule" and taint["key"] not in TOLERATED and not any(
                _tolerates(toleration, taint) for toleration in daemon["tolerations"]):
            told = f"{taint['key']}{'=' + taint['value'] if taint['value'] else ''}:{taint['effect']}"
            return f"it does not tolerate the node's taint {told}"
    return ""


def _fits(term: list[dict[str, Any]], labels: dict[str, str]) -> bool:
    """Gt and Lt are taken as met: nothing is said against a node by what is not understood."""
    return all(meets(demand, labels) is not False for demand in term)


def _tolerates(toleration: dict[str, Any], taint: dict[str, Any]) -> bool:
    if toleration.get("effect", "") not in ("", taint["effect"]):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key", "") in ("", taint["key"])
    return bool(toleration.get("key") == taint["key"] and toleration.get("value", "") == taint["value"])


async def list_pods(
    cluster: Cluster, daemon: dict[str, Any], skipped: list[str], node: str = ""
) -> list[dict[str, Any]] | None:
    """The DaemonSet's pods, on one node where it is named; None where they may not be read or are too many."""
    if not node and daemon["desired"] > MOST_PODS:
        return None
    wanted, fields = write_selector(daemon["labels"]), f"spec.nodeName={node}" if node else ""
    listing = await or_skip(
        cluster.list("Pod", daemon["namespace"], labels=wanted, fields=fields, limit=MOST_PODS), skipped)
    return None if listing is None or listing.remaining else [agent_facts(pod) for pod in listing.items]


async def list_unready(cluster: Cluster, daemon: dict[str, Any], skipped: list[str]) -> list[dict[str, Any]]:
    """Of a DaemonSet with more pods than `list_pods` reads the first that are not ready, found by the Table of all (110
    bytes each)."""
    if daemon["desired"] <= MOST_PODS or daemon["ready"] >= daemon["desired"]:
        return []
    wanted = write_selector(daemon["labels"])
    listing = await or_skip(
        cluster.list("Pod", daemon["namespace"], labels=wanted, form="table", limit=ROWS), skipped)
    names = [row["metadata"]["name"] for row in (listing.items if listing else ()) if not _is_up(row["cells"])]
    pods = await asyncio.gather(*(
        one_or_skip(cluster.get("Pod", name, daemon["namespace"]), skipped) for name in names[:MOST_UNREADY]))
    return [agent_facts(pod) for pod in pods if pod]


def _is_up(cells: dict[str, Any]) -> bool:
    """`kubectl get pods` prints READY 2/2, STATUS Running of it."""
    ready, _, of = str(cells.get("Ready", "")).partition("/")
    return ready == of and cells.get("Status") == "Running"


def agent_facts(pod: Object) -> dict[str, Any]:
    """A pod of an agent: the container in trouble where there is one, else the one that restarted last."""
    meta, spec, status = pod["metadata"], pod.get("spec", {}), pod.get("status", {})
    conditions = {c["type"]: c["status"] for c in status.get("conditions", [])}
    states = [_container(s, True) for s in status.get("initContainerStatuses", [])]
    states += [_container(s, False) for s in status.get("containerStatuses", [])]
    names = [c["name"] for c in spec.get("containers") or ()]
    return {
        "name": meta["name"], "uid": meta.get("uid", ""), "node": spec.get("nodeName", ""),
        "created": meta.get("creationTimestamp", ""), "deleting": "deletionTimestamp" in meta,
        "phase": status.get("phase", ""), "reason": cut(status.get("reason", "")),
        "ready": conditions.get("Ready") == "True", "since": _since(status), "host": bool(spec.get("hostNetwork")),
        "containers": states or [{"name": name, **_EMPTY} for name in names],
    }


def _since(status: Object) -> str:
    """When it became ready, or ceased to be."""
    times = (c.get("lastTransitionTime", "") for c in status.get("conditions", []) if c["type"] == "Ready")
    return str(next(times, ""))


_EMPTY: dict[str, Any] = {"init": False, "ready": False, "started": "", "waiting": "", "message": "", "restarts": 0,
                          "ended": {}}


def _container(state: Object, init: bool) -> dict[str, Any]:
    now, last = state.get("state", {}), state.get("lastState", {}).get("terminated") or {}
    ended = now.get("terminated") or last
    return {
        "name": state["name"], "init": init, "ready": bool(state.get("ready")),
        "started": now.get("running", {}).get("startedAt", ""), "waiting": now.get("waiting", {}).get("reason", ""),
        "message": cut(now.get("waiting", {}).get("message", "")), "restarts": state.get("restartCount", 0),
        "ended": {"reason": ended.get("reason", ""), "code": ended.get("exitCode", 0),
                  "at": ended.get("finishedAt", ""), "message": cut(ended.get("message", ""))} if ended else {},
    }


def troubled(pod: dict[str, Any], usual: str = "") -> dict[str, Any]:
    """The container that keeps the pod from being ready; else the one of that name, else the first."""
    of_pod: list[dict[str, Any]] = [c for c in pod["containers"] if not c["init"]] or pod["containers"]
    ill: list[dict[str, Any]] = [c for c in pod["containers"] if c["waiting"] and c["waiting"] != "PodInitializing"]
    ill += [c for c in of_pod if not c["ready"]]
    named = [c for c in of_pod if c["name"] == usual]
    return next(iter([*ill, *named, *of_pod]))


def is_starting(pod: dict[str, Any], evidence: dict[str, Any]) -> bool:
    """Whether a pod that is not ready is new, and nothing speaks against it yet."""
    container = troubled(pod)
    return is_young(pod, evidence) and not container["ended"] and container["waiting"] not in POSITIVE


def is_gone(pod: dict[str, Any]) -> bool:
    return bool(pod["deleting"]) or pod["phase"] in ("Succeeded", "Failed")


def ended_lately(container: dict[str, Any], now: float) -> bool:
    return bool(container["ended"]) and now - parse_time(container["ended"]["at"]) < RECENT
