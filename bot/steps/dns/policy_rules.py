"""What NetworkPolicies mean for cluster DNS: who may ask the DNS pods, whom these may ask, and one client. Pure.

Objects are judged, not the path. Where nothing enforces policies nothing is broken by them; what would be is said.
"""

from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any

from bot.diagnosis.causes import find, note
from bot.diagnosis.policy_evaluation import Direction, Party, Ruling, decide
from bot.diagnosis.policy_selectors import Told, both
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Args, Evidence, Judgement
from bot.steps.findings import tell_skipped
from bot.steps.policy.calico import judge_own_kind
from bot.steps.policy.client_rules import judge_client
from bot.steps.policy.clients import anybody
from bot.steps.policy.facts import DNS_PROTOCOLS, party
from bot.steps.policy.verdicts import Blocked, convict, name_policies
from bot.steps.policy.words import write_policy
from bot.steps.wording import list_names, read_at

PORTS = [{"protocol": protocol, "port": 53} for protocol in DNS_PROTOCOLS]


def judge_policy(evidence: Evidence, args: Args) -> Judgement:
    findings: list[Finding] = []
    if evidence["known"] and evidence["server"]:
        findings += _join(_ingress(evidence), _egress(evidence)) or judge_own_kind(evidence) or [_untouched(evidence)]
    told = {finding.object for finding in findings if finding.object}
    findings += [finding for finding in judge_client(evidence) if finding.object not in told]
    if evidence["others"]:
        text = f"Only NetworkPolicies were evaluated: {list_names(evidence['others'])} may forbid more."
        findings.append(note(Verdict.UNKNOWN, Layer.POLICY, text, evidence=(read_at(evidence),)))
    return Judgement((*findings, *tell_skipped(evidence, Layer.POLICY)))


def _untouched(evidence: Evidence) -> Finding:
    text = f"No NetworkPolicy of {evidence['namespace']} isolates the DNS pods."
    return note(Verdict.PASS, Layer.POLICY, text, object=evidence["workload"], evidence=(read_at(evidence),))


def _join(ingress: list[Finding], egress: list[Finding]) -> list[Finding]:
    """One policy that cuts the DNS pods off in both directions is one fault."""
    match ingress, egress:
        case [Finding(cause="dns.policy.ingress") as asked], [Finding(cause="dns.policy.egress") as asks] if (
            asked.object == asks.object
        ):
            found = "dns.policy.isolated"
            text = f"{asked.summary.removesuffix('.')}; it also {asks.summary.split(' ', 2)[2]}"
            lines = [*asked.evidence[:1], *asks.evidence[:1], *asked.evidence[-2:]]
            worse = max(asked.verdict, asks.verdict, key=lambda verdict: verdict.badness)
            advice = f"{asked.advice} And for what they ask themselves: {asks.advice}"
            return [find(found, text, verdict=worse, object=asked.object, evidence=lines, advice=advice)]
    return [*ingress, *egress]


# --- who may ask ---------------------------------------------------------------------------------------------------


def _ingress(evidence: Evidence) -> list[Finding]:
    rulings = {protocol: _asked_by(evidence, anybody(evidence["server"]), protocol) for protocol in DNS_PROTOCOLS}
    if not rulings["UDP"].isolating:
        return []
    findings = [_shut_out(evidence, protocol, ruling) for protocol, ruling in rulings.items()]
    shut = [finding for finding in findings if finding]
    if shut:
        return shut[:1]  # UDP first: without it TCP is hardly asked
    names = name_policies(evidence, rulings["UDP"].isolating)
    unseen = evidence["clients"]["unseen"]
    sure = both(ruling.allowed for ruling in rulings.values())
    who = "every pod" if sure else f"the {len(_clients(evidence))} pods looked at"
    more = f"; pods of {unseen} namespaces were not looked at" if unseen and not sure else ""
    text = f"{names} isolates the DNS pods and lets {who} ask them; path not tested{more}."
    return [note(Verdict.PASS if sure else Verdict.INFO, Layer.POLICY, text, evidence=(read_at(evidence),))]


def _asked_by(evidence: Evidence, who: Party, protocol: str) -> Ruling:
    server, port = party(evidence["server"]), evidence["ports"][protocol]
    return decide(evidence["policies"], "Ingress", server, who, protocol, port)


