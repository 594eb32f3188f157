"""Calico's global policies, as far as they leave no doubt: one denies all, and none allows anything.

What one allows depends on order, tiers and selectors, which are not evaluated here. But where a policy selects a pod
and no rule of any policy allows anything in that direction, nothing passes.
Source: https://docs.tigera.io/calico/latest/reference/resources/globalnetworkpolicy.
"""

import re
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import find
from bot.model.errors import ClusterError, NotFound
from bot.model.finding import Finding
from bot.networks.calico import API, KIN
from bot.steps import Evidence
from bot.steps.daemons import find_networks
from bot.steps.findings import unread
from bot.steps.policy.facts import list_others
from bot.steps.wording import read_at

EQUALS = re.compile(r"""^(?P<label>[\w./-]+) *== *['"](?P<value>[^'"]*)['"]$""")
EVERYTHING = ("", "all()")
WAYS = {"Ingress": "be asked", "Egress": "ask"}
Denial = dict[str, Any]


async def read_own_kind(cluster: Cluster, namespace: str, skipped: list[str]) -> list[Denial]:
    """Calico's global policies. [] where one is not known, Calico does not run, or the namespace has policies of
    Calico's kind itself, which may allow what these do not."""
    try:
        if not any(network.name in KIN for network in await find_networks(cluster)):
            return []
        narrow = await list_others(cluster, API, "NetworkPolicy", namespace)
        listing = await list_others(cluster, API, "GlobalNetworkPolicy", "")
    except NotFound:
        return []
    except ClusterError as error:
        skipped.append(unread(error))
        return []
    return [] if narrow.items or listing.remaining else [_facts(item) for item in listing.items]


def _facts(item: Object) -> Denial:
    spec = item.get("spec") or {}
    return {
        "name": f"GlobalNetworkPolicy {item['metadata']['name']}", "tier": spec.get("tier") or "default",
        "selector": spec.get("selector") or "", "types": spec.get("types") or [],
        "narrowed": [key for key in ("namespaceSelector", "serviceAccountSelector", "preDNAT", "doNotTrack")
                     if spec.get(key) and spec[key] not in EVERYTHING],
        **{way: [str(rule.get("action", "")) for rule in spec.get(way.lower()) or ()] for way in WAYS},
    }


def judge_own_kind(evidence: Evidence) -> list[Finding]:
    """Nothing is said where a policy of another kind selects the DNS pods, too: it may allow what these do not."""
    own, server = evidence.get("own_kind") or [], evidence["server"]
    strange = any("projectcalico" not in told for told in evidence["others"])
    if not server or server["host"] or evidence["policies"] or strange or any(p["tier"] != "default" for p in own):
        return []
    denials = {way: denying for way in WAYS if (denying := _denying(own, way, server["labels"]))}
    if not denials:
        return []
    first = next(iter(denials.values()))[0]
    text = (f"{first['name']} of Calico selects the DNS pods, and no policy of any kind lets them "
            f"{' or '.join(WAYS[way] for way in denials)}.")
    lines = [f"{p['name']}: selector is {p['selector'] or 'all()'}, {way.lower()} allows nothing"
             for way, denying in denials.items() for p in denying[:1]]
    return [find("dns.policy.other", text, object=first["name"], evidence=(*lines, read_at(evidence)))]


def _denying(own: list[Denial], way: str, labels: dict[str, str]) -> list[Denial]:
    """Those that deny all to pods with these labels, where nothing allows anything that way."""
    counted = [p for p in own if way in p["types"]]
    if any(action != "Deny" for p in own for action in p[way]):
        return []
    return [p for p in counted if not p["narrowed"] and _selects(p["selector"], labels)]


def _selects(selector: str, labels: dict[str, str]) -> bool:
    """Only what is sure."""
    equals = EQUALS.match(selector.strip())
    return selector.strip() in EVERYTHING or bool(equals and labels.get(equals["label"]) == equals["value"])
