"""Pods that get no network, on evidence alone, and what follows from a network that does not do its work."""

from typing import Any

import pytest

from bot.diagnosis.causes import find
from bot.diagnosis.conclusion import conclude
from bot.model.finding import Verdict
from bot.steps.cni.sandbox import SANDBOX, state_of
from bot.steps.cni.sandbox_words import normalise, read_message
from tests.steps.dns_evidence import JUST_NOW, LONG_AGO, NOW, RECENTLY, causes, judge, roots

EVENT = ('Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox '
         '"7e09b7f996cf2063e9ed5f75192f7a79": plugin type="{}" failed (add): {}')
EVENTS = (
    (EVENT.format("weave-net", 'unable to allocate IP address: Post "http://127.0.0.1:6784/ip/x": dial tcp'),
     "Weave Net", "cni.sandbox.agent"),
    (EVENT.format("flannel", "open /run/flannel/subnet.env: no such file"), "Flannel", "cni.sandbox.agent"),
    (EVENT.format("calico", "cannot find a qualified ippool"), "Calico", "cni.sandbox.addresses"),
    (EVENT.format("calico", "failed to request IPv4 addresses: Assigned 0 out of 1 requested IPv4 addresses; No IPs "
                  "available in pools: [10.250.0.0/31]"), "Calico", "cni.sandbox.addresses"),
    (EVENT.format("calico", "Calico is currently not ready to process requests"), "Calico", "cni.sandbox.locked"),
    (EVENT.format("calico", 'error parsing pool "gold": invalid CIDR address: gold'), "Calico", "cni.sandbox.pool"),
    (EVENT.format("calico", "stat /var/lib/calico/nodename: no such file or directory"), "Canal", "cni.sandbox.agent"),
    (EVENT.format("cilium-cni", "dial unix /var/run/cilium/cilium.sock"), "Cilium", "cni.sandbox.agent"),
    (EVENT.format("cilium-cni", "dial unix /var/run/cilium/cilium.sock"), "Amazon VPC CNI", "cni.sandbox.left-over"),
    (EVENT.format("cilium-cni", "dial unix /var/run/cilium/cilium.sock: connect"), "Calico", "cni.sandbox.left-over"),
    (EVENT.format("bridge", "no IP addresses available in range set: 10.244.0.1-10.244.0.254"), "",
     "cni.sandbox.addresses"),
    ('failed to find plugin "bridge" in path [/opt/cni/bin]', "Flannel", "cni.sandbox.plugin"),
    (EVENT.format("bridge", '"cni0" already has an IP address different from 10.244.1.1/24'), "", "cni.sandbox.bridge"),
    (EVENT.format("bridge", 'incompatible CNI versions; config is "1.1.0"'), "", "cni.sandbox.version"),
    ("something else", "Flannel", "cni.sandbox.failed"),
    ("Failed to create pod sandbox: open /run/systemd/resolve/resolv.conf: no such file or directory", "Flannel",
     "node.resolv-conf"),
    ('failed to get sandbox image "registry.k8s.io/pause:3.9": failed to pull', "Flannel", "node.sandbox"),
    ('rpc error: no runtime for "gvisor" is configured', "Flannel", "node.sandbox"),
    (EVENT.format("bridge", "fork/exec: cannot allocate memory"), "", "cni.sandbox.failed"),
)


@pytest.mark.parametrize(("message", "running", "cause"), EVENTS)
def test_the_words_of_an_event_speak_for_a_cause(message: str, running: str, cause: str) -> None:
    assert read_message(normalise(message), [running])[0] == cause


def group(state: str = "waiting", on: str = "n2") -> dict[str, Any]:
    return {"node": on, "message": normalise(EVENTS[1][0]), "at": LONG_AGO, "pods": ["default/x"], "state": state}


def sandbox(*groups: dict[str, Any]) -> dict[str, Any]:
    return {"read_at": NOW, "groups": list(groups), "networks": ["Flannel"], "skipped": []}


