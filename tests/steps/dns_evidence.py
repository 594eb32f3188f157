"""Evidence of a healthy cluster DNS, as the looks gather it; each test changes what it is about."""

from copy import deepcopy
from typing import Any

from bot.diagnosis.conclusion import conclude
from bot.model.finding import Finding, Verdict
from bot.steps import Evidence, Judgement, Look

NOW = 1_800_000_000.0
"""When everything was read: 2027-01-15 08:00:00Z."""
LONG_AGO, JUST_NOW, RECENTLY = "2027-01-14T08:00:00Z", "2027-01-15T07:59:30Z", "2027-01-15T07:58:30Z"
WORKLOAD, SERVICE, CONFIG_MAP = (
    "Deployment kube-system/coredns", "Service kube-system/kube-dns", "ConfigMap kube-system/coredns")
LABELS = {"k8s-app": "kube-dns", "pod-template-hash": "abc"}
PARTIAL = frozenset({
    "cni.address.wrong", "cni.agent.pod-range", "cni.controller", "cni.plan.full", "cni.plan.outside",
    "cni.pool.disabled", "cni.pool.encapsulation", "cni.pool.overlap", "cni.runtime", "cni.two",
    "dns.client.limits", "dns.client.ndots", "dns.client.search", "dns.corefile.reload", "dns.endpoints.beside",
    "dns.endpoints.mixed", "dns.kube-dns.circle", "dns.kube-dns.settings", "dns.memory.limit", "dns.query.negative",
    "dns.upstream.stub", "ingress.controller.missing", "node.address.missing", "node.flaps", "node.kernel",
    "node.kubelet-way", "node.pressure", "node.runtime", "node.silent", "node.version", "policy.not-enforced",
    "proxy.idle-flags", "proxy.two", "proxy.version", "service.endpoints.beside", "service.headless.stateful-set",
    "service.load-balancer", "service.node-port.local", "service.proxy-name", "service.selector.mixed",
})
"""Faults that break a part at most, or may do so: a run that finds nothing worse is degraded, and not broken."""


def judge(look: Look[Any], evidence: Evidence, **args: Any) -> Judgement:
    judgement = look.judge(deepcopy(evidence), look.args(**args))
    assert not [f for f in judgement.findings if f.verdict is Verdict.FAIL and f.cause in PARTIAL]
    return judgement


def only(look: Look[Any], evidence: Evidence, **args: Any) -> Finding:
    """The one finding that it gives."""
    (finding,) = judge(look, evidence, **args).findings
    return finding


def causes(look: Look[Any], evidence: Evidence, **args: Any) -> list[str]:
    found = judge(look, evidence, **args).findings
    return [f.cause for f in found if f.verdict in (Verdict.FAIL, Verdict.WARN)]


def roots(*findings: Finding) -> list[str]:
    return [root.finding.cause for root in conclude(findings).root_causes]


def pod(name: str = "coredns-1", node: str = "n1", **changes: Any) -> dict[str, Any]:
    """A ready pod, as `podfacts` cuts it down."""
    return {
        "name": name, "uid": name, "node": node, "created": LONG_AGO, "deleting": False, "phase": "Running",
        "reason": "", "ip": "10.244.0.2", "ready": True, "container": "coredns", "image": "coredns:v1.12.0",
        "started": LONG_AGO, "restarts": 0, "unscheduled": {}, "waiting": "", "waiting_message": "", "now_ended": {},
        "last_ended": {},
        "probed": ["livenessProbe", "readinessProbe"], "events": [], **changes,
    }


def pending(message: str, **changes: Any) -> dict[str, Any]:
    why = {"reason": "Unschedulable", "message": message}
    return pod(node="", phase="Pending", ready=False, started="", unscheduled=why, **changes)


def crashed(name: str = "coredns-1", reason: str = "Error", code: int = 1, **changes: Any) -> dict[str, Any]:
    ended = {"reason": reason, "code": code, "at": RECENTLY}
    down = {"ready": False, "started": "", "waiting": "CrashLoopBackOff", "restarts": 4, "last_ended": ended}
    return pod(name, **{**down, **changes})


def node(ready: bool = True, **changes: Any) -> dict[str, Any]:
    return {
        "ready": ready, "status": str(ready), "reason": "" if ready else "KubeletNotReady", "message": "",
        "since": LONG_AGO, "network_unavailable": "", "created": LONG_AGO, "cordoned": False, "linux": True,
        "virtual": False, **changes,
    }


