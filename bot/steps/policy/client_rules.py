"""Whether policies let one pod ask for names: out of its own namespace, and into that of the DNS pods. Pure."""

from ipaddress import ip_network
from typing import Any

from bot.diagnosis.causes import note
from bot.diagnosis.policy_evaluation import Direction, Party, Ruling
from bot.diagnosis.policy_selectors import both
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence
from bot.steps.policy.facts import DNS_PROTOCOLS, party, reach
from bot.steps.policy.grounds import find_ground
from bot.steps.policy.verdicts import Blocked, convict
from bot.steps.policy.words import write_policy
from bot.steps.wording import list_names, read_at


def judge_client(evidence: Evidence) -> list[Finding]:
    client, server = evidence["client"], evidence["server"]
    if not client or not evidence["client_known"] or not (server or evidence["cache"]):
        return []
    if client["host"]:
        text = f"Pod {evidence['pod']} uses its node's network: NetworkPolicies say nothing about it."
        return [note(Verdict.INFO, Layer.POLICY, text, evidence=(read_at(evidence),))]
    told = {protocol: _reach(evidence, protocol) for protocol in DNS_PROTOCOLS}
    for direction, protocol in ((d, p) for d in _DIRECTIONS for p in DNS_PROTOCOLS):
        if told[protocol][direction].allowed is False:
            return [_shut_in(evidence, direction, protocol, told)]
    sure = both(ruling.allowed for rulings in told.values() for ruling in rulings.values())
    text = f"NetworkPolicies let Pod {evidence['pod']} ask {_place(evidence)} over UDP and TCP; path not tested."
    if sure:
        return [note(Verdict.PASS, Layer.POLICY, text, evidence=(read_at(evidence),))]
    text = f"Whether NetworkPolicies let Pod {evidence['pod']} ask {_place(evidence)} depends on what was not read."
    return [note(Verdict.UNKNOWN, Layer.POLICY, text, evidence=(read_at(evidence),))]


_DIRECTIONS: tuple[Direction, ...] = ("Egress", "Ingress")


def _reach(evidence: Evidence, protocol: str) -> dict[str, Ruling]:
    """To the node's cache where there is one: that is an address, which no selector can mean."""
    client, policies = party(evidence["client"]), evidence["policies"]
    if evidence["cache"]:
        return reach(policies, client, Party(address=ip_network(evidence["cache"][0])), protocol, 53)
    return reach(policies, client, party(evidence["server"]), protocol, evidence["ports"][protocol])


def _place(evidence: Evidence) -> str:
    if evidence["cache"]:
        return f"the node-local cache at {evidence['cache'][0]}"
    return "the DNS pods" + " (in their nodes' network, so known by ipBlock only)" * bool(evidence.get("servers"))


def _shut_in(
    evidence: Evidence, direction: Direction, protocol: str, told: dict[str, dict[str, Ruling]]
) -> Finding:
    port = 53 if evidence["cache"] else evidence["ports"][protocol]
    shut = [p for p in DNS_PROTOCOLS if told[p][direction].allowed is False]
    wanted = f"port {list_names(f'{port}/{p}' for p in shut)}"
    outward = direction == "Egress"
    return _ground(evidence, direction, protocol, told[protocol][direction]) or convict(evidence, Blocked(
        code="dns.policy.client" if outward else "dns.policy.ingress", direction=direction,
        ruling=told[protocol][direction], verdict=Verdict.FAIL if protocol == "UDP" else Verdict.WARN,
        what=f"{'all' if protocol == 'UDP' else 'long'} lookups of Pod {evidence['pod']} at {_place(evidence)}",
        wanted=f"{wanted} to {_place(evidence)}" if outward else f"{wanted} from Pod {evidence['pod']}",
        namespace=evidence["client"]["namespace"] if outward else "",
        mend=_mend(evidence, told[protocol]["Egress"].isolating[0] if outward else ""),
    ))


def _ground(evidence: Evidence, direction: Direction, protocol: str, ruling: Ruling) -> Finding | None:
    """A rule that was meant to let it ask, and names no namespace."""
    if evidence["cache"] or not evidence.get("all_namespaces"):
        return None
    ends = evidence["client"], evidence["server"]
    subject, other = ends if direction == "Egress" else ends[::-1]
    asked = {**evidence, "idle": [], "target": {"name": _place(evidence)}}
    return find_ground(asked, direction, ruling, subject, other,
                       {"protocol": protocol, "port": evidence["ports"][protocol]})


def _mend(evidence: Evidence, isolating: str) -> str:
    """For the pods that the policy out of their namespace isolates, and no others: a policy more isolates, too."""
    ports = [{"protocol": p, "port": 53 if evidence["cache"] else evidence["ports"][p]} for p in DNS_PROTOCOLS]
    servers = {"matchLabels": evidence["labels"]}
    if not isolating:
        return write_policy("allow-dns", evidence["namespace"], servers, "Ingress", [{"ports": ports}])
    home = evidence["client"]["namespace"]
    policy = next(p for p in evidence["policies"] if p["metadata"] == {"name": isolating, "namespace": home})
    space = {"matchLabels": {"kubernetes.io/metadata.name": evidence["namespace"]}}
    shared = evidence.get("servers", ())  # in their nodes' network no selector means them
    peers: list[dict[str, Any]] = [{"ipBlock": {"cidr": f"{address}/{128 if ':' in address else 32}"}}
                                   for address in (*evidence["cache"], *shared)]
    peers += [] if shared else [{"namespaceSelector": space, "podSelector": servers}]
    rules = [{"to": peers, "ports": ports}]
    return write_policy("allow-dns", home, policy["spec"].get("podSelector") or {}, "Egress", rules)
