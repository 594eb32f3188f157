"""The dns playbook on a real cluster for somebody who may read little of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cluster.answers import ask, roots
from tests.cluster.faults.combined import WRONG_SELECTOR
from tests.cluster.faults.conditions import HEALTHY
from tests.cluster.rig import Cluster

pytestmark = pytest.mark.cluster

READER = "netcheck-reader"


@pytest.fixture
def reader(cluster: Cluster, tmp_path: Path) -> Iterator[Path]:
    """The kubeconfig of somebody who may list objects and nothing else: no logs, no ConfigMaps, no port-forward."""
    readable = {
        "": ["nodes", "pods", "services", "events", "serviceaccounts"],
        "apps": ["deployments", "daemonsets", "replicasets"], "discovery.k8s.io": ["endpointslices"],
    }
    rules = [{"apiGroups": [g], "resources": names, "verbs": ["get", "list"]} for g, names in readable.items()]
    subject = {"kind": "ServiceAccount", "name": READER, "namespace": "default"}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": READER}
    rbac = "rbac.authorization.k8s.io/v1"
    objects = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": READER, "namespace": "default"}},
        {"apiVersion": rbac, "kind": "ClusterRole", "metadata": {"name": READER}, "rules": rules},
        {"apiVersion": rbac, "kind": "ClusterRoleBinding", "metadata": {"name": READER}, "subjects": [subject],
         "roleRef": role},
    ]
    manifest = yaml.safe_dump_all(objects)
    cluster.kubectl("create", "-f", "-", stdin=manifest)
    config = yaml.safe_load(cluster.kubectl("config", "view", "--raw", "--minify", "--flatten"))
    token = cluster.kubectl("create", "token", READER).strip()
    config["users"] = [{"name": user["name"], "user": {"token": token}} for user in config["users"]]
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    yield path
    cluster.kubectl("delete", "-f", "-", stdin=manifest)


def test_a_missing_permission_is_never_a_fault_and_each_is_named(cluster: Cluster, reader: Path) -> None:
    HEALTHY.until(cluster)
    report = ask(cluster, kubeconfig=reader)
    assert (report["answer"], roots(report)) == ("ok", frozenset())
    skipped = "\n".join(report["skipped"])
    for permission in ("pods/log", "configmaps", "pods/portforward", "subjectaccessreviews"):
        assert permission in skipped


@pytest.mark.parametrize(("playbook", "unread"), [
    ("network", ("pods/portforward", "configmaps", "networkpolicies")),
    ("kube-proxy", ("pods/portforward", "pods/log")),
    ("node", ("pods/portforward", "leases")), ("cni", ("servicecidrs",)),
    ("service", ("pods/portforward", "pods/proxy")),
])
def test_a_missing_permission_is_no_fault_in_other_playbooks(
    cluster: Cluster, reader: Path, playbook: str, unread: tuple[str, ...]
) -> None:
    HEALTHY.until(cluster)
    words = ("kube-system/kube-dns",) if playbook == "service" else ()
    report = ask(cluster, *words, playbook=playbook, kubeconfig=reader)
    assert roots(report) == frozenset()
    assert [f["summary"] for f in report["findings"] if f["verdict"] in ("WARN", "FAIL")] == []
    skipped = "\n".join(report["skipped"])
    assert [permission for permission in unread if permission not in skipped] == []


def test_with_few_permissions_a_wrong_selector_is_found_all_the_same(cluster: Cluster, reader: Path) -> None:
    HEALTHY.until(cluster)
    heal = WRONG_SELECTOR.inject(cluster)
    try:
        report = ask(cluster, kubeconfig=reader)
    finally:
        heal(cluster)
    assert [finding["cause"] for finding in report["root_causes"]] == ["dns.service.selector"]
