"""The shipped dns playbook keeps the sequence of the troubleshooting notes."""

import pytest

from bot.engine.library import load_file, shipped_folder
from bot.model.playbook import Kind, Playbook

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


def test_the_one_change_is_offered_only_where_it_mends_what_was_found(playbook: Playbook) -> None:
    (change,) = [step for step in playbook.steps if step.kind is Kind.CHANGE]
    assert change.uses == "service.patch"
    assert "run.root_cause == 'dns.service.selector'" in change.when
    assert "mends" in change.when
    after = playbook.steps[playbook.steps.index(change) + 1]
    assert (after.uses, after.fresh) == ("dns.endpoints", True)
