"""The shipped cni playbook goes from the nodes up; what was not looked at is said."""

from pathlib import Path

import pytest

from bot.engine.library import load_file, shipped_folder
from bot.model.playbook import Kind, Playbook
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.cluster_box.roles import AUTHENTICATED, Rule
from bot.playground.scenarios import SCENARIOS, load_scenario
from tests.playground.answers import ask_box

ORDER = ("api.answers", "platform.fingerprint", "node.network", "cni.plugin", "cni.runtime", "cni.sandbox",
         "cni.agents", "cni.calico", "cni.plan", "cni.files", "dns.readiness", "dns.path")
READING: tuple[Rule, ...] = (
    {"apiGroups": ["", "apps", "discovery.k8s.io", "networking.k8s.io", "crd.projectcalico.org"],
     "verbs": ["get", "list"], "resources": ["nodes", "pods", "services", "events", "daemonsets", "deployments",
                                              "replicasets", "endpointslices", "servicecidrs", "networkpolicies",
                                              "ippools", "globalnetworkpolicies"]},
    *AUTHENTICATED,
)
"""Tier T0: objects, no ConfigMap, no log, nothing inside of pods."""
HEALTHY = [name for name, scenario in SCENARIOS.items() if scenario.playbook == "cni" and not scenario.roots]


@pytest.fixture(scope="module")
def playbook() -> Playbook:
    return load_file(shipped_folder() / "cni.yaml")


def test_the_looks_go_from_the_nodes_up(playbook: Playbook) -> None:
    assert tuple(step.uses for step in playbook.steps) == ORDER


def test_nothing_is_changed_and_nobody_is_asked(playbook: Playbook) -> None:
    assert {step.kind for step in playbook.steps} == {Kind.LOOK}


@pytest.mark.parametrize("name", HEALTHY)
async def test_without_a_view_of_the_nodes_the_answer_says_what_was_not_looked_at(name: str, tmp_path: Path) -> None:
    async with ClusterBox(load_scenario(name)) as box:
        run = await ask_box(box, tmp_path, "cni")
    assert run["answer"] == "ok"
    seen = any("the runtime takes" in finding["summary"] for finding in run["findings"])
    assert seen or any("CNI folder" in line for line in run["skipped"])


@pytest.mark.parametrize("name", HEALTHY)
async def test_who_may_only_read_objects_gets_no_fault_and_hears_what_was_not_looked_at(
    name: str, tmp_path: Path
) -> None:
    async with ClusterBox(load_scenario(name), permissions=READING) as box:
        run = await ask_box(box, tmp_path, "cni")
    assert (run["answer"], run["root_causes"]) == ("ok", [])
    assert any("CNI folder" in line for line in run["skipped"])
    assert any("pods/proxy" in line for line in run["skipped"])
