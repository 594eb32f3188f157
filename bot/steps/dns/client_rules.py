"""What a pod's DNS configuration means, by its spec and by its resolv.conf; and what kubelets say about DNS. Pure.

Rules: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/ and the kubelet's network/dns/dns.go:
ClusterFirst in the network of the node is treated as Default.
"""

from typing import Any

from bot.diagnosis.causes import find, note
from bot.diagnosis.platform import LINK_LOCAL, cache_addresses
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Args, Evidence, Judgement
from bot.steps.findings import tell_skipped
from bot.steps.nodes.kubelet_config import DEFAULT_DOMAIN
from bot.steps.wording import list_names, parse_time, read_at

REASONS = frozenset({"MissingClusterDNS", "DNSConfigForming", "CheckLimitsForResolvConf"})
FRESH = 1200.0
"""Seconds: a kubelet says it again at every look at a pod, at most once in five minutes; older ones are of the past."""
METADATA = "169.254.169."
"""Where clouds' own resolvers are asked: link-local, and no cache of the cluster."""
FEW_DOTS = 2
"""Below this a name with one dot (web.shop) is asked as it stands first, and some resolvers stop there."""


def judge_configuration(evidence: Evidence, args: Args) -> Judgement:
    skipped = tell_skipped(evidence, Layer.CLIENT)
    pod = evidence["pod"]
    if evidence["asked"] and not pod:
        text = f"There is no Pod {evidence['asked']} whose configuration could be looked at."
        return Judgement(skipped or (note(Verdict.UNKNOWN, Layer.CLIENT, text, evidence=(read_at(evidence),)),))
    told = _events(evidence, pod["events"] if pod else evidence["events"])
    if not pod:
        text = "Kubelets complain of nothing about DNS; no pod was named whose configuration could be looked at."
        quiet = note(Verdict.INFO, Layer.CLIENT, text, evidence=(read_at(evidence),))
        return Judgement((*(told or ([] if skipped else [quiet])), *skipped))
    found = [f for f in (_servers(evidence, pod), _searches(evidence, pod), _dots(evidence, pod)) if f]
    found = found[:1] if found and found[0].verdict is Verdict.FAIL else found  # the others are the same, once more
    return Judgement((*told, *(found or [_fine(evidence, pod)]), *skipped))


def _name(pod: dict[str, Any]) -> str:
    return f"Pod {pod['namespace']}/{pod['name']}"


def _fine(evidence: Evidence, pod: dict[str, Any]) -> Finding:
    seen = pod["resolv"]
    if pod["serves_dns"] and not _uses_cluster(pod):
        text = f"{_name(pod)} serves DNS itself and asks its node's resolvers, as it must: dnsPolicy {pod['policy']}."
        return note(Verdict.INFO, Layer.CLIENT, text, evidence=(read_at(evidence),))
    how = f"resolv.conf: {list_names(seen['nameservers'])}" if seen else "by its spec; its resolv.conf was not read"
    text = f"{_name(pod)} asks the cluster's DNS, with the usual search list ({how}); path not tested."
    return note(Verdict.PASS, Layer.CLIENT, text, evidence=(read_at(evidence),))


def _uses_cluster(pod: dict[str, Any]) -> bool:
    return pod["policy"] == "ClusterFirstWithHostNet" or (pod["policy"] == "ClusterFirst" and not pod["host"])


def _wanted(evidence: Evidence) -> list[str]:
    """The addresses that are the cluster's DNS: of the Service, and of a cache if kubelets hand that out."""
    return [*evidence["service"], *cache_addresses(evidence["kubelet"]["dns"])] or list(evidence["kubelet"]["dns"])


def _is_cache(address: str) -> bool:
    return address.startswith(LINK_LOCAL) and not address.startswith(METADATA)


def first_server(pod: dict[str, Any]) -> str:
    """Whom its resolver asks first; "" where that is not known. The next one is asked only where the first gives no
    answer, and that there is no such name is one (resolv.conf(5)); some resolvers ask all and take the first answer."""
    has = pod["resolv"]["nameservers"] if pod["resolv"] else pod["nameservers"] if pod["policy"] == "None" else []
    return str(has[0]) if has else ""


