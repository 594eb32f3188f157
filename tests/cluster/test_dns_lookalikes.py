"""Healthy clusters that look ill: nothing may be called broken there, and what is found is found by reference."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import yaml

from tests.cluster.cluster_dns import SYSTEM, ask, is_healthy, patch, pods, read, restart, roots, until
from tests.cluster.rig import Cluster

pytestmark = pytest.mark.cluster

EXTRA = "netcheck-extra"


@contextmanager
def role_of_another_name(cluster: Cluster) -> Iterator[None]:
    old = {kind: read(cluster, kind, "system:coredns") for kind in ("clusterrole", "clusterrolebinding")}
    for item in old.values():
        item["metadata"] = {"name": item["metadata"]["name"]}
    new = json.loads(json.dumps(old).replace("system:coredns", "dns-release-coredns"))
    for item in new.values():
        cluster.kubectl("create", "-f", "-", stdin=json.dumps(item))
    cluster.kubectl("delete", "clusterrole,clusterrolebinding", "system:coredns")
    yield
    for item in old.values():
        cluster.kubectl("create", "-f", "-", stdin=json.dumps(item))
    cluster.kubectl("delete", "clusterrole,clusterrolebinding", "dns-release-coredns")


@contextmanager
def workload_of_another_name(cluster: Cluster) -> Iterator[None]:
    """As the Helm chart would call it: found through the Service all the same."""
    old = read(cluster, "deployment", "coredns")
    new = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": old["spec"],
           "metadata": {"name": "dns-release-coredns", "namespace": "kube-system"}}
    cluster.kubectl(*SYSTEM, "delete", "deployment", "coredns")
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(new))
    until("two pods of the new workload", lambda: is_healthy(cluster))
    yield
    cluster.kubectl(*SYSTEM, "delete", "deployment", "dns-release-coredns")
    new["metadata"] = {"name": "coredns", "namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}}
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(new))


@contextmanager
def second_coredns(cluster: Cluster) -> Iterator[None]:
    """For something else, in a namespace of its own, and broken: nobody's cluster DNS."""
    cluster.kubectl("create", "namespace", EXTRA)
    spec = read(cluster, "deployment", "coredns")["spec"]
    labels = {"k8s-app": "kube-dns", "app.kubernetes.io/name": "coredns"}
    spec["selector"], spec["template"]["metadata"]["labels"] = {"matchLabels": labels}, labels
    spec["template"]["spec"].pop("priorityClassName", None)
    extra = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "coredns", "namespace": EXTRA}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec, "metadata": {"name": "web", "namespace": EXTRA}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "extra", "namespace": EXTRA, "labels": labels},
         "spec": {"selector": {"app": "nobody"}, "ports": [{"name": "dns", "port": 53, "protocol": "UDP"}]}},
    ]
    cluster.kubectl("create", "-f", "-", stdin=yaml.safe_dump_all(extra))
    yield
    cluster.kubectl("delete", "namespace", EXTRA, "--wait=false")


@contextmanager
def one_replica(cluster: Cluster) -> Iterator[None]:
    cluster.kubectl(*SYSTEM, "scale", "deployment", "coredns", "--replicas=1")
    until("one pod", lambda: len(pods(cluster)) == 1)
    yield
    cluster.kubectl(*SYSTEM, "scale", "deployment", "coredns", "--replicas=2")


@contextmanager
def service_without_labels(cluster: Cluster) -> Iterator[None]:
    labels = read(cluster, "service", "kube-dns")["metadata"]["labels"]
    patch(cluster, "service", "kube-dns", {"metadata": {"labels": dict.fromkeys(labels)}})
    yield
    patch(cluster, "service", "kube-dns", {"metadata": {"labels": labels}})


