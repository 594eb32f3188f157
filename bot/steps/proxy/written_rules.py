"""The rules that kube-proxy writes for one Service: what their chains are called, and what they speak for. Pure.

Names: pkg/proxy/iptables and pkg/proxy/nftables hash the Service's port (and the endpoint) with SHA-256 in base 32, so
they can be told beforehand. Both forms were seen on 1.34.
"""

import base64
import hashlib
import re
from typing import Any

from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence
from bot.steps.wording import cut, list_names, read_at, tell_time

Pod = dict[str, Any]
PATIENCE = 60.0
"""Seconds within which a change of endpoints must have become rules."""
ENDS = re.compile(r"goto (endpoint-\S+?__([0-9.]+)/(\d+))(?=[\s,}]|$)")
INTO = re.compile(r": goto ([^\s,}]+/[^\s,}]*)")
SERVICES = "-j KUBE-SERVICES"
GONE = re.compile(r"No such file|No chain|does not exist|doesn't exist", re.IGNORECASE)


def _digest(text: str, length: int) -> str:
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode()[:length]


def _port_id(service: dict[str, Any]) -> str:
    return f"{service['id']}:{service['port_name']}" if service["port_name"] else str(service["id"])


def chain_of(service: dict[str, Any], mode: str = "iptables") -> str:
    if mode == "nftables":
        name = f"{service['id']}/{service['protocol']}/{service['port_name']}"
        return f"service-{_digest(name, 8)}-{name}"
    return f"KUBE-SVC-{_digest(_port_id(service) + service['protocol'], 16)}"


def _end_chain(service: dict[str, Any], end: str) -> str:
    return f"KUBE-SEP-{_digest(_port_id(service) + service['protocol'] + end, 16)}"


def entry_of(service: dict[str, Any]) -> tuple[str, ...]:
    """The command that asks nftables for the way to the Service's address."""
    element = f"{{ {service['address']} . {service['protocol']} . {service['port']} }}"
    return ("nft", "get", "element", "ip", "kube-proxy", "service-ips", element)


def judge_pod(evidence: Evidence, pod: Pod) -> list[Finding]:
    """No finding: the rules lead to the ready endpoints and to no other."""
    service, jump, chain = evidence["service"], pod["jump"], pod["chain"]
    error = jump.get("error") or chain.get("error") or _failed(jump) or _failed(chain)
    if error:
        text = f"The rules in the kernel of {pod['node']} could not be read: {cut(error, 160)}"
        return [note(Verdict.UNKNOWN, Layer.PROXY, text, object=evidence["proxy"], node=pod["node"],
                     evidence=(read_at(evidence),))]
    young = 0 < float(evidence["read_at"]) - service["changed"] < PATIENCE
    leads, names = _leads(evidence, pod)
    missing = [end for end in service["ends"] if end not in leads]
    strange = [name for name in names if name not in service["ends"]]
    taken = _taken(evidence, str(jump["text"]))
    entered = bool(jump["text"]) and not taken and (evidence["mode"] == "nftables" or SERVICES in jump["text"])
    if not (missing or strange or (service["ends"] and not entered)):
        return []
    if young:
        text = f"{service['name']} changed just now, and the rules in the kernel of {pod['node']} not yet."
        return [note(Verdict.INFO, Layer.PROXY, text, object=evidence["proxy"], node=pod["node"],
                     evidence=(read_at(evidence),))]
    return [_unlike(evidence, pod, missing, strange, "" if entered else _way_in(taken))]


def _taken(evidence: Evidence, text: str) -> str:
    """The chain of another Service to which the address leads; a Service may have it among its externalIPs."""
    service, found = evidence["service"], INTO.search(text)
    own = f"{service['id']}/{service['protocol']}/{service['port_name']}"
    if evidence["mode"] != "nftables" or not found or found[1].endswith(own) or "..." in found[1]:
        return ""
    return found[1]


def _way_in(taken: str) -> str:
    return f"what is meant for its address goes to chain {taken}, another Service's" if taken else \
        "nothing leads into them"


def _failed(told: dict[str, Any]) -> str:
    """A chain or an element that is not there is an answer; anything else that a command complains of is none."""
    said = str(told.get("said", ""))
    return said if told.get("code") and not GONE.search(said) else ""


def _leads(evidence: Evidence, pod: Pod) -> tuple[set[str], list[str]]:
    """Expected endpoints that the chain leads to, and all that it leads to (of a chain unknown by name, its name)."""
    text, service = str(pod["chain"]["text"]), evidence["service"]
    if evidence["mode"] == "nftables":
        found = [f"{address}:{port}" for _, address, port in ENDS.findall(text)]
        return set(found), list(dict.fromkeys(found))
    by_chain = {_end_chain(service, end): end for end in service["ends"]}
    rows = [(re.search(r"-j (KUBE-SEP-\w+)", line), re.search(r"-> ([0-9.]+:\d+)", line)) for line in text.splitlines()]
    names = [by_chain.get(jump[1]) or (told[1] if told else jump[1]) for jump, told in rows if jump]
    return {name for name in names if name in service["ends"]}, list(dict.fromkeys(names))


def _unlike(evidence: Evidence, pod: Pod, missing: list[str], strange: list[str], way_in: str) -> Finding:
    service, gone = evidence["service"], not pod["chain"]["text"].strip()
    wrong = []
    if gone or (len(missing) == len(service["ends"]) > 0 and not strange):
        wrong.append("the rules are gone")
    else:
        wrong += [f"{list_names(missing)} is missing" if len(missing) == 1 else f"{list_names(missing)} are missing"] \
            if missing else []
        wrong += [f"they still lead to {list_names(strange)}"] if strange else []
        wrong += [way_in] if way_in else []
    text = (f"The rules in the kernel of {pod['node']} are not what kube-proxy should have written for "
            f"{service['name']}: {list_names(wrong)}.")
    told = (f"{pod['name']}, chain {chain_of(service, evidence['mode'])}: "
            f"{cut(pod['chain']['text'], 160) or pod['chain']['said'] or 'empty'}",
            f"{service['name']}: ready endpoints {list_names(service['ends']) or 'none'}, changed "
            f"{tell_time(service['changed']) if service['changed'] else 'at an unknown time'}")
    return find("proxy.rules-unlike", text, verdict=Verdict.WARN, object=evidence["proxy"], node=pod["node"],
                evidence=(*told, read_at(evidence)))
