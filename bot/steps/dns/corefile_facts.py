"""The Corefile of the DNS workload, found by the workload's own volume and cut down to what is judged.

Never kept whole: it may hold names that are nobody's business. Options are kept of a few plugins only.
"""

from typing import Any

from bot.cluster import Cluster
from bot.diagnosis.corefile import Corefile, Directive, parse_corefile
from bot.model.errors import NotFound
from bot.steps.dns.corefile_owner import find_owner
from bot.steps.dns.objects import Dns
from bot.steps.dns.served import default_port, locate
from bot.steps.readings import or_skip
from bot.steps.wording import cut, last_written

TOLD = frozenset({"acl", "kubernetes", "forward", "health", "ready", "cache", "errors", "reload", "bind"})
"""Plugins whose arguments and options are kept; of others only the name and the first arguments."""
WAYS = frozenset({"fallthrough", "match"})
"""Options of any plugin that are kept: where it passes questions on."""
MOST = 200


async def read_corefile(cluster: Cluster, dns: Dns) -> dict[str, Any]:
    """{config_map, key, state: none|missing|no-key|optional|read, …}. Raises Forbidden.

    `none`: the workload mounts no ConfigMap, or is no CoreDNS.
    """
    place = locate(dns.template)
    if not place:
        return {"state": "none", "config_map": ""}
    facts: dict[str, Any] = {"config_map": f"ConfigMap {dns.namespace}/{place['name']}", "key": place["key"],
                             "port": default_port(dns.template)}
    try:
        config_map = await cluster.get("ConfigMap", place["name"], dns.namespace)
    except NotFound:
        return {**facts, "state": "optional" if place["optional"] else "missing"}
    text = (config_map.get("data") or {}).get(place["key"])
    if text is None:
        return {**facts, "state": "no-key", "keys": sorted(config_map.get("data") or {})[:10]}
    corefile = parse_corefile(str(text))
    return {
        **facts, "state": "read", "changed": last_written(config_map), "blocks": _blocks(corefile),
        "owner": find_owner(config_map["metadata"]),
        "imports": list(corefile.imports)[:10],
        "mistakes": [{"line": m.line, "message": m.message} for m in corefile.mistakes],
    }


async def try_corefile(cluster: Cluster, dns: Dns, skipped: list[str]) -> dict[str, Any]:
    """The same for looks that go on without it: its state is `unknown` then."""
    return await or_skip(read_corefile(cluster, dns), skipped) or {"state": "unknown", "config_map": ""}


def _blocks(corefile: Corefile) -> list[dict[str, Any]]:
    return [
        {"keys": list(block.keys), "line": block.line, "open": block.open,
         "directives": [_directive(d) for d in block.directives[:MOST]]}
        for block in corefile.blocks[:MOST]
    ]


def _directive(directive: Directive) -> dict[str, Any]:
    told = directive.name in TOLD
    args = [cut(arg, 100) for arg in (directive.args if told else directive.args[:4])]
    options = [[option.name, *option.args] for option in directive.options[:30] if told or option.name in WAYS]
    return {"name": cut(directive.name, 60), "args": args, "line": directive.line, "options": options}


def plugins(facts: dict[str, Any], name: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """All (block, directive) of this name, in the order of the file."""
    return [(block, d) for block in facts.get("blocks", ()) for d in block["directives"] if d["name"] == name]


def forward_zones(block: dict[str, Any], directive: dict[str, Any]) -> list[str]:
    """The zones for which this `forward` is asked: its own where it narrows its block's, else the block's."""
    base = str(directive["args"][0]).rstrip(".").lower() or "." if directive["args"] else "."
    return [zone_of(key) for key in block["keys"]] if base == "." else [base]


def is_open(facts: dict[str, Any]) -> bool:
    """Whether more may be configured than can be seen: nothing is concluded from absence then."""
    return bool(facts.get("imports")) or any(block["open"] for block in facts.get("blocks", ()))


def zone_of(key: str) -> str:
    """The zone of a server block's key: `dns://cluster.local:53` → `cluster.local`; `.` for the root."""
    rest = key.split("://", 1)[-1]
    head, _, port = rest.rpartition(":")
    zone = head if port.isdigit() and head else rest if not port.isdigit() else ""
    return zone.rstrip(".").lower() or "."