@contextmanager
def corefile_with_imports(cluster: Cluster) -> Iterator[None]:
    """As AKS and k3s write it, without `loop`, with a stub zone."""
    before = read(cluster, "configmap", "coredns")["data"]["Corefile"]
    stub = "corp.example:53 {\n    forward . /etc/resolv.conf\n}\nimport custom/*.server\n"
    text = before.replace("    loop\n", "    import custom/*.override\n") + stub
    patch(cluster, "configmap", "coredns", {"data": {"Corefile": text}})
    restart(cluster)
    until("pods with the new Corefile", lambda: is_healthy(cluster))
    yield
    patch(cluster, "configmap", "coredns", {"data": {"Corefile": before}})
    restart(cluster)


LOOKALIKES = (
    role_of_another_name, workload_of_another_name, second_coredns, one_replica, service_without_labels,
    corefile_with_imports,
)


@pytest.mark.parametrize("lookalike", LOOKALIKES, ids=lambda make: make.__name__.replace("_", " "))
def test_nothing_is_wrong_there(
    cluster: Cluster, lookalike: Callable[[Cluster], AbstractContextManager[None]]
) -> None:
    until("the cluster is healthy", lambda: is_healthy(cluster))
    with lookalike(cluster):
        report = ask(cluster)
    assert (report["answer"], roots(report), report["skipped"]) == ("ok", frozenset(), [])


@pytest.fixture
def reader(cluster: Cluster, tmp_path: Path) -> Iterator[Path]:
    """The kubeconfig of somebody who may list objects and nothing else: no logs, no ConfigMaps, no port-forward."""
    readable = {
        "": ["nodes", "pods", "services", "events", "serviceaccounts"],
        "apps": ["deployments", "daemonsets", "replicasets"], "discovery.k8s.io": ["endpointslices"],
    }
    rules = [{"apiGroups": [g], "resources": names, "verbs": ["get", "list"]} for g, names in readable.items()]
    subject = {"kind": "ServiceAccount", "name": EXTRA, "namespace": "default"}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": EXTRA}
    rbac = "rbac.authorization.k8s.io/v1"
    objects = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": EXTRA, "namespace": "default"}},
        {"apiVersion": rbac, "kind": "ClusterRole", "metadata": {"name": EXTRA}, "rules": rules},
        {"apiVersion": rbac, "kind": "ClusterRoleBinding", "metadata": {"name": EXTRA}, "subjects": [subject],
         "roleRef": role},
    ]
    manifest = yaml.safe_dump_all(objects)
    cluster.kubectl("create", "-f", "-", stdin=manifest)
    config = yaml.safe_load(cluster.kubectl("config", "view", "--raw", "--minify", "--flatten"))
    token = cluster.kubectl("create", "token", EXTRA).strip()
    config["users"] = [{"name": user["name"], "user": {"token": token}} for user in config["users"]]
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    yield path
    cluster.kubectl("delete", "-f", "-", stdin=manifest)


def test_a_missing_permission_is_never_a_fault_and_each_is_named(cluster: Cluster, reader: Path) -> None:
    until("the cluster is healthy", lambda: is_healthy(cluster))
    report = ask(cluster, kubeconfig=reader)
    assert (report["answer"], roots(report)) == ("ok", frozenset())
    skipped = "\n".join(report["skipped"])
    for permission in ("pods/log", "configmaps", "pods/portforward", "subjectaccessreviews"):
        assert permission in skipped


def test_with_few_permissions_a_wrong_selector_is_found_all_the_same(cluster: Cluster, reader: Path) -> None:
    until("the cluster is healthy", lambda: is_healthy(cluster))
    patch(cluster, "service", "kube-dns", {"spec": {"selector": {"k8s-app": "kube-dnss"}}})
    try:
        report = ask(cluster, kubeconfig=reader)
    finally:
        patch(cluster, "service", "kube-dns", {"spec": {"selector": {"k8s-app": "kube-dns"}}})
    assert [finding["cause"] for finding in report["root_causes"]] == ["dns.service.selector"]
