"""The service proxy, found by reference for all steps about it: kube-proxy's DaemonSet or static pods, or what
stands in for it. Reads only; within a run each read is made once, however many steps ask."""

from dataclasses import dataclass, field
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.platform import recognise_platform
from bot.model.errors import ClusterError, NotFound
from bot.networks import recognise_all
from bot.networks.calico import API as CALICO
from bot.steps.daemons import agent_facts, daemon_facts, find_agents, list_pods, name_sets, troubled
from bot.steps.dns.objects import DnsArgs, find_dns
from bot.steps.findings import unread
from bot.steps.nodes.status import list_fit, read_nodes
from bot.steps.podfacts import find_variables
from bot.steps.readings import items_or_skip, one_or_skip, or_skip, read_version
from bot.steps.wording import count

HOME, NAME = "kube-system", "kube-proxy"
STATIC = f"Pods {HOME}/{NAME}"
"""What findings about static pods name."""
BOTH = "GKE"
"""The platform that has a DaemonSet for no node beside its static pods."""
MOST_NODES = 2
"""Nodes whose proxy is asked and whose log is read: those that host DNS pods, and suspects."""
SMALL = 10
"""Nodes up to which all pods of the proxy are listed at once; beyond, those of the chosen nodes are asked for."""
CHANGE = "endpoints.kubernetes.io/last-change-trigger-time"
"""Annotation of an EndpointSlice."""
KPR = "kube-proxy-replacement"
REPLACING = frozenset({"true", "strict"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """`known`: whether the DaemonSets could be read. `found`: one is there, though `daemon` (its facts) may be None
    where it may not be read. `static`: pods that kubelets start by themselves, where there is no DaemonSet; `daemon`
    then speaks for them. `networks`: names of the agents seen."""

    known: bool
    found: bool = False
    daemon: dict[str, Any] | None = None
    static: tuple[Object, ...] = ()
    networks: tuple[str, ...] = ()
    skipped: list[str] = field(default_factory=list)


async def find_proxy(cluster: Cluster) -> Proxy:
    skipped: list[str] = []
    sets = await items_or_skip(cluster.list("DaemonSet", form="metadata"), skipped)
    if sets is None:
        return Proxy(known=False, skipped=skipped)
    networks = tuple(network.name for network, _ in recognise_all(name_sets(sets)))
    mine = min((s for s in sets if _is_proxy(s)), key=_how_unlikely, default=None)
    item = await or_skip(cluster.get(
        "DaemonSet", mine["metadata"]["name"], mine["metadata"]["namespace"]), skipped) if mine else None
    daemon = daemon_facts(item) if item else None
    idle = daemon is not None and is_idle(daemon)
    both = idle and recognise_platform(await read_version(cluster, []), (), (), False) == BOTH
    static = await _list_static(cluster, skipped) if mine is None or both else ()
    if static:
        daemon = _static_facts(static)
    return Proxy(known=True, found=mine is not None and not static, daemon=daemon, static=static, networks=networks,
                 skipped=skipped)


def _is_proxy(item: Object) -> bool:
    meta = item["metadata"]
    return bool(meta["name"] == NAME or meta.get("labels", {}).get("k8s-app") == NAME)


def _how_unlikely(item: Object) -> tuple[bool, bool, str]:
    """That it is the cluster's own, where there are several: another place, another name, made later."""
    meta = item["metadata"]
    return meta["namespace"] != HOME, meta["name"] != NAME, meta.get("creationTimestamp", "")


def is_idle(daemon: dict[str, Any]) -> bool:
    """Whether it is for no node: left so where something else does its work (static pods of GKE, eBPF)."""
    return not daemon["desired"]


async def read_replacement(cluster: Cluster, proxy: Proxy, skipped: list[str]) -> str | None:
    """What Cilium says of itself on whether it replaces kube-proxy, and "false" of a Calico that says that it does
    not, asked where kube-proxy is for no node; None where nobody tells."""
    if "Cilium" in proxy.networks:
        found = await one_or_skip(cluster.get("ConfigMap", "cilium-config", HOME), skipped) or {}
        return str((found.get("data") or {}).get(KPR, "")).lower() or None
    if proxy.networks != ("Calico",) or not (proxy.daemon is None or is_idle(proxy.daemon)):
        return None
    try:
        return None if await _has_bpf(cluster) else "false"
    except NotFound:
        return None
    except ClusterError as error:
        skipped.append(unread(error))
        return None


async def _has_bpf(cluster: Cluster) -> bool:
    """Whether Calico's eBPF is on for any node, which then does kube-proxy's work (docs.tigera.io/calico: Felix
    configuration, bpfEnabled; a variable of calico-node goes before it)."""
    agents = [await cluster.get("DaemonSet", agent["name"], agent["namespace"])
              for _, agent in await find_agents(cluster)]
    said = [variable.get("value") for agent in agents
            for variable in find_variables(agent["spec"]["template"]["spec"], "FELIX_BPFENABLED")]
    felix = await cluster.list("FelixConfiguration", api=CALICO, limit=50)
    said += [item.get("spec", {}).get("bpfEnabled") for item in felix.items]
    return any(str(value).lower() not in ("false", "none") for value in said)


async def _list_static(cluster: Cluster, skipped: list[str]) -> tuple[Object, ...]:
    """Pods of a kube-proxy that the kubelets start by themselves (GKE, RKE2): no DaemonSet has them."""
    return await items_or_skip(cluster.list("Pod", HOME, labels=f"component={NAME}", limit=SMALL), skipped) or ()


def _static_facts(pods: tuple[Object, ...]) -> dict[str, Any]:
    """Of static pods what `daemon_facts` tells of a DaemonSet. They have no account: a file of their node is their
    login."""
    ready = sum(agent_facts(pod)["ready"] for pod in pods)
    return {"name": STATIC, "namespace": HOME, "plain": NAME, "desired": len(pods), "current": len(pods),
            "ready": ready, "labels": {"component": NAME}, "account": ""}


async def choose_pods(cluster: Cluster, proxy: Proxy, wanted: list[str]) -> dict[str, Any]:
    """{pods, hosts, others, down, nodes, skipped}: the proxy's pods on the nodes in question (facts), those nodes'
    names, how many nodes were left out, and the pods there that crash, as far as that is known. `wanted` names the
    nodes; without it the hosts of DNS pods, then the first."""
    skipped = list(proxy.skipped)
    nodes = await read_nodes(cluster, tuple(wanted), skipped)
    hosts = list(dict.fromkeys(wanted or await _dns_hosts(cluster, skipped)))
    fit = list_fit(nodes["read"])
    usable = [name for name in hosts if name not in nodes["read"] or name in fit]
    chosen = list(dict.fromkeys([*usable, *(() if wanted else fit)]))[:MOST_NODES]
    pods = await _list_some(cluster, proxy, chosen, nodes["total"], skipped)
    return {
        "pods": [pod for pod in pods if pod["node"] in chosen], "hosts": chosen,
        "others": max(0, nodes["total"] - len(chosen)),
        "down": [pod for pod in pods if pod["node"] not in chosen and tell_crash(troubled(pod))],
        "nodes": nodes["read"], "skipped": list(dict.fromkeys(skipped)),
    }


async def _dns_hosts(cluster: Cluster, skipped: list[str]) -> list[str]:
    dns = await or_skip(find_dns(cluster, DnsArgs()), skipped)
    if dns is None:
        return []
    skipped += dns.skipped
    return [str(pod["spec"]["nodeName"]) for pod in dns.pods if pod["spec"].get("nodeName")]


async def read_dns_slices(cluster: Cluster, skipped: list[str]) -> tuple[Object, tuple[Object, ...]] | None:
    """The DNS Service and its EndpointSlices; None where there is none, or one of them could not be read."""
    dns = await or_skip(find_dns(cluster, DnsArgs()), skipped)
    if dns is None or dns.service is None:
        return None
    meta = dns.service["metadata"]
    slices = await items_or_skip(cluster.list(
        "EndpointSlice", meta["namespace"], labels=f"kubernetes.io/service-name={meta['name']}", limit=20), skipped)
    return None if slices is None else (dns.service, slices)


async def _list_some(
    cluster: Cluster, proxy: Proxy, chosen: list[str], total: int, skipped: list[str]
) -> list[dict[str, Any]]:
    """All pods of the proxy where they are few, or where some are not ready (`proxy.coverage` reads them then, too);
    else those of the chosen nodes."""
    if proxy.daemon is None:
        return []
    listed = await list_pods(cluster, proxy.daemon, skipped) \
        if total <= SMALL or proxy.daemon["ready"] < proxy.daemon["desired"] else None
    if listed is None:
        listed = [pod for name in chosen for pod in await list_pods(cluster, proxy.daemon, skipped, name) or []]
    return [pod for pod in listed if not pod["deleting"]]


def tell_crash(container: dict[str, Any]) -> str:
    """How a container ended that does not stay up; "" where it runs, or waits for something else."""
    ended = container["ended"]
    down = not container["started"] and container["waiting"] in ("CrashLoopBackOff", "")
    if not (down and ended and container["restarts"]):
        return ""
    return f"{ended['reason'] or 'ended'} (exit code {ended['code']}), restarted {count(container['restarts'], 'time')}"
