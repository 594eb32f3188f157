"""`platform.fingerprint`: what kind of cluster this is, so that no later step misses what it does not have."""

import asyncio
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import note
from bot.diagnosis.platform import image_version, recognise_platform
from bot.model.finding import Layer, Verdict
from bot.networks import recognise_all
from bot.steps import Evidence, Judgement, Look
from bot.steps.daemons import name_sets
from bot.steps.dns.local_cache import NAMES as CACHES
from bot.steps.dns.objects import Dns, DnsArgs, find_dns, match_labels
from bot.steps.findings import tell_skipped
from bot.steps.nodes.kubelet_config import DEFAULT_DOMAIN
from bot.steps.nodes.status import sample_nodes
from bot.steps.readings import or_skip
from bot.steps.wording import count, list_names, name_object, read_at


class PlatformArgs(DnsArgs):
    """Finds out which platform this is and where its network plugin, service proxy and DNS server are.

    Gives `platform`, `version`, `networks`, `proxy`, `cache`, `zone`, and `dns.{service, workload, labels,
    server, addresses}`.
    """


async def gather_platform(cluster: Cluster, args: PlatformArgs) -> Evidence:
    skipped: list[str] = []
    version, nodes, sets, groups, dns = await asyncio.gather(
        or_skip(cluster.version(), skipped), or_skip(sample_nodes(cluster), skipped),
        or_skip(cluster.list("DaemonSet", form="metadata"), skipped), or_skip(cluster.groups(), skipped),
        find_dns(cluster, args),
    )
    return {
        "read_at": cluster.now,
        "version": version.get("gitVersion", "") if version else "",
        "nodes": [_node_marks(node) for node in nodes.items] if nodes else [],
        "node_count": len(nodes.items) + nodes.remaining if nodes else None,
        "agents": _agents(sets.items) if sets else None,
        "openshift": [group for group in groups or () if group.endswith("openshift.io")][:2],
        "kubeadm": bool(dns.kubelet.source),
        "dns": _dns_facts(dns),
        "skipped": [*skipped, *dns.skipped, *dns.kubelet.skipped],
    }


def _node_marks(node: Object) -> dict[str, Any]:
    labels = [key for key in node["metadata"].get("labels", {}) if not key.startswith("kubernetes.io/")]
    return {"labels": labels[:20], "provider": str(node["spec"].get("providerID", ""))[:12]}


def _agents(sets: tuple[Object, ...]) -> list[dict[str, str]]:
    """Network agents and kube-proxy among all DaemonSets."""
    known = name_sets(sets)
    found = [{"network": network.name, "name": str(item["name"]), "namespace": str(item["namespace"])}
             for network, item in recognise_all(known)]
    proxies = [item for item in known if item["labels"].get("k8s-app") == "kube-proxy" or item["name"] == "kube-proxy"]
    found += [{"network": "", "name": p["name"], "namespace": p["namespace"]} for p in proxies]
    caches = [item for item in known if item["name"] in CACHES]
    return found + [{"network": "cache", "name": c["name"], "namespace": c["namespace"]} for c in caches]


def _dns_facts(dns: Dns) -> dict[str, Any]:
    spec = dns.service["spec"] if dns.service else {}
    return {
        "service": name_object("Service", dns.service).removeprefix("Service ") if dns.service else "",
        "addresses": spec.get("clusterIPs") or ([spec["clusterIP"]] if spec.get("clusterIP") else []),
        "workload": dns.name if dns.workload else "",
        "server": dns.server,
        "image_version": ".".join(map(str, image_version(dns.template))),
        "labels": match_labels(dns.workload),
        "zone": dns.kubelet.domain,
    }


def judge_platform(evidence: Evidence, args: PlatformArgs) -> Judgement:
    dns, agents = evidence["dns"], evidence["agents"] or []
    platform = recognise_platform(evidence["version"], evidence["nodes"], evidence["openshift"] and
                                  ["config.openshift.io"], evidence["kubeadm"])
    networks = list(dict.fromkeys(a["network"] for a in agents if a["network"] not in ("", "cache")))
    proxy = next((f"DaemonSet {a['namespace']}/{a['name']}" for a in agents if a["network"] == ""), "")
    cache = next((f"{a['namespace']}/{a['name']}" for a in agents if a["network"] == "cache"), "")
    server = {"coredns": "CoreDNS", "kube-dns": "kube-dns"}.get(dns["server"], "a DNS server of unknown make")
    found = f"{server} {dns['image_version']}".strip() + f" in {dns['workload']}"
    told, nodes = evidence["agents"] is not None, evidence["node_count"]
    parts = [
        f"{platform or 'Kubernetes'} {evidence['version']}".strip(),
        "nodes not known" if nodes is None else count(nodes, "node"),
        f"network: {list_names(networks) or ('no agent of a known network plugin' if told else 'not known')}",
        f"service proxy: {proxy or ('no kube-proxy DaemonSet' if told else 'not known')}",
        found if dns["workload"] else "DNS workload not known" if evidence["skipped"] else "no DNS workload found",
    ]
    finding = note(Verdict.PASS, Layer.NODE, "; ".join(parts) + ".", evidence=(read_at(evidence),))
    outputs = {
        "platform": platform, "version": evidence["version"], "networks": networks, "proxy": proxy, "cache": cache,
        "zone": dns["zone"] or DEFAULT_DOMAIN, "dns": dict(dns),
    }
    return Judgement((finding, *tell_skipped(evidence, Layer.NODE)), outputs)


FINGERPRINT = Look(
    name="platform.fingerprint", args=PlatformArgs, gather=gather_platform, judge=judge_platform,
    reads=("get /version", "list nodes", "list daemonsets.apps", "list services", "list pods in {dns}",
           "get replicasets.apps in {dns}", "get deployments.apps in {dns}",
           "get configmaps/kubelet-config in kube-system"),
    by_hand="`kubectl version`, `kubectl get nodes -o wide`, `kubectl get daemonsets -A`, "
    "`kubectl get services -A -l k8s-app=kube-dns` (https://kubernetes.io/docs/tasks/debug/debug-cluster/)",
)
