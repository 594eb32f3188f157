"""What kubelets would pass on, were there any: logs, pages and names of the world outside, of a cluster that is well.
By hand.

Live questions about the cluster's own names are not among them: the cluster in a box answers those from its objects.
"""

import json

import dns.message
import dns.rcode
import dns.rrset
import yaml

from bot.diagnosis.platform import dns_port, looks_like_dns, server_container
from bot.playground.bundle import DnsAnswer, HttpAnswer, Log
from bot.steps.path.api import SHAPED
from tests.cluster.platforms.objects import Placed
from tests.cluster.platforms.platform import Object, Platform

COREDNS = """.:53
[INFO] plugin/reload: Running configuration SHA512 = 591cf328cccc12bc490481273e738df59329c62c0b729d94e8b61db9961c2fa5
CoreDNS-1.12.1
linux/amd64, go1.24.1, 707c7c1
"""
NOT_HTTP = 'net/http: HTTP/1.x transport connection broken: malformed HTTP status code "x"'
"""What an API server says of a DNS server that answers it."""
METRICS, HEALTH = 10249, 10256
QUEUED = "kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds"
SYNCED = "kubeproxy_sync_proxy_rules_last_timestamp_seconds"


def make_logs(pods: list[Placed]) -> tuple[Log, ...]:
    """Of each container, in full, and of none before it: nothing has ever restarted."""
    return tuple(
        Log(namespace=pod.workload.namespace, pod=pod.name, container=c["name"], tail=100_000,
            text=COREDNS if c["name"] in ("coredns", "dns") else "")
        for pod in pods for c in pod.workload.containers
    )


def make_pages(platform: Platform, pods: list[Placed], now: float) -> tuple[HttpAnswer, ...]:
    """A kube-proxy that wrote its rules half a minute ago, as it does again and again, and runs with what it was told;
    DNS pods that are reached."""
    metrics = "".join(f'{name}{{ip_family="IPv4"}} {now - 30:.9e}\n' for name in (QUEUED, SYNCED))
    metrics += 'rest_client_requests_total{code="200",host="192.168.10.11:6443",method="GET"} 42\n'
    healthy = '{"lastUpdated": "now","currentTime": "now","nodeEligible": true,"healthy": true}'
    told = ((METRICS, "/metrics", metrics), (METRICS, "/proxyMode", "iptables"), (HEALTH, "/healthz", healthy),
             (HEALTH, "/livez", healthy), (METRICS, "/configz", _running(platform)))
    return tuple(
        HttpAnswer(namespace=pod.workload.namespace, pod=pod.name, port=port, path=path, status=200,
                   content_type="text/plain; charset=utf-8", body=body)
        for pod in pods if pod.workload.name == "kube-proxy" for port, path, body in told
    ) + tuple(
        HttpAnswer(namespace=pod.workload.namespace, pod=pod.name, port=port, path=f"/{SHAPED}", way="network",
                   outcome="failed", message=NOT_HTTP)
        for pod, port in _servers(pods)
    )


def _running(platform: Platform) -> str:
    """The page /configz, as far as it is read."""
    texts = [text for item in platform.objects if item["kind"] == "ConfigMap" for text in item["data"].values()]
    given: Object = next((yaml.safe_load(text) for text in texts if "KubeProxyConfiguration" in text), {})
    ranges = [given["clusterCIDR"]] if "clusterCIDR" in given else None
    return json.dumps({"kubeproxy.config.k8s.io": {
        "Mode": given.get("mode") or "iptables", "DetectLocal": {"ClusterCIDRs": ranges}, "NodePortAddresses": None,
        "ClientConnection": {"Kubeconfig": given.get("clientConnection", {}).get("kubeconfig", "")},
        "Linux": {"Conntrack": {"MaxPerCore": 32768, "Min": 131072}}}})


def make_names(pods: list[Placed]) -> tuple[DnsAnswer, ...]:
    """One name that everybody knows, and one that nobody does."""
    return tuple(
        DnsAnswer(namespace=pod.workload.namespace, pod=pod.name, port=port, name=name, type="A",
                  wire=_wire(name, address))
        for pod, port in _servers(pods)
        for name, address in (("kubernetes.io.", "203.0.113.10"), ("netcheck-0.kubernetes.io.", ""))
    )


def _wire(name: str, address: str) -> bytes:
    query = dns.message.make_query(name, "A")
    reply = dns.message.make_response(query)
    if address:
        reply.answer = [dns.rrset.from_text(name, 300, "IN", "A", address)]
    else:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    return reply.to_wire()


def _servers(pods: list[Placed]) -> list[tuple[Placed, int]]:
    """The DNS pods, with the port that they serve."""
    specs = [(pod, {"containers": list(pod.workload.containers), "hostNetwork": pod.workload.host}) for pod in pods]
    return [(pod, dns_port(server_container(spec))) for pod, spec in specs if looks_like_dns(spec)]
