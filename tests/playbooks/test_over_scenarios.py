"""Every playbook over every scenario that it concerns: it may see less than the playbook the fault is for, and then
names what follows from the fault; it names nothing else."""

from pathlib import Path

import pytest

from bot.engine.library import Library, shipped_folder
from bot.model.playbook import Kind
from bot.playground.bundle import Bundle
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.scenarios import SCENARIOS, load_scenario, means_of
from bot.wiring import Means
from tests.playbooks.views import is_part_of
from tests.playground.answers import ask_box

LIBRARY = Library([shipped_folder()])
PLAYBOOKS = sorted(
    playbook.name for playbook in LIBRARY.all()
    if not any(param.required for param in playbook.params)
    and not any(step.kind is Kind.GUIDE for step in playbook.steps)
)
SIDE_VIEWS = {
    ("calico-agent-missing", "Node n2"), ("conn-node-port-local", "Service netcheck-shop/web"),
    ("service-load-balancer-inside", "Service shop/web"),
}
"""Objects by which a fault shows to playbooks that look elsewhere, or from outside the cluster: (scenario, object)."""
LED = ("Ingress", "HTTPRoute", "Gateway")
OF_THE_CLUSTER = ("default", "kube-system")
"""Namespaces whose Services other playbooks look at."""


def questions(name: str, bundle: Bundle) -> list[tuple[str, ...]]:
    """What the playbooks that need a parameter can be asked about the bundle: its Ingresses, the Services of its
    applications, and where DNS was looked at, a name outside."""
    asked: list[tuple[str, ...]] = []
    for item in bundle.objects:
        meta = item["metadata"]
        if item["kind"] in LED or (item["kind"] == "Service" and meta["namespace"] not in OF_THE_CLUSTER):
            asked.append(("service" if item["kind"] == "Service" else "ingress", f"{meta['namespace']}/{meta['name']}"))
    if SCENARIOS[name].playbook in ("dns", "external-dns-resolution"):
        asked.append(("external-dns-resolution", "kubernetes.io"))
    return asked


def asked_elsewhere(name: str, bundle: Bundle) -> set[tuple[str, ...]]:
    """What is asked of the same bundle by test_network.py and tests/playground/test_scenarios.py, which allow less."""
    scenario = SCENARIOS[name]
    own = {(scenario.playbook, *scenario.words)} if means_of(name, bundle) == Means() else set()
    return {("network",), *own}


def test_the_playbooks_that_need_no_parameter_are_known() -> None:
    assert {"cni", "dns", "kube-proxy", "network", "network-policy", "node"} <= set(PLAYBOOKS)


def test_every_playbook_has_bundles_that_it_runs_over() -> None:
    asked = {words[0] for name in SCENARIOS for words in questions(name, load_scenario(name))}
    assert {*PLAYBOOKS, *asked} == {playbook.name for playbook in LIBRARY.all()}


@pytest.mark.hurried
@pytest.mark.parametrize("name", SCENARIOS)
async def test_no_playbook_names_another_cause_than_what_was_broken(name: str, tmp_path: Path) -> None:
    bundle, strange = load_scenario(name), []
    asked = {*((playbook,) for playbook in PLAYBOOKS), *questions(name, bundle)} - asked_elsewhere(name, bundle)
    async with ClusterBox(bundle) as box:
        for words in sorted(asked):
            run = await ask_box(box, tmp_path, *words)
            found = {(root["cause"], root["object"]) for root in run["root_causes"]}
            strange += [(*words, *one) for one in sorted(found) if not is_told(name, *one)]
    assert strange == []


def is_told(name: str, cause: str, thing: str) -> bool:
    return (name, thing) in SIDE_VIEWS or is_part_of(SCENARIOS[name].roots, cause, thing)