def nodes(**read: dict[str, Any]) -> dict[str, Any]:
    read = read or {"n1": node(), "n2": node()}
    return {"read": read, "total": len(read), "unread": 0}


def pods_evidence(*pods: dict[str, Any], **changes: Any) -> Evidence:
    workload = {"name": WORKLOAD, "kind": "Deployment", "wanted": 2, "updated": 2, "settled": True,
                "changed": NOW - 9000,
                "failure": "", **changes.pop("workload", {})}
    return {
        "read_at": NOW, "namespace": "kube-system", "version": "", "workload": workload,
        "pods": list(pods), "unseen": 0, "nodes": nodes(), "skipped": [], **changes,
    }


def backend(name: str = "coredns-1", ip: str = "10.244.0.2", **changes: Any) -> dict[str, Any]:
    return {
        "name": name, "labels": LABELS, "ips": [ip], "ready": True, "since": NOW - 9000, "created": LONG_AGO,
        "deleting": False, "over": False, "dns": True, "ports": {"UDP": 53, "TCP": 53}, **changes,
    }


def service(**changes: Any) -> dict[str, Any]:
    return {
        "name": SERVICE, "type": "ClusterIP", "changed": NOW - 9000, "addresses": ["10.96.0.10"],
        "selector": {"k8s-app": "kube-dns"}, "families": ["IPv4"],
        "ports": [{"name": "dns", "port": 53, "protocol": "UDP", "target": 53},
                  {"name": "dns-tcp", "port": 53, "protocol": "TCP", "target": 53}], **changes,
    }


def endpoints_evidence(**changes: Any) -> Evidence:
    backends = [backend(), backend("coredns-2", "10.244.1.2")]
    ends = [{"address": b["ips"][0], "pod": b["name"], "ready": True, "terminating": False} for b in backends]
    ports = [{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "dns-tcp", "port": 53, "protocol": "TCP"}]
    return {
        "read_at": NOW, "version": "", "service": service(), "pods": backends, "selected": backends, "unseen": 0,
        "skipped": [],
        "workload": {"name": WORKLOAD, "labels": LABELS, "match": {"k8s-app": "kube-dns"}},
        "slices": [{"name": "kube-dns-x", "family": "IPv4", "ports": ports, "endpoints": ends}], **changes,
    }


def log_pod(*lines: str, **changes: Any) -> dict[str, Any]:
    """A pod that is not ready, with these lines in its log."""
    return {
        "name": "coredns-1", "node": "n1", "ready": False, "running": True, "restarts": 0, "started": LONG_AGO,
        "now": {"lines": list(lines), "telling": len(lines)}, "before": None, **changes,
    }


def directive(name: str, *args: str, line: int = 2, options: tuple[tuple[str, ...], ...] = ()) -> dict[str, Any]:
    return {"name": name, "args": list(args), "line": line, "options": [list(option) for option in options]}


def corefile(*more: dict[str, Any], without: tuple[str, ...] = (), **changes: Any) -> dict[str, Any]:
    """What kubeadm writes, with further directives and without some."""
    usual = [
        directive("errors"), directive("health"), directive("ready"),
        directive("kubernetes", "cluster.local", "in-addr.arpa", "ip6.arpa",
                  options=(("pods", "insecure"), ("fallthrough", "in-addr.arpa", "ip6.arpa"), ("ttl", "30"))),
        directive("forward", ".", "/etc/resolv.conf"), directive("cache", "30"), directive("loop"), directive("reload"),
    ]
    directives = [d for d in usual if d["name"] not in without] + list(more)
    block = {"keys": [".:53"], "line": 1, "open": False, "directives": directives}
    return {"state": "read", "config_map": CONFIG_MAP, "key": "Corefile", "changed": 0.0, "blocks": [block],
            "imports": [], "mistakes": [], **changes}


def corefile_evidence(facts: dict[str, Any] | None = None, **changes: Any) -> Evidence:
    return {
        "read_at": NOW, "server": "coredns", "workload": WORKLOAD, "corefile": facts or corefile(),
        "version": [1, 12, 0], "probes": {"ready": {"probe": "readinessProbe", "port": 8181},
                                          "health": {"probe": "livenessProbe", "port": 8080}},
        "pods": [{"ready": True, "started": LONG_AGO, "ip": "10.244.0.2"}],
        "addresses": ["10.96.0.10"], "domain": "cluster.local", "ports": {"service": [53], "container": [53]},
        "domain_source": "ConfigMap kube-system/kubelet-config", "skipped": [], **changes,
    }
