"""What the step types say they read and write, held against the roles of the chart: neither too little nor too much."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from bot.steps import Change, Look
from bot.steps.library import STEP_TYPES
from tests.house.chart import of_kind, render
from tests.house.roles import FILE, all_looks, cluster_rules, template

DNS, PROBES = "kube-system", "probes"
SUBRESOURCES = {"log", "portforward", "exec", "status", "scale"}
LOOKS = sorted(name for name, step in STEP_TYPES.items() if isinstance(step, Look) and step.reads)
CHANGES = sorted(name for name, step in STEP_TYPES.items() if isinstance(step, Change))
EXEC: dict[str, Any] = {"rbac": {"exec": {"namespaces": [DNS]}}}
PROBING: dict[str, Any] = {"rbac": {"probes": {"namespaces": [PROBES]}}}
CHANGING: dict[str, Any] = {"changes": {"enabled": True, "namespaces": [DNS]}}


@dataclass(frozen=True)
class Right:
    """`path` for what is no resource; `name` "" for any; `namespace` "" for all of them."""

    verb: str
    group: str = ""
    resource: str = ""
    name: str = ""
    namespace: str = ""
    path: str = ""


def declared(text: str) -> Right:
    """As step types write it: `get pods/log in {dns}`, `get configmaps/coredns in {dns}`, `get /version`."""
    what, _, namespace = text.partition(" in ")
    verb, _, thing = what.partition(" ")
    if thing.startswith("/"):
        return Right(verb, path=thing)
    whole, _, part = thing.partition("/")
    resource, _, group = whole.partition(".")
    below = part in SUBRESOURCES
    where = namespace.format(dns=DNS, probe=PROBES)
    return Right(verb, group, f"{resource}/{part}" if below else resource, "" if below else part, where)


def granted(objects: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rules with the namespace they hold in; "" for all."""
    for role in (*of_kind(objects, "ClusterRole"), *of_kind(objects, "Role")):
        for rule in role["rules"]:
            yield role["metadata"].get("namespace", ""), rule


def allows(namespace: str, rule: dict[str, Any], right: Right) -> bool:
    if right.verb not in rule["verbs"]:
        return False
    if right.path:
        return right.path in rule.get("nonResourceURLs", ())
    names = rule.get("resourceNames")
    return (
        right.group in rule.get("apiGroups", ())
        and right.resource in rule.get("resources", ())
        and namespace in ("", right.namespace)
        and (not names or right.name in names)
    )


def missing(rights: list[Right], values: dict[str, Any]) -> list[Right]:
    rules = list(granted(render(values)))
    return [right for right in rights if not any(allows(*rule, right) for rule in rules)]


@pytest.mark.parametrize("name", LOOKS)
def test_whatever_a_look_reads_the_chart_lets_it_read(name: str) -> None:
    look = STEP_TYPES[name]
    assert isinstance(look, Look)
    assert missing([declared(text) for text in look.reads], {}) == []


def test_the_cluster_role_is_what_the_looks_declare() -> None:
    """Else: `python -m tests.house.roles`."""
    assert FILE.read_text() == template()
    (role,) = of_kind(render({}), "ClusterRole")
    assert role["rules"] == cluster_rules(all_looks())


def test_where_probe_pods_are_allowed_the_chart_allows_what_they_need_and_no_more() -> None:
    needed = [declared(text) for step in STEP_TYPES.values() if isinstance(step, Look) for text in step.probes]
    assert needed
    assert missing(needed, PROBING) == []
    assert of_probes(PROBING) <= {(right.verb, right.resource) for right in needed}
    assert of_probes({}) == set()


def test_commands_in_pods_are_allowed_where_somebody_opted_in_and_nowhere_else() -> None:
    needed = [declared(text) for step in STEP_TYPES.values() if isinstance(step, Look) for text in step.execs]
    assert needed
    assert missing(needed, EXEC) == []
    assert set(missing(needed, {})) == set(needed)


def of_probes(values: dict[str, Any]) -> set[tuple[str, str]]:
    return {(verb, resource) for namespace, rule in granted(render(values)) if namespace == PROBES
            for verb in rule["verbs"] for resource in rule["resources"]}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_a_change_alters_it_may_alter_and_look_at_before(name: str) -> None:
    """Of the ConfigMaps those that are named, such as the Corefile."""
    change = STEP_TYPES[name]
    assert isinstance(change, Change)
    assert change.writes
    of_corefile = [text.replace("configmaps", "configmaps/coredns") for text in change.writes]
    writes = [declared(f"{text} in {{dns}}") for text in of_corefile]
    reads = [Right("get", right.group, right.resource, right.name, right.namespace) for right in writes]
    assert missing([*writes, *reads], CHANGING) == []


def test_nothing_may_be_altered_that_no_change_alters() -> None:
    """Reviews and port-forwards are made with `create`, and alter nothing."""
    writes = {(right.verb, right.group, right.resource) for name in CHANGES for right in map(declared, written(name))}
    writing = {
        (verb, group, resource)
        for _, rule in granted(render(CHANGING))
        for verb in rule["verbs"]
        for group in rule.get("apiGroups", ())
        for resource in rule.get("resources", ())
        if verb not in ("get", "list")
    }
    asking = {("create", "authorization.k8s.io", "subjectaccessreviews"), ("create", "", "pods/portforward")}
    assert writing - asking == writes


def written(name: str) -> tuple[str, ...]:
    change = STEP_TYPES[name]
    return change.writes if isinstance(change, Change) else ()
