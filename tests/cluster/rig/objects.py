"""What is created in the API: nodes, the network's agent, kube-proxy, CoreDNS, and the traces that kubeadm leaves."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.cluster.rig.box import Box
from tests.cluster.rig.commands import BOUND, run, until
from tests.cluster.rig.images import DOMAIN
from tests.cluster.rig.networks import MANIFESTS, Network
from tests.cluster.rig.nodes import write_node_object
from tests.cluster.rig.processes import check_all_run
from tests.cluster.rig.site import KUBERNETES, Site, program

PATIENCE = "--timeout=600s"
RULES = {"iptables": ("iptables-save", "-t", "nat"), "nftables": ("nft", "list", "ruleset")}
"""What shows the rules that kube-proxy has written, by its mode."""


def create_nodes(site: Site, nodes: Sequence[str]) -> None:
    items = [write_node_object(name) for name in nodes]
    _create(site, json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))


def create_objects(site: Site, box: Box, network: Network, nodes: int, *, proxy: str, dns: str) -> None:
    """Returns when all is ready that can be.

    An agent reaches the API through kube-proxy, so it comes after it and need not crash first. Without a network no pod
    of CoreDNS can start; where there is one, CoreDNS comes after it, so that its two pods are spread over the nodes.
    """
    words = {"RUN_DIR": str(site.run), "KUBE_VERSION": KUBERNETES, "IMAGE_DOMAIN": DOMAIN, "PROXY_MODE": proxy,
             "NODE_COUNT": str(nodes)}
    has_network = network.prepare is not None or (network.agent is not None and proxy != "none")
    _create_from(site, MANIFESTS / "kubeadm.yaml", words)
    until("the kubelets to report", lambda: _reported(site, box) == nodes)
    if proxy != "none":
        _create_from(site, MANIFESTS / "kube-proxy.yaml", words)
        _await_rollout(site, "kube-system", "daemonset/kube-proxy")
    if network.agent:  # its own words first: they stand beside a RUN_DIR that is not replaced yet
        _create_from(site, network.find_manifest(), {**network.words, **words})
    if network.agent and has_network:
        _await_rollout(site, *network.agent)
    if has_network:
        _kubectl(site, "wait", "--for=condition=Ready", "nodes", "--all", PATIENCE)
    if dns != "none":
        _create_from(site, MANIFESTS / "coredns.yaml", words)
    if dns != "none" and has_network and proxy != "none":
        _await_rollout(site, "kube-system", "deployment/coredns")
        for number in range(1, nodes + 1):
            _await_rules(site, box, f"n{number}", RULES[proxy])


def _await_rollout(site: Site, namespace: str, workload: str) -> None:
    _kubectl(site, "-n", namespace, "rollout", "status", workload, PATIENCE)


def _await_rules(site: Site, box: Box, node: str, show: Sequence[str]) -> None:
    """A pod is ready before each kube-proxy has heard of it: until then the Service's address refuses."""
    wanted = _kubectl(site, "-n", "kube-system", "get", "endpointslices", "-l", "kubernetes.io/service-name=kube-dns",
                      "-o", "jsonpath={.items[*].endpoints[*].addresses[*]}").split()  # fmt: skip
    until(f"kube-proxy of {node} knows {wanted}",
          lambda: all(address in run(*box.enter(node), *show) for address in wanted))


def _reported(site: Site, box: Box) -> int:
    check_all_run(site, box)
    return len(_kubectl(site, "get", "nodes", "-o", "jsonpath={.items[*].status.nodeInfo.kubeletVersion}").split())


def _create(site: Site, text: str) -> None:
    _kubectl(site, "create", "--validate=false", "-f", "-", stdin=text)


def _create_from(site: Site, file: Path, words: Mapping[str, str]) -> None:
    text = file.read_text()
    for word, value in words.items():
        text = text.replace(word, value)
    _create(site, text)


def _kubectl(site: Site, *arguments: str, stdin: str | None = None) -> str:
    return run(*BOUND, program("kubectl"), "--kubeconfig", site.kubeconfig, *arguments, stdin=stdin)
