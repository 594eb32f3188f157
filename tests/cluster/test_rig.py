"""The test cluster itself: what the other tests of this folder take for granted."""

import json

import pytest

from tests.cluster.rig import Cluster

pytestmark = pytest.mark.cluster


def test_the_nodes_are_ready_and_coredns_answers_for_them(cluster: Cluster) -> None:
    nodes = json.loads(cluster.kubectl("get", "nodes", "-o", "json"))["items"]
    ready = [c["status"] for node in nodes for c in node["status"]["conditions"] if c["type"] == "Ready"]
    assert ready == ["True"] * len(nodes)
    slices = json.loads(cluster.kubectl(
        "-n", "kube-system", "get", "endpointslices", "-l", "kubernetes.io/service-name=kube-dns", "-o", "json"))
    assert [endpoint for piece in slices["items"] for endpoint in piece["endpoints"]]
