"""Each read of the looks at Ingresses, outside names, special Services, the node's cache and connections refused, or
failing, in turn: never a fault that was none before, never a pass of what rests on it, and named."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.cluster import Cluster
from bot.cluster.reads import RunReads
from bot.engine import execution
from bot.model.finding import Finding, Verdict
from bot.model.playbook import Kind, Step
from bot.playground.scenarios import load_scenario
from bot.steps.library import STEP_TYPES
from tests.steps.boxed import open_boxed
from tests.steps.failing import BROKEN, REFUSED, check_each

WEB, LEGACY, OUTSIDE = {"service": "shop/web"}, {"service": "shop/legacy"}, {"service": "shop/outside"}
INGRESS = {"ingress": "shop/web"}
ENDS = {"pod": "netcheck-shop/client", "to": "netcheck-shop/web"}
ASKED: list[tuple[str, str, dict[str, Any]]] = [
    *((name, uses, INGRESS) for name in ("ingress-healthy", "ingress-backend-port", "ingress-no-controller",
                                         "route-healthy", "route-not-accepted")
      for uses in ("ingress.exists", "ingress.class", "ingress.gateway", "ingress.backends")),
    *((name, "dns.external", {"name": "api.example.com"}) for name in ("external-healthy", "external-failed")),
    ("service-external-name", "service.external_name", OUTSIDE),
    ("service-external-name-dead", "service.external_name", OUTSIDE),
    ("service-slice-port", "service.manual", LEGACY), ("service-no-slice", "service.manual", LEGACY),
    ("service-headless", "service.headless", {"service": "shop/peers"}),
    ("healthy", "dns.local_cache", {}), ("np-deny-weave", "dns.policy_clients", {}),
    ("conn-open-pair", "path.ends", ENDS),
]
"""(scenario, look, arguments)."""
STAND_WITHOUT = {
    ("ingress.exists", "ingresses"),      # an HTTPRoute of that name is there
    ("ingress.gateway", "gateways"),      # the route says itself that it was accepted
    # Pods that were asked have answered, and one that was not is named; another zone than the usual one is rare.
    *((uses, missed) for uses in ("dns.external", "service.external_name")
      for missed in ("configmaps/kubelet-config", "deployments", "portforward")),
    ("dns.local_cache", "configmaps/kubelet-config"),   # there is no cache whose address it could hand out
}


async def ask(cluster: Cluster, uses: str, arguments: dict[str, Any]) -> tuple[Finding, ...]:
    step = Step(id="look", uses=uses, kind=Kind.LOOK, title="Look")
    return (await execution.look(STEP_TYPES[uses], RunReads(cluster), step, arguments)).findings


def faults(findings: tuple[Finding, ...]) -> set[str]:
    return {finding.cause for finding in findings if finding.verdict in (Verdict.FAIL, Verdict.WARN)}


@pytest.mark.parametrize("how", [REFUSED, BROKEN], ids=["refused", "broken"])
@pytest.mark.parametrize(("name", "uses", "arguments"), ASKED)
async def test_a_read_that_fails_makes_no_fault_and_is_named(
    name: str, uses: str, arguments: dict[str, Any], how: dict[str, Any], tmp_path: Path
) -> None:
    async with open_boxed(load_scenario(name), tmp_path) as boxed:
        look = partial(ask, boxed.cluster, uses, arguments)
        await check_each(boxed.box, how, look, uses, faults=faults, stands_without=STAND_WITHOUT)
