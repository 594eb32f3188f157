"""The arithmetic of a cluster's addresses: what overlaps, what lies outside, what is used up. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import combinations

from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.networks import find_network
from bot.steps import Args, Evidence, Judgement
from bot.steps.findings import tell_skipped
from bot.steps.nodes.status import is_young
from bot.steps.wording import count, list_names, read_at

Range = dict[str, str]
Net = IPv4Network | IPv6Network
FULL = 0.9
MOST_TWICE = 3
RESERVED = 3
"""Addresses of a node's range that no pod gets: network, broadcast, the bridge's own (host-local)."""


def judge_plan(evidence: Evidence, args: Args) -> Judgement:
    skipped = tell_skipped(evidence, Layer.CNI)
    if not evidence["nodes"]:
        return Judgement(skipped)
    found = [*_duplicates(evidence), *_overlaps(evidence), *_twice(evidence)]
    if out_of_nodes(evidence):
        found += [*_without_range(evidence), *_outside(evidence), *_full(evidence)]
    else:
        found += [*_beyond(evidence), *_unused(evidence)]
    known = evidence["plans"] or _of_nodes(evidence)
    if not any(f.cause for f in found) and (known or not found):
        found.insert(0, _well(evidence) if known else _unknown(evidence))
    return Judgement((*found, *skipped))


def judge_ranges(evidence: Evidence) -> list[Finding]:
    """Of the nodes' podCIDRs alone: two that overlap, and one that is missing where pods get addresses out of it."""
    return [*_duplicates(evidence), *(_without_range(evidence) if out_of_nodes(evidence) else ())]


def out_of_nodes(evidence: Evidence) -> bool:
    """Whether pods get addresses out of their node's podCIDR: an agent runs, and none that has a plan of its own. Of a
    bridge without an agent nobody knows but its files."""
    known = [network for name in evidence["networks"] or () if (network := find_network(name))]
    return bool(known) and all(network.ranges == "node" for network in known)


def _parse(text: str) -> Net | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _meet(one: str, other: str) -> bool:
    a, b = _parse(one), _parse(other)
    if isinstance(a, IPv4Network) and isinstance(b, IPv4Network):
        return a.overlaps(b)
    return isinstance(a, IPv6Network) and isinstance(b, IPv6Network) and a.overlaps(b)


def _holds(range_: str, address: str) -> bool:
    net = _parse(range_)
    try:
        return net is not None and ip_address(address) in net
    except ValueError:
        return False


def _of_nodes(evidence: Evidence) -> list[Range]:
    """The nodes' podCIDRs, where pods may get addresses out of them."""
    known = [network for name in evidence["networks"] or () if (network := find_network(name))]
    if evidence["networks"] is None or any(network.ranges == "own" for network in known):
        return []
    return [{"range": cidr, "object": f"Node {name}", "field": "spec.podCIDR"}
            for name, node in evidence["nodes"].items() for cidr in node["ranges"]]


def _tell(place: Range) -> str:
    return f"{place['object']}: {place['field']} is {place['range']}"


def _duplicates(evidence: Evidence) -> list[Finding]:
    found = []
    for one, other in combinations(_of_nodes(evidence), 2):
        if one["object"] != other["object"] and _meet(one["range"], other["range"]):
            text = (f"{one['object']} and {other['object']} have pod ranges that overlap ({one['range']} and "
                    f"{other['range']}): pods on both can get the same address.")
            found.append(find("cni.plan.duplicate", text, object=other["object"],
                              node=other["object"].removeprefix("Node "),
                              evidence=(_tell(one), _tell(other), read_at(evidence))))
    return found


def _overlaps(evidence: Evidence) -> list[Finding]:
    """Of the ranges that pods get addresses from, with those of Services and the nodes' own addresses. A range that is
    part of one that was told is not told again."""
    found: list[Finding] = []
    told: list[str] = []
    for place in [*evidence["plans"], *_of_nodes(evidence)]:
        against = [_tell(other) for other in evidence["services"] if _meet(place["range"], other["range"])]
        against += [f"Node {name}: InternalIP is {address}" for name, node in evidence["nodes"].items()
                    for address in node["addresses"] if _holds(place["range"], address)]
        if against and not any(_meet(place["range"], wide) for wide in told):
            told.append(place["range"])
            text = (f"The pods' range {place['range']} ({place['object']}, {place['field']}) overlaps what is in use "
                    f"otherwise ({list_names(against, 2)}): what is sent to one address can arrive at another.")
            found.append(find("cni.plan.overlap", text, object=place["object"],
                              evidence=(_tell(place), *against[:3], read_at(evidence))))
    return found


def _twice(evidence: Evidence) -> list[Finding]:
    """Addresses that more than one pod has, all of them ready: those of pods that are gone may be given anew."""
    owners: dict[str, list[str]] = defaultdict(list)
    for pod in (pod for pod in evidence["pods"]["read"] if pod["ready"]):
        for ip in pod["ips"]:
            owners[ip].append(f"{pod['name']} on {pod['node']}")
    return [
        find("cni.plan.twice", f"{list_names(names)} have the same address, {ip}: what is sent to it arrives at one of "
             "them.", object=f"Pod {names[0].partition(' ')[0]}",
             evidence=(*(f"Pod {name}: status.podIP is {ip}" for name in names[:3]), read_at(evidence)))
        for ip, names in owners.items() if len(names) > 1
    ][:MOST_TWICE]


