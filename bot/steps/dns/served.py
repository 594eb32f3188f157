"""Where the DNS server reads its Corefile, and on which port it really serves: what containers declare binds nobody."""

from itertools import pairwise
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.corefile import parse_corefile, port_of
from bot.diagnosis.platform import dns_port, server_container, server_name
from bot.model.errors import ClusterError

PROTOCOLS = {"UDP": "dns", "TCP": "dns-tcp"}
PORT_FLAGS = ("dns.port", "p")


def locate(spec: Object) -> dict[str, Any] | None:
    """Which ConfigMap and key the server reads: by `-conf` and the volume mounted there."""
    if server_name(spec) != "coredns":
        return None
    container = server_container(spec)
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


def default_port(spec: Object) -> int:
    """Of server blocks that name no port: 53, or what `-dns.port` (`-p`) says."""
    container = server_container(spec)
    words = [str(word) for word in (*(container.get("command") or ()), *(container.get("args") or ()))]
    for word, following in pairwise([*words, ""]):
        name, _, value = word.lstrip("-").partition("=")
        if word.startswith("-") and name in PORT_FLAGS and (value or following).isdigit():
            return int(value or following)
    return 53


async def served_port(cluster: Cluster, namespace: str, service: Object | None, spec: Object) -> int:
    """The port that both the Service and the Corefile name where the container declares another, or none; 0 where
    there is no such thing, and what is declared stands. Reads only where the Service's number is not declared."""
    container = server_container(spec)
    ports = service["spec"].get("ports") or () if service else ()
    asked = {port.get("targetPort", 53) for port in ports if port["port"] == 53}
    target = asked.pop() if len(asked) == 1 else 0
    place = locate(spec)
    if not isinstance(target, int) or not place or all((dns_port(container, p) or 53) == target for p in PROTOCOLS):
        return 0
    try:
        config_map = await cluster.get("ConfigMap", place["name"], namespace)
    except ClusterError:  # told by the look at the Corefile
        return 0
    blocks = parse_corefile(str((config_map.get("data") or {}).get(place["key"], ""))).blocks
    default = default_port(spec)
    served = {port_of(key, default) for block in blocks if any(d.name == "kubernetes" for d in block.directives)
              for key in block.keys}
    return target if target in served else 0


def declare(spec: Object, port: int) -> Object:
    """The same pod spec, whose DNS container declares this port for DNS."""
    serving = server_container(spec)
    others = [p for p in serving.get("ports") or () if dns_port({"ports": [p]}, p.get("protocol", "TCP")) == 0]
    own = [{"name": name, "containerPort": port, "protocol": protocol} for protocol, name in PROTOCOLS.items()]
    return {**spec, "containers": [{**c, "ports": [*own, *others]} if c is serving else c for c in spec["containers"]]}
