"""What NetworkPolicies (networking.k8s.io/v1) say about one connection. Pure, and of the objects only: whether anything
enforces them is another question.

The rules, from https://kubernetes.io/docs/concepts/services-networking/network-policies/: a pod is isolated in a
direction when any policy of its namespace selects it there; then only what some rule of those policies allows may
pass. Ports are those of the pod, after the Service's address was translated. Answers have three values: what depends on
labels or addresses that are not known is None, so a party can also stand for "any pod" or "any address".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal, TypeAlias

from bot.diagnosis.policy_selectors import Json, Labels, Told, both, either, negate, selects

Direction = Literal["Ingress", "Egress"]
Network: TypeAlias = IPv4Network | IPv6Network
_RULES: Mapping[Direction, tuple[str, str]] = {"Ingress": ("ingress", "from"), "Egress": ("egress", "to")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One side of a connection.

    `namespace`: "" for what no selector can mean: a node, a pod in its network, an address outside the cluster.
    `labels`, `namespace_labels`: None where they are not known. `address`: a network of one address, or of all that it
    may be; None where nothing is known. `ports`: (name, protocol) → number of a pod's named ports, None likewise.
    """

    namespace: str = ""
    namespace_labels: Labels | None = None
    labels: Labels | None = None
    address: Network | None = None
    ports: Mapping[tuple[str, str], int] | None = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Near:
    """The rule that came nearest to allowing it: `index` counts from 1; `lacks` is the clause that does not match."""

    policy: str
    index: int
    lacks: Literal["peer", "port"]


@dataclass(frozen=True, slots=True)
class Ruling:
    """`isolating`: names of the policies that (may) isolate the pod in this direction, sorted."""

    allowed: Told
    isolating: tuple[str, ...] = ()
    near: Near | None = None


def isolates(policy: Json, direction: Direction) -> bool:
    """Without policyTypes a policy is about ingress always, and about egress when it has egress rules."""
    spec = policy["spec"]
    types = spec.get("policyTypes")
    return direction in types if types else direction == "Ingress" or bool(spec.get("egress"))


def decide(
    policies: Iterable[Json], direction: Direction, subject: Party, other: Party, protocol: str, port: int
) -> Ruling:
    """May `subject` be reached by `other` (Ingress), or reach it (Egress), at this port of the destination?

    Policies of other namespaces, and those that select other pods, say nothing.
    """
    taken = [(policy, chosen) for policy in policies if (chosen := _selected(policy, direction, subject)) is not False]
    field_name, _ = _RULES[direction]
    passes: list[Told] = []
    nearest: Near | None = None
    for policy, chosen in sorted(taken, key=lambda pair: str(pair[0]["metadata"]["name"])):
        for index, rule in enumerate(policy["spec"].get(field_name) or (), 1):
            peer = _peers(rule, direction, policy, other)
            fits = _ports(rule, subject if direction == "Ingress" else other, protocol, port)
            passes.append(both((chosen, peer, fits)))
            if (peer is False) != (fits is False) and (nearest is None or nearest.lacks == "peer"):
                nearest = Near(policy["metadata"]["name"], index, "peer" if peer is False else "port")
    isolated = either(chosen for _, chosen in taken)
    allowed = either((negate(isolated), *passes))
    names = tuple(sorted(str(policy["metadata"]["name"]) for policy, _ in taken))
    return Ruling(allowed, names, None if allowed else nearest)


def _selected(policy: Json, direction: Direction, subject: Party) -> Told:
    if not subject.namespace or policy["metadata"]["namespace"] != subject.namespace or not isolates(policy, direction):
        return False
    return selects(policy["spec"].get("podSelector") or {}, subject.labels)


def _peers(rule: Json, direction: Direction, policy: Json, other: Party) -> Told:
    peers = rule.get(_RULES[direction][1])
    return either(_is_peer(peer, policy, other) for peer in peers) if peers else True


def _is_peer(peer: Json, policy: Json, other: Party) -> Told:
    """Both selectors in one item must match; without a namespaceSelector the policy's own namespace is meant."""
    if peer.get("ipBlock"):
        return _in_block(peer["ipBlock"], other.address)
    if not other.namespace:
        return False
    spaces, pods = peer.get("namespaceSelector"), peer.get("podSelector")
    at_home = other.namespace == policy["metadata"]["namespace"]
    place = at_home if spaces is None else selects(spaces, other.namespace_labels)
    return both((place, True if pods is None else selects(pods, other.labels)))


def _in_block(block: Json, address: Network | None) -> Told:
    if address is None:
        return None
    outer = ip_network(block["cidr"], strict=False)
    if not outer.overlaps(address):
        return False
    cuts = [ip_network(cut, strict=False) for cut in block.get("except") or ()]
    if any(_holds(cut, address) for cut in cuts):
        return False
    return True if _holds(outer, address) and not any(cut.overlaps(address) for cut in cuts) else None


def _holds(outer: Network, inner: Network) -> bool:
    return outer.version == inner.version and outer.overlaps(inner) and outer.prefixlen <= inner.prefixlen


def _ports(rule: Json, destination: Party, protocol: str, port: int) -> Told:
    ports = rule.get("ports")
    return either(_is_port(item, destination, protocol, port) for item in ports) if ports else True


def _is_port(item: Json, destination: Party, protocol: str, port: int) -> Told:
    if item.get("protocol", "TCP") != protocol:
        return False
    wanted = item.get("port")
    if wanted is None:
        return True
    if isinstance(wanted, int):
        return wanted <= port <= int(item.get("endPort") or wanted)
    if destination.ports is None:
        return None
    return destination.ports.get((wanted, protocol)) == port
