"""Every playbook that needs no parameter, over every scenario: it may see less than the playbook the fault is for, and
then names what follows from the fault; it names nothing else."""

from pathlib import Path

import pytest

from bot.diagnosis.causes import CAUSES, brings_about
from bot.engine.library import Library, shipped_folder
from bot.model.playbook import Kind
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.scenarios import SCENARIOS, load_scenario
from tests.playground.answers import ask_box

LIBRARY = Library([shipped_folder()])
PLAYBOOKS = sorted(
    playbook.name for playbook in LIBRARY.all()
    if not any(param.required for param in playbook.params)
    and not any(step.kind is Kind.GUIDE for step in playbook.steps)
)
SIDE_VIEWS = {("calico-agent-missing", "Node n2")}
"""Objects by which a fault shows to playbooks that do not look at the layer it is in: (scenario, object)."""
WHATEVER_THE_REASON = "node.agent"
"""What `node` says of an agent that does not run on a node."""


def test_the_playbooks_that_need_no_parameter_are_known() -> None:
    assert {"cni", "dns", "kube-proxy", "network", "network-policy", "node"} <= set(PLAYBOOKS)


@pytest.mark.parametrize("name", SCENARIOS)
async def test_no_playbook_names_another_cause_than_what_was_broken(name: str, tmp_path: Path) -> None:
    strange = []
    async with ClusterBox(load_scenario(name)) as box:
        for playbook in PLAYBOOKS:
            run = await ask_box(box, tmp_path, playbook)
            found = {(root["cause"], root["object"]) for root in run["root_causes"]}
            strange += [(playbook, *one) for one in sorted(found) if not is_part_of(name, *one)]
    assert strange == []


def is_part_of(name: str, cause: str, thing: str) -> bool:
    """What was broken, by whatever name its fault is told there, or what follows from it by the table of causes."""
    return (name, thing) in SIDE_VIEWS or any(
        thing == broken or cause == WHATEVER_THE_REASON or (root in CAUSES and brings_about(CAUSES[root], cause))
        for root, broken in SCENARIOS[name].roots)
