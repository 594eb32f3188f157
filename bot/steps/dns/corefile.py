"""`dns.corefile`: is CoreDNS's configuration there, readable, and right for this cluster? (customizing DNS)."""

from typing import Any

from pydantic import Field

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import find, note
from bot.diagnosis.platform import addresses_of, dns_port, image_version, server_container
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence, Judgement, Look
from bot.steps.dns.corefile_blocks import find_taker
from bot.steps.dns.corefile_facts import read_corefile
from bot.steps.dns.corefile_mends import propose_edits
from bot.steps.dns.corefile_order import find_shadowed
from bot.steps.dns.corefile_owner import warn_of_owner
from bot.steps.dns.corefile_rules import PORTS, judge_content, list_oddities
from bot.steps.dns.corefile_words import describe_kubernetes, judge_words
from bot.steps.dns.kube_dns import judge_settings, read_settings
from bot.steps.dns.objects import DnsArgs, find_dns
from bot.steps.findings import tell_skipped
from bot.steps.nodes.kubelet_config import DEFAULT_DOMAIN
from bot.steps.podfacts import pod_facts
from bot.steps.wording import parse_time, read_at


class CorefileArgs(DnsArgs):
    """Looks at CoreDNS's configuration. `namespace`: one whose names it must serve; `lost`: and which do not resolve,
    as was seen."""

    namespace: str = Field(default="default", pattern=r"^[a-z0-9-]+$")
    lost: bool = False


async def gather_corefile(cluster: Cluster, args: CorefileArgs) -> Evidence:
    dns = await find_dns(cluster, args)
    facts, failed = await read_corefile(cluster, dns), list[str]()
    settings = await read_settings(cluster, dns, failed)
    pods = [pod_facts(pod) for pod in dns.pods]
    service, container = dns.service or {"spec": {}}, server_container(dns.template)
    return {
        "read_at": cluster.now, "server": dns.server, "workload": dns.name, "corefile": facts, "settings": settings,
        "version": list(image_version(dns.template)), "probes": _probes(container),
        "pods": [{field: pod[field] for field in ("ready", "started", "ip")} for pod in pods if not pod["deleting"]],
        "addresses": addresses_of(dns.service), "domain": dns.kubelet.domain,
        "ports": {"service": _targets(service["spec"], container),
                  "container": [port for p in ("UDP", "TCP") if (port := dns_port(container, p))]},
        "domain_source": dns.kubelet.source, "skipped": [*dns.skipped, *dns.kubelet.skipped, *failed],
    }


def _targets(spec: Object, container: Any) -> list[int]:
    """Where questions to port 53 of the Service are sent, as far as the containers' names of ports tell."""
    named = {port.get("name"): port.get("containerPort") for port in container.get("ports") or ()}
    wanted = (port.get("targetPort", 53) for port in spec.get("ports") or () if port["port"] == 53)
    return sorted({port for target in wanted if isinstance(port := named.get(target, target), int)})


def _probes(container: Any) -> dict[str, dict[str, Any]]:
    """{ready: {probe, port, path}, health: …}: which plugins the kubelet asks, by its probes' paths, else by ports."""
    ports = {port.get("name"): port.get("containerPort") for port in container.get("ports") or ()}
    found = {}
    for probe in ("readinessProbe", "livenessProbe"):
        http = (container.get(probe) or {}).get("httpGet") or {}
        path, port = http.get("path", "/"), ports.get(http.get("port"), http.get("port"))
        plugin = path.strip("/") if path.strip("/") in PORTS else next((n for n in PORTS if PORTS[n] == port), "")
        if plugin:
            found[plugin] = {"probe": probe, "port": port, "path": path}
    return found


