"""What a DNS pod answers where no answer was recorded: names of the cluster's own zone, from its Services.

CoreDNS is known by its Corefile, kube-dns by its `--domain`. Source: Kubernetes DNS-Based Service Discovery, version
1.1.0. A name that the bundle cannot know is not answered; names outside the zone are answered as another pod of the
bundle was seen to answer them, since they all ask the same upstream.
"""

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.reversename
import dns.rrset

from bot.playground.bundle import Object
from bot.playground.cluster_box.corefile import Corefile, find_corefile, read_corefile
from bot.playground.cluster_box.kinds import Kind, find_kind
from bot.playground.cluster_box.programs import is_running, plain_name
from bot.playground.cluster_box.status import ApiFailure
from bot.playground.cluster_box.world import World

_TTL = 30
_DOMAIN = "--domain="


def resolve(world: World, pod: Object, query: dns.message.Message) -> dns.message.Message | None:
    zones = _zones(world, pod)
    if zones is None or not is_running(pod):
        return None
    asked = query.question[0]
    name = asked.name.to_text().rstrip(".").lower()
    try:
        for zone in zones:
            if name == zone or name.endswith(f".{zone}"):
                return _answer_zone(world, query, name, zone)
        return _as_seen_elsewhere(world, query)
    except ApiFailure:
        return None


def _zones(world: World, pod: Object) -> tuple[str, ...] | None:
    """Those that it serves from the cluster's objects; None for a pod that is no DNS server of a known make."""
    text = find_corefile(world.store, pod)
    if text is not None:
        return read_corefile(text).kubernetes_zones
    words = [word for container in pod.get("spec", {}).get("containers") or () for word in container.get("args") or ()]
    return tuple(word.removeprefix(_DOMAIN).rstrip(".") for word in words if word.startswith(_DOMAIN)) or None


def _answer_zone(world: World, query: dns.message.Message, name: str, zone: str) -> dns.message.Message | None:
    asked = query.question[0]
    if zone.endswith((".arpa", "arpa")):
        return _answer_reverse(world, query, name)
    match name[: -len(zone)].rstrip(".").split("."):
        case ["dns-version"]:
            return _reply(query, zone, [_record(asked, "TXT", '"1.1.0"')])
        case [service, namespace, "svc"]:
            return _answer_service(world, query, zone, service, namespace)
        case _:
            return None


def _answer_service(
    world: World, query: dns.message.Message, zone: str, service: str, namespace: str
) -> dns.message.Message | None:
    """Raises NotRecorded where it is not known whether the Service exists."""
    asked = query.question[0]
    found = world.store.get(_kind("v1", "Service"), namespace, service)
    if found is None:
        return _reply(query, zone, [], dns.rcode.NXDOMAIN)
    spec = found.get("spec", {})
    if spec.get("type") == "ExternalName":
        return _reply(query, zone, [_record(asked, "CNAME", f"{spec['externalName'].rstrip('.')}.")])
    if spec.get("clusterIP") in ("None", ""):
        return None
    wanted = ":" if asked.rdtype == dns.rdatatype.AAAA else "."
    is_address = asked.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA)
    addresses = [ip for ip in spec.get("clusterIPs") or [spec["clusterIP"]] if wanted in ip] if is_address else []
    return _reply(query, zone, [_record(asked, dns.rdatatype.to_text(asked.rdtype), ip) for ip in addresses])


def _answer_reverse(world: World, query: dns.message.Message, name: str) -> dns.message.Message | None:
    address = dns.reversename.to_address(query.question[0].name)
    for item in world.store.every(_kind("v1", "Service")):
        if address in (item.get("spec", {}).get("clusterIPs") or ()):
            metadata = item["metadata"]
            target = f"{metadata['name']}.{metadata['namespace']}.svc.{_main_zone(world, query)}."
            return _reply(query, name, [_record(query.question[0], "PTR", target)])
    return None


def _main_zone(world: World, query: dns.message.Message) -> str:
    for item in world.store.every(_kind("v1", "ConfigMap")):
        corefile: Corefile = read_corefile((item.get("data") or {}).get("Corefile", ""))
        zones = [zone for zone in corefile.kubernetes_zones if not zone.endswith("arpa")]
        if zones:
            return zones[0]
    return "cluster.local"


def _as_seen_elsewhere(world: World, query: dns.message.Message) -> dns.message.Message | None:
    asked = query.question[0]
    key = (plain_name(asked.name.to_text()), dns.rdatatype.to_text(asked.rdtype))
    for answer in world.bundle.dns:
        if (plain_name(answer.name), answer.type) == key and answer.outcome == "answered":
            found = dns.message.from_wire(answer.wire)
            found.id = query.id
            return found
    return None


def _record(asked: dns.rrset.RRset, type_: str, text: str) -> dns.rrset.RRset:
    return dns.rrset.from_text(asked.name, _TTL, "IN", type_, text)


def _reply(
    query: dns.message.Message, zone: str, records: list[dns.rrset.RRset], rcode: dns.rcode.Rcode = dns.rcode.NOERROR
) -> dns.message.Message:
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.AA | dns.flags.RD
    reply.set_rcode(rcode)
    reply.answer = records
    if not records:
        text = f"ns.dns.{zone}. hostmaster.{zone}. 1 7200 1800 86400 {_TTL}"
        reply.authority = [dns.rrset.from_text(f"{zone}.", _TTL, "IN", "SOA", text)]
    return reply


def _kind(api: str, name: str) -> Kind:
    kind = find_kind(api, name)
    assert kind is not None
    return kind
