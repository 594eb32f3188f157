"""Weave Net in its own words: the status page of one router, which counts the connections of all.

Readiness is that same page answering, whatever stands in it: an agent that is cut off from every peer is Ready.
Source: https://github.com/weaveworks/weave/tree/master/site (troubleshooting, ipam); seen with 2.8.1 on 1.34.
"""

import asyncio
import re
from typing import Any

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.model.errors import Forbidden
from bot.model.finding import Finding, Layer, Verdict
from bot.networks import Network
from bot.steps import Evidence
from bot.steps.cni.facts import Daemon, Facts, advise
from bot.steps.daemons import list_pods
from bot.steps.http_page import read_page
from bot.steps.nodes.status import SAMPLE, is_young, sample_nodes
from bot.steps.wording import cut, list_names, read_at

STATUS = 6784
ASKED, AGAIN = 3, 1.5
"""Routers that are asked about single connections, and seconds until they are asked again: while a router tries anew
it does not say why it was refused before."""
FIELDS = {"connections": r"Connections: (.+)", "peers": r"Peers: (\d+)", "ipam": r"Service: ipam\s+Status: (.+)",
          "range": r"\sRange: (\S+)", "name": r" Name: \S+\(([^)]+)\)"}
FAILED = re.compile(r"(\d+) (?!established)(\w+)")
LOST = re.compile(r"unreachable peers|awaiting consensus|waiting for IP range")
FULL = re.compile(r"waiting for IP\(s\)")
REASONS = (
    (re.compile(r"password|decrypt", re.IGNORECASE), "cni.agent.password", "their passwords differ"),
    (re.compile(r"Incompatible IP allocation", re.IGNORECASE), "cni.agent.ranges",
     "they give addresses out of different ranges (IPALLOC_RANGE)"),
    (re.compile(r"seeded by different peers", re.IGNORECASE), "cni.agent.seeds",
     "each shared out the addresses without the other when it began"),
    (re.compile(r"peer names? collision", re.IGNORECASE), "cni.agent.name",
     "both have the same name, which they make of the machine's id"),
)
"""What a router says of a connection that the other one does not take: (words, cause, what it means)."""


async def gather_weave(cluster: Cluster, network: Network, daemon: Daemon, skipped: list[str]) -> dict[str, Any]:
    """One router's page; where not all of its connections stand, what some routers say of theirs."""
    if not daemon["ready"]:
        return {}
    big = daemon["desired"] > SAMPLE
    node = (await sample_nodes(cluster)).items[0]["metadata"]["name"] if big else ""
    pods = [pod for pod in await list_pods(cluster, daemon, skipped, node) or () if pod["ready"] and pod["host"]]
    if not pods:
        return {}
    try:
        page = await read_page(cluster, daemon["namespace"], pods[0]["name"], STATUS, "/status")
        facts: dict[str, Any] = {"pod": pods[0]["name"], "node": pods[0]["node"], "created": pods[0]["created"],
                                 "error": page.error, **read_status(page.text)}
        if facts["failed"]:
            facts["lines"] = await _why(cluster, daemon, pods)
            if not _reason(facts["lines"])[1]:
                await asyncio.sleep(AGAIN)
                facts["lines"] = await _why(cluster, daemon, pods)
    except Forbidden as error:
        skipped.append(error.permission)
        return {}
    return facts


async def _why(cluster: Cluster, daemon: Daemon, pods: list[dict[str, Any]]) -> list[str]:
    return [line for pod in pods[:ASKED] for line in await _broken(cluster, daemon, pod)]


async def _broken(cluster: Cluster, daemon: Daemon, pod: dict[str, Any]) -> list[str]:
    """The first of its connections that does not stand: why, mostly only one of both sides knows."""
    told = await read_page(cluster, daemon["namespace"], pod["name"], STATUS, "/status/connections")
    return [f"{pod['name']} on {pod['node']}: {cut(line)}" for line in told.text.splitlines()
            if line.strip() and " established " not in line][:1]


def read_status(text: str) -> dict[str, Any]:
    """{connections, peers, ipam, range, name, failed}; `failed` counts connections that do not stand, by state."""
    found = {key: match[1].strip() for key, words in FIELDS.items() if (match := re.search(words, text))}
    states = {state: int(number) for number, state in FAILED.findall(found.get("connections", "").partition("(")[2])}
    return {"connections": found.get("connections", ""), "peers": int(found.get("peers", 0)),
            "ipam": found.get("ipam", ""), "range": found.get("range", ""), "name": found.get("name", ""),
            "failed": states, "lines": []}


