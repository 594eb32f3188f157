"""The shipped dns playbook keeps the sequence of the troubleshooting notes, and each step says how to do it
by hand today."""

import re

import pytest

from bot.engine.library import load_file, shipped_folder
from bot.model.playbook import Kind, Playbook
from bot.steps import Look
from bot.steps.library import STEP_TYPES

NOTES = (
    ("node.network", "dns.pods"),        # 1. Pending: first check that a network plugin is installed
    ("dns.pods", "dns.logs"),            # 2. CrashLoopBackOff or Error
    ("dns.service", "dns.endpoints"),    # 3. pods and Service work: has the Service endpoints?
    ("dns.pods", "dns.endpoints"),
    ("dns.logs", "dns.endpoints"),
    ("platform.fingerprint", "node.network"),
    ("dns.endpoints", "dns.query_pods"),
    ("node.network", "cni.sandbox"),     # the network plugin first: is there one, and do its agents work
    ("cni.sandbox", "cni.agents"),
    ("cni.agents", "proxy.coverage"),    # then kube-proxy: 1. its pods run
    ("proxy.coverage", "proxy.live"),
    ("proxy.live", "proxy.logs"),        # 2. its logs
    ("proxy.logs", "dns.service"),       # then CoreDNS
)
"""What comes before what, by the notes and the order of the reference behind them."""
FLOW = ("dns.service", "dns.pods", "dns.access", "dns.logs", "dns.corefile", "dns.readiness", "dns.endpoints")


@pytest.fixture(scope="module")
def playbook() -> Playbook:
    return load_file(shipped_folder() / "dns.yaml")


def looks(playbook: Playbook) -> list[str]:
    return [step.uses for step in playbook.steps if step.kind is Kind.LOOK]


@pytest.mark.parametrize(("before", "after"), NOTES)
def test_the_sequence_of_the_notes_is_kept(playbook: Playbook, before: str, after: str) -> None:
    order = looks(playbook)
    assert order.index(before) < order.index(after)


def test_the_dns_checks_stand_in_their_numbered_order(playbook: Playbook) -> None:
    assert [uses for uses in looks(playbook) if uses in FLOW][: len(FLOW)] == list(FLOW)


def test_the_run_begins_with_the_api_server(playbook: Playbook) -> None:
    assert playbook.steps[0].uses == "api.answers"


def test_every_look_says_how_to_do_it_by_hand_with_a_command_and_a_page_of_today(playbook: Playbook) -> None:
    for uses in set(looks(playbook)):
        look = STEP_TYPES[uses]
        assert isinstance(look, Look)
        assert "`kubectl" in look.by_hand, uses
        assert re.search(r"https://(kubernetes\.io/docs|coredns\.io)/", look.by_hand), uses
        assert "debug-application-cluster" not in look.by_hand, "the page has moved"
        assert not re.search(r"get (ep|endpoints) ", look.by_hand), "Endpoints are deprecated"


def test_the_endpoints_step_gives_the_notes_command_in_its_present_form() -> None:
    look = STEP_TYPES["dns.endpoints"]
    assert isinstance(look, Look)
    assert "`kubectl -n kube-system get endpointslices -l kubernetes.io/service-name=kube-dns`" in look.by_hand


def test_the_one_change_is_offered_only_where_it_mends_what_was_found(playbook: Playbook) -> None:
    (change,) = [step for step in playbook.steps if step.kind is Kind.CHANGE]
    assert change.uses == "service.patch"
    assert "run.root_cause == 'dns.service.selector'" in change.when
    assert "mends" in change.when
    after = playbook.steps[playbook.steps.index(change) + 1]
    assert (after.uses, after.fresh) == ("dns.endpoints", True)