@pytest.mark.parametrize(("message", "running", "cause"), EVENTS)
def test_a_pod_that_waits_is_a_warning_about_its_node_in_the_plugins_own_words(
    message: str, running: str, cause: str
) -> None:
    found = judge(SANDBOX, {**sandbox({**group(), "message": normalise(message)}), "networks": [running]}).findings
    shared = {"cni.sandbox.locked": "ClusterInformation default", "cni.sandbox.pool": "IPPool gold"}
    about = shared.get(cause, "Node n2")
    assert [(f.cause, f.verdict, f.object) for f in found] == [(cause, Verdict.WARN, about)]
    assert any(normalise(message)[:60] in line for line in found[0].evidence)


@pytest.mark.parametrize("state", ["started", "gone", "unknown", "past"])
def test_an_event_whose_pod_has_started_or_gone_is_history(state: str) -> None:
    assert causes(SANDBOX, sandbox(group(state))) == []


def test_a_pod_that_still_waits_is_told_with_its_node() -> None:
    judged = judge(SANDBOX, sandbox(group()))
    assert [(f.cause, f.node) for f in judged.findings] == [("cni.sandbox.agent", "n2")]
    assert judged.outputs["nodes"] == ["n2"]


def test_an_account_of_the_plugin_without_rights_is_named_once_for_all_nodes() -> None:
    words = ('error getting ClusterInformation: connection is unauthorized: clusterinformations.crd.projectcalico.org '
             '"default" is forbidden: User "system:serviceaccount:kube-system:calico-cni-plugin" cannot get resource '
             '"clusterinformations" in API group "crd.projectcalico.org" at the cluster scope')
    events = [{**group(on=name), "message": normalise(EVENT.format("calico", words))} for name in ("n1", "n2")]
    judged = judge(SANDBOX, {**sandbox(*events), "networks": ["Calico"]})
    assert {f.object for f in judged.findings} == {"ServiceAccount kube-system/calico-cni-plugin"}
    assert "--as=system:serviceaccount:kube-system:calico-cni-plugin" in judged.findings[0].advice


@pytest.mark.parametrize(("since", "expected"), [(JUST_NOW, []), (LONG_AGO, ["cni.sandbox.agent"])])
def test_a_try_that_failed_before_the_agent_was_ready_is_history(since: str, expected: list[str]) -> None:
    tried = {**group(), "at": RECENTLY}
    assert causes(SANDBOX, {**sandbox(tried), "agents": {"n2": since}}) == expected


def test_a_waiting_pod_whose_sandbox_is_there_waits_for_something_else() -> None:
    conditions = [{"type": "PodReadyToStartContainers", "status": "True"}]
    assert state_of({"conditions": conditions}) == "started"
    assert state_of({"conditions": [{**conditions[0], "status": "False"}]}) == "waiting"


def test_where_events_may_not_be_read_nothing_is_concluded() -> None:
    told = {"read_at": NOW, "groups": None, "networks": [], "skipped": ["list events"]}
    assert [f.verdict for f in judge(SANDBOX, told).findings] == [Verdict.SKIPPED]


# --- what follows from what -------------------------------------------------------------------------------------


def test_a_missing_agent_explains_sandboxes_and_dns_pods_on_its_own_node_and_on_no_other() -> None:
    missing = find("cni.agent", "x", node="n2", object="DaemonSet a/b")
    here = find("cni.sandbox.agent", "y", node="n2", object="Node n2")
    pods = find("dns.pods.sandbox", "z", node="n2", object="Deployment kube-system/coredns")
    there = find("cni.sandbox.agent", "y", node="n1", object="Node n1")
    found = conclude([missing, here, pods, there]).root_causes
    told = {root.finding.node: [f.cause for f in root.consequences] for root in found}
    assert told == {"n2": ["cni.sandbox.agent", "dns.pods.sandbox"], "n1": []}


@pytest.mark.parametrize("cause", [
    "cni.agent.forbidden", "cni.agent.refused", "cni.agent.settings", "cni.pool.disabled"])
def test_what_holds_for_the_whole_network_explains_every_node(cause: str) -> None:
    assert roots(find(cause, "x"), find("cni.sandbox.addresses", "y", node="n1"),
                 find("dns.pods.sandbox", "z", node="n1")) == [cause]
