"""What a Corefile says against the cluster: does it serve the zone, answer the probes, forward elsewhere? Pure."""

import ipaddress
from typing import Any

from bot.diagnosis.causes import find
from bot.diagnosis.corefile import port_of
from bot.model.finding import Finding, Verdict
from bot.steps import Evidence
from bot.steps.dns.corefile_acl import judge_acl
from bot.steps.dns.corefile_blocks import ELSEWHERE
from bot.steps.dns.corefile_facts import forward_zones, is_open, plugins, zone_of
from bot.steps.dns.corefile_order import judge_order
from bot.steps.dns.corefile_words import covers, zones_of
from bot.steps.wording import list_names, read_at

PORTS = {"ready": 8181, "health": 8080}
CHANGES_ANSWERS = ("namespaces", "namespace_labels", "labels", "noendpoints", "ignore")


def judge_content(evidence: Evidence, verdict: Verdict, namespace: str = "default") -> list[Finding]:
    """`namespace`: one whose names must be served."""
    if evidence["corefile"]["mistakes"]:
        return []
    found = [_zone(evidence, namespace), *_loops(evidence, verdict), *judge_acl(evidence), *judge_order(evidence),
             *(_probe(evidence, verdict, name) for name in PORTS)]
    return [finding for finding in found if finding]


def _zone(evidence: Evidence, namespace: str) -> Finding | None:
    """A Corefile that serves no cluster zone is wrong now: pods that have loaded it answer NXDOMAIN and are ready."""
    facts, domain = evidence["corefile"], evidence["domain"]
    blocks = plugins(facts, "kubernetes")
    told = (f"{facts['config_map']}: server blocks {list_names(k for b in facts['blocks'] for k in b['keys'])}",
            read_at(evidence))
    if not blocks:
        if is_open(facts) or any(plugins(facts, name) for name in ELSEWHERE):
            return None
        text = f"The Corefile in {facts['config_map']} has no kubernetes block: it does not know the cluster's names."
        return find("dns.corefile.no-kubernetes", text, object=facts["config_map"], evidence=told)
    zones = [zone for block, directive in blocks for zone in zones_of(block, directive)]
    limited = [args for _, directive in blocks for name, *args in directive["options"] if name == "namespaces"]
    if len(limited) == len(blocks) and not any(namespace in args or any("{" in a for a in args) for args in limited):
        return _limited(evidence, blocks[0][1]["line"], limited[0], namespace)
    if not domain or any(covers(zone, domain) for zone in zones) or any("{" in zone for zone in zones):
        return None
    text = (f"The kubernetes block in {facts['config_map']} serves {list_names(zones)}, but kubelets tell pods to "
            f"search {domain} ({evidence['domain_source']}, clusterDomain).")
    return find("dns.corefile.zone", text, object=facts["config_map"], evidence=told,
                advice=f"Write `kubernetes {domain} in-addr.arpa ip6.arpa` in line {blocks[0][1]['line']}.")


def _limited(evidence: Evidence, line: int, served: list[str], namespace: str) -> Finding:
    place = evidence["corefile"]["config_map"]
    among = "kubernetes.default" if namespace == "default" else f"those of {namespace}"
    text = (f"The kubernetes block in {place} serves the namespaces {list_names(served)} only: names of all others, "
            f"{among} among them, do not resolve.")
    return find("dns.corefile.namespaces", text, object=place, evidence=(
        f"Corefile:{line}: namespaces {' '.join(served)}, expected no such line, or {namespace} in it",
        read_at(evidence)))


def _loops(evidence: Evidence, verdict: Verdict) -> list[Finding]:
    facts, found = evidence["corefile"], []
    for block, directive in plugins(facts, "forward"):
        for target in directive["args"][1:]:
            why = _own_address(target, evidence)
            if why and _served(target, facts):
                line = " ".join(["forward", *directive["args"]])
                zones = forward_zones(block, directive)
                named = list_names(f"“{zone}”" for zone in zones)
                text = (f"Corefile line {directive['line']} in {facts['config_map']} forwards zone {named} to "
                        f"{target}, {why}: CoreDNS asks itself.")
                instead = "/etc/resolv.conf`, or" if "." in zones else "ADDRESS` with"
                found.append(find(
                    "dns.corefile.loop", text, verdict=verdict, object=facts["config_map"],
                    evidence=(f"Corefile:{directive['line']}: {line}, expected a resolver outside the cluster",
                              read_at(evidence)),
                    advice=f"Write `forward {directive['args'][0]} {instead} the addresses of the zone's resolvers, in "
                    f"line {directive['line']} of the Corefile.",
                ))
    return found[:1]


def _own_address(target: str, evidence: Evidence) -> str:
    host = _host(target)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ""
    if address.is_loopback or address.is_unspecified:
        return "which is the pod itself"
    return "which is the DNS Service itself" if host in evidence["addresses"] else ""


