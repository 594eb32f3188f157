"""`dns.service`: is there a DNS Service, with the address and ports that pods use? (page: debugging DNS)."""

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.diagnosis.platform import LINK_LOCAL, cache_addresses, may_serve_outside
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.dns.endpoints import service_facts
from bot.steps.dns.objects import DnsArgs, find_dns
from bot.steps.findings import tell_skipped
from bot.steps.left_out import find_left_out, proxy_name, read_proxies
from bot.steps.wording import list_names, read_at


async def gather_service(cluster: Cluster, args: DnsArgs) -> Evidence:
    dns = await find_dns(cluster, args)
    kubelet = dns.kubelet
    version = {} if dns.service else await cluster.version()
    skipped = [*dns.skipped, *kubelet.skipped]
    proxies = await read_proxies(cluster, proxy_name(dns.service), skipped) if dns.service else []
    return {
        "read_at": cluster.now, "version": version.get("gitVersion", ""), "pods": len(dns.pods),
        "service": service_facts(dns.service) if dns.service else None,
        "kubelet": {"dns": list(kubelet.dns), "source": kubelet.source},
        "proxies": proxies, "skipped": skipped,
    }


def judge_service(evidence: Evidence, args: DnsArgs) -> Judgement:
    service, skipped = evidence["service"], tell_skipped(evidence, Layer.DNS_SERVICE)
    cached = bool(cache_addresses(evidence["kubelet"]["dns"]))
    if service is None:
        return Judgement((_absent(evidence), *skipped), {"cached": cached})
    outputs = {"service": service["name"].removeprefix("Service "), "addresses": service["addresses"],
               "near": service.get("internal") == "Local", "cached": cached}
    kind = _type(evidence)
    told = [kind] if kind else [_address(evidence), _ports(evidence), find_left_out(evidence)]
    found = [finding for finding in told if finding]
    if not found:
        source = evidence["kubelet"]["source"]
        agree = f", as kubelets hand out ({source})" if source else "; what kubelets hand out is not known"
        text = f"{service['name']} has {list_names(service['addresses'])}{agree}, and ports 53/UDP and 53/TCP."
        found = [note(Verdict.PASS, Layer.DNS_SERVICE, text, object=service["name"], evidence=(read_at(evidence),))]
    return Judgement((*found, *skipped), outputs)


def _absent(evidence: Evidence) -> Finding:
    handed = evidence["kubelet"]["dns"]
    if evidence["skipped"]:
        text = ("No Service is labelled k8s-app=kube-dns; whether one has the address that kubelets hand out could not "
                "be told.")
        return note(Verdict.UNKNOWN, Layer.DNS_SERVICE, text, evidence=(read_at(evidence),))
    if not handed and not evidence["pods"] and may_serve_outside(evidence["version"]):
        text = "There is no DNS Service and no DNS pod: this platform can serve DNS outside the cluster."
        return note(Verdict.INFO, Layer.DNS_SERVICE, text, evidence=(read_at(evidence),))
    asks = f", while kubelets send pods to {list_names(handed)}" if handed else ""
    text = f"There is no DNS Service: none is labelled k8s-app=kube-dns, none has the kubelets' DNS address{asks}."
    address = f" with clusterIP {handed[0]}" if handed else ""
    return find(
        "dns.service.missing", text, object="Service kube-system/kube-dns",
        evidence=("Service kube-system/kube-dns: not found", read_at(evidence)),
        advice=f"Create Service kube-system/kube-dns again{address}, ports 53/UDP (dns) and 53/TCP (dns-tcp), selector "
        "k8s-app=kube-dns.",
    )


def _type(evidence: Evidence) -> Finding | None:
    service = evidence["service"]
    addresses = [a for a in service["addresses"] if a and a != "None"]
    if addresses and service["type"] != "ExternalName":
        return None
    has = f"type {service['type']}, clusterIP {list_names(service['addresses']) or 'none'}"
    handed = list_names(evidence["kubelet"]["dns"]) or "the address that kubelets hand out"
    return find(
        "dns.service.type", f"{service['name']} has no cluster address: {has}, expected type ClusterIP with {handed}.",
        object=service["name"], evidence=(f"{service['name']}: {has}, expected ClusterIP {handed}", read_at(evidence)),
        advice=f"Delete {service['name']} and create it again with type ClusterIP and clusterIP {handed}: neither can "
        "be changed in place.",
    )


def _address(evidence: Evidence) -> Finding | None:
    service, kubelet = evidence["service"], evidence["kubelet"]
    strange = [a for a in kubelet["dns"] if a not in service["addresses"] and not a.startswith(LINK_LOCAL)]
    if not strange or (any(a in service["addresses"] for a in kubelet["dns"]) and len(strange) < len(kubelet["dns"])):
        return None
    has = list_names(service["addresses"])
    text = f"Kubelets hand out {list_names(strange)} as DNS server, but {service['name']} has {has}."
    return find(
        "dns.service.address", text, object=service["name"],
        evidence=(f"{kubelet['source']}: clusterDNS {list_names(kubelet['dns'])}, expected {has}", read_at(evidence)),
        advice=f"If the Service was made anew: delete it and create it with clusterIP {strange[0]}, which running pods "
        f"have in their resolv.conf. If it was meant so: set clusterDNS to {has} in {kubelet['source']} and "
        "/var/lib/kubelet/config.yaml of each node, restart the kubelets and recreate the pods.",
    )


def _ports(evidence: Evidence) -> Finding | None:
    service = evidence["service"]
    have = {(port["port"], port["protocol"]) for port in service["ports"]}
    missing = [protocol for protocol in ("UDP", "TCP") if (53, protocol) not in have]
    if not missing:
        return None
    effect = {"UDP": "nearly every lookup fails", "TCP": "long answers and a node-local cache fail"}
    text = f"{service['name']} has no port 53/{' and 53/'.join(missing)}: {effect[missing[0]]}."
    told = ", ".join(f"{port}/{protocol}" for port, protocol in sorted(have)) or "(none)"
    return find(
        "dns.service.ports", text, object=service["name"],
        verdict=Verdict.FAIL if "UDP" in missing else Verdict.WARN,
        evidence=(f"{service['name']}: ports {told}, expected 53/UDP and 53/TCP", read_at(evidence)),
    )


SERVICE = Look(
    name="dns.service", args=DnsArgs, gather=gather_service, judge=judge_service,
    reads=("list services", "get services in kube-system", "get configmaps/kubelet-config in kube-system",
           "list pods in {dns}", "list daemonsets.apps", "get /version"),
    by_hand="`kubectl -n kube-system get service kube-dns` "
    "(https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/#is-dns-service-up)",
)
