"""What the looks at a Service gather of one that is in order; each test changes what it is about."""

from typing import Any

from bot.steps import Evidence
from tests.steps.dns_evidence import LONG_AGO, NOW, nodes
from tests.steps.dns_evidence import pod as pod_facts

SERVICE, OWNER = "Service shop/web", "Deployment shop/web"
HTTP = {"name": "http", "number": 8080, "protocol": "TCP"}


def port(number: int = 80, target: int | str = 8080, **changes: Any) -> dict[str, Any]:
    return {"name": "http", "port": number, "protocol": "TCP", "target": target, "node_port": 0, "app": "", **changes}


def service(**changes: Any) -> dict[str, Any]:
    return {
        "name": SERVICE, "plain": "web", "namespace": "shop", "type": "ClusterIP", "headless": False,
        "addresses": ["10.96.0.20"], "selector": {"app": "web"}, "families": ["IPv4"], "ports": [port()],
        "publish": False, "external_name": "", "internal": "Cluster", "external": "", "affinity": "None", "class": "",
        "ranges": [], "balancer": [], "proxy_name": "", "uid": "1", "created": NOW - 9000, "changed": NOW - 9000,
        **changes,
    }


def headless(**changes: Any) -> dict[str, Any]:
    return service(headless=True, addresses=[], **changes)


def evidence(**fields: Any) -> Evidence:
    return {"service": service(), "skipped": [], "read_at": NOW, **fields}


def existence(**changes: Any) -> Evidence:
    return evidence(**{"space": True, "elsewhere": [], "near": [], "proxies": [], **changes})


def addressed(*addresses: str, **changes: Any) -> Evidence:
    ranges = [{"range": "10.96.0.0/12", "name": "kubernetes", "going": False}]
    return {"service": SERVICE, "addresses": list(addresses or ["10.96.0.20"]), "ranges": ranges, "skipped": [],
            "read_at": NOW, **changes}


def pod(name: str = "web-1", **changes: Any) -> dict[str, Any]:
    """As the looks at selector, ports and endpoints cut it down."""
    return {"name": name, "uid": name, "owner": OWNER, "gone": False, "ready": True, "ports": [HTTP],
            "ips": ["10.244.0.5"], "since": NOW - 9000, "created": NOW - 9000, "node": "n1", **changes}


def selected(*pods: dict[str, Any], **changes: Any) -> Evidence:
    return evidence(**{"pods": list(pods), "unseen": 0, "groups": [], "workloads": [], **changes})


def group(labels: dict[str, str], owner: str = OWNER) -> dict[str, Any]:
    return {"owner": owner, "pods": 2, "labels": labels}


def workload(**changes: Any) -> dict[str, Any]:
    return {"name": OWNER, "plain": "web", "kind": "Deployment", "wanted": 2, "labels": {"app": "web"}, "failure": "",
            "created": NOW - 9000, **changes}


def end(uid: str = "web-1", **changes: Any) -> dict[str, Any]:
    return {"address": "10.244.0.5", "pod": uid, "uid": uid, "node": "n1", "ready": True, "terminating": False,
            **changes}


def piece(*ends: dict[str, Any], **changes: Any) -> dict[str, Any]:
    ports = [{"name": "http", "port": 8080, "protocol": "TCP"}]
    return {"name": "web-x", "family": "IPv4", "endpoints": list(ends), "ports": ports, "managed": "", **changes}


def ends(*slices: dict[str, Any], **changes: Any) -> Evidence:
    return evidence(**{"pods": [pod()], "unseen": 0, "slices": list(slices), "lease": {}, **changes})


def backend(name: str = "web-1", **changes: Any) -> dict[str, Any]:
    """As the look at the pods themselves cuts it down."""
    return {**pod_facts(name), "owner": OWNER, "gates": [], **changes}


def unready(name: str = "web-1", *events: dict[str, str], **changes: Any) -> dict[str, Any]:
    return backend(name, **{"ready": False, "started": LONG_AGO, "events": list(events), **changes})


def pods(*facts: dict[str, Any], **changes: Any) -> Evidence:
    return {
        "service": "shop/web", "publish": False, "pods": list(facts), "nodes": nodes(), "known": True,
        "total": len(facts), "more": False, "ready": sum(one["ready"] for one in facts), "skipped": [], "read_at": NOW,
        **changes,
    }


def way(within: str, over: str, name: str = "web-1", number: int = 8080, **changes: Any) -> dict[str, Any]:
    return {"pod": name, "owner": OWNER, "node": "n1", "port": 80, "number": number, "within": within, "over": over,
            "said": within, "over_said": over, **changes}


def answers(*rows: dict[str, Any], **changes: Any) -> Evidence:
    return {"service": SERVICE, "rows": list(rows), "others": [], "untried": [], "ready": 2, "headless": False,
            "skipped": [], "read_at": NOW, **changes}
