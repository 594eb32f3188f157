"""`dns.endpoints`: does the DNS Service lead to the DNS pods? (page: debugging DNS resolution, endpoints)."""

from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.platform import dns_port, looks_like_dns, server_container
from bot.steps import Evidence, Judgement, Look
from bot.steps.dns.endpoint_rules import describe_service, judge_slices, lacking
from bot.steps.dns.objects import Dns, DnsArgs, find_dns, match_labels
from bot.steps.left_out import is_called_headless, proxy_name
from bot.steps.slice_refusals import read_refusal
from bot.steps.slices import let_follow
from bot.steps.wording import last_written, name_object, parse_time


async def gather_endpoints(cluster: Cluster, args: DnsArgs) -> Evidence:
    dns = await find_dns(cluster, args)
    service = dns.service
    if service is None:
        return {"read_at": cluster.now, "service": None, "skipped": list(dns.skipped)}
    changed = last_written(service)
    await let_follow(cluster, changed)
    name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
    slices = await cluster.list("EndpointSlice", namespace, labels=f"kubernetes.io/service-name={name}", limit=20)
    version = {} if dns.workload or dns.pods else await cluster.version()
    skipped, selected = list(dns.skipped), [_backend(pod) for pod in dns.selected]
    pieces = [_slice_facts(item) for item in slices.items]
    refused = await read_refusal(cluster, namespace, name, skipped) if lacking(selected, pieces) else {}
    return {
        "read_at": cluster.now, "service": service_facts(service, changed), "version": version.get("gitVersion", ""),
        "workload": {"name": dns.name if dns.workload else "", "labels": _template_labels(dns),
                     "match": match_labels(dns.workload)},
        "pods": [_backend(pod) for pod in dns.pods], "selected": selected, "slices": pieces,
        "refused": refused, "unseen": dns.unseen, "skipped": list(dict.fromkeys(skipped)),
    }


def service_facts(service: Object, changed: float = 0.0) -> dict[str, Any]:
    spec = service["spec"]
    return {
        "name": name_object("Service", service), "type": spec.get("type", "ClusterIP"), "changed": changed,
        "addresses": spec.get("clusterIPs") or [spec.get("clusterIP", "")], "selector": spec.get("selector") or {},
        "ports": [{"name": p.get("name", ""), "port": p["port"], "protocol": p.get("protocol", "TCP"),
                   "target": p.get("targetPort", p["port"])} for p in spec.get("ports") or ()],
        "proxy_name": proxy_name(service), "called_headless": is_called_headless(service),
        "families": spec.get("ipFamilies") or [],
        "internal": spec.get("internalTrafficPolicy", "Cluster"),
    }


def _template_labels(dns: Dns) -> dict[str, str]:
    template = (dns.workload or {}).get("spec", {}).get("template", {})
    return dict(template.get("metadata", {}).get("labels", {}))


def _backend(pod: Object) -> dict[str, Any]:
    """A pod as a possible endpoint."""
    spec, status = pod.get("spec", {}), pod.get("status", {})
    ready: Object = next((c for c in status.get("conditions", []) if c["type"] == "Ready"), {})
    container = server_container(spec)
    return {
        "name": pod["metadata"]["name"], "labels": pod["metadata"].get("labels", {}),
        "ips": [ip["ip"] for ip in status.get("podIPs", [])], "ready": ready.get("status") == "True",
        "since": parse_time(ready.get("lastTransitionTime")), "created": pod["metadata"].get("creationTimestamp", ""),
        "deleting": "deletionTimestamp" in pod["metadata"], "dns": looks_like_dns(spec),
        "over": status.get("phase") in ("Succeeded", "Failed"),
        "ports": {protocol: dns_port(container, protocol) for protocol in ("UDP", "TCP")},
    }


def _slice_facts(item: Object) -> dict[str, Any]:
    endpoints = [
        {"address": (e.get("addresses") or [""])[0], "pod": (e.get("targetRef") or {}).get("name", ""),
         "ready": (e.get("conditions") or {}).get("ready", True) is not False,
         "terminating": bool((e.get("conditions") or {}).get("terminating"))}
        for e in item.get("endpoints") or ()
    ]
    ports = [{"name": p.get("name", ""), "port": p.get("port", 0), "protocol": p.get("protocol", "TCP")}
             for p in item.get("ports") or ()]
    return {"name": item["metadata"]["name"], "family": item.get("addressType", ""), "ports": ports,
            "managed": (item["metadata"].get("labels") or {}).get("endpointslice.kubernetes.io/managed-by", ""),
            "endpoints": endpoints[:100]}


def judge_endpoints(evidence: Evidence, args: DnsArgs) -> Judgement:
    outputs = {"service": "", "labels": {}, "mends": False, "ready": 0, **describe_service(evidence)}
    return Judgement(judge_slices(evidence, outputs), outputs)


ENDPOINTS = Look(
    name="dns.endpoints", args=DnsArgs, gather=gather_endpoints, judge=judge_endpoints,
    reads=("list services", "list pods in {dns}", "list endpointslices.discovery.k8s.io in {dns}",
           "list events in {dns}", "get replicasets.apps in {dns}", "get deployments.apps in {dns}",
           "list deployments.apps in {dns}", "list daemonsets.apps in {dns}",
           "get configmaps/kubelet-config in kube-system"),
    by_hand="`kubectl -n kube-system get endpointslices -l kubernetes.io/service-name=kube-dns` "
    "(https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/#are-dns-endpoints-exposed)",
)