def judge_corefile(evidence: Evidence, args: CorefileArgs) -> Judgement:
    facts, skipped = evidence["corefile"], tell_skipped(evidence, Layer.DNS_WORKLOAD)
    verdict = Verdict.WARN if any(pod["ready"] for pod in evidence["pods"]) else Verdict.FAIL
    match facts["state"]:
        case "none":
            unknown = bool(skipped) and not evidence["workload"]
            return Judgement((*(judge_settings(evidence) or [_none(evidence)] * (not unknown)), *skipped))
        case "missing" | "no-key":
            return Judgement((_missing(evidence, verdict), *skipped))
        case "optional":
            text = f"{facts['config_map']} does not exist, and the workload does not insist on it."
            return Judgement((note(Verdict.INFO, Layer.DNS_WORKLOAD, text, evidence=(read_at(evidence),)), *skipped))
    if not facts["blocks"] and not facts["mistakes"] and not facts["imports"]:
        return Judgement((_empty(evidence, verdict), *skipped))
    found = [*judge_words(evidence, verdict, loaded(evidence)), *judge_content(evidence, verdict, args.namespace)]
    found += _taken(evidence, args.namespace) if args.lost and not found else []
    edits = [] if facts.get("owner") else propose_edits(evidence, found)  # they would be undone
    found = warn_of_owner(found, facts)
    outputs = {
        "config_map": facts["config_map"].removeprefix("ConfigMap "), "key": facts["key"], "edits": edits,
        "mends": bool(edits),
    }
    told = describe_kubernetes(facts)
    if not found:
        text = f"The Corefile in {facts['config_map']} can be read{': ' + told if told else ''}."
        seen = (read_at(evidence),)
        found = [note(Verdict.PASS, Layer.DNS_WORKLOAD, text, object=facts["config_map"], evidence=seen)]
    odd = [] if facts["mistakes"] else list_oddities(evidence)
    if odd:
        text = f"Unusual, and not wrong: {'; '.join(odd)}."
        found.append(note(Verdict.INFO, Layer.DNS_WORKLOAD, text, object=facts["config_map"],
                          evidence=(read_at(evidence),)))
    return Judgement((*found, *skipped), outputs)


def _taken(evidence: Evidence, namespace: str) -> list[Finding]:
    """Who asks another server there may do so on purpose: told only of names that were lost."""
    facts, domain = evidence["corefile"], evidence["domain"] or DEFAULT_DOMAIN
    taker = find_taker(facts, domain, namespace)
    names = f"{namespace}.svc.{domain}"
    seen = (f"Corefile: server block {taker}, expected none for {names} without `kubernetes`", read_at(evidence))
    return [find_shadowed(facts["config_map"], taker, names, Verdict.FAIL, seen)] if taker else []


def loaded(evidence: Evidence) -> bool:
    """Whether the pods that serve have started with the ConfigMap as it stands: then whatever it says works."""
    changed, pods = evidence["corefile"].get("changed", 0.0), evidence["pods"]
    return bool(changed and pods) and all(pod["ready"] and parse_time(pod["started"]) > changed for pod in pods)


def _none(evidence: Evidence) -> Finding:
    if evidence["server"] == "kube-dns":
        text = "The DNS server is kube-dns, which has no Corefile."
    elif not evidence["workload"]:
        text = "No DNS workload was found, so there is no Corefile to look at."
    else:
        text = f"{evidence['workload']} reads its configuration from no ConfigMap that it mounts; it was not looked at."
    return note(Verdict.INFO, Layer.DNS_WORKLOAD, text, evidence=(read_at(evidence),))


def _empty(evidence: Evidence, verdict: Verdict) -> Finding:
    """CoreDNS starts with it, on its built-in default: it answers, and knows neither the cluster nor its probes."""
    name = evidence["corefile"]["config_map"]
    seen = f"{name}: key {evidence['corefile']['key']} has no server block, expected one for the cluster's zone"
    text = f"The Corefile in {name} is empty: no server block is left."
    return find("dns.corefile.empty", text, verdict=verdict, object=name, evidence=(seen, read_at(evidence)))


def _missing(evidence: Evidence, verdict: Verdict) -> Finding:
    facts = evidence["corefile"]
    kept = "running pods go on with the copy they have, the next one to start will hang" if verdict is Verdict.WARN \
        else "DNS pods cannot start without it"
    if facts["state"] == "missing":
        text = f"{facts['config_map']}, which {evidence['workload']} mounts, does not exist: {kept}."
        code, seen = "dns.corefile.missing", f"{facts['config_map']}: not found, expected with key {facts['key']}"
    else:
        text = f"{facts['config_map']} lacks the key {facts['key']}, which {evidence['workload']} mounts: {kept}."
        code, seen = "dns.corefile.key", f"{facts['config_map']}: keys {', '.join(facts['keys']) or '(none)'}"
    return find(code, text, verdict=verdict, object=facts["config_map"], evidence=(seen, read_at(evidence)))


COREFILE = Look(
    name="dns.corefile", args=CorefileArgs, gather=gather_corefile, judge=judge_corefile,
    reads=("list services", "list pods in {dns}", "get deployments.apps in {dns}", "get configmaps/coredns in {dns}",
           "get configmaps/kube-dns in {dns}", "get configmaps/kubelet-config in kube-system"),
    by_hand="`kubectl -n kube-system get configmap coredns -o yaml` "
    "(https://kubernetes.io/docs/tasks/administer-cluster/dns-custom-nameservers/)",
)
