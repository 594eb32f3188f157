"""The Corefile of the DNS workload, found by the workload's own volume and cut down to what is judged.

Never kept whole: it may hold names that are nobody's business. Options are kept of a few plugins only.
"""

from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.corefile import Corefile, Directive, parse_corefile
from bot.diagnosis.platform import server_container
from bot.model.errors import ClusterError, NotFound
from bot.steps.dns.objects import Dns
from bot.steps.findings import unread
from bot.steps.wording import cut, parse_time

TOLD = frozenset({"acl", "kubernetes", "forward", "health", "ready", "cache", "errors", "reload", "bind"})
"""Plugins whose arguments and options are kept; of others only the name and the first arguments."""
WAYS = frozenset({"fallthrough", "match"})
"""Options of any plugin that are kept: where it passes questions on."""
MOST = 200


async def read_corefile(cluster: Cluster, dns: Dns) -> dict[str, Any]:
    """{config_map, key, state: none|missing|no-key|optional|read, …}. Raises Forbidden.

    `none`: the workload mounts no ConfigMap, or is no CoreDNS.
    """
    place = locate(dns)
    if not place:
        return {"state": "none", "config_map": ""}
    facts: dict[str, Any] = {"config_map": f"ConfigMap {dns.namespace}/{place['name']}", "key": place["key"]}
    try:
        config_map = await cluster.get("ConfigMap", place["name"], dns.namespace)
    except NotFound:
        return {**facts, "state": "optional" if place["optional"] else "missing"}
    text = (config_map.get("data") or {}).get(place["key"])
    if text is None:
        return {**facts, "state": "no-key", "keys": sorted(config_map.get("data") or {})[:10]}
    changes = [parse_time(entry.get("time")) for entry in config_map["metadata"].get("managedFields", [])]
    corefile = parse_corefile(str(text))
    return {
        **facts, "state": "read", "changed": max(changes, default=0.0), "blocks": _blocks(corefile),
        "imports": list(corefile.imports)[:10],
        "mistakes": [{"line": m.line, "message": m.message} for m in corefile.mistakes],
    }


async def try_corefile(cluster: Cluster, dns: Dns, skipped: list[str]) -> dict[str, Any]:
    """The same for looks that go on without it: its state is `unknown` then."""
    try:
        return await read_corefile(cluster, dns)
    except ClusterError as error:
        skipped.append(unread(error))
    return {"state": "unknown", "config_map": ""}


def locate(dns: Dns) -> dict[str, Any] | None:
    """Which ConfigMap and key the server reads: by `-conf` and the volume mounted there."""
    if dns.server != "coredns":
        return None
    spec, container = dns.template, server_container(dns.template)
    words = [str(word) for word in (*(container.get("command") or ()), *(container.get("args") or ()))]
    path = words[words.index("-conf") + 1] if "-conf" in words[:-1] else ""
    mounts: dict[str, Object] = {mount["name"]: mount for mount in container.get("volumeMounts") or ()}
    volumes = [v for v in spec.get("volumes") or () if v.get("configMap") and v["name"] in mounts]
    places = {v["name"]: mounts[v["name"]].get("mountPath", "").rstrip("/") for v in volumes}
    exact = [v for v in volumes if f"{path}/".startswith(f"{places[v['name']]}/")]
    chosen = next(iter(exact or (() if path.startswith("/") else volumes)), None)
    if chosen is None:
        return None
    source = chosen["configMap"]
    below = path.removeprefix(places[chosen["name"]]).strip("/") if exact else ""
    file = below or path.rpartition("/")[2] or "Corefile"
    paths = {item.get("path"): item["key"] for item in source.get("items") or ()}
    if paths and file not in paths:
        return None  # what it is told to read is not mounted
    key = paths.get(file, file)
    return {"name": source["name"], "key": key, "optional": bool(source.get("optional"))}


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


def port_of(key: str) -> int:
    """The port of a server block's key; 53 when it names none."""
    port = key.rpartition(":")[2] if ":" in key and not key.endswith("]") else ""
    return int(port) if port.isdigit() else 53


def zone_of(key: str) -> str:
    """The zone of a server block's key: `dns://cluster.local:53` → `cluster.local`; `.` for the root."""
    rest = key.split("://", 1)[-1]
    head, _, port = rest.rpartition(":")
    zone = head if port.isdigit() and head else rest if not port.isdigit() else ""
    return zone.rstrip(".").lower() or "."
