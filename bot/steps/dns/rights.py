"""What an account may list and watch in the whole cluster. Its role is read first: what the rules grant is put to the
API server by one question for all, what they do not is asked one by one. Its answer decides.

Rules: https://kubernetes.io/docs/reference/access-authn-authz/rbac/ (`*` stands for all; resourceNames limit a rule).
"""

import asyncio
from typing import Any, NamedTuple

from bot.cluster import Access, Cluster, Object
from bot.model.errors import ClusterError, NotFound
from bot.steps.findings import unread
from bot.steps.readings import one_or_skip, or_skip

LISTED = 100
"""Bindings that are read where the usual names do not lead to the account's; each may be a kilobyte."""


class _Right(NamedTuple):
    verb: str
    group: str
    resource: str


async def account_exists(cluster: Cluster, namespace: str, account: str, skipped: list[str]) -> bool | None:
    """None where that could not be read, which is then among `skipped`."""
    found = await one_or_skip(cluster.get("ServiceAccount", account, namespace), skipped)
    return None if found is None else bool(found)


async def read_rights(
    cluster: Cluster, namespace: str, account: str, needed: list[tuple[str, str]], works: bool,
    skipped: list[str], usual: tuple[str, ...] = (),
) -> dict[str, Any]:
    """{answers: [{verb, resource, allowed}], bindings: [{name, role}]} for each (group, resource) in `needed`.

    `works`: whether pods of the account are known to have read it all; then what the rules grant is not put to the API
    server. `usual`: names of bindings to try first. `answers` is empty where we may not ask, and leaves out watching
    where listing is not allowed. `bindings` is None where they may not be read, or are too many to say that none is
    there.
    """
    usual = (*usual, f"system:{account}", account)
    bindings = await or_skip(_bindings(cluster, namespace, account, usual), skipped)
    rights = [_Right(verb, *of) for verb in ("list", "watch") for of in needed]
    rules = await _rules(cluster, [binding["role"] for binding in bindings or ()], skipped)
    told = [right for right in rights if any(_grants(rule, right) for rule in rules)]
    try:
        unproved = [right for right in rights if right not in told]
        answers = await _ask(cluster, namespace, account, unproved or ([] if works else told[-1:]))
        if answers and not any(answers.values()) and len(told) == len(rights):  # roles alone give no rights here
            answers |= await _ask(cluster, namespace, account, told[:-1])
    except ClusterError as error:
        skipped.append(unread(error))
        return {"answers": [], "bindings": bindings}
    known = {**dict.fromkeys(told, True), **answers}
    return {"bindings": bindings, "answers": [
        {"verb": right.verb, "resource": f"{right.resource}.{right.group}".rstrip("."), "allowed": known[right]}
        for right in rights if right in known]}


async def _ask(cluster: Cluster, namespace: str, account: str, rights: list[_Right]) -> dict[_Right, bool]:
    """What may not be listed need not be watched: that is not asked any more."""
    user = f"system:serviceaccount:{namespace}:{account}"
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
    answers: dict[_Right, bool] = {}
    for verb in ("list", "watch"):
        asked = [r for r in rights if r.verb == verb and answers.get(r._replace(verb="list"), True)]
        allowed = await asyncio.gather(*(cluster.may(Access(
            verb=verb, group=right.group, resource=right.resource, user=user, groups=groups)) for right in asked))
        answers |= zip(asked, allowed, strict=True)
    return answers


async def _rules(cluster: Cluster, roles: list[str], skipped: list[str]) -> list[Object]:
    """None of a role that is not there or may not be read: then all is asked."""
    try:
        found = await asyncio.gather(*(cluster.get("ClusterRole", role) for role in dict.fromkeys(roles)))
    except NotFound:
        return []
    except ClusterError as error:
        skipped.append(unread(error))
        return []
    return [rule for role in found for rule in role.get("rules") or ()]


def _grants(rule: Object, right: _Right) -> bool:
    wanted = (("verbs", right.verb), ("apiGroups", right.group), ("resources", right.resource))
    return not rule.get("resourceNames") and all({value, "*"} & {*rule.get(key, ())} for key, value in wanted)


async def _bindings(
    cluster: Cluster, namespace: str, account: str, usual: tuple[str, ...]
) -> list[dict[str, str]] | None:
    """The bindings whose subject is the account: one of a usual name, else all are looked through. None where they are
    too many to say that none is there. Raises ClusterError."""
    for name in usual:
        found = await _binding(cluster, name)
        mine = [found] if found and _names_account(found, namespace, account) else []
        if mine:
            break
    else:
        listing = await cluster.list("ClusterRoleBinding", limit=LISTED)
        mine = [b for b in listing.items if _names_account(b, namespace, account)]
        if not mine and listing.remaining:
            return None
    return [{"name": b["metadata"]["name"], "role": b["roleRef"]["name"]} for b in mine]


async def _binding(cluster: Cluster, name: str) -> Object | None:
    try:
        return await cluster.get("ClusterRoleBinding", name)
    except NotFound:
        return None


def _names_account(binding: Object, namespace: str, account: str) -> bool:
    wanted = ("ServiceAccount", account, namespace)
    return any((s.get("kind"), s.get("name"), s.get("namespace")) == wanted for s in binding.get("subjects") or ())
