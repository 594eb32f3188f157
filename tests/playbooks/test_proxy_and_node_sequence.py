"""The playbooks kube-proxy and node: the order of the troubleshooting notes."""

from pathlib import Path

import pytest

from bot.engine.library import load_file, shipped_folder
from bot.model.playbook import Playbook
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.scenarios import load_scenario
from bot.steps import Look
from bot.steps.library import STEP_TYPES
from tests.playground.answers import ask_box

NAMES = ("kube-proxy", "node")
NOTES = (
    ("node.network", "proxy.coverage"),       # the network plugin first
    ("proxy.coverage", "proxy.command"),      # its pods run; then with what command
    ("proxy.command", "proxy.config"),        # the file that the command names is in the ConfigMap
    ("proxy.config", "proxy.live"),           # then whether it is proxying
    ("proxy.live", "proxy.logs"),
    ("proxy.logs", "proxy.kubeconfig"),       # it logs that it reaches nobody: whom is it told to ask?
    ("proxy.kubeconfig", "proxy.access"),
    ("proxy.live", "proxy.written"),          # what it says of its rules, then the rules
)


def load(name: str) -> Playbook:
    return load_file(shipped_folder() / f"{name}.yaml")


@pytest.mark.parametrize(("before", "after"), NOTES)
def test_the_sequence_of_the_notes_is_kept(before: str, after: str) -> None:
    order = [step.uses for step in load("kube-proxy").steps]
    assert order.index(before) < order.index(after)


@pytest.mark.parametrize("name", NAMES)
def test_it_begins_with_the_api_server_and_changes_nothing(name: str) -> None:
    steps = load(name).steps
    assert steps[0].uses == "api.answers"
    assert all(isinstance(STEP_TYPES[step.uses], Look) for step in steps)


async def test_of_a_node_that_does_not_exist_nothing_is_called_healthy(tmp_path: Path) -> None:
    async with ClusterBox(load_scenario("proxy-healthy")) as box:
        run = await ask_box(box, tmp_path, "kube-proxy", "node=n9")
    assert run["answer"] == "unknown"
    assert "There is no Node n9 to look at." in [finding["summary"] for finding in run["findings"]]


async def test_the_kube_proxy_of_the_node_that_was_named_is_asked_and_no_other(tmp_path: Path) -> None:
    async with ClusterBox(load_scenario("proxy-healthy")) as box:
        run = await ask_box(box, tmp_path, "kube-proxy", "node=n2")
    written, = (f["summary"] for f in run["findings"] if "has written its rules" in f["summary"])
    assert written.startswith("kube-proxy on n2 has")
    assert "Not asked: 1 node more." in written
