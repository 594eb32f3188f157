"""What NetworkPolicies say about a connection: by example, and against all possible worlds."""

from ipaddress import ip_network
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.diagnosis.policy_evaluation import Direction, Party, decide, isolates
from bot.diagnosis.policy_selectors import Told, selects

Policy = dict[str, Any]


def policy(name: str = "p", namespace: str = "dns", **spec: Any) -> Policy:
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"podSelector": {}, **spec}}


def pod(namespace: str = "dns", address: str = "10.1.0.1", **labels: str) -> Party:
    spaces = {"kubernetes.io/metadata.name": namespace, "team": namespace[0]}
    ports = {("dns", "UDP"): 53, ("dns-tcp", "TCP"): 53}
    return Party(namespace=namespace, namespace_labels=spaces, labels=labels, address=ip_network(address), ports=ports)


SERVER, CLIENT = pod(app="dns"), pod("shop", "10.1.0.9", app="web")
FROM: tuple[tuple[list[dict[str, Any]], bool], ...] = (
    ([], True),
    ([{"podSelector": {}}], False),
    ([{"namespaceSelector": {}}], True),
    ([{"namespaceSelector": {"matchLabels": {"team": "s"}}}], True),
    ([{"namespaceSelector": {"matchLabels": {"team": "s"}}, "podSelector": {"matchLabels": {"app": "db"}}}], False),
    ([{"namespaceSelector": {"matchLabels": {"team": "s"}}}, {"podSelector": {"matchLabels": {"app": "db"}}}], True),
    ([{"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["x"]}]}}], True),
    ([{"namespaceSelector": {"matchExpressions": [{"key": "role", "operator": "Exists"}]}}], False),
    ([{"ipBlock": {"cidr": "10.1.0.0/16"}}], True),
    ([{"ipBlock": {"cidr": "10.1.0.0/16", "except": ["10.1.0.8/30"]}}], False),
    ([{"ipBlock": {"cidr": "fd00::/8"}}], False),
)


@pytest.mark.parametrize(("peers", "expected"), FROM, ids=lambda value: str(value)[:60])
def test_who_is_let_in_by_the_peers_of_a_rule(peers: list[dict[str, Any]], expected: bool) -> None:
    policies = [policy(ingress=[{"from": peers}])]
    assert decide(policies, "Ingress", SERVER, CLIENT, "UDP", 53).allowed is expected


@pytest.mark.parametrize(("ports", "expected"), [
    ([], (True, True)), ([{"port": 53}], (False, True)), ([{"protocol": "UDP"}], (True, False)),
    ([{"port": "dns", "protocol": "UDP"}], (True, False)), ([{"port": "dns-tcp", "protocol": "UDP"}], (False, False)),
    ([{"port": 50, "endPort": 60, "protocol": "UDP"}, {"port": 52}], (True, False)),
], ids=str)
def test_what_is_let_in_by_the_ports_of_a_rule(ports: list[dict[str, Any]], expected: tuple[bool, bool]) -> None:
    policies = [policy(ingress=[{"ports": ports}])]
    told = tuple(decide(policies, "Ingress", SERVER, CLIENT, protocol, 53).allowed for protocol in ("UDP", "TCP"))
    assert told == expected


@pytest.mark.parametrize(("spec", "expected"), [
    ({}, (True, False)), ({"egress": [{}]}, (True, True)), ({"egress": []}, (True, False)),
    ({"policyTypes": ["Egress"]}, (False, True)), ({"policyTypes": ["Ingress"], "egress": [{}]}, (True, False)),
], ids=str)
def test_in_which_directions_a_policy_isolates(spec: dict[str, Any], expected: tuple[bool, bool]) -> None:
    assert (isolates(policy(**spec), "Ingress"), isolates(policy(**spec), "Egress")) == expected


@pytest.mark.parametrize(("block", "expected"), [
    ({"cidr": "10.0.0.0/8"}, True), ({"cidr": "10.1.0.0/16"}, True), ({"cidr": "10.9.0.0/16"}, False),
    ({"cidr": "10.1.128.0/17"}, None), ({"cidr": "10.0.0.0/8", "except": ["10.1.0.0/24"]}, None),
    ({"cidr": "10.0.0.0/8", "except": ["10.0.0.0/15"]}, False), ({"cidr": "fd00::/8"}, False),
    ({"cidr": "10.0.0.0/8", "except": ["10.9.0.0/16"]}, True),
], ids=str)
def test_of_an_address_that_is_only_known_to_lie_in_a_range_is_said_what_holds_for_all_of_it(
    block: dict[str, Any], expected: Told
) -> None:
    somebody = Party(address=ip_network("10.1.0.0/16"))
    told = decide([policy(ingress=[{"from": [{"ipBlock": block}]}])], "Ingress", SERVER, somebody, "UDP", 53)
    assert told.allowed is expected


def test_what_is_not_known_of_an_address_or_a_name_of_a_port_is_not_guessed() -> None:
    somewhere = Party(namespace="shop", namespace_labels={}, labels={}, address=None)
    by_block = [policy(ingress=[{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}])]
    assert decide(by_block, "Ingress", SERVER, somewhere, "UDP", 53).allowed is None
    named = {"ports": [{"protocol": "UDP", "port": "dns"}]}
    by_name = [policy(namespace="shop", policyTypes=["Egress"], egress=[named])]
    unknown = Party(namespace="dns", namespace_labels={}, labels={}, address=ip_network("10.1.0.1"), ports=None)
    assert decide(by_name, "Egress", CLIENT, unknown, "UDP", 53).allowed is None


def test_policies_add_up_and_those_of_other_namespaces_or_other_pods_say_nothing() -> None:
    deny, allow = policy("deny"), policy("allow", ingress=[{"ports": [{"port": 53, "protocol": "UDP"}]}])
    elsewhere = policy("elsewhere", namespace="shop")
    other = policy("other", podSelector={"matchLabels": {"app": "db"}})
    assert decide([elsewhere, other], "Ingress", SERVER, CLIENT, "UDP", 53).isolating == ()
    assert decide([deny, elsewhere], "Ingress", SERVER, CLIENT, "UDP", 53).allowed is False
    assert decide([deny, allow], "Ingress", SERVER, CLIENT, "UDP", 53).allowed is True


def test_a_pod_in_the_network_of_its_node_is_an_address_that_no_selector_means() -> None:
    cache = Party(address=ip_network("169.254.20.10"))
    closed = policy(namespace="shop", egress=[{"to": [{"namespaceSelector": {}}]}])
    by_address = policy("cache", namespace="shop", egress=[{"to": [{"ipBlock": {"cidr": "169.254.20.10/32"}}]}])
    assert decide([closed], "Egress", CLIENT, cache, "UDP", 53).allowed is False
    assert decide([closed, by_address], "Egress", CLIENT, cache, "UDP", 53).allowed is True
    assert decide([policy()], "Ingress", cache, CLIENT, "UDP", 53).allowed is True


def test_the_rule_that_came_nearest_is_named_with_what_it_lacks() -> None:
    rules = [{"from": [{"podSelector": {}}]}, {"ports": [{"port": 53}]}]
    near = decide([policy(ingress=rules)], "Ingress", SERVER, CLIENT, "UDP", 53).near
    assert near
    assert (near.index, near.lacks) == (2, "port")


# --- all possible worlds -------------------------------------------------------------------------------------------

KEYS, VALUES, SPACES = ("a", "b"), ("1", "2"), ("dns", "shop")
labels = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES))
keys, values = st.sampled_from(KEYS), st.lists(st.sampled_from(VALUES), min_size=1)
requirements = st.one_of(
    st.fixed_dictionaries({"key": keys, "operator": st.sampled_from(("In", "NotIn")), "values": values}),
    st.fixed_dictionaries({"key": keys, "operator": st.sampled_from(("Exists", "DoesNotExist"))}))
selectors = st.fixed_dictionaries(
    {}, optional={"matchLabels": labels, "matchExpressions": st.lists(requirements, max_size=2)})
peers = st.one_of(
    st.fixed_dictionaries({"podSelector": selectors}), st.fixed_dictionaries({"namespaceSelector": selectors}),
    st.fixed_dictionaries({"podSelector": selectors, "namespaceSelector": selectors}),
    st.sampled_from(("0.0.0.0/0", "10.1.0.0/24", "10.1.0.9/32")).map(lambda cidr: {"ipBlock": {"cidr": cidr}}))
ports = st.fixed_dictionaries(
    {}, optional={"protocol": st.sampled_from(("TCP", "UDP")), "port": st.sampled_from((53, 80))})
rules = st.fixed_dictionaries({}, optional={"from": st.lists(peers, max_size=2), "to": st.lists(peers, max_size=2),
                                            "ports": st.lists(ports, max_size=2)})
policies = st.lists(st.builds(
    lambda name, space, selector, types, ingress, egress: policy(
        name, space, podSelector=selector, policyTypes=types, ingress=ingress, egress=egress),
    st.sampled_from("pqr"), st.sampled_from(SPACES), selectors,
    st.sampled_from((["Ingress"], ["Egress"], ["Ingress", "Egress"], None)), st.lists(rules, max_size=2),
    st.lists(rules, max_size=2)), max_size=3)
parties = st.builds(
    lambda space, spaces, own, last: Party(namespace=space, namespace_labels=spaces, labels=own,
                                           address=ip_network(f"10.1.0.{last}"), ports={}),
    st.sampled_from(SPACES), labels, labels, st.sampled_from((1, 9)))
directions: st.SearchStrategy[Direction] = st.sampled_from(("Ingress", "Egress"))


def plainly(policies: list[Policy], direction: Direction, subject: Party, other: Party, protocol: str) -> bool:
    """The same told once more, in the words of the documentation and with everything known."""
    key, word = ("ingress", "from") if direction == "Ingress" else ("egress", "to")
    mine = [p for p in policies if p["metadata"]["namespace"] == subject.namespace and isolates(p, direction)
            and takes(p["spec"]["podSelector"], subject.labels)]
    if not mine:
        return True
    for item in mine:
        for rule in item["spec"].get(key) or []:
            fits = not rule.get("ports") or any(
                port.get("protocol", "TCP") == protocol and port.get("port", 53) == 53 for port in rule["ports"])
            if fits and (not rule.get(word) or any(meets(peer, item, other) for peer in rule[word])):
                return True
    return False


def meets(peer: dict[str, Any], item: Policy, other: Party) -> bool:
    if "ipBlock" in peer:
        return bool(other.address and other.address.network_address in ip_network(peer["ipBlock"]["cidr"]))
    if "namespaceSelector" in peer:
        home = takes(peer["namespaceSelector"], other.namespace_labels)
    else:
        home = item["metadata"]["namespace"] == other.namespace
    return home and takes(peer.get("podSelector", {}), other.labels)


def takes(selector: dict[str, Any], own: Any) -> bool:
    for key, value in selector.get("matchLabels", {}).items():
        if key not in own or own[key] != value:
            return False
    for item in selector.get("matchExpressions", []):
        has, good = item["key"] in own, own.get(item["key"]) in item.get("values", [])
        holds = {"In": has and good, "NotIn": not has or not good, "Exists": has, "DoesNotExist": not has}
        if not holds[item["operator"]]:
            return False
    return True


@given(policies, directions, parties, parties, st.sampled_from(("UDP", "TCP")))
def test_with_everything_known_it_is_what_the_documentation_says(
    given_policies: list[Policy], direction: Direction, subject: Party, other: Party, protocol: str
) -> None:
    told = decide(given_policies, direction, subject, other, protocol, 53).allowed
    assert told is plainly(given_policies, direction, subject, other, protocol)


def worlds() -> list[dict[str, str]]:
    some = [[None, *VALUES]] * len(KEYS)
    return [{key: value for key, value in zip(KEYS, chosen, strict=True) if value} for chosen in product(*some)]


@given(policies, directions, parties, parties)
def test_what_is_said_about_any_pod_holds_for_every_pod(
    given_policies: list[Policy], direction: Direction, subject: Party, other: Party
) -> None:
    anybody = Party(namespace=other.namespace, address=ip_network("10.1.0.0/24"))
    told = decide(given_policies, direction, subject, anybody, "UDP", 53).allowed
    if told is None:
        return
    for spaces, own, last in product(worlds(), worlds(), (1, 9)):
        place = ip_network(f"10.1.0.{last}")
        one = Party(namespace=other.namespace, namespace_labels=spaces, labels=own, address=place)
        assert decide(given_policies, direction, subject, one, "UDP", 53).allowed is told


@given(selectors)
def test_a_selector_on_unknown_labels_says_only_what_is_true_of_all_labels(selector: dict[str, Any]) -> None:
    told: Told = selects(selector, None)
    assert told is None or {selects(selector, own) for own in worlds()} == {told}


@given(policies, directions, parties, parties)
def test_a_rule_more_never_forbids_what_was_allowed(
    given_policies: list[Policy], direction: Direction, subject: Party, other: Party
) -> None:
    before = decide(given_policies, direction, subject, other, "UDP", 53).allowed
    for item in given_policies:
        for key in ("ingress", "egress"):
            item["spec"][key] = [*(item["spec"].get(key) or []), {"ports": [{"port": 53}]}]
    if all(p["spec"]["policyTypes"] for p in given_policies):
        assert decide(given_policies, direction, subject, other, "UDP", 53).allowed in (before, True)
