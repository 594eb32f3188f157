"""What kubelets would pass on, were there any: logs and the pages of kube-proxy of a cluster that is well. By hand.

Live DNS questions are not among them: the cluster in a box answers those from Corefile and Services.
"""

from bot.playground.bundle import HttpAnswer, Log
from tests.cluster.platforms.objects import Placed

COREDNS = """.:53
[INFO] plugin/reload: Running configuration SHA512 = 591cf328cccc12bc490481273e738df59329c62c0b729d94e8b61db9961c2fa5
CoreDNS-1.12.1
linux/amd64, go1.24.1, 707c7c1
"""
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


def make_pages(pods: list[Placed], now: float) -> tuple[HttpAnswer, ...]:
    """A kube-proxy that wrote its rules half a minute ago, as it does again and again."""
    metrics = "".join(f'{name}{{ip_family="IPv4"}} {now - 30:.9e}\n' for name in (QUEUED, SYNCED))
    metrics += 'rest_client_requests_total{code="200",host="192.168.10.11:6443",method="GET"} 42\n'
    healthy = '{"lastUpdated": "now","currentTime": "now","nodeEligible": true,"healthy": true}'
    pages = ((METRICS, "/metrics", metrics), (METRICS, "/proxyMode", "iptables"), (HEALTH, "/healthz", healthy),
             (HEALTH, "/livez", healthy))
    return tuple(
        HttpAnswer(namespace=pod.workload.namespace, pod=pod.name, port=port, path=path, status=200,
                   content_type="text/plain; charset=utf-8", body=body)
        for pod in pods if pod.workload.name == "kube-proxy" for port, path, body in pages
    )
