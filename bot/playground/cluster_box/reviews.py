"""Access reviews: what may I, what may they (`authorization.k8s.io/v1`).

Source: Kubernetes docs, "Authorization", SelfSubjectAccessReview, SubjectAccessReview, SelfSubjectRulesReview.
"""

from collections.abc import Callable, Sequence
from typing import Any

from bot.playground.bundle import Bundle, Object, Review
from bot.playground.cluster_box.roles import Action, Decision, Rule, decide
from bot.playground.cluster_box.status import Cause, bad_request, invalid, not_recorded
from bot.playground.cluster_box.store import Store

GROUP = "authorization.k8s.io"
REVIEWS = {
    "selfsubjectaccessreviews": "SelfSubjectAccessReview",
    "subjectaccessreviews": "SubjectAccessReview",
    "selfsubjectrulesreviews": "SelfSubjectRulesReview",
}


def review(
    bundle: Bundle, store: Store, may: Callable[[Action], bool], own: Sequence[Rule], plural: str, body: Object
) -> Object:
    """`may` and `own` are about the caller: whether they may do a thing, and the rules behind it."""
    kind = REVIEWS[plural]
    if body.get("kind", kind) != kind:
        said, api = body["kind"], body.get("apiVersion", "")
        raise bad_request(f'{said} in version "{api}" cannot be handled as a {kind}: no such kind')
    spec = body.get("spec") or {}
    match kind:
        case "SelfSubjectRulesReview":
            status, spec = _list_rules(own, spec.get("namespace", "")), {}
        case "SelfSubjectAccessReview":
            status = _status_of(_decide_own(bundle, may, _read_action(spec)))
        case _:
            status = _status_of(_decide_for(bundle, store, spec, _read_action(spec)))
    return {"kind": kind, "apiVersion": f"{GROUP}/v1", "metadata": {}, "spec": spec, "status": status}


def _read_action(spec: Object) -> Action:
    attributes, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if bool(attributes) == bool(path):
        message = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        raise invalid("", [Cause("spec.resourceAttributes", f"Invalid value: null: {message}")], f".{GROUP}", GROUP)
    if path:
        return Action(verb=path.get("verb", ""), path=path.get("path", ""))
    assert attributes
    resource, subresource = attributes.get("resource", ""), attributes.get("subresource", "")
    return Action(
        verb=attributes.get("verb", ""),
        group=attributes.get("group", ""),
        resource=f"{resource}/{subresource}" if subresource else resource,
        name=attributes.get("name", ""),
        namespace=attributes.get("namespace", ""),
    )


def _decide_own(bundle: Bundle, may: Callable[[Action], bool], action: Action) -> Decision:
    """What whoever recorded the bundle was not allowed stays so."""
    denied = any(item.user == "" and not item.allowed and _is_about(item, action) for item in bundle.reviews)
    return Decision(not denied and may(action))


def _decide_for(bundle: Bundle, store: Store, spec: Object, action: Action) -> Decision:
    user, groups = spec.get("user", ""), spec.get("groups") or []
    if not user and not groups:
        message = 'Invalid value: "": at least one of user or group must be specified'
        raise invalid("", [Cause("spec.user", message)], f".{GROUP}", GROUP)
    if user in bundle.roles_of:
        return decide(store, user, groups, action)
    for item in bundle.reviews:
        if item.user == user and _is_about(item, action):
            return Decision(item.allowed)
    raise not_recorded(f"what {user or groups} may do: neither the roles nor this question were recorded")


def _is_about(item: Review, action: Action) -> bool:
    resource = f"{item.resource}/{item.subresource}" if item.subresource else item.resource
    asked = (action.verb, action.group, action.resource, action.namespace, action.name)
    return asked == (item.verb, item.group, resource, item.namespace, item.name)


def _status_of(decision: Decision) -> dict[str, Any]:
    status: dict[str, Any] = {"allowed": decision.allowed}
    if decision.reason:
        status["reason"] = decision.reason
    if decision.error:
        status["evaluationError"] = decision.error
    return status


def _list_rules(own: Sequence[Rule], namespace: str) -> dict[str, Any]:
    if not namespace:
        raise bad_request("no namespace on request")
    here = [rule for rule in own if rule.get("namespace", "") in ("", namespace)]
    resources = [{k: v for k, v in rule.items() if k != "namespace"} for rule in here if rule.get("resources")]
    paths = [dict(rule) for rule in here if rule.get("nonResourceURLs")]
    return {"resourceRules": resources, "nonResourceRules": paths, "incomplete": False}
