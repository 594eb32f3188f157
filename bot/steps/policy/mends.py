"""The policy that would allow one connection, beside those that there are. Pure."""

from typing import Any

from bot.diagnosis.policy_evaluation import Direction
from bot.steps.policy.labels import own_labels
from bot.steps.policy.words import write_policy


def allow(
    direction: Direction, subject: dict[str, Any], other: dict[str, Any] | None, protocol: str, port: int
) -> str:
    """A command that lets `subject` be reached by `other` (None: everybody), or reach it, at this port and no more."""
    word = "to" if direction == "Egress" else "from"
    peers = {word: [name_peer(other, subject["namespace"])]} if other else {}
    rule = {**peers, "ports": [{"protocol": protocol, "port": port}]}
    selector = {"matchLabels": own_labels(subject["labels"])} if own_labels(subject["labels"]) else {}
    name = f"allow-{word}-{other['namespace'] or 'outside' if other else 'all'}"
    return write_policy(name, subject["namespace"], selector, direction, [rule])


def name_peer(other: dict[str, Any], home: str) -> dict[str, Any]:
    """By labels, for pods of another namespace with its own name; what is no pod by its address."""
    if other["host"] or not other["namespace"]:
        address = other["address"]
        return {"ipBlock": {"cidr": f"{address}/{128 if ':' in address else 32}"}}
    labels = own_labels(other["labels"])
    peer: dict[str, Any] = {"podSelector": {"matchLabels": labels}} if labels else {"podSelector": {}}
    if other["namespace"] != home:
        peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": other["namespace"]}}, **peer}
    return peer
