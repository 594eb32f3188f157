"""The chart against a real API server: its objects are accepted, and the rights that it grants are enough for the dns
playbook and for no more. The command line stands in for the pod: same code, same token, same role."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.rig import Cluster
from tests.house.chart import render

pytestmark = pytest.mark.cluster

NAMESPACE = "netcheck-chart"
ACCOUNT = f"system:serviceaccount:{NAMESPACE}:netcheck"
EVERYTHING = {
    "replicas": 2, "redis": {"url": "redis://redis.example:6379"}, "slack": {"existingSecret": "netcheck-slack"},
    "kubeconfigs": {"existingSecret": "netcheck-clusters", "keys": ["prod"]}, "changes": {"enabled": True},
    "playbooks": {"shop.yaml": "name: shop\n"},
}


def dump(objects: list[dict[str, Any]]) -> str:
    return yaml.safe_dump_all(objects)


@pytest.fixture(scope="module")
def namespace(cluster: Cluster) -> Iterator[str]:
    cluster.kubectl("create", "namespace", NAMESPACE)
    cluster.kubectl("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted")
    yield NAMESPACE
    cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


@pytest.fixture(scope="module")
def installed(cluster: Cluster, namespace: str) -> Iterator[Cluster]:
    """The default chart without a running pod: there is no image to pull here."""
    objects = dump(render({"replicas": 0}, namespace=namespace))
    cluster.kubectl("apply", "-f", "-", stdin=objects)
    yield cluster
    cluster.kubectl("delete", "--ignore-not-found", "-f", "-", stdin=objects)


@pytest.fixture
def kubeconfig(installed: Cluster, namespace: str, tmp_path: Path) -> Path:
    """The administrator's kubeconfig with the ServiceAccount's token in place of the administrator's key."""
    token = installed.kubectl("-n", namespace, "create", "token", "netcheck").strip()
    config = yaml.safe_load(installed.kubectl("config", "view", "--raw", "--minify", "--flatten"))
    config["users"] = [{"name": user["name"], "user": {"token": token}} for user in config["users"]]
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_the_api_server_accepts_every_object_without_a_warning(
    cluster: Cluster, namespace: str, values: dict[str, Any]
) -> None:
    """Strict field validation finds misspelt fields, and the namespace is held to the restricted level."""
    objects = render(values, namespace=namespace)
    done = cluster.run_kubectl("apply", "--dry-run=server", "--validate=strict", "-f", "-", stdin=dump(objects))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("(server dry run)") == len(objects)
    assert "Warning" not in done.stderr


def test_the_account_may_read_the_network_and_neither_secrets_nor_anything_that_writes(
    installed: Cluster, namespace: str
) -> None:
    def may(*question: str) -> str:
        return installed.kubectl("auth", "can-i", *question, f"--as={ACCOUNT}", check=False).strip()

    assert may("list", "nodes") == "yes"
    assert may("get", "configmap/coredns", "-n", "kube-system") == "yes"
    assert may("create", "pods", "--subresource=portforward", "-n", "kube-system") == "yes"
    assert may("get", "secrets", "-n", "kube-system") == "no"
    assert may("list", "configmaps", "-n", "kube-system") == "no"
    assert may("patch", "services", "-n", "kube-system") == "no"
    assert may("create", "pods", "--subresource=exec", "-n", "kube-system") == "no"
    assert may("get", "nodes", "--subresource=proxy") == "no"
    assert may("impersonate", "users") == "no"


def test_with_that_role_alone_dns_finds_a_healthy_cluster_healthy(installed: Cluster, kubeconfig: Path) -> None:
    done = installed.netcheck("run", "dns", "--output", "json", kubeconfig=kubeconfig)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["answer"] == "ok"
    assert report["root_causes"] == []
    assert [line for line in report["skipped"] if "forbidden" in json.dumps(line).lower()] == []


def test_with_that_role_alone_dns_names_a_wrong_selector(installed: Cluster, kubeconfig: Path) -> None:
    def select(label: str) -> None:
        patch = json.dumps({"spec": {"selector": {"k8s-app": label}}})
        installed.kubectl("-n", "kube-system", "patch", "service", "kube-dns", "-p", patch)

    select("kube-dns-of-yesterday")
    try:
        done = installed.netcheck("run", "dns", "--output", "json", kubeconfig=kubeconfig)
    finally:
        select("kube-dns")
    assert (done.returncode, bool(done.stdout)) == (1, True), done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["answer"] == "broken"
    assert [finding["cause"] for finding in report["root_causes"]] == ["dns.service.selector"]
    assert report["root_causes"][0]["object"] == "Service kube-system/kube-dns"
