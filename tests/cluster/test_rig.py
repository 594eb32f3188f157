"""The test cluster itself: what the other tests of this folder take for granted."""

import json
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from tests.cluster.answers import ask
from tests.cluster.rig import Cluster, Options
from tests.cluster.rig.commands import until

pytestmark = pytest.mark.cluster

Raise = Callable[[Options], AbstractContextManager[Cluster]]
KINDS = {
    "flannel": Options(cni="flannel"), "flannel-hostgw": Options(cni="flannel-hostgw"),
    "nftables": Options(proxy="nftables"),
}
"""Weave Net and Calico have their rows in the table of faults."""


def test_the_nodes_are_ready_and_coredns_answers_for_them(cluster: Cluster) -> None:
    nodes = json.loads(cluster.kubectl("get", "nodes", "-o", "json"))["items"]
    ready = [c["status"] for node in nodes for c in node["status"]["conditions"] if c["type"] == "Ready"]
    assert ready == ["True"] * len(nodes)
    slices = json.loads(cluster.kubectl(
        "-n", "kube-system", "get", "endpointslices", "-l", "kubernetes.io/service-name=kube-dns", "-o", "json"))
    assert [endpoint for piece in slices["items"] for endpoint in piece["endpoints"]]


@pytest.mark.parametrize("kind", KINDS)
def test_pods_of_every_node_resolve_names_through_the_service(raise_another: Raise, kind: str) -> None:
    """Over UDP, by kube-proxy, and across nodes: the two pods of CoreDNS are on different ones."""
    with raise_another(KINDS[kind]) as cluster:
        for node in ("n1", "n2"):
            start_lookup(cluster, node)
        for node in ("n1", "n2"):
            until(f"the lookup on {node} has ended", lambda node=node: has_ended(cluster, node))  # type: ignore[misc]
            assert "10.96.0.1" in cluster.kubectl("logs", f"lookup-{node}")
        report = ask(cluster)
    assert (report["answer"], report["root_causes"]) == ("ok", [])


def test_two_clusters_stand_side_by_side_and_answer_only_on_loopback(
    cluster: Cluster, raise_another: Raise
) -> None:
    with raise_another(Options(nodes=1)) as other:
        for one, nodes in ((cluster, 2), (other, 1)):
            assert len(one.kubectl("get", "nodes", "-o", "name").split()) == nodes
        assert other.site
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", other.site.port), timeout=5).close()


def test_a_process_that_was_stopped_is_missed_and_comes_back(cluster: Cluster) -> None:
    cluster.stop("kcm")
    cluster.kubectl("create", "namespace", "netcheck-unattended")
    assert not cluster.kubectl("-n", "netcheck-unattended", "get", "serviceaccounts", "-o", "name")
    cluster.start("kcm")
    until("the controllers have made the default account", lambda: bool(
        cluster.kubectl("-n", "netcheck-unattended", "get", "serviceaccounts", "-o", "name")))
    cluster.kubectl("delete", "namespace", "netcheck-unattended", "--wait=false")


def start_lookup(cluster: Cluster, node: str) -> None:
    cluster.kubectl(
        "run", f"lookup-{node}", "--image=docker.io/library/busybox:1.35", "--image-pull-policy=Never",
        "--restart=Never", f"--overrides={json.dumps({'spec': {'nodeName': node}})}", "--command", "--",
        "nslookup", "kubernetes.default.svc.cluster.local",
    )  # fmt: skip


def has_ended(cluster: Cluster, node: str) -> bool:
    phase = cluster.kubectl("get", "pod", f"lookup-{node}", "-o", "jsonpath={.status.phase}")
    assert phase != "Failed", cluster.kubectl("logs", f"lookup-{node}")
    return phase == "Succeeded"
