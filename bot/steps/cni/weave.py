"""Weave Net in its own words: the status page of one router, which counts the connections of all.

Readiness is that same page answering, whatever stands in it: an agent that is cut off from every peer is Ready.
Source: https://github.com/weaveworks/weave/tree/master/site (troubleshooting, ipam); seen with 2.8.1 on 1.34.
"""

import re
from typing import Any

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.model.errors import Forbidden
from bot.model.finding import Finding, Layer, Verdict
from bot.networks import Network
from bot.steps import Evidence
from bot.steps.cni.facts import Daemon, Facts
from bot.steps.daemons import list_pods
from bot.steps.http_page import read_page
from bot.steps.nodes.status import SAMPLE, is_young, sample_nodes
from bot.steps.wording import count, cut, list_names, read_at

STATUS = 6784
FIELDS = {"connections": r"Connections: (.+)", "peers": r"Peers: (\d+)", "ipam": r"Service: ipam\s+Status: (.+)",
          "name": r" Name: \S+\(([^)]+)\)"}
FAILED = re.compile(r"(\d+) (?!established)(\w+)")
LOST = re.compile(r"unreachable peers|awaiting consensus|waiting for IP")


async def gather_weave(cluster: Cluster, network: Network, daemon: Daemon, skipped: list[str]) -> dict[str, Any]:
    """One router's page, and of its single connections where not all stand."""
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
            told = await read_page(cluster, daemon["namespace"], pods[0]["name"], STATUS, "/status/connections")
            facts["lines"] = [cut(line) for line in told.text.splitlines() if " established " not in line][:3]
    except Forbidden as error:
        skipped.append(error.permission)
        return {}
    return facts


def read_status(text: str) -> dict[str, Any]:
    """{connections, peers, ipam, name, failed}; `failed` counts connections that do not stand, by state."""
    found = {key: match[1].strip() for key, words in FIELDS.items() if (match := re.search(words, text))}
    states = {state: int(number) for number, state in FAILED.findall(found.get("connections", "").partition("(")[2])}
    return {"connections": found.get("connections", ""), "peers": int(found.get("peers", 0)),
            "ipam": found.get("ipam", ""), "name": found.get("name", ""), "failed": states, "lines": []}


def judge_weave(evidence: Evidence, agent: dict[str, Any]) -> list[Finding]:
    facts, daemon = agent["facts"]["weave"], agent["daemon"]
    if not facts:
        return []
    if facts["error"] or not facts["peers"]:
        text = f"The status page of {facts['pod']} could not be read ({facts['error'] or 'unknown form'})."
        return [note(Verdict.UNKNOWN, Layer.CNI, text, object=daemon["name"], node=facts["node"],
                     evidence=(read_at(evidence),))]
    found = []
    told = (f"{facts['pod']} on {facts['node']}: Connections: {facts['connections']}, Peers: {facts['peers']}",
            *facts["lines"], read_at(evidence))
    if LOST.search(facts["ipam"]):
        text = f"Weave Net cannot give addresses on node {facts['node']}: its address management says {facts['ipam']}."
        found.append(find("cni.agent.seeds", text, verdict=Verdict.WARN, object=daemon["name"], node=facts["node"],
                          evidence=told))
    missing = daemon["ready"] - facts["peers"]
    if daemon["ready"] < agent["covered"] or is_young(facts, evidence) or is_young(daemon, evidence):
        return found  # a peer that does not run cannot be connected: that is told by itself
    if missing > 0:
        states = list_names(f"{number} {state}" for state, number in facts["failed"].items()) or "none tried"
        text = (f"Weave Net on node {facts['node']} knows {count(facts['peers'] - 1, 'peer')}, and "
                f"{daemon['ready'] - 1} run: its connections are {states}. Pods on nodes that are cut off do not reach "
                "each other.")
        alone = facts["peers"] == 1
        found.append(find(
            "cni.agent.peers", text, verdict=Verdict.FAIL if alone else Verdict.WARN, object=daemon["name"],
            node=facts["node"] if alone and daemon["ready"] > 2 else "", evidence=told))
    elif facts["failed"]:
        text = (f"Some connections of Weave Net do not stand ({facts['connections']}); traffic goes by way of other "
                "peers.")
        found.append(note(Verdict.INFO, Layer.CNI, text, object=daemon["name"], evidence=told))
    return found


WEAVE_FACTS = Facts("weave", gather_weave, judge_weave)