def _without_range(evidence: Evidence) -> list[Finding]:
    found = []
    for name, node in evidence["nodes"].items():
        said = [f"event CIDRNotAvailable, {event['at']}: {event['message']}" for event in evidence["events"]
                if event["node"] == name]
        if node["ranges"] or (is_young(node, evidence) and not said):
            continue
        why = "the controller manager has no range left" if said else "nothing gave it one"
        text = f"Node {name} has no podCIDR ({why}), and the network gives pods addresses out of it."
        found.append(find("cni.agent.pod-range", text, verdict=Verdict.WARN, object=f"Node {name}", node=name,
                          evidence=(f"Node {name}: spec.podCIDR is empty", *said[:1], read_at(evidence))))
    return found


def _outside(evidence: Evidence) -> list[Finding]:
    """One finding for each node: other nodes send what is for these pods to where the range is."""
    found = []
    for name, node in evidence["nodes"].items():
        strays = [f"{pod['name']} has {ip}" for pod in evidence["pods"]["read"] if pod["node"] == name
                  for ip in pod["ips"] if _is_outside(ip, node["ranges"])]
        if strays:
            text = (f"Node {name} has the pod range {list_names(node['ranges'])}, and runs pods outside of it "
                    f"({list_names(strays, 2)}): other nodes do not know the way to them.")
            found.append(find("cni.plan.outside", text, verdict=Verdict.WARN, object=f"Node {name}", node=name,
                              evidence=(f"Node {name}: spec.podCIDRs is {list_names(node['ranges'])}",
                                        *(f"Pod {stray}" for stray in strays[:3]), read_at(evidence))))
    return found


def _beyond(evidence: Evidence) -> list[Finding]:
    """Weave Net sends to its own range only: pods from before a change of it are where nobody looks for them."""
    found = []
    for place in (place for place in evidence["plans"] if place["field"] == "IPALLOC_RANGE" and _parse(place["range"])):
        strays = [f"{pod['name']} has {ip}" for pod in evidence["pods"]["read"] if pod["ready"]
                  for ip in pod["ips"] if _is_outside(ip, [place["range"]])]
        if strays:
            text = (f"Weave Net gives addresses out of {place['range']} ({place['object']}), and pods outside run "
                    f"({list_names(strays, 2)}): the range was changed, and these have to be made anew.")
            found.append(find("cni.plan.outside", text, verdict=Verdict.WARN, object=place["object"],
                              evidence=(_tell(place), *(f"Pod {stray}" for stray in strays[:3]), read_at(evidence))))
    return found


def _is_outside(ip: str, ranges: Iterable[str]) -> bool:
    """Of the same family: a range of another one says nothing."""
    same = [range_ for range_ in ranges if (":" in range_) == (":" in ip)]
    return bool(same) and not any(_holds(range_, ip) for range_ in same)


def _full(evidence: Evidence) -> list[Finding]:
    """Only where all pods were read: what was not counted may be on any node."""
    if evidence["pods"]["unread"]:
        return []
    used = Counter(pod["node"] for pod in evidence["pods"]["read"])
    found = []
    for name, node in evidence["nodes"].items():
        net = _parse(node["ranges"][0]) if node["ranges"] else None
        room = net.num_addresses - RESERVED if net else 0
        if room > 0 and used[name] > FULL * room:
            text = (f"The pod range of node {name}, {net}, is nearly used up: {used[name]} pods of {room} addresses. "
                    "Pods beyond that get no network.")
            found.append(find("cni.plan.full", text, verdict=Verdict.WARN, object=f"Node {name}", node=name,
                              evidence=(f"Node {name}: {used[name]} pods with an address, {room} addresses",
                                        read_at(evidence))))
    return found


def _unused(evidence: Evidence) -> list[Finding]:
    """What would be a fault if the network used the nodes' ranges, and is none here."""
    if not evidence["networks"]:
        return []
    bare = [name for name, node in evidence["nodes"].items() if not node["ranges"]]
    remarks = [f"{list_names(bare)} {'have' if len(bare) > 1 else 'has'} no podCIDR"] if bare else []
    remarks += [f"{count(len(evidence['events']), 'event')} CIDRNotAvailable"] if evidence["events"] else []
    strays = [pod["name"] for pod in evidence["pods"]["read"] if pod["node"] in evidence["nodes"] and any(
        _is_outside(ip, evidence["nodes"][pod["node"]]["ranges"]) for ip in pod["ips"])]
    remarks += [f"{count(len(strays), 'pod')} outside of their node's podCIDR"] if strays else []
    if not remarks:
        return []
    text = (f"{list_names(evidence['networks'])} has an address plan of its own, so the nodes' podCIDRs count for "
            f"nothing ({list_names(remarks)}).")
    return [note(Verdict.INFO, Layer.CNI, text, evidence=(read_at(evidence),))]


def _unknown(evidence: Evidence) -> Finding:
    text = "No range that pods get addresses from is known here, so none was compared."
    return note(Verdict.INFO, Layer.CNI, text, evidence=(read_at(evidence),))


def _well(evidence: Evidence) -> Finding:
    rest = f"; {count(evidence['unread'], 'node')} more not compared" if evidence["unread"] else ""
    rest += f"; {count(evidence['pods']['unread'], 'pod')} more not looked at" if evidence["pods"]["unread"] else ""
    if not evidence["services"]:
        text = f"The pod ranges of {count(len(evidence['nodes']), 'node')} do not overlap{rest}."
        return note(Verdict.INFO, Layer.CNI, text, evidence=(read_at(evidence),))
    services = list_names(place["range"] for place in evidence["services"])
    text = (f"The ranges of pods, of Services ({services}) and the addresses of "
            f"{count(len(evidence['nodes']), 'node')} do not overlap{rest}.")
    told = Verdict.INFO if evidence["skipped"] else Verdict.PASS  # a range that was not read may overlap
    return note(told, Layer.CNI, text, evidence=(read_at(evidence),))