def judge_weave(evidence: Evidence, agent: dict[str, Any]) -> list[Finding]:
    facts, daemon = agent["facts"]["weave"], agent["daemon"]
    if not facts:
        return []
    if facts["error"] or not facts["peers"]:
        text = f"The status page of {facts['pod']} could not be read ({facts['error'] or 'unknown form'})."
        return [note(Verdict.UNKNOWN, Layer.CNI, text, object=daemon["name"], node=facts["node"],
                     evidence=(read_at(evidence),))]
    told = (f"{facts['pod']} on {facts['node']}: Connections: {facts['connections']}, Peers: {facts['peers']}, ipam: "
            f"{facts['ipam']}", *facts["lines"], read_at(evidence))
    apart = _connections(evidence, agent, told)
    return [*_addresses(facts, daemon, evidence, told, alone=not any(f.cause for f in apart)), *apart]


def _addresses(
    facts: dict[str, Any], daemon: Daemon, evidence: Evidence, told: tuple[str, ...], *, alone: bool
) -> list[Finding]:
    """`alone`: nothing is said of its connections, for want of which it would wait for a share."""
    if FULL.search(facts["ipam"]):
        return [_full(facts, daemon, evidence)]
    if not alone or not LOST.search(facts["ipam"]):
        return []
    text = f"Weave Net cannot give addresses on node {facts['node']}: its address management says {facts['ipam']}."
    return [find("cni.agent.seeds", text, verdict=Verdict.WARN, object=daemon["name"], node=facts["node"],
                 evidence=told, advice=f"See who owns the range (`kubectl -n {daemon['namespace']} exec {facts['pod']} "
                 "-c weave -- ./weave --local status ipam`). A peer whose node is gone: `./weave --local rmpeer NAME` "
                 "in that container. One that is only unreachable: open TCP 6783 between the nodes.")]


def _connections(evidence: Evidence, agent: dict[str, Any], told: tuple[str, ...]) -> list[Finding]:
    facts, daemon = agent["facts"]["weave"], agent["daemon"]
    if daemon["ready"] < agent["covered"]:
        return []  # a peer that does not run cannot be connected: that is told by itself
    if (is_young(facts, evidence) or is_young(daemon, evidence)) and not _reason(facts["lines"])[1]:
        return []  # it may not have come so far; what it was refused for is so at any age
    if daemon["ready"] > facts["peers"]:
        return [_apart(facts, daemon, told)]
    if not facts["failed"]:
        return []
    text = f"Some connections of Weave Net do not stand ({facts['connections']}); traffic goes by way of other peers."
    return [note(Verdict.INFO, Layer.CNI, text, object=daemon["name"], evidence=told)]


def _full(facts: dict[str, Any], daemon: Daemon, evidence: Evidence) -> Finding:
    """A router asks all others for addresses before it says so: the whole range is used up."""
    text = (f"Weave Net has no address left in its range {facts['range']}: pods wait for one on node {facts['node']} "
            f"({facts['ipam']}).")
    return find("cni.sandbox.addresses", text, verdict=Verdict.WARN, object=daemon["name"],
                evidence=(f"{facts['pod']} on {facts['node']}: ipam: {facts['ipam']}, Range: {facts['range']}",
                          read_at(evidence)),
                advice=f"See who holds addresses (`kubectl -n {daemon['namespace']} exec {facts['pod']} -c weave -- "
                "./weave --local status ipam`) and take peers that are gone away (`./weave --local rmpeer NAME` "
                "there); else give a larger IPALLOC_RANGE (`kubectl -n "
                f"{daemon['namespace']} edit daemonset {daemon['plain']}`), restart all agents together, and make all "
                "pods anew.")


def _reason(lines: list[str]) -> tuple[str, str]:
    said = "\n".join(lines)
    return next(((code, means) for words, code, means in REASONS if words.search(said)), ("cni.agent.peers", ""))


def _apart(facts: dict[str, Any], daemon: Daemon, told: tuple[str, ...]) -> Finding:
    """Peers that run and are not connected, by the reason that one of them gives."""
    code, why = _reason(facts["lines"])
    states = list_names(f"{number} {state}" for state, number in facts["failed"].items()) or "none tried"
    text = (f"Weave Net's router on node {facts['node']} is connected to {facts['peers'] - 1} of {daemon['ready'] - 1} "
            f"others that run ({states}){f': {why}' if why else ''}. Pods on nodes that are cut off do not reach each "
            "other.")
    alone = facts["peers"] == 1
    return find(code, text, verdict=Verdict.FAIL if alone else Verdict.WARN, object=daemon["name"],
                node=facts["node"] if alone and daemon["ready"] > 2 else "", evidence=told, advice=advise(code, daemon))


WEAVE_FACTS = Facts("weave", gather_weave, judge_weave)
