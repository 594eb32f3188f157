"""The settings of kube-dns (GKE): its ConfigMap with stubDomains and upstreamNameservers, both JSON. Facts and rules.

A ConfigMap that is not valid is passed over as a whole, with a line in the log of container kubedns: a server that runs
goes on with what it had, one that starts has none of it. At most three upstream servers, by address (kubernetes/dns,
pkg/dns/config; https://cloud.google.com/kubernetes-engine/docs/how-to/kube-dns).
"""

import json
import re
from ipaddress import ip_address
from typing import Any

from bot.cluster import Cluster
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence
from bot.steps.dns.objects import Dns
from bot.steps.readings import one_or_skip
from bot.steps.wording import cut, list_names, read_at

MOUNT, NAME = "/kube-dns-config", "kube-dns"
STUBS, UPSTREAM = "stubDomains", "upstreamNameservers"
MOST = 3
DOMAIN = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


async def read_settings(cluster: Cluster, dns: Dns, skipped: list[str]) -> dict[str, Any]:
    """{config_map, state: none|missing|read|unknown, values: {key: text}}; `none` where the server is no kube-dns."""
    if dns.server != "kube-dns":
        return {"state": "none", "config_map": "", "values": {}}
    name = _mounted(dns)
    facts = {"config_map": f"ConfigMap {dns.namespace}/{name}", "values": {}}
    config_map = await one_or_skip(cluster.get("ConfigMap", name, dns.namespace), skipped)
    if not config_map:
        return {**facts, "state": "unknown" if config_map is None else "missing"}
    data = config_map.get("data") or {}
    return {**facts, "state": "read", "values": {key: str(data[key]) for key in (STUBS, UPSTREAM) if data.get(key)}}


def _mounted(dns: Dns) -> str:
    """The ConfigMap of the volume that is mounted where kube-dns looks for its settings."""
    maps = {volume["name"]: str(volume["configMap"].get("name", "")) for volume in dns.template.get("volumes") or ()
            if "configMap" in volume}
    mounts = [m for c in dns.template.get("containers") or () for m in c.get("volumeMounts") or ()]
    return next((maps[m["name"]] for m in mounts if m["mountPath"].startswith(MOUNT) and m["name"] in maps), NAME)


def list_forwards(settings: dict[str, Any]) -> list[dict[str, Any]]:
    """{zone, targets, line} as a Corefile's `forward` tells them; nothing of settings that are passed over."""
    if settings["state"] != "read" or _mistakes(settings["values"]):
        return []
    values = {key: json.loads(text) for key, text in settings["values"].items()}
    stubs = [{"zone": zone, "targets": servers, "line": 0} for zone, servers in sorted(values.get(STUBS, {}).items())]
    return [*([{"zone": ".", "targets": values[UPSTREAM], "line": 0}] if values.get(UPSTREAM) else []), *stubs]


def judge_settings(evidence: Evidence) -> list[Finding]:
    """`addresses`: of the DNS Service, which kube-dns must not forward to."""
    settings = evidence.get("settings") or {"state": "none", "config_map": ""}
    name, told = settings["config_map"], (read_at(evidence),)
    if settings["state"] == "none":
        return []
    if settings["state"] == "unknown":
        text = f"What kube-dns was set to ({name}) could not be read."
        return [note(Verdict.UNKNOWN, Layer.DNS_WORKLOAD, text, object=name, evidence=told)]
    if settings["state"] == "missing" or not settings["values"]:
        text = f"kube-dns has no settings of its own ({name}): other names are forwarded to the node's resolvers."
        return [note(Verdict.INFO, Layer.DNS_WORKLOAD, text, object=name, evidence=told)]
    wrong = _mistakes(settings["values"])
    if wrong:
        text = f"{name} is not valid ({list_names(wrong, 2)}), so kube-dns passes over all of it."
        lines = [f"{name}: {key}: {cut(value, 160)}" for key, value in settings["values"].items()]
        return [find("dns.kube-dns.settings", text, verdict=Verdict.WARN, object=name, evidence=(*lines, *told))]
    forwards = list_forwards(settings)
    own = [(f["zone"], t) for f in forwards for t in f["targets"] if _host(t) in evidence["addresses"]]
    if own:
        zone, target = own[0]
        what = "names outside the cluster" if zone == "." else f"names in {zone}"
        text = f"{name} has kube-dns forward {what} to {target}, its own Service: such questions go round in a circle."
        key = UPSTREAM if zone == "." else STUBS
        return [find("dns.kube-dns.circle", text, verdict=Verdict.WARN, object=name,
                     evidence=(f"{name}: {key} holds {target}, the address of the DNS Service", *told))]
    rows = list_names(f"{'all other names' if f['zone'] == '.' else f['zone']} to {list_names(f['targets'])}"
                      for f in forwards)
    return [note(Verdict.PASS, Layer.DNS_WORKLOAD, f"{name} can be read: kube-dns forwards {rows}.", object=name,
                 evidence=told)]


def _mistakes(values: dict[str, str]) -> list[str]:
    wrong, read = [], {}
    for key, text in values.items():
        try:
            read[key] = json.loads(text)
        except ValueError:
            wrong.append(f"{key} is no JSON")
    stubs, servers = read.get(STUBS, {}), read.get(UPSTREAM, [])
    if not isinstance(stubs, dict) or not all(_is_list(value) for value in stubs.values()):
        wrong.append(f"{STUBS} is no object of lists of servers")
        stubs = {}
    if not _is_list(servers):
        wrong.append(f"{UPSTREAM} is no list of addresses")
        servers = []
    wrong += [f"{STUBS} holds {zone!r}, which is no domain" for zone in stubs if not DOMAIN.fullmatch(zone)]
    wrong += [f"{UPSTREAM} holds {server!r}, expected an address" for server in servers if not _is_address(server)]
    many = [f"{UPSTREAM} holds {len(servers)} servers, at most {MOST} are taken"] if len(servers) > MOST else []
    return wrong + many


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _host(server: str) -> str:
    """Of `address`, `address:port` or `[address]:port`."""
    if server.startswith("["):
        return server[1:].partition("]")[0]
    return server.partition(":")[0] if server.count(":") == 1 else server


def _is_address(server: str) -> bool:
    try:
        return bool(ip_address(_host(server)))
    except ValueError:
        return False
