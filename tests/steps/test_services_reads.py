"""Each read of the looks at a Service refused, or failing, in turn: never a fault that was none before, never a pass of
what rests on it, and named."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.cluster import Cluster
from bot.cluster.reads import RunReads
from bot.engine import execution
from bot.model.finding import Finding, Verdict
from bot.model.playbook import Kind, Step
from bot.playground.scenarios import SCENARIOS, load_scenario
from bot.steps.library import STEP_TYPES
from tests.steps.boxed import open_boxed
from tests.steps.failing import BROKEN, REFUSED, check_each

LOOKS = ("service.exists", "service.address", "service.ports", "service.selector", "service.pods", "service.endpoints",
         "service.backends", "service.exposure", "service.locality", "service.name")
WEAKER = {
    "service.selector": set[str](), "service.workload.scaled-to-zero": {"service.selector"},
    "service.workload.no-pods": {"service.selector"}, "service.pods.probe": {"service.pods.not-ready"},
    "service.elsewhere": set[str](), "service.backends.loopback": {"service.backends.refused"},
}
"""What can still be said of the same fault where not all of it could be seen."""
STAND_WITHOUT = {
    ("service.exists", "daemonsets"),     # only tells whose label it is
    ("service.pods", "events"), ("service.pods", "nodes"),   # the pods say themselves that they are ready
    ("service.endpoints", "leases"),
    # The pods that were asked have answered; another zone than the usual one is rare.
    ("service.name", "configmaps/kubelet-config"), ("service.name", "deployments"), ("service.name", "portforward"),
    ("service.exposure", "daemonsets"), ("service.exposure", "deployments"), ("service.exposure", "events"),
    ("service.backends", "portforward"), ("service.backends", "proxy"),   # asked another way
}
OF_A_PORT = ("service.ports", "service.backends")


async def ask(cluster: Cluster, name: str, uses: str) -> tuple[Finding, ...]:
    place, *more = SCENARIOS[name].words
    given = {"service": place, **dict(word.split("=") for word in more if uses in OF_A_PORT)}
    step = Step(id="look", uses=uses, kind=Kind.LOOK, title="Look")
    return (await execution.look(STEP_TYPES[uses], RunReads(cluster), step, given)).findings


def faults(findings: tuple[Finding, ...]) -> set[str]:
    found = {finding.cause for finding in findings if finding.verdict in (Verdict.FAIL, Verdict.WARN)}
    return found.union(*(WEAKER[cause] for cause in found & WEAKER.keys()))


@pytest.mark.parametrize("how", [REFUSED, BROKEN], ids=["refused", "broken"])
@pytest.mark.parametrize("uses", LOOKS)
@pytest.mark.parametrize("name", ["service-selector", "service-probe", "service-mixed", "service-loopback",
                                  "service-scaled-to-zero", "service-elsewhere", "service-gate", "service-proxy-name",
                                  "service-healthy", "service-node-port-local", "service-internal-local"])
async def test_a_read_that_fails_makes_no_fault_and_is_named(
    name: str, uses: str, how: dict[str, Any], tmp_path: Path
) -> None:
    async with open_boxed(load_scenario(name), tmp_path) as boxed:
        look = partial(ask, boxed.cluster, name, uses)
        await check_each(boxed.box, how, look, uses, faults=faults, stands_without=STAND_WITHOUT)