def _servers(evidence: Evidence, pod: dict[str, Any]) -> Finding | None:
    if pod["serves_dns"]:
        return None
    wanted, seen, first = _wanted(evidence), pod["resolv"], first_server(pod)
    has = seen["nameservers"] if seen else pod["nameservers"]
    late = any(address in wanted for address in has)
    if first in wanted or (late and (_is_cache(first) or first in evidence["kubelet"]["dns"])):
        return None  # whatever the policy is called; before the Service a cache may stand
    lines = [f"{_name(pod)}: dnsPolicy {pod['policy']}, hostNetwork {str(pod['host']).lower()}",
             *([f"resolv.conf: nameserver {list_names(seen['nameservers']) or 'none'}"] if seen else []),
             f"expected: nameserver {list_names(wanted) or 'of the cluster'}", read_at(evidence)]
    if _is_cache(first) and not evidence["kubelet"]["dns"]:
        text = (f"{_name(pod)} asks {first}, an address of its node, as a node-local DNS cache has; what kubelets hand "
                "out is not known, and who answers there was not tested.")
        return note(Verdict.UNKNOWN, Layer.CLIENT, text, object=_name(pod), evidence=lines)
    if evidence.get("other"):
        text = (f"{_name(pod)} asks {evidence['other']} at {first}, and not the cluster's DNS Service; whether it "
                "knows the cluster's names was not tested.")
        return note(Verdict.UNKNOWN, Layer.CLIENT, text, object=_name(pod), evidence=lines)
    if pod["policy"] == "ClusterFirst" and pod["host"]:
        text = f"{_name(pod)} does not ask the cluster's DNS: with hostNetwork, dnsPolicy ClusterFirst means Default."
        return find("dns.client.host-network", text, object=_name(pod), evidence=lines)
    if pod["policy"] in ("Default", "None"):
        own = f"{list_names(pod['nameservers']) or 'nobody'} (dnsConfig)"
        to = "its node's resolvers" if pod["policy"] == "Default" else own
        order = ", in this order: that the first one does not know a name is an answer" if late else ""
        text = f"{_name(pod)} does not ask the cluster's DNS: dnsPolicy {pod['policy']} sends it to {to}{order}."
        return find("dns.client.policy", text, object=_name(pod), evidence=lines)
    if not seen or not wanted:
        return None
    text = f"{_name(pod)} asks {list_names(has) or 'nobody'}, and not the cluster's DNS at {list_names(wanted)}."
    return find("dns.client.resolv-conf", text, object=_name(pod), evidence=lines)


def _searches(evidence: Evidence, pod: dict[str, Any]) -> Finding | None:
    """Short names need the search list, which ClusterFirst brings along and nothing else does."""
    if pod["serves_dns"]:
        return None
    seen = pod["resolv"]
    has = seen["searches"] if seen else pod["searches"]
    wanted = f"svc.{evidence['kubelet']['domain'] or DEFAULT_DOMAIN}"
    if wanted in has or (not seen and _uses_cluster(pod)):
        return None
    text = f"{_name(pod)} does not search {wanted}: short names such as web.shop do not resolve there."
    return find("dns.client.search", text, verdict=Verdict.WARN, object=_name(pod), evidence=(
        f"{_name(pod)}: search {list_names(has) or 'nothing'}, expected among others {wanted}", read_at(evidence)))


def _dots(evidence: Evidence, pod: dict[str, Any]) -> Finding | None:
    seen, given = pod["resolv"], pod["options"].get("ndots", "")
    if pod["serves_dns"] or not (seen or given.isdigit()):
        return None
    dots = seen["ndots"] if seen else int(given)
    if dots >= FEW_DOTS:
        return None
    text = (f"{_name(pod)} has ndots:{dots}: names with a dot such as web.shop are not searched for first, "
            "and by some resolvers not at all.")
    return find("dns.client.ndots", text, verdict=Verdict.WARN, object=_name(pod), evidence=(
        f"{_name(pod)}: {'resolv.conf' if seen else 'dnsConfig'} ndots:{dots}, expected 5", read_at(evidence)))


def _events(evidence: Evidence, events: list[dict[str, str]]) -> list[Finding]:
    told = []
    for event in events:
        if float(evidence["read_at"]) - parse_time(event["last"]) > FRESH:
            continue
        missing = event["reason"] == "MissingClusterDNS"
        where = f"Node {event['node']}" if event["node"] else "a node"
        text = (f"The kubelet of {where} has no clusterDNS: its pods fall back to the node's resolvers." if missing else
                f"The kubelet of {where} says of what {event['about']} is to resolve by: {event['message']}")
        lines = (f"Event {event['reason']} of {event['about']}, last at {event['last']}: {event['message']}",
                 read_at(evidence))
        if not missing and not evidence["pod"] and "Search Line" not in event["message"]:
            told.append(note(Verdict.INFO, Layer.CLIENT, text, object=where, node=event["node"], evidence=lines))
            continue  # the third resolver on is asked only when two are down: no reason to worry unasked
        code = "dns.client.missing-cluster-dns" if missing else "dns.client.limits"
        told.append(find(
            code, text, object=where, node=event["node"],
            verdict=Verdict.FAIL if missing and evidence["pod"] else Verdict.WARN,
            evidence=lines,
        ))
    return told
