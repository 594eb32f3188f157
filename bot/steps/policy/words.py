"""NetworkPolicies in words, and as what to apply. Pure."""

from collections.abc import Sequence
from typing import Any

from bot.diagnosis.policy_evaluation import Direction, Near
from bot.steps.wording import cut, labels_text, list_names

Rule = dict[str, Any]
_FIELDS: dict[Direction, tuple[str, str]] = {"Ingress": ("ingress", "from"), "Egress": ("egress", "to")}
_MOST = 3


def tell_policy(policy: dict[str, Any], direction: Direction) -> str:
    """`NetworkPolicy shop/deny: selects (all pods), Egress: no rule`; one line of evidence."""
    meta, spec = policy["metadata"], policy["spec"]
    key, word = _FIELDS[direction]
    rules = [_tell_rule(rule, word) for rule in spec.get(key) or ()]
    more = f"; and {len(rules) - _MOST} more rules" if len(rules) > _MOST else ""
    told = "; ".join(rules[:_MOST]) + more if rules else "no rule, so nothing is allowed"
    name = f"NetworkPolicy {meta['namespace']}/{meta['name']}"
    return cut(f"{name}: selects {tell_selector(spec.get('podSelector') or {}, 'all pods')}, {direction}: {told}", 400)


def tell_near(near: Near | None, policies: Sequence[dict[str, Any]], direction: Direction, wanted: str) -> str:
    """What the rule that came nearest lacks; "" where no rule came near."""
    if near is None:
        return ""
    policy = next(p for p in policies if p["metadata"]["name"] == near.policy)
    key, word = _FIELDS[direction]
    rule = policy["spec"][key][near.index - 1]
    has = _tell_rule({word: rule.get(word)} if near.lacks == "peer" else {"ports": rule.get("ports")}, word)
    return f"nearest: rule {near.index} of {near.policy} allows {has}, not {wanted}"


def write_policy(
    name: str, namespace: str, selector: dict[str, Any], direction: Direction, rules: Sequence[Rule]
) -> str:
    """A command that allows this beside what is allowed already."""
    manifest = {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"podSelector": selector, "policyTypes": [direction], _FIELDS[direction][0]: list(rules)},
    }
    return f"`kubectl apply -f - <<< '{_flow(manifest)}'`"


def _flow(value: Any) -> str:
    """YAML in one line, as a person would write it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    plain = isinstance(value, int) or (all(sign.isalnum() or sign in "-./" for sign in value) and value[0].isalpha())
    return str(value) if plain and value not in ("true", "false", "null", "yes", "no") else f'"{value}"'


def _tell_rule(rule: Rule, word: str) -> str:
    peers = [_tell_peer(peer) for peer in rule.get(word) or ()]
    ports = [_tell_port(port) for port in rule.get("ports") or ()]
    who = [f"{word} {list_names(peers, _MOST, 'or')}"] if peers else []
    return " ".join([*(["port " + list_names(ports, _MOST, "or")] if ports else []), *who]) or "everything"


def _tell_peer(peer: dict[str, Any]) -> str:
    if block := peer.get("ipBlock"):
        but = f" but not {list_names(block['except'], _MOST)}" if block.get("except") else ""
        return f"{block['cidr']}{but}"
    spaces, pods = peer.get("namespaceSelector"), peer.get("podSelector")
    where = "in its own namespace" if spaces is None else f"in {tell_selector(spaces, 'all namespaces', 'namespaces')}"
    return f"{tell_selector(pods or {}, 'all pods')} {where}"


def tell_selector(selector: dict[str, Any], everything: str, noun: str = "pods") -> str:
    """`pods with app=web, tier In front,back`."""
    exact = labels_text(selector["matchLabels"]) if selector.get("matchLabels") else ""
    rest = [f"{r['key']} {r['operator']} {','.join(r.get('values') or ())}".strip()
            for r in selector.get("matchExpressions") or ()]
    told = ", ".join([*([exact] if exact else []), *rest])
    return f"{noun} with {told}" if told else everything


def _tell_port(port: dict[str, Any]) -> str:
    number = f"{port.get('port', 'any')}{'-' + str(port['endPort']) if port.get('endPort') else ''}"
    return f"{number}/{port.get('protocol', 'TCP')}"
