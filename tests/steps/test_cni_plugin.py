"""Which network plugin it is, and what runs beside it, on evidence alone; and the runtimes that it must go with."""

from typing import Any

import pytest
import yaml

from bot.model.finding import Verdict
from bot.networks import NETWORKS
from bot.steps import Evidence
from bot.steps.cni.plugin import PLUGIN
from bot.steps.cni.runtime import RUNTIME
from tests.steps.dns_evidence import JUST_NOW, LONG_AGO, NOW, causes, judge, only, roots
from tests.steps.policy_evidence import enforcers, policy, side

CONTROLLER = "Deployment kube-system/calico-kube-controllers"
NAMES = {"Calico": "calico-node", "Flannel": "kube-flannel-ds", "Weave Net": "weave-net", "Cilium": "cilium",
         "Multus": "kube-multus-ds", "Canal": "canal"}


def plugin(*networks: str, groups: tuple[str, ...] = (), version: str = "v1.34.4", **changes: Any) -> dict[str, Any]:
    agents = [{"network": name, "name": NAMES[name], "namespace": "kube-system"} for name in networks]
    sets = [{"name": a["name"], "namespace": "kube-system", "labels": {}} for a in agents]
    return {"read_at": NOW, "agents": agents, "groups": list(groups), "controllers": [], "skipped": [],
            "enforcers": {"sets": sets, "version": version, "agent": {"containers": [], "error": ""}, "error": ""},
            **changes}


def controller(ready: int = 1, wanted: int = 1, created: str = LONG_AGO) -> list[dict[str, Any]]:
    return [{"name": CONTROLLER, "network": "Calico", "wanted": wanted, "ready": ready, "created": created}]


@pytest.mark.parametrize(("evidence", "expected"), [
    (plugin("Calico"), []), (plugin("Calico", controllers=controller()), []), (plugin(), []),
    (plugin("Calico", controllers=controller(0)), ["cni.controller"]),
    (plugin("Calico", controllers=controller(0, 0)), ["cni.controller"]),
    (plugin("Calico", controllers=controller(0, created=JUST_NOW)), []),              # still coming up
    (plugin("Calico", controllers=controller(0, 0, JUST_NOW)), ["cni.controller"]),   # told to run nowhere
    (plugin("Flannel", groups=("crd.projectcalico.org", "cilium.io")), []),           # kinds alone are no plugin
    (plugin("Weave Net"), []), (plugin("Flannel", "Multus"), []),
    (plugin(agents=None, skipped=["list daemonsets.apps"]), []),
])
def test_what_runs_beside_the_agents_is_missed_only_where_it_belongs(evidence: Any, expected: list[str]) -> None:
    assert causes(PLUGIN, evidence) == expected


def test_the_plugin_is_told_with_its_file_ports_policies_and_its_own_word() -> None:
    summary = only(PLUGIN, plugin("Calico")).summary
    for words in ("10-calico.conflist", "udp 4789", "NetworkPolicies are enforced", "kubectl -n kube-system exec POD"):
        assert words in summary


def test_weave_net_is_told_as_no_longer_maintained_and_not_as_a_fault() -> None:
    finding = only(PLUGIN, plugin("Weave Net"))
    assert (finding.verdict, "no longer maintained" in finding.summary) == (Verdict.INFO, True)


def held(*policies: dict[str, Any], **enforcement: Any) -> Evidence:
    api = {"side": side("172.31.0.11", "", "172.31.0.11", host=True, labels={}), "protocol": "TCP", "port": 6443}
    own = side("calico-kube-controllers", "kube-system", "")
    waits = {**controller(0)[0], "side": own, "policies": list(policies), "api": [api]}
    return {**plugin("Calico", controllers=[waits]), "enforcers": enforcers("calico-node", **enforcement)}


def test_controllers_that_a_policy_keeps_from_the_api_server_are_its_consequence() -> None:
    deny = policy(policyTypes=["Ingress", "Egress"])
    found = judge(PLUGIN, held(deny)).findings
    assert [(f.cause, f.object) for f in found if f.cause in roots(*found)] == [
        ("policy.egress", "NetworkPolicy kube-system/deny")]
    advice = next(f.advice for f in found if f.cause == "policy.egress")
    manifest = yaml.safe_load(advice.split("<<< '")[1].split("'`")[0])
    assert causes(PLUGIN, held(deny, manifest)) == ["cni.controller"]
    assert causes(PLUGIN, held(deny, error="the DaemonSets could not be read")) == ["cni.controller"]


def test_controllers_that_are_not_there_are_told_and_are_no_fault() -> None:
    judged = judge(PLUGIN, plugin("Calico", controllers=[{"name": CONTROLLER, "network": "Calico", "absent": True}]))
    assert any(f.object == CONTROLLER and f.verdict is Verdict.INFO for f in judged.findings)
    assert not any(f.cause for f in judged.findings)


def test_kinds_that_another_network_left_behind_are_told_and_canal_owns_those_of_calico() -> None:
    told = [f.summary for f in judge(PLUGIN, plugin("Flannel", groups=("crd.projectcalico.org",))).findings]
    assert any("kinds of Calico" in summary for summary in told)
    assert len(judge(PLUGIN, plugin("Canal", groups=("crd.projectcalico.org",))).findings) == 1


def test_a_network_built_into_the_platform_is_not_missed() -> None:
    finding = only(PLUGIN, plugin(version="v1.31.2+k3s1"))
    assert (finding.verdict, "inside k3s itself" in finding.summary) == (Verdict.INFO, True)


@pytest.mark.parametrize("network", [n for n in NETWORKS if n.agents and not n.meta], ids=lambda network: network.name)
def test_each_network_says_where_its_configuration_is_and_how_it_is_asked(network: Any) -> None:
    assert network.files
    assert network.status.startswith("kubectl ")


# --- runtimes ---------------------------------------------------------------------------------------------------


def runtime(*networks: str, **nodes: tuple[str, str]) -> dict[str, Any]:
    return {"read_at": NOW, "networks": list(networks), "skipped": [],
            "nodes": {name: {"kubelet": k, "runtime": r} for name, (k, r) in nodes.items()}}


GOOD, OLD = ("v1.34.4", "containerd://1.7.2"), ("v1.23.17", "docker://20.10.7")


@pytest.mark.parametrize(("evidence", "expected"), [
    (runtime("Weave Net", n1=GOOD), []), (runtime("Weave Net", n1=("v1.34.4", "containerd://1.6.2")), ["cni.runtime"]),
    (runtime("Weave Net", n1=("v1.34.4", "containerd://1.6.20")), []),
    (runtime("Flannel", n1=("v1.34.4", "containerd://1.6.2")), []), (runtime(n1=OLD), []), (runtime(n1=("", "")), []),
])
def test_a_runtime_is_a_fault_only_where_it_breaks_the_plugin(evidence: Any, expected: list[str]) -> None:
    assert causes(RUNTIME, evidence) == expected


def test_kubelets_before_1_24_are_told_where_their_cni_folders_are_set() -> None:
    told = judge(RUNTIME, runtime(n1=OLD)).findings
    assert any("--cni-conf-dir" in f.summary and f.verdict is Verdict.INFO for f in told)
    assert not any("--cni-conf-dir" in f.summary for f in judge(RUNTIME, runtime(n1=GOOD)).findings)


def test_runtimes_of_different_kinds_are_merely_different() -> None:
    finding = only(RUNTIME, runtime(n1=GOOD, n2=("v1.34.4", "cri-o://1.34.0")))
    assert (finding.verdict, "different kinds" in finding.summary) == (Verdict.INFO, True)
