"""Label selectors, on labels that may not be known: yes, no, or None where it depends on what is not known.

The operators are those of https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

Json: TypeAlias = Mapping[str, Any]
Labels: TypeAlias = Mapping[str, str]
Told: TypeAlias = bool | None
"""None: it depends on something that is not known."""


def either(answers: Iterable[Told]) -> Told:
    known = list(answers)
    return True if True in known else None if None in known else False


def both(answers: Iterable[Told]) -> Told:
    known = list(answers)
    return False if False in known else None if None in known else True


def negate(answer: Told) -> Told:
    return None if answer is None else not answer


def selects(selector: Json, labels: Labels | None) -> Told:
    """Whether the selector takes something with these labels. An empty selector takes everything, known or not."""
    exact: Labels = selector.get("matchLabels") or {}
    requirements = [{"key": key, "operator": "In", "values": [value]} for key, value in exact.items()]
    requirements += selector.get("matchExpressions") or ()
    if labels is None:
        return None if requirements else True
    return both(meets(requirement, labels) for requirement in requirements)


def meets(requirement: Json, labels: Labels) -> Told:
    """{key, operator, values}; None for an operator that is not known here."""
    key, values = requirement["key"], requirement.get("values") or ()
    match requirement["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    return None