def _clients(evidence: Evidence) -> list[dict[str, Any]]:
    return list(evidence["clients"]["pods"])


def _shut_out(evidence: Evidence, protocol: str, ruling: Ruling) -> Finding | None:
    """Everybody, or some of the pods that were looked at, may not ask over this protocol."""
    port, whom = f"{evidence['ports'][protocol]}/{protocol}", "all queries"
    if ruling.allowed is None:
        told = [(client, _asked_by(evidence, party(client), protocol).allowed) for client in _clients(evidence)]
        shut = [f"{client['namespace']}/{client['name']}" for client, may in told if may is False]
        if not shut:
            return None
        none = len(shut) == len(told) and not evidence["clients"]["open"]
        whom = "all queries" if none else f"queries of {list_names(shut, 3)}"
    if ruling.allowed:
        return None
    everybody = whom == "all queries"
    return convict(evidence, Blocked(
        code="dns.policy.ingress", direction="Ingress", ruling=ruling,
        verdict=Verdict.FAIL if everybody and protocol == "UDP" else Verdict.WARN,
        what=f"{whom} to the DNS pods" + ("" if protocol == "UDP" else " over TCP, which long answers need"),
        wanted=f"port {port}" if everybody else f"port {port} for {whom.removeprefix('queries of ')}",
        mend=write_policy("allow-dns", evidence["namespace"], {"matchLabels": evidence["labels"]}, "Ingress",
                          [{"ports": [{**p, "port": evidence["ports"][p["protocol"]]} for p in PORTS]}]),
    ))


# --- whom the DNS pods may ask -------------------------------------------------------------------------------------


def _egress(evidence: Evidence) -> list[Finding]:
    api = [(f"{address}:{port}", _asks(evidence, address, "TCP", port)) for address, port in evidence["api"]]
    upstream = [(address or "the node's resolver", _asks(evidence, address, "UDP", 53))
                for address in evidence["upstream"]]
    told = [*api, *upstream]
    if not told or not told[0][1].isolating:
        return []
    findings = [
        _cut_off(evidence, "the API server", api, Verdict.WARN if evidence["ready"] else Verdict.FAIL),
        _cut_off(evidence, "the upstream resolver", upstream, Verdict.FAIL),
    ]
    bad = [finding for finding in findings if finding]
    if bad:
        return sorted(bad, key=lambda finding: finding.verdict.badness)[-1:]
    names = name_policies(evidence, told[0][1].isolating)
    open_ = [name for name, ruling in told if ruling.allowed is None]
    doubt = f"; whether to {list_names(open_)} depends on its address" if open_ else ""
    text = f"{names} limits what the DNS pods may ask, and lets them ask what they need{doubt}; path not tested."
    return [note(Verdict.INFO if open_ else Verdict.PASS, Layer.POLICY, text, evidence=(read_at(evidence),))]


def _asks(evidence: Evidence, address: str, protocol: str, port: int) -> Ruling:
    server = party(evidence["server"])
    to = Party(address=ip_network(address)) if address else Party(address=anybody(evidence["server"]).address)
    return decide(evidence["policies"], "Egress", server, to, protocol, port)


def _cut_off(evidence: Evidence, what: str, told: Sequence[tuple[str, Ruling]], verdict: Verdict) -> Finding | None:
    answers: list[Told] = [ruling.allowed for _, ruling in told]
    if not answers or any(answer is not False for answer in answers):
        return None
    direction: Direction = "Egress"
    places = list_names(name for name, _ in told)
    rules: list[dict[str, Any]] = [{"ports": PORTS}, *(
        {"to": [{"ipBlock": {"cidr": f"{a}/{128 if ':' in a else 32}"}}], "ports": [{"protocol": "TCP", "port": port}]}
        for a, port in evidence["api"])]
    servers = {"matchLabels": evidence["labels"]}
    return convict(evidence, Blocked(
        code="dns.policy.egress", direction=direction, ruling=told[0][1], verdict=verdict,
        what=f"the way of the DNS pods to {what} ({places})", wanted=places,
        mend=write_policy("allow-dns-out", evidence["namespace"], servers, direction, rules),
    ))
