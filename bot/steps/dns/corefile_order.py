"""What of a Corefile keeps questions from its `kubernetes` block: plugins that come before it in CoreDNS's own order
and pass nothing on, an address or a port that nobody asks. Pure. Sources: https://coredns.io/plugins/hosts/,
https://coredns.io/plugins/template/, https://coredns.io/plugins/bind/, https://coredns.io/manual/toc/."""

import ipaddress
from typing import Any

from bot.diagnosis.causes import find
from bot.diagnosis.corefile import port_of
from bot.model.finding import Finding, Verdict
from bot.steps import Evidence
from bot.steps.dns.corefile_facts import is_open, plugins, zone_of
from bot.steps.dns.corefile_words import covers
from bot.steps.wording import list_names, read_at

ALL = ("ANY", "A")
CRYPTED = ("tls://", "https://", "grpc://", "quic://", "https3://")
Json = dict[str, Any]


def judge_order(evidence: Evidence) -> list[Finding]:
    """Wrong now: pods that have loaded it are ready."""
    return [*_shadows(evidence), *_bound(evidence), *_elsewhere(evidence)][:1]


def find_shadowed(place: str, taker: str, names: str, verdict: Verdict, told: tuple[str, ...]) -> Finding:
    """`taker`: the server block, in words, which is asked for `names` in place of the one with `kubernetes`."""
    block = f"server block {taker} of the Corefile in {place}"
    text = f"The {block} has the longer zone: it is asked for names of {names}, and the `kubernetes` block is not."
    return find("dns.corefile.shadowed", text, verdict=verdict, object=place, evidence=told,
                advice=f"Remove the {block}, or give it a zone outside {names}.")


def _shadows(evidence: Evidence) -> list[Finding]:
    """Only what certainly takes every address question of the cluster's zone."""
    facts, domain = evidence["corefile"], evidence["domain"]
    if not domain:
        return []
    found = []
    for block, kubernetes in plugins(facts, "kubernetes"):
        for directive in block["directives"]:
            why = _takes_all(block, directive, domain)
            if why:
                written = " ".join([directive["name"], *directive["args"]])
                place = f"line {directive['line']} of the Corefile in {facts['config_map']}"
                found.append(find(
                    "dns.corefile.shadowed", f"`{written}` in {place} {why}, so no question for {domain} gets to the "
                    f"`kubernetes` block in line {kubernetes['line']}.", object=facts["config_map"],
                    evidence=(f"Corefile:{directive['line']}: {written}, expected to let {domain} pass",
                              read_at(evidence)), advice=_advise(directive, place),
                ))
    return found


def _takes_all(block: Json, directive: Json, domain: str) -> str:
    """In which way, or nothing."""
    options = {name: values for name, *values in directive["options"]}
    passes = "fallthrough" in options and (not options["fallthrough"] or any(
        covers(zone.rstrip(".").lower() or ".", domain) for zone in options["fallthrough"]))
    match directive["name"]:
        case "hosts" if not passes and _is_for(directive["args"][1:], block, domain):
            return "has no `fallthrough` for names that it does not list"
        case "template" if len(directive["args"]) > 1 and directive["args"][1].upper() in ALL and _is_for(
                directive["args"][2:], block, domain):
            if "match" not in options:
                return "answers every name"
            return "" if passes else "has no `fallthrough` for names that it does not match"
    return ""


def _is_for(named: list[str], block: Json, domain: str) -> bool:
    zones = [zone.rstrip(".").lower() or "." for zone in named] or [zone_of(key) for key in block["keys"]]
    return any(covers(zone, domain) for zone in zones)


def _advise(directive: Json, place: str) -> str:
    if directive["name"] == "hosts":
        return f"Add the line `fallthrough` to the block `hosts` in {place}."
    return f"Remove it, or give the template in {place} a zone of its own, or a `match` and `fallthrough`."


def _bound(evidence: Evidence) -> list[Finding]:
    """`ready` and `health` listen apart from `bind`, so such pods are ready, and answer who asks within the pod."""
    facts = evidence["corefile"]
    for block, _ in plugins(facts, "kubernetes"):
        bound = [arg for d in block["directives"] if d["name"] == "bind" for arg in d["args"]]
        if bound and all(_is_loopback(arg) for arg in bound):
            line = next(d["line"] for d in block["directives"] if d["name"] == "bind")
            text = (f"The Corefile in {facts['config_map']} says `bind {' '.join(bound)}` in line {line}: CoreDNS "
                    "answers nobody outside its own pod.")
            return [find("dns.corefile.bind", text, object=facts["config_map"], evidence=(
                f"Corefile:{line}: bind {' '.join(bound)}, expected no such line", read_at(evidence)))]
    return []


def _elsewhere(evidence: Evidence) -> list[Finding]:
    """Where the Service and the containers' ports agree, it is the Corefile that differs."""
    facts, leads = evidence["corefile"], evidence.get("ports") or {}
    keys = [key for block, _ in plugins(facts, "kubernetes") for key in block["keys"] if "{" not in key]
    served = {port_of(key, facts.get("port", 53)) for key in keys if not key.startswith(CRYPTED)}
    asked = sorted({*leads.get("service", ()), *leads.get("container", ())})
    if not served or not leads.get("service") or is_open(facts) or served & set(asked):
        return []
    own, asks = list_names(map(str, sorted(served))), list_names(map(str, leads["service"]))
    text = (f"The Corefile in {facts['config_map']} serves the cluster's zone on port {own}, but the DNS Service leads "
            f"to port {asks}.")
    return [find("dns.corefile.port", text, object=facts["config_map"], evidence=(
        f"Corefile: server block {list_names(keys)}, expected port {asks}", read_at(evidence)))]


def _is_loopback(written: str) -> bool:
    """An interface is named by its name: `lo`."""
    try:
        return ipaddress.ip_address(written).is_loopback
    except ValueError:
        return written == "lo"
