"""`dns.local_cache`: does NodeLocal DNSCache run where it is installed, and does it reach the DNS pods?

Its pods listen on each node at a link-local address, or in place of the DNS Service at the Service's own; names of
the cluster they ask of Service kube-dns-upstream, over TCP. They are never asked by port-forward: that leads to the
node itself.
"""

import asyncio
import re
from typing import Any

from bot.cluster import Cluster, Listing, Object
from bot.diagnosis.platform import addresses_of, cache_addresses
from bot.steps import Evidence, Look
from bot.steps.dns.local_cache_rules import judge_cache
from bot.steps.dns.objects import HOME, Dns, DnsArgs, find_dns, match_labels
from bot.steps.podfacts import pod_facts
from bot.steps.readings import items_or_skip, one_or_skip, or_skip
from bot.steps.wording import labels_text, name_object

NAMES = frozenset({"node-local-dns", "nodelocaldns"})
LIKE = re.compile(r"dns|cache")
"""In the name of a DaemonSet that may be one, too."""
UPSTREAM = "kube-dns-upstream"
MOST_PODS = 50
PLACEHOLDER = "__PILLAR__"
RUN_TIME = frozenset({"__PILLAR__CLUSTER__DNS__", "__PILLAR__UPSTREAM__SERVERS__"})
"""Filled in by the cache itself when it starts: normal in the ConfigMap (nodelocaldns.yaml)."""


async def gather_cache(cluster: Cluster, args: DnsArgs) -> Evidence:
    dns = await find_dns(cluster, args)
    skipped = list(dns.skipped)
    sets = await items_or_skip(cluster.list("DaemonSet", form="metadata"), skipped)
    if sets is None:
        return {"known": False, "cache": None, "skipped": skipped, "read_at": cluster.now}
    found = next((item["metadata"] for item in sets if item["metadata"]["name"] in NAMES), None)
    evidence: Evidence = {
        "known": True, "cache": None, "handed": list(dns.kubelet.dns), "source": dns.kubelet.source,
        "service": addresses_of(dns.service), "read_at": cluster.now,
    }
    if found:
        daemon = await or_skip(cluster.get("DaemonSet", found["name"], found["namespace"]), skipped)
        evidence["cache"] = await _cache(cluster, dns, daemon, skipped) if daemon else None
        evidence["known"] = daemon is not None
    elif cache_addresses(dns.kubelet.dns):
        evidence["others"] = [name for item in sets if LIKE.search(name := item["metadata"]["name"])]
        evidence["left"] = bool(await one_or_skip(cluster.get("Service", UPSTREAM, HOME), skipped))
    return {**evidence, "skipped": list(dict.fromkeys(skipped)), "read_at": cluster.now}


async def _cache(cluster: Cluster, dns: Dns, daemon: Object, skipped: list[str]) -> dict[str, Any]:
    namespace, status = daemon["metadata"]["namespace"], daemon.get("status", {})
    pods, config, upstream = await asyncio.gather(
        _pods(cluster, daemon, skipped), _config(cluster, daemon, skipped), _upstream(cluster, dns, namespace, skipped))
    return {
        "name": name_object("DaemonSet", daemon), "namespace": namespace,
        "wanted": status.get("desiredNumberScheduled", 0), "ready": status.get("numberReady", 0),
        "rolling": status.get("updatedNumberScheduled", 0) < status.get("desiredNumberScheduled", 0),
        "created": daemon["metadata"].get("creationTimestamp", ""), **pods, "config": config,
        "upstream": upstream,
    }


async def _pods(cluster: Cluster, daemon: Object, skipped: list[str]) -> dict[str, Any]:
    """{pods: facts, more: whether there are more}."""
    namespace, labels = daemon["metadata"]["namespace"], labels_text(match_labels(daemon))
    listing = await or_skip(cluster.list("Pod", namespace, labels=labels, limit=MOST_PODS), skipped) or Listing(())
    kept = ("name", "node", "ready", "waiting", "waiting_message", "last_ended", "created", "deleting")
    return {"pods": [{key: facts[key] for key in kept} for facts in map(pod_facts, listing.items)],
            "more": bool(listing.remaining)}


async def _config(cluster: Cluster, daemon: Object, skipped: list[str]) -> dict[str, Any] | None:
    """{name, bind: addresses, unfilled: placeholders, tcp: whether it asks over TCP}; None where it is not known."""
    spec, namespace = daemon["spec"]["template"]["spec"], daemon["metadata"]["namespace"]
    names = [volume["configMap"]["name"] for volume in spec.get("volumes") or () if volume.get("configMap")]
    own = next((name for name in names if "local" in name), "")
    config_map = await or_skip(cluster.get("ConfigMap", own, namespace), skipped) if own else None
    text = "\n".join(str(value) for value in (config_map or {}).get("data", {}).values())
    if not text:
        return None
    words = [line.split() for line in text.splitlines()]
    bind = [address for line in words if line[:1] == ["bind"] for address in line[1:]]
    unfilled = {word.strip("{}:,") for line in words for word in line if PLACEHOLDER in word}
    return {"name": f"ConfigMap {namespace}/{own}", "bind": list(dict.fromkeys(bind)),
            "unfilled": sorted(word for word in unfilled if not any(known in word for known in RUN_TIME)),
            "tcp": "force_tcp" in text}


async def _upstream(cluster: Cluster, dns: Dns, namespace: str, skipped: list[str]) -> dict[str, Any] | None:
    """Service kube-dns-upstream and how many DNS pods its selector takes; {"missing": True} where it is not there."""
    service = await one_or_skip(cluster.get("Service", UPSTREAM, namespace), skipped)
    if not service:
        return None if service is None else {"missing": True}
    selector = service["spec"].get("selector") or {}
    labels = [pod["metadata"].get("labels") or {} for pod in dns.pods]
    ports = [[port["port"], port.get("protocol", "TCP")] for port in service["spec"].get("ports") or ()]
    return {"missing": False, "selector": selector, "ports": ports, "servers": len(labels),
            "selected": sum(bool(selector) and selector.items() <= own.items() for own in labels),
            "labels": match_labels(dns.workload)}


LOCAL_CACHE = Look(
    name="dns.local_cache", args=DnsArgs, gather=gather_cache, judge=judge_cache,
    reads=("list daemonsets.apps", "get daemonsets.apps", "list services", "get services", "list pods",
           "get configmaps/kubelet-config in kube-system", "get configmaps/node-local-dns in kube-system"),
    by_hand="`kubectl -n kube-system get daemonset node-local-dns`, `kubectl -n kube-system get pods -o wide "
    "-l k8s-app=node-local-dns`, `kubectl -n kube-system get service kube-dns-upstream -o yaml` "
    "(https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/)",
)
