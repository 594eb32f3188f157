"""The shipped service playbook keeps the order of Kubernetes' page on debugging Services, above what Services stand on.

https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/
"""

from pathlib import Path

import pytest

from bot.engine.library import load_file, shipped_folder
from bot.model.playbook import Playbook
from bot.playground.cluster_box.box import ClusterBox
from bot.playground.scenarios import load_scenario
from tests.playground.answers import ask_box

ORDER = (
    ("node.network", "service.exists"),          # what every Service stands on, first
    ("proxy.coverage", "service.exists"),
    ("service.exists", "service.ports"),         # does the Service exist; is it defined correctly
    ("service.ports", "service.endpoints"),      # does it have EndpointSlices
    ("service.selector", "service.endpoints"),
    ("service.pods", "service.endpoints"),
    ("service.endpoints", "service.backends"),   # are the pods working
)


@pytest.fixture(scope="module")
def playbook() -> Playbook:
    return load_file(shipped_folder() / "service.yaml")


@pytest.mark.parametrize(("before", "after"), ORDER)
def test_the_order_of_the_page_is_kept(playbook: Playbook, before: str, after: str) -> None:
    order = [step.uses for step in playbook.steps]
    assert order.index(before) < order.index(after)


def test_the_service_can_be_named_without_saying_that_it_is_one(playbook: Playbook) -> None:
    first = playbook.params[0]
    assert (first.name, first.type, first.required) == ("service", "service", True)


def test_no_look_at_pods_is_made_where_the_service_selects_none(playbook: Playbook) -> None:
    for step in playbook.steps:
        if step.uses in ("service.selector", "service.pods", "service.endpoints", "service.backends"):
            assert "steps.service.outputs.selects" in step.when


def test_the_ways_to_it_are_looked_at_last_and_each_kind_of_service_gets_its_look(playbook: Playbook) -> None:
    order = [step.uses for step in playbook.steps]
    assert order[-6:] == ["service.exposure", "policy.reach", "service.locality", "service.name", "dns.pods",
                          "dns.corefile"]
    branches = {step.uses: step.when for step in playbook.steps}
    assert "ExternalName" in branches["service.external_name"]
    assert "not steps.service.outputs.selects" in branches["service.manual"]
    assert "headless" in branches["service.headless"]


async def test_where_nobody_answers_for_its_name_dns_is_to_blame_and_not_the_service(tmp_path: Path) -> None:
    async with ClusterBox(load_scenario("dns-scaled-to-zero")) as box:
        run = await ask_box(box, tmp_path, "service", "default/kubernetes")
    assert [root["cause"] for root in run["root_causes"]] == ["dns.pods.scaled-to-zero"]
    async with ClusterBox(load_scenario("healthy")) as box:
        run = await ask_box(box, tmp_path, "service", "default/kubernetes")
    assert not [finding for finding in run["findings"] if finding["layer"] == "dns-workload"], "nobody need look there"


def test_nothing_is_sent_to_its_address_unasked(playbook: Playbook) -> None:
    (ways,) = [step for step in playbook.steps if step.uses == "path.matrix"]
    assert ways.when.startswith("params.path")
