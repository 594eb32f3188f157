"""Each read of each look of the playbooks dns, kube-proxy and node refused, or failing, in turn: that is never a fault,
never a pass of what it would have told, and what could not be read is named."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.cluster import Cluster
from bot.cluster.reads import RunReads
from bot.engine import execution
from bot.engine.library import load_file, shipped_folder
from bot.model.finding import Finding, Verdict
from bot.playground.scenarios import load_scenario
from bot.steps.library import STEP_TYPES
from tests.steps.boxed import open_boxed
from tests.steps.failing import BROKEN, GARBLED, REFUSED, each_failing

PLAYBOOKS = {"node": "node-healthy", "kube-proxy": "proxy-healthy", "dns": "healthy"}
"""Of what is looked at, and the scenario in which all of it is in order; the last one counts for looks in several."""
STEPS = {name: load_file(shipped_folder() / f"{name}.yaml").steps for name in PLAYBOOKS}
LOOKS = {step.uses: step for steps in STEPS.values() for step in steps if not step.barrier and not step.when}
HEALTHY = {step.uses: PLAYBOOKS[name] for name, steps in STEPS.items() for step in steps}
ILL = ("healthy", "dns-selector", "corefile-proxy", "dns-role", "upstream-stopped", "no-network-plugin")
UNCUT = ("log", "portforward", "exec", "clusterrolebindings")
"""Answers that are no JSON, or a 404: cutting them in half makes no difference."""

ASKED_TWICE = {"proxy"}
"""A try that failed is followed by another one, which told the same."""

NOT_MISSED = {"configmaps/kubelet-config"}
"""Only helps to find the DNS Service: whoever has found it by its label goes without, and does not mention it."""
BESIDE = {"dns.memory": {"portforward"}}
"""What is shown beside a finding that does not rest on it: where it does not come, those tell who rest on it."""
STAND_WITHOUT = {
    "platform.fingerprint": {"version", "apis", "nodes", "daemonsets", "deployments",
                             "configmaps/kubelet-config"},  # what is not known is called so, piece by piece
    "api.answers": {"version"},                       # a refusal is an answer
    "node.network": {"daemonsets"},                   # the nodes say that they have a network
    "proxy.coverage": {"nodes", "configmaps/kubeadm-config", "version"},
    "proxy.live": {"nodes", "services", "deployments", "endpointslices", "portforward"},
    "node.conditions": {"daemonsets", "leases"},      # as node.network; the condition Ready is the slower word
    "node.agents": {"daemonsets"},                    # of agents that were read
    "node.kubelet": {"log"},                          # of nodes whose kubelet was reached
    "node.versions": {"daemonsets"},                  # of kubelets and the API server
    "proxy.command": {"version"},                     # where it leads, and under which name
    "proxy.config": {"nodes", "services", "deployments", "portforward", "pods"},  # what is written, or what runs
    "proxy.kubeconfig": {"nodes", "services", "deployments", "pods", "configmaps/kubeadm-config"},
    "proxy.access": {"clusterrolebindings", "clusterroles"},
    "proxy.written": {"nodes", "services", "deployments", "exec"},  # of nodes whose rules were read
    "proxy.conntrack": {"services", "deployments"},
    "dns.service": {"deployments", "configmaps/kubelet-config"},
    "dns.pods": {"deployments", "nodes"},
    "dns.access": {"deployments", "clusterrolebindings", "clusterroles"},  # the review is the proof, not the roles
    "dns.logs": {"deployments", "log", "configmaps/coredns"},     # of the pods that could be read
    "dns.corefile": {"deployments", "configmaps/kubelet-config"},
    "dns.readiness": {"deployments"},
    "dns.endpoints": {"deployments"},
    "dns.upstream": {"deployments", "portforward", "configmaps/coredns"},
    "dns.query_pods": {"deployments", "portforward", "configmaps/coredns"},  # of pods that were asked
    # A usual cache is taken for it; pods are counted; what they count themselves stands beside.
    "dns.memory": {"deployments", "configmaps/coredns", "nodes", "portforward"},
    "dns.path": {"deployments"},                       # of the pods that were reached
    "dns.policy": {"deployments", "apis"},             # NetworkPolicies, and no others, were evaluated
}
"""What a look may go without and still pass, because what it then says does not rest on it."""
WEAKER = {"dns.service.selector": "dns.endpoints.empty", "cni.missing": "cni.not-configured",
          "dns.pods.pending.no-network": "dns.pods.pending.unschedulable"}
"""What can still be said of the same fault where not all of it could be seen."""


async def look(cluster: Cluster, uses: str) -> tuple[Finding, ...]:
    return (await execution.look(STEP_TYPES[uses], RunReads(cluster), LOOKS[uses], {})).findings


def causes(findings: tuple[Finding, ...]) -> set[str]:
    found = {f.cause for f in findings if f.verdict in (Verdict.FAIL, Verdict.WARN)}
    return found | {WEAKER[cause] for cause in found & WEAKER.keys()}


@pytest.mark.parametrize("name", ILL)
async def test_a_read_that_is_refused_makes_no_fault(name: str, tmp_path: Path) -> None:
    async with open_boxed(load_scenario(name), tmp_path) as boxed:
        for uses in LOOKS:
            before = causes(await look(boxed.cluster, uses))
            async for missed, found in each_failing(boxed.box, REFUSED, partial(look, boxed.cluster, uses)):
                assert causes(found) <= before, (uses, missed)


@pytest.mark.parametrize("uses", LOOKS)
@pytest.mark.parametrize("how", [REFUSED, BROKEN, GARBLED], ids=["refused", "broken", "garbled"])
async def test_what_could_not_be_read_is_named_and_passes_nothing_that_rests_on_it(
    uses: str, how: dict[str, Any], tmp_path: Path
) -> None:
    blind = Verdict.SKIPPED if how is REFUSED else Verdict.UNKNOWN
    async with open_boxed(load_scenario(HEALTHY[uses]), tmp_path) as boxed:
        async for missed, found in each_failing(boxed.box, how, partial(look, boxed.cluster, uses)):
            passed = [f.summary for f in found if f.verdict is Verdict.PASS]
            named = [f for f in found if f.verdict is blind and missed.split("/")[0] in f.summary]
            goes_without = missed in NOT_MISSED and uses.startswith(("dns.", "proxy.")) and not named
            told_all_the_same = how is not REFUSED and missed in (*ASKED_TWICE, *BESIDE.get(uses, ()))
            if goes_without or told_all_the_same or (how is GARBLED and missed in UNCUT):
                continue
            assert uses == "api.answers" or named, (missed, found)
            assert not causes(found) or uses == "api.answers", (missed, found)
            assert not passed or missed in STAND_WITHOUT.get(uses, ()), (missed, passed)
