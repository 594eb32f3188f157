"""The playbooks kube-proxy and node: the order of the troubleshooting notes."""

import pytest

from bot.engine.library import load_file, shipped_folder
from bot.model.playbook import Playbook
from bot.steps import Look
from bot.steps.library import STEP_TYPES

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