def _host(target: str) -> str:
    rest = target.split("://", 1)[-1]
    if rest.startswith("["):
        return rest[1:].split("]")[0]
    return rest.split(":")[0] if rest.count(":") == 1 else rest


def _served(target: str, facts: dict[str, Any]) -> bool:
    """Whether this CoreDNS listens on that port: another program of the pod may stand behind a loopback address."""
    rest = target.split("://", 1)[-1]
    tail = rest.rpartition("]")[2] if rest.startswith("[") else rest if rest.count(":") == 1 else ""
    port = int(tail.rpartition(":")[2]) if tail.rpartition(":")[2].isdigit() else 53
    return not target.startswith(("tls://", "https://")) and any(
        port_of(key, facts.get("port", 53)) == port for block in facts["blocks"] for key in block["keys"])


def _probe(evidence: Evidence, verdict: Verdict, name: str) -> Finding | None:
    """The kubelet asks a plugin that is not loaded, or on another port than it serves."""
    probe, facts = evidence["probes"].get(name), evidence["corefile"]
    found = plugins(facts, name)
    if not probe or is_open(facts):
        return None
    ports = [_listen_port(directive["args"], PORTS[name]) for _, directive in found]
    path = probe.get("path", f"/{name}")
    if 0 in ports or (probe["port"] in ports and path == f"/{name}"):
        return None
    if PORTS[name] in ports or probe["port"] in ports:
        return _astray(evidence, verdict, probe, f":{probe['port'] if probe['port'] in ports else PORTS[name]}/{name}")
    seen = f"`{name}` listens on {list_names(map(str, ports))}" if ports else f"the Corefile does not load `{name}`"
    text = f"The {probe['probe']} of {evidence['workload']} asks port {probe['port']} /{name}, but {seen}."
    return find(
        f"dns.corefile.no-{name}", text, verdict=verdict, object=facts["config_map"],
        evidence=(f"{facts['config_map']}: {seen}, expected port {probe['port']}", read_at(evidence)),
        advice=f"Add the line `{name}{'' if probe['port'] == PORTS[name] else ' :' + str(probe['port'])}` to the "
        f"server block of the Corefile in {facts['config_map']}.",
    )


def _astray(evidence: Evidence, verdict: Verdict, probe: dict[str, Any], served: str) -> Finding:
    """The plugin is where it usually is, and the probe asks beside it."""
    workload, port, path = evidence["workload"], served[1:].partition("/")[0], f"/{served.partition('/')[2]}"
    asked = f":{probe['port']}{probe.get('path', path)}"
    namespace, name = workload.split(" ")[-1].split("/")
    return find(
        "dns.pods.probe", f"The {probe['probe']} of {workload} asks {asked}, but CoreDNS answers it at {served}.",
        verdict=verdict, object=workload, evidence=(f"{workload}: {probe['probe']} {asked}, expected {served}",
                                                    read_at(evidence)),
        advice=f"Set {probe['probe']} to port {port}, path {path}: `kubectl -n {namespace} edit "
        f"{workload.split(' ')[0].lower()} {name}`",
    )


def _listen_port(args: list[str], default: int) -> int:
    """0 where it cannot be told (an environment variable)."""
    if not args:
        return default
    port = args[0].rpartition(":")[2]
    return int(port) if port.isdigit() else 0


def list_oddities(evidence: Evidence) -> list[str]:
    """What a person should know and what is no fault."""
    facts, told = evidence["corefile"], []
    names = {d["name"] for block in facts["blocks"] for d in block["directives"]}
    if not is_open(facts):
        told += [f"no `{name}` ({why})" for name, why in (
            ("reload", "changes need a restart"), ("loop", "a forwarding loop would end in memory"),
            ("errors", "errors are not logged"), ("cache", "every query is answered anew")) if name not in names]
    for _, directive in plugins(facts, "kubernetes"):
        options = {name: args for name, *args in directive["options"]}
        told += [f"`{name}` changes what is answered" for name in CHANGES_ANSWERS if name in options]
        if "fallthrough" in options and not options["fallthrough"]:
            told.append("`fallthrough` without zones passes unknown cluster names on to the next plugin")
        if "autopath" in names and options.get("pods") != ["verified"]:
            told.append("`autopath` works with `pods verified` only")
    plain = [block for block in facts["blocks"] if all(d["name"] != "kubernetes" for d in block["directives"])]
    stubs = [zone_of(key) for block in plain for key in block["keys"] if zone_of(key) != "."]
    if stubs:
        told.append(f"zones of their own: {list_names(stubs)}")
    if facts["imports"]:
        told.append(f"imports {list_names(facts['imports'])}, which were not read")
    return told
