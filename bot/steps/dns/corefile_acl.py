"""Whom the `acl` of a Corefile keeps from the cluster's names. Pure. Source: https://coredns.io/plugins/acl/."""

import ipaddress

from bot.diagnosis.causes import find
from bot.model.finding import Finding
from bot.steps import Evidence
from bot.steps.dns.corefile_facts import plugins
from bot.steps.dns.corefile_words import covers
from bot.steps.wording import read_at

REFUSALS = {"block": "refuses", "drop": "leaves unanswered", "filter": "answers with nothing"}


def judge_acl(evidence: Evidence) -> list[Finding]:
    """DNS pods' own addresses stand for those of all pods: a rule that keeps them out keeps clients out."""
    facts, domain = evidence["corefile"], evidence["domain"]
    clients = [pod["ip"] for pod in evidence["pods"] if pod.get("ip")]
    for _, directive in plugins(facts, "acl"):
        zones = [zone.rstrip(".").lower() or "." for zone in directive["args"]]
        if zones and domain and not any(covers(zone, domain) for zone in zones):
            continue
        for client in clients:
            rule = _first_match(directive["options"], client)
            if rule and rule[0] in REFUSALS:
                written, place = " ".join(rule), f"line {directive['line']} of the Corefile in {facts['config_map']}"
                return [find(
                    "dns.corefile.acl", f"The acl in {place} says `{written}`: CoreDNS {REFUSALS[rule[0]]} what pods "
                    f"such as {client} ask.", object=facts["config_map"],
                    evidence=(f"Corefile:{directive['line']}: acl, `{written}`, expected to allow {client}",
                              read_at(evidence)),
                )]
    return []


def _first_match(rules: list[list[str]], client: str) -> list[str] | None:
    """The rule that decides over an address question of this client; None: it is allowed."""
    return next((rule for rule in rules if _takes_addresses(_after(rule, "type"))
                 and _contains(_after(rule, "net"), client)), None)


def _after(rule: list[str], word: str) -> list[str]:
    """The values behind `type` or `net`; empty where the rule names none, which means all."""
    if word not in rule:
        return []
    rest = rule[rule.index(word) + 1 :]
    return rest[: next((place for place, value in enumerate(rest) if value in ("type", "net")), len(rest))]


def _takes_addresses(types: list[str]) -> bool:
    return not types or any(kind.upper() in ("*", "A", "ANY") for kind in types)


def _contains(networks: list[str], client: str) -> bool:
    """What is written as no address (a file, a variable) is not counted as a match: nothing is guessed."""
    address = ipaddress.ip_address(client)
    for network in networks:
        try:
            if network == "*" or address in ipaddress.ip_network(network, strict=False):
                return True
        except ValueError:
            continue
    return not networks
