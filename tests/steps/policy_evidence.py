"""What `dns.policy` gathers on a cluster whose network enforces policies; each test changes what it is about."""

from typing import Any

from bot.steps import Evidence
from tests.steps.dns_evidence import NOW, WORKLOAD

OPEN = [{"ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]}]
SERVERS = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}


def side(name: str, namespace: str, address: str = "10.244.1.9", **changes: Any) -> dict[str, Any]:
    return {"name": name, "namespace": namespace, "host": False, "labels": {"app": name}, "address": address,
            "namespace_labels": {"kubernetes.io/metadata.name": namespace}, "ports": [], **changes}


SERVER = side("coredns-1", "kube-system", "10.244.0.2", labels={"k8s-app": "kube-dns"},
              ports=[["dns", "UDP", 53], ["dns-tcp", "TCP", 53]])
CLIENT = side("web", "shop")


def policy(name: str = "deny", namespace: str = "kube-system", **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"podSelector": {}, **spec}}


def enforcers(*names: str, **facts: Any) -> dict[str, Any]:
    """DaemonSets of these names, as far as they matter for whether policies count."""
    sets = [{"name": name, "namespace": "kube-system", "labels": {}} for name in names]
    return {"sets": sets, "version": "v1.34.4", "agent": None, "error": "", **facts}


def policy_evidence(*policies: dict[str, Any], **changes: Any) -> Evidence:
    return {
        "read_at": NOW, "workload": WORKLOAD, "namespace": "kube-system", "service": "kube-dns",
        "labels": {"k8s-app": "kube-dns"}, "server": SERVER, "ports": {"UDP": 53, "TCP": 53}, "ready": True,
        "policies": list(policies), "known": True, "client": None, "client_known": True, "cache": [], "pod": "",
        "clients": {"pods": [], "open": 0, "unseen": 0}, "api": [["172.31.0.11", 6443]], "upstream": [""],
        "enforcement": enforcers("antrea-agent"), "others": [], "skipped": [], **changes,
    }


def asked_by(client: dict[str, Any] = CLIENT, **changes: Any) -> dict[str, Any]:
    return {"client": client, "pod": f"{client['namespace']}/{client['name']}", **changes}
