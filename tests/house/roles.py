"""What the chart lets netcheck read, made from what the looks say they read: `python -m tests.house.roles` writes it.

    T0   objects, in the whole cluster                    the ClusterRole (this file makes it)
    T0b  ConfigMaps by name; roles and access reviews     values rbac.configMaps; the ClusterRole
    T1   pods/log; T2 pods/portforward, pods/proxy; T3 pods/exec; T4 probe pods    Roles in namespaces of the values
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from bot.steps import Look
from bot.steps.library import STEP_TYPES
from tests.house.chart import CHART

FILE = CHART / "templates" / "_reads.tpl"
BY_NAMESPACE = frozenset({"configmaps", "pods/log", "pods/portforward", "pods/proxy", "pods/exec"})
REVIEWS = frozenset({"authorization.k8s.io", "rbac.authorization.k8s.io"})
"""Groups of T0b: who may do what, found by reference and not by name."""
BESIDE: Mapping[str, str] = {
    "": "endpoints events namespaces nodes pods serviceaccounts services",
    "apps": "daemonsets deployments replicasets statefulsets",
    "apiextensions.k8s.io": "customresourcedefinitions",
    "cilium.io": "ciliumendpoints ciliumnodes",
    "config.openshift.io": "clusteroperators networks",
    "coordination.k8s.io": "leases",
    "crd.projectcalico.org": "bgpconfigurations bgppeers blockaffinities felixconfigurations ipamblocks ippools",
    "discovery.k8s.io": "endpointslices",
    "events.k8s.io": "events",
    "networking.k8s.io": "ingressclasses ingresses ipaddresses networkpolicies servicecidrs",
    "operator.openshift.io": "dnses networks",
    "operator.tigera.io": "installations tigerastatuses",
}
"""What the generic looks (kubernetes.get, kubernetes.list) are for in playbooks of people's own. By group."""
HEAD = """{{- /* Made by `python -m tests.house.roles` from what the looks declare. No Secret, no ConfigMap,
no node proxy, nothing that writes: `create` on reviews asks a question. */ -}}
{{- define "netcheck.reads" -}}
"""


def cluster_rules(looks: Iterable[Look[Any]]) -> list[dict[str, Any]]:
    """PolicyRules for whatever is read in the whole cluster."""
    verbs: dict[tuple[str, str], set[str]] = defaultdict(set)
    paths: set[str] = set()
    for group, names in BESIDE.items():
        for name in names.split():
            verbs[group, name] |= {"get", "list"}
    for look in looks:
        for text in look.reads:
            verb, _, thing = text.partition(" in ")[0].partition(" ")
            if thing.startswith("/"):
                paths.add(thing)
                continue
            resource, _, group = thing.partition(".")
            if thing.split("/")[0] not in BY_NAMESPACE and thing not in BY_NAMESPACE:
                verbs[group, resource].add(verb)
    rules: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (group, resource), may in sorted(verbs.items()):
        rules[group, tuple(sorted(may))].append(resource)
    told: list[dict[str, Any]] = [{"apiGroups": [group], "resources": names, "verbs": [*may]}
                                  for (group, may), names in rules.items()]
    return [*told, {"nonResourceURLs": sorted(paths | {"/livez", "/readyz"}), "verbs": ["get"]}]


def all_looks() -> list[Look[Any]]:
    return [step for step in STEP_TYPES.values() if isinstance(step, Look)]


def template() -> str:
    rules = yaml.safe_dump(cluster_rules(all_looks()), default_flow_style=None, width=200, sort_keys=False)
    return f"{HEAD}{rules}{{{{- end -}}}}\n"


if __name__ == "__main__":
    FILE.write_text(template())
