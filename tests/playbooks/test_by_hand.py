"""What a playbook looks at can be looked at by hand: each look gives commands and a page of documentation of today."""

import re

import pytest

from bot.engine.by_hand import tell_by_hand
from bot.engine.library import load_file, load_text, shipped_folder
from bot.model.playbook import Kind
from bot.steps import Look
from bot.steps.library import STEP_TYPES

LOOKS = [name for name, step_type in STEP_TYPES.items() if isinstance(step_type, Look)]
PAGE = re.compile(r"\(https://(kubernetes\.io/(docs|releases)|coredns\.io|docs\.tigera\.io/calico/latest)/\S+\)$")
GONE = re.compile(r"get (ep|endpoints) |netstat|debug-application-cluster")
"""What is deprecated or no longer there, and pages that have moved."""


@pytest.mark.parametrize("name", LOOKS)
def test_every_look_gives_a_command_and_a_page_of_today(name: str) -> None:
    look = STEP_TYPES[name]
    assert isinstance(look, Look)
    assert "`kubectl" in look.by_hand
    assert PAGE.search(look.by_hand)
    assert not GONE.search(look.by_hand)


@pytest.mark.parametrize("name", ["dns", "service", "kube-proxy", "cni"])
def test_the_sequence_by_hand_has_each_look_once_in_the_order_of_the_playbook(name: str) -> None:
    playbook = load_file(shipped_folder() / f"{name}.yaml")
    told = re.findall(r"^\d+\. \*\*(.*)\*\*$", tell_by_hand(playbook), re.MULTILINE)
    assert told == [step.title for step in playbook.steps if step.kind is Kind.LOOK and not step.fresh]


def test_what_is_looked_at_again_stands_once_and_a_playbook_of_ones_own_is_told_too() -> None:
    told = tell_by_hand(load_file(shipped_folder() / "dns-guided.yaml"))
    assert told.count("**DNS pods are scheduled, started and ready**") == 1
    own = "name: a\ntitle: Mine\nsteps:\n  - id: look\n    title: The pods\n    uses: dns.pods\n"
    assert "1. **The pods**\n   `kubectl -n kube-system get pods" in tell_by_hand(load_text("a", own))
